"""The bytes between the box and a reader's line: a serial port, or a serial server on the network."""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import termios
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import serial  # type: ignore[import-untyped]

from gate.errors import ReaderFault

CONNECT_S = 3.0
WRITE_S = 1.0
MOST = 4096
IDLE_S, EVERY_S, TIMES = 10, 5, 3
"""A serial server that lost its power says no goodbye, and a converter is never written to: the kernel asks for it
after 10 s of silence, and the connection is cut after 25 s. By itself it would ask after two hours."""
_GONE = (OSError, termios.error, ValueError)
"""What a port or a socket raises whose other end is gone; the serial library's own errors are of the first kind."""


class Wire(Protocol):
    """An open line. Both raise `ReaderFault` (`reader.cut`) when it is gone."""

    def read(self, timeout_s: float) -> bytes:
        """What has come, waiting up to `timeout_s` for the first byte; nothing where nothing came."""
        ...

    def write(self, told: bytes) -> None:
        """Send it."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class SocketWire:
    """A connection to a serial server, or to a simulated reader."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        connection.settimeout(WRITE_S)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE_S)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, EVERY_S)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, TIMES)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * (IDLE_S + EVERY_S * TIMES))

    def read(self, timeout_s: float) -> bytes:
        """As `Wire` says."""
        try:
            ready, _, _ = select.select([self._connection], [], [], max(0.0, timeout_s))
            if not ready:
                return b""
            came = self._connection.recv(MOST)
        except _GONE as gone:
            raise ReaderFault("reader.cut") from gone
        if not came:
            raise ReaderFault("reader.cut")
        return came

    def write(self, told: bytes) -> None:
        """As `Wire` says."""
        try:
            self._connection.sendall(told)
        except _GONE as gone:
            raise ReaderFault("reader.cut") from gone

    def close(self) -> None:
        """Let go."""
        self._connection.close()


class SerialWire:
    """A serial port that nobody else may open meanwhile."""

    def __init__(self, port: serial.Serial) -> None:
        self._port = port

    def read(self, timeout_s: float) -> bytes:
        """As `Wire` says."""
        try:
            ready, _, _ = select.select([self._port.fileno()], [], [], max(0.0, timeout_s))
            came = self._port.read(MOST) if ready else b""
        except (*_GONE, TypeError) as gone:
            raise ReaderFault("reader.cut") from gone
        if ready and not came:
            raise ReaderFault("reader.cut")  # readable and empty: the adapter was unplugged
        return bytes(came)

    def write(self, told: bytes) -> None:
        """As `Wire` says."""
        try:
            self._port.write(told)
        except (*_GONE, TypeError) as gone:
            raise ReaderFault("reader.cut") from gone

    def close(self) -> None:
        """Let go."""
        with contextlib.suppress(*_GONE):
            self._port.close()


def open_wire(url: str) -> Wire:
    """The line that a reader's url names.

    Raises:
        ReaderFault: `reader.unreachable`, nobody answers there; `reader.port_held`, another program reads there;
            `reader.port_unusable`, no such port, or one that this account may not open.
    """
    parts = urlsplit(url)
    if parts.scheme.endswith("+tcp"):
        try:
            return SocketWire(socket.create_connection((parts.hostname or "", parts.port or 0), CONNECT_S))
        except OSError as failed:
            address = f"{parts.hostname}:{parts.port}"
            raise ReaderFault("reader.unreachable", address=address, why=_why(failed)) from failed
    path, baud = unquote(parts.path), int(dict(parse_qsl(parts.query)).get("baud", "9600"))
    try:
        return SerialWire(serial.Serial(path, baud, timeout=0, write_timeout=WRITE_S, exclusive=True))
    except _GONE as failed:
        if getattr(failed, "errno", None) in {errno.EWOULDBLOCK, errno.EBUSY}:
            raise ReaderFault("reader.port_held", path=path) from failed
        raise ReaderFault("reader.port_unusable", path=path, why=_why(failed)) from failed


def _why(failed: Exception) -> str:
    return getattr(failed, "strerror", None) or type(failed).__name__
