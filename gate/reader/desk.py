"""One reader's cards and PINs, taken to its lane by a thread of its own, and what the reader is to show for each.

The line's thread must go on asking its readers while a PIN is checked or the record waits for its disk.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from enrollment.card_number import CardNumber, EightDigits
from gate.crash_site import crash_site
from gate.decision.decision import Verdict
from gate.lane.presented import Presented
from gate.pin_tries import SHORTEST_REFUSAL_S, PinTries
from gate.reader.keypad import Keypad, Typed
from gate.reader.reader import CardBits, CardText, Feedback, KeysPressed
from gate.reader.settings import ReaderPart
from gate.throttle import Throttle

log = structlog.get_logger("reader")

AGAIN_S = 2.0
"""A card that is held on is read again and again: it was shown once until it was away for so long."""
STALE_S = 3.0
"""Whoever held a card there so long ago has tried again, or has gone."""
MOST_WAITING = 8
MOST_TEXT = 64


class ToLane(Protocol):
    """The lanes as a reader sees them: `gate.lane.presenting.Presenting`."""

    def card(self, lane_id: str, number: str | CardNumber, eight: EightDigits | None = None) -> Presented:
        """Show a card."""
        ...

    def pin(self, lane_id: str, household: str, pin: str) -> Presented:
        """Show a resident's PIN, or a visitor's where there is no household."""
        ...


def feedback(came: Presented) -> Feedback:
    """What a reader shows. Who is known and still finds the way shut needs the guard, not another try."""
    if came.opened:
        return Feedback.ACCEPTED
    return Feedback.ASK if came.verdict in {Verdict.OPEN, Verdict.ASK} else Feedback.REFUSED


class ReaderDesk:
    """Takes what one reader has read. Neither a card's number nor a key reaches a log line."""

    def __init__(
        self,
        part: ReaderPart,
        lanes: ToLane,
        answer: Callable[[str, Feedback], None],
        misread: Callable[[str, str], None],
        *,
        card_tries: Throttle,
        pin_tries: PinTries,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`answer` shows something at the reader, `misread` counts what came to nothing, by why.

        Wrong cards are counted per reader in `card_tries`; `pin_tries` is shared with every pad and reader.
        """
        self._part = part
        self._formats = part.read_by()
        self._lanes = lanes
        self._answer = answer
        self._misread = misread
        self._card_tries = card_tries
        self._pin_tries = pin_tries
        self._clock = clock
        self._keypad = Keypad()
        self._slip = ""
        self._unknown: set[int] = set()
        self._card: object = None
        self._card_s = float("-inf")
        self._waiting: queue.Queue[CardBits | CardText | KeysPressed] = queue.Queue(MOST_WAITING)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"reader-{part.id}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float = 3.0) -> None:
        """End, once what is under way is done."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def put(self, read: CardBits | CardText | KeysPressed) -> None:
        """Have it taken soon; where more comes than can be, the newest is refused. Does not wait."""
        try:
            self._waiting.put_nowait(read)
        except queue.Full:
            self._answer(self._part.id, Feedback.REFUSED)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                read = self._waiting.get(timeout=0.2)
            except queue.Empty:
                continue
            if self._clock() - read.at_s > STALE_S:
                continue
            try:
                self.take(read)
            except Exception as crash:  # noqa: BLE001 - a slip costs this read alone: the reader must go on
                self._slipped(crash)

    def _slipped(self, crash: Exception) -> None:
        slip = f"{type(crash).__name__}, {crash_site(crash)}"
        if slip != self._slip:
            log.error("reader.not_taken", reader=self._part.id, why=slip)
        self._slip = slip
        self._misread(self._part.id, "not_taken")
        self._answer(self._part.id, Feedback.ASK)

    def _taken(self) -> None:
        if self._slip:
            log.info("reader.taken_again", reader=self._part.id)
        self._slip = ""

    def take(self, read: CardBits | CardText | KeysPressed) -> None:
        """Show it to the lane and answer the reader."""
        if isinstance(read, KeysPressed):
            for typed in self._keypad.press(read):
                self._answer(self._part.id, self._pin(typed))
        elif (number := self._number(read)) is None:
            self._answer(self._part.id, Feedback.REFUSED)
        elif not self._held_on(number, read.at_s):
            self._answer(self._part.id, self._shown(number))

    def _number(self, read: CardBits | CardText) -> CardNumber | str | None:
        if isinstance(read, CardText):
            return read.text[:MOST_TEXT]
        form = self._formats.get(read.bits)
        if form is None:
            if read.bits not in self._unknown:
                log.warning("reader.unknown_format", reader=self._part.id, bits=read.bits)
            self._unknown.add(read.bits)
            self._misread(self._part.id, "length")
            return None
        number = form.read(read, reversed_bytes=self._part.reversed_bytes)
        if number is None:
            self._misread(self._part.id, "parity")
        return number

    def _held_on(self, number: CardNumber | str, at_s: float) -> bool:
        same = number == self._card and at_s - self._card_s < AGAIN_S
        self._card, self._card_s = number, at_s
        return same

    def _shown(self, number: CardNumber | str) -> Feedback:
        if self._card_tries.begin(self._part.id) > 0:
            return Feedback.REFUSED
        came = self._lanes.card(self._part.lane, number, self._part.eight_digits)
        self._taken()
        if came.verdict is not Verdict.REFUSE:
            self._card_tries.succeeded(self._part.id)
        return feedback(came)

    def _pin(self, typed: Typed) -> Feedback:
        began_s = self._clock()
        place = f"reader {self._part.id}"
        if self._pin_tries.begin(place, typed.household) > 0:
            return Feedback.REFUSED
        came = self._lanes.pin(self._part.lane, typed.household, typed.pin)
        self._taken()
        if came.verdict is Verdict.OPEN:
            self._pin_tries.right(place, typed.household)
        else:
            self._stopping.wait(max(0.0, SHORTEST_REFUSAL_S - (self._clock() - began_s)))
        return feedback(came)
