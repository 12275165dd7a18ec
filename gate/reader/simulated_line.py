"""A simulated line: readers of either kind behind a serial server on this machine, for trying out and for tests."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from typing import Protocol, Self

from gate.errors import ReaderFault
from gate.reader.osdp.packet import Finder
from gate.reader.osdp.simulated import SimulatedReader, answers
from gate.reader.reader import Feedback
from gate.reader.wire import SocketWire, Wire

WAIT_S = 0.02
ACCEPT_S = 0.1


class Peripheral(Protocol):
    """What hangs on the far end of a wire."""

    def take(self, came: bytes) -> bytes:
        """What goes back for what came, which may be nothing yet."""
        ...


class OsdpEnd:
    """Simulated OSDP readers that share a line."""

    def __init__(self, readers: Sequence[SimulatedReader]) -> None:
        self._readers = readers
        self._finder = Finder()

    def take(self, came: bytes) -> bytes:
        """As `Peripheral` says."""
        return b"".join(answers(self._readers, packet) for packet in self._finder.feed(came))


class WiegandEnd:
    """A simulated converter with one Wiegand reader. `shown` is what was let in, refused or asked, in order."""

    def __init__(self) -> None:
        self.shown: list[Feedback] = []
        self._lock = threading.Lock()
        self._said = b""

    def present(self, number: int, bits: int) -> None:
        """Hold a card to it: the bits that go over D0 and D1."""
        self.say(f"W{bits}:{number:X}")

    def press(self, keys: str) -> None:
        """Press keys: digits, `*` and `#`."""
        for key in keys:
            self.say(f"W4:{'0123456789*#'.index(key):X}")

    def tamper(self, *, opened: bool) -> None:
        """Take it off the wall, or put it back."""
        self.say(f"T{int(opened)}")

    def say(self, line: str) -> None:
        """Print a line, whatever it says."""
        with self._lock:
            self._said += line.encode() + b"\r\n"

    def take(self, came: bytes) -> bytes:
        """As `Peripheral` says."""
        meant = {b"+": Feedback.ACCEPTED, b"-": Feedback.REFUSED, b"?": Feedback.ASK}
        self.shown += [meant[sign] for sign in came.split(b"\n") if sign in meant]
        with self._lock:
            said, self._said = self._said, b""
        return said


class SimulatedLine:
    """Serves a `Peripheral` by TCP, one connection at a time, the newest one; a `with` block starts and ends it."""

    def __init__(self, end: Peripheral, host: str = "127.0.0.1", port: int = 0) -> None:
        self._end = end
        self._stopping = threading.Event()
        self._dropping = threading.Event()
        self._server = socket.create_server((host, port))
        self._server.settimeout(ACCEPT_S)
        self.port: int = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name=f"simulated-line-{self.port}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._stopping.set()
        self._thread.join(5)
        self._server.close()

    def drop(self) -> None:
        """The connection breaks; the next one is taken as before."""
        self._dropping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._server.accept()
            except TimeoutError:
                continue
            self._dropping.clear()
            wire = SocketWire(connection)
            serve(wire, self._end, lambda: self._stopping.is_set() or self._dropping.is_set())
            wire.close()


def serve(wire: Wire, end: Peripheral, ended: Callable[[], bool]) -> None:
    """Let a peripheral answer on a wire until it is cut or has ended."""
    while not ended():
        try:
            told = end.take(wire.read(WAIT_S))
            if told:
                wire.write(told)
        except ReaderFault:
            return
