"""Boards on the network for whoever asks: a real HTTP server with Basic and Digest that breaks as devices do."""

from __future__ import annotations

import base64
import gzip
import hashlib
import logging
import re
import secrets
import socket
import threading
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from structlog.testing import capture_logs

PASSWORD = "q7Zr-mima-9"
USERNAME = "admin"
HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
Act = Callable[[str, str, str], tuple[int, str]]
"""What a device does for a method, a path and a body: the status and the body of its answer."""


class WebDevice:
    """A device that does what `act` says. `asked` holds every request that was let in, in order.

    `signs_in` is "", "basic", "MD5" or "SHA-256". `next` holds what goes wrong with the next requests, in order:
    "drop" (hears nothing), "lose" (acts, and cuts the line instead of answering), "hang" (acts, and answers when
    `release` is called), "half" (acts, and cuts the line within the answer), "huge" and "zip" (acts, answers too much).
    """

    def __init__(self, act: Act, signs_in: str = "") -> None:
        self.act = act
        self.signs_in = signs_in
        self.asked: list[tuple[str, str, str]] = []
        self.heard = 0
        self.refused = 0
        self.connections = 0
        self.next: list[str] = []
        self.nonces: dict[str, int] = {}
        self.heard_one = threading.Event()
        self._released = threading.Event()
        self._open: set[socket.socket] = set()
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self.appear()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def appear(self) -> None:
        device = self

        class Handler(_Handler):
            def setup(self) -> None:
                self.device = device
                device.connections += 1
                device._open.add(self.request)
                super().setup()

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def vanish(self) -> None:
        self._released.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for line in tuple(self._open):
            _cut(line)
        self._open.clear()

    def release(self) -> None:
        self._released.set()

    def forget_nonces(self) -> None:
        self.nonces.clear()

    def wait_released(self) -> None:
        self._released.wait(10)


def _cut(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
        line.close()
    except OSError:
        return


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    device: WebDevice

    def log_message(self, *_parts: object) -> None:
        return

    def do_GET(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        device = self.device
        device.heard += 1
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if device.signs_in and not self._signed_in():
            return
        fault = device.next.pop(0) if device.next else ""
        if fault == "drop":
            self._hang_up()
            return
        device.asked.append((self.command, self.path, body))
        status, text = device.act(self.command, self.path, body)
        device.heard_one.set()
        if fault == "lose":
            self._hang_up()
            return
        if fault == "hang":
            device.wait_released()
        if fault == "huge":
            text = " " * 70_000 + text
        self.send_response(status)
        if fault == "zip":
            self.send_header("Content-Encoding", "gzip")
        content = gzip.compress(text.encode()) if fault == "zip" else text.encode()
        self.send_header("Content-Length", str(len(content) + (10 if fault == "half" else 0)))
        self.end_headers()
        self.wfile.write(content)
        if fault == "half":
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        _cut(self.request)

    def _signed_in(self) -> bool:
        device = self.device
        given = self.headers.get("Authorization", "")
        if device.signs_in == "basic":
            right = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
            if given == f"Basic {right}":
                return True
            challenge = 'Basic realm="device"'
        else:
            stale = self._digest(given)
            if stale is None:
                return True
            nonce = secrets.token_hex(8)
            device.nonces[nonce] = 0
            challenge = (
                f'Digest realm="device", qop="auth", algorithm={device.signs_in}, nonce="{nonce}", stale={stale}'
            )
        device.refused += 1
        self.send_response(401)
        self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False

    def _digest(self, given: str) -> str | None:
        """None for a right response (RFC 7616, 3.4.1), else the value of `stale`."""
        parts = dict(re.findall(r'(\w+)="?([^",]+)"?', given.removeprefix("Digest ")))
        if not given.startswith("Digest "):
            return "false"

        def h(text: str) -> str:
            return HASHES[self.device.signs_in](text.encode()).hexdigest()

        secret = h(f"{USERNAME}:device:{PASSWORD}")
        asked = h(f"{self.command}:{self.path}")
        right = h(f"{secret}:{parts['nonce']}:{parts['nc']}:{parts['cnonce']}:{parts['qop']}:{asked}")
        if parts["response"] != right or parts["uri"] != self.path:
            return "false"
        count = int(parts["nc"], 16)
        if count <= self.device.nonces.get(parts["nonce"], count):
            return "true"
        self.device.nonces[parts["nonce"]] = count
        return None


@pytest.fixture
def web_device() -> Generator[Callable[..., WebDevice]]:
    """Makes devices; they vanish at the end."""
    made: list[WebDevice] = []

    def make(act: Act, signs_in: str = "") -> WebDevice:
        made.append(WebDevice(act, signs_in))
        return made[-1]

    yield make
    for device in made:
        device.vanish()


@pytest.fixture
def netboard_password(tmp_path: Path) -> Path:
    """A file with the right password."""
    path = tmp_path / "board.password"
    path.write_text(f"{PASSWORD}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def netboard_secrecy(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Whatever a test does, the password is in no log line, however chatty the logs are set."""
    caplog.set_level(logging.DEBUG)
    with capture_logs() as lines:
        yield
    shown = "\n".join([*map(str, lines), *(record.getMessage() for record in caplog.records)])
    assert PASSWORD not in shown
    assert base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode() not in shown
