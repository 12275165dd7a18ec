"""A real web server for the downloads, that can be told to misbehave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Web:
    """What the server has and how it behaves; `asked` keeps (path, range) of every request."""

    files: dict[str, bytes]
    ranges: bool = True
    cut_after: list[int] = field(default_factory=list)
    """Bytes sent before the line is cut, one entry per request that is to be cut."""
    statuses: list[int] = field(default_factory=list)
    """Statuses to answer with, one per request, before the file is given."""
    length: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    base: str = ""


@contextmanager
def serving(web: Web) -> Iterator[Web]:
    """The server on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stay silent."""

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            web.asked.append((self.path, wanted))
            body = web.files.get(self.path.lstrip("/"))
            if web.statuses or body is None:
                self.send_error(web.statuses.pop(0) if web.statuses else 404)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and web.ranges else 0
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            if web.length:
                self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            self.wfile.write(body[start:][: web.cut_after.pop(0)] if web.cut_after else body[start:])
            self.wfile.flush()
            self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
