"""Wiegand readers behind a converter that prints what their two data lines send, one line of text for each read.

    W26:2A00A42     26 bits, the first one highest, as one hex number; upper or lower case
    W4:5  W8:A5     a key: 4 bits, or 8 with the inverse before it; 10 is *, 11 is #
    T1  T0          the tamper contact has opened, has closed again
    .               alive; sent every few seconds where the converter can

A line ends with LF or CR LF. Back go `+`, `-` and `?`, each with LF, for whoever was let in, refused, or has to ask.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Sequence

from gate.reader.reader import (
    MOST_BITS,
    CardBits,
    Condition,
    Feedback,
    KeysPressed,
    Misread,
    ReaderEvent,
    ReaderState,
)
from gate.reader.wire import Wire

WAIT_S = 0.05
"""An answer for whoever stands there waits no longer than that."""
QUIET_S = 0.3
"""What comes before the line was still for so long is old: a converter sends what it kept in one go, of which the
longest line takes 0.2 s at 9600 baud."""
LONGEST_GAP_S = 1.0
"""A box that has not read for so long may find something old in its own buffers."""
MOST_ANSWERS = 4
MOST_LINE = 200
ANSWERS = {Feedback.ACCEPTED: b"+\n", Feedback.REFUSED: b"-\n", Feedback.ASK: b"?\n"}
KEYS = "0123456789*#"
_READ = re.compile(rb"W([0-9]{1,3}):([0-9A-Fa-f]{1,128})")


class WiegandLine:
    """Implements `ReaderLine` for the one reader of a converter.

    A converter without signs of life is believed to be there as long as its wire is. With `alive_s`, one that has said
    nothing for so long is lost.
    """

    def __init__(
        self, reader: str, wire: Wire, alive_s: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reader = reader
        self._wire = wire
        self._alive_s = alive_s
        self._clock = clock
        self._heard_s = clock()
        self._waiting = b""
        self._condition = Condition(reader, ReaderState.CONNECTING)
        self._tampered: bool | None = None
        self._known = alive_s is None
        self._settled = False
        self._moved_s = self._read_s = self._begun_s = clock()
        self._answers: deque[Feedback] = deque(maxlen=MOST_ANSWERS)

    def events(self) -> Sequence[ReaderEvent]:
        """As `ReaderLine` says."""
        while self._answers:
            self._wire.write(ANSWERS[self._answers.popleft()])
        if self._clock() - self._read_s > LONGEST_GAP_S:
            self._unsettle()
        came = self._wire.read(WAIT_S)
        self._read_s = self._clock()
        *lines, rest = (self._waiting + came).split(b"\n")
        self._waiting = rest[: MOST_LINE + 1]
        events = [event for line in lines for event in self._line(line.strip())]
        events += self._unfinished(new=bool(came))
        return [*(events if self._settled else self._settle(events)), *self._conditions()]

    def answer(self, _reader: str, feedback: Feedback, /) -> None:
        """As `ReaderLine` says."""
        self._answers.append(feedback)

    def close(self) -> None:
        """As `ReaderLine` says."""
        self._wire.close()

    def _unsettle(self) -> None:
        self._settled, self._moved_s = False, self._clock()

    def _settle(self, events: list[ReaderEvent]) -> list[ReaderEvent]:
        """What is left of these events while the line has not been still; signs of life do not stir it."""
        if events:
            self._moved_s = self._read_s
        elif self._read_s - self._moved_s >= QUIET_S:
            self._settled, self._waiting = True, b""
        return [event if isinstance(event, Misread) else Misread(self._reader, "late") for event in events]

    def _unfinished(self, *, new: bool) -> list[ReaderEvent]:
        """The beginning of a line whose end does not come, as at a wrong baud rate or where a cable came off."""
        if new or not self._waiting:
            self._begun_s = self._read_s
        if self._read_s - self._begun_s < LONGEST_GAP_S:
            return []
        self._waiting = b""
        return [Misread(self._reader, "damaged")]

    def _conditions(self) -> list[ReaderEvent]:
        silent = self._alive_s is not None and self._clock() - self._heard_s > self._alive_s
        if silent:
            self._unsettle()
            now = Condition(self._reader, ReaderState.LOST, "reader.says_nothing", (("after_s", self._alive_s),))
        elif self._known:
            now = Condition(self._reader, ReaderState.ONLINE, tampered=self._tampered)
        else:
            return []
        if now == self._condition:
            return []
        self._condition = now
        return [now]

    def _line(self, line: bytes) -> list[ReaderEvent]:
        if not line:
            return []
        if line in {b".", b"T0", b"T1"}:
            self._heard()
            self._tampered = line == b"T1" if line != b"." else self._tampered
            return []
        told = _READ.fullmatch(line)
        bits, number = (int(told[1]), int(told[2], 16)) if told else (0, 0)
        if not 1 <= bits <= MOST_BITS or number >> bits:
            return [Misread(self._reader, "damaged")]
        self._heard()
        if bits in {4, 8}:
            return [self._key(bits, number)]
        return [CardBits(self._reader, number, bits, self._clock())]

    def _heard(self) -> None:
        self._heard_s, self._known = self._clock(), True

    def _key(self, bits: int, number: int) -> ReaderEvent:
        key = number & 0xF
        if (bits == 8 and number >> 4 != key ^ 0xF) or key >= len(KEYS):
            return Misread(self._reader, "parity")
        return KeysPressed(self._reader, KEYS[key], self._clock())
