"""A line without a wire and without waiting: what is written is answered at once, and waiting moves the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from gate.errors import ReaderFault
from gate.reader.osdp.keys import Keys
from gate.reader.osdp.line import OsdpLine
from gate.reader.osdp.session import Session
from gate.reader.osdp.simulated import SimulatedReader
from gate.reader.reader import Condition, ReaderEvent
from gate.reader.simulated_line import OsdpEnd, Peripheral

KEY = bytes.fromhex("6d656e7765692063617264206b657921")


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class DirectWire:
    """`spoil` may change what comes back; a wire that is `cut` raises."""

    def __init__(self, end: Peripheral, clock: Clock) -> None:
        self._end = end
        self._clock = clock
        self._back = b""
        self.spoil: Callable[[bytes], bytes] = bytes
        self.written: list[bytes] = []
        self.cut = self.closed = False

    def read(self, timeout_s: float) -> bytes:
        self._still()
        self._back += self.spoil(self._end.take(b""))
        came, self._back = self._back, b""
        if not came:
            self._clock.now_s += timeout_s
        return came

    def write(self, told: bytes) -> None:
        self._still()
        self.written.append(told)
        self._back += self.spoil(self._end.take(told))

    def close(self) -> None:
        self.closed = True

    def _still(self) -> None:
        if self.cut:
            raise ReaderFault("reader.cut")


class Bench:
    """A panel and the simulated readers of its line. With a key in `keys`, the panel knows it for that address."""

    def __init__(self, *readers: SimulatedReader, keys: dict[int, Keys] | None = None) -> None:
        self.readers = readers
        self.clock = Clock()
        self.wire = DirectWire(OsdpEnd(readers), self.clock)
        known = {one.address: (keys or {}).get(one.address, Keys()) for one in readers}
        sessions = [Session(f"r{address}", address, partial(known.__getitem__, address)) for address in known]
        self.line = OsdpLine(self.wire, sessions, self.clock)
        self.seen: list[ReaderEvent] = []

    def run(self, lasting_s: float = 3.0) -> Sequence[ReaderEvent]:
        """Let the line work; what happened meanwhile."""
        ends_s, before = self.clock.now_s + lasting_s, len(self.seen)
        while self.clock.now_s < ends_s:
            self.seen += self.line.events()
        return self.seen[before:]

    def standing(self, reader: str = "r0") -> Condition:
        """How a reader fares by the last that was told of it."""
        return [event for event in self.seen if isinstance(event, Condition) and event.reader == reader][-1]
