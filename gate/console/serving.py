"""Serving the console from a thread of the running gate."""

from __future__ import annotations

import socket
import threading
from typing import Self

import uvicorn
from fastapi import FastAPI

from gate.config import Console
from gate.console.desk import Desk
from gate.errors import ConfigRefused

MOST_CONNECTIONS = 256
LAST_ANSWERS_S = 5
"""How long answers under way may take once the gate stops."""


class _Server(uvicorn.Server):
    """Tells the open streams to end before it waits for them; they would never end by themselves."""

    def __init__(self, config: uvicorn.Config, desk: Desk) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._desk = desk

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._desk.listeners.end()
        await super().shutdown(sockets)


class ConsoleServer:
    """Serves an application of `create_app`, as a context manager or with `start` and `stop`.

    Signals stay with the main thread.

    A TLS proxy may stand in front on the same machine; the address that it forwards is the one that is recorded.
    """

    def __init__(self, app: FastAPI, settings: Console) -> None:
        self._settings = settings
        config = uvicorn.Config(
            app,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=LAST_ANSWERS_S,
        )
        self._server = _Server(config, app.state.desk)
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self.url = ""
        """The address for a browser of this machine, once it serves."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to serve; `url` is set.

        Raises:
            ConfigRefused: the host or port of `[console]` cannot be had.
        """
        self._socket = self._bound()
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="console", daemon=True
        )
        host, port = self._socket.getsockname()[:2]
        self._thread.start()
        self._server.ready.wait()
        self.url = f"http://{_reachable(host)}:{port}/"

    def stop(self) -> None:
        """End the streams, let answers under way finish, and wait for the thread."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        if self._socket is not None:
            self._socket.close()

    def _bound(self) -> socket.socket:
        host, port = self._settings.host, self._settings.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # The protocol is named because asyncio turns Nagle's delay (40 ms an answer) off for named TCP only.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, port))
            listening.listen()
        except OSError as taken:
            listening.close()
            why = taken.strerror or str(taken)
            raise ConfigRefused("console.cannot_listen", host=host, port=port, why=why) from taken
        return listening


def _reachable(host: str) -> str:
    """The address to type for a socket that listens on every one."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - translated, not listened on
    return f"[{here}]" if ":" in here else here
