"""One line of readers and the thread that works it: opened again whenever it is gone, harming nobody else."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import structlog

from gate.backoff import Backoff
from gate.crash_site import crash_site
from gate.errors import ReaderFault
from gate.reader.reader import (
    CardBits,
    CardText,
    Condition,
    Feedback,
    KeysPressed,
    Misread,
    ReaderEvent,
    ReaderLine,
    ReaderState,
)
from gate.reader.tamper import TamperContact

log = structlog.get_logger("reader")
T = TypeVar("T")

STEADY_S = 10.0
"""A line that has worked for so long was a good one: the next failure starts the backoff afresh."""


@dataclass(frozen=True, slots=True)
class ReaderHealth:
    """How one reader fares, what it has read since the start, and what came and was no card, by why."""

    condition: Condition
    reads: int = 0
    misreads: tuple[tuple[str, int], ...] = ()
    reconnects: int = 0


class LineWorker:
    """Works one line in a thread of its own. The callbacks are called from it, must return soon and must not raise.

    `on_read` hears of cards and keys, `on_change` of each change of a reader's state, fault, tamper or power.
    """

    def __init__(
        self,
        readers: Sequence[str],
        opener: Callable[[], ReaderLine],
        *,
        on_read: Callable[[CardBits | CardText | KeysPressed], None],
        on_change: Callable[[Condition], None] = lambda _condition: None,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`opener` connects, blocking, and raises `ReaderFault`. `clock` is monotonic seconds, `chance` 0 to 1."""
        self._opener = opener
        self._on_read = on_read
        self._on_change = on_change
        self._backoff = backoff or Backoff()
        self._clock = clock
        self._chance = chance
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._line: ReaderLine | None = None
        self._conditions = {reader: Condition(reader, ReaderState.CONNECTING, tampered=False) for reader in readers}
        self._contacts = {reader: TamperContact() for reader in readers}
        self._reads: Counter[str] = Counter()
        self._misreads: dict[str, Counter[str]] = {reader: Counter() for reader in readers}
        self._reconnects: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, name=f"readers-{readers[0]}", daemon=True)

    def start(self) -> None:
        """Begin. A worker is started once."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End, waiting no longer than `timeout_s` for what is under way."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)  # none but the thread itself may touch its line

    def answer(self, reader: str, feedback: Feedback) -> None:
        """Show it at the reader; nothing happens while its line is down. From any thread, and does not wait."""
        line = self._line
        if line is not None:
            with contextlib.suppress(ReaderFault):  # a lamp that stays dark costs nobody else anything
                _driven(partial(line.answer, reader, feedback))

    def health(self, reader: str) -> ReaderHealth:
        """How a reader fares now."""
        with self._lock:
            misreads = tuple(sorted(self._misreads[reader].items()))
            return ReaderHealth(self._conditions[reader], self._reads[reader], misreads, self._reconnects[reader])

    def misread(self, reader: str, why: str) -> None:
        """Count what was read and is no card after all, and say so the first time."""
        with self._lock:
            self._misreads[reader][why] += 1
            first = self._misreads[reader][why] == 1
        if first:
            log.warning("reader.misread", reader=reader, why=why)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began_s = self._clock()
            try:
                self._work()
            except ReaderFault as fault:
                lost = fault
            else:
                return
            failures = 1 if self._clock() - began_s >= STEADY_S else failures + 1
            for reader in self._conditions:
                self._change(Condition(reader, ReaderState.LOST, lost.code, tuple(lost.facts.items())))
            self._stopping.wait(self._backoff.delay_s(failures, self._chance()))

    def _work(self) -> None:
        """Follow one connection until it breaks, which raises, or the worker is stopped."""
        line = _driven(self._opener)
        self._line = line
        try:
            while not self._stopping.is_set():
                for event in _driven(partial(self._told, line)):
                    self._take(event)
                self._calm()
        finally:
            self._line = None
            with contextlib.suppress(ReaderFault):  # a line that is gone may not even close
                _driven(line.close)

    def _told(self, line: ReaderLine) -> Sequence[ReaderEvent]:
        events = line.events()
        if strange := {event.reader for event in events} - self._conditions.keys():
            raise LookupError(f"no such readers on this line: {strange}")
        return events

    def _take(self, event: ReaderEvent) -> None:
        if isinstance(event, Condition):
            self._change(event)
        elif isinstance(event, Misread):
            self.misread(event.reader, event.why)
        else:
            with self._lock:
                self._reads[event.reader] += 1
            self._on_read(event)

    def _calm(self) -> None:
        """Tell of contacts that have been closed for long enough."""
        for reader, condition in self._conditions.items():
            if condition.tampered and not self._contacts[reader].counts(self._clock()):
                self._change(replace(condition, tampered=False))

    def _change(self, condition: Condition) -> None:
        reader, now_s = condition.reader, self._clock()
        contact = self._contacts[reader]
        if condition.state is ReaderState.LOST:
            contact.unseen()  # a line that is down tells no less of the reader than was known
        elif condition.tampered is not None:
            contact.see(opened=condition.tampered, now_s=now_s)
        with self._lock:
            before = self._conditions[reader]
            after = replace(condition, model=condition.model or before.model, tampered=contact.counts(now_s))
            if after == before:
                return
            self._conditions[reader] = after
            was_lost, is_lost = before.state is ReaderState.LOST, after.state is ReaderState.LOST
            if was_lost and after.state is ReaderState.ONLINE:
                self._reconnects[reader] += 1
        if is_lost and not was_lost:
            log.warning("reader.lost", reader=reader, fault=after.fault, facts={k: str(v) for k, v in after.facts})
        elif was_lost and after.state is ReaderState.ONLINE:
            log.info("reader.back", reader=reader, secure=after.secure)
        if after.tampered != before.tampered:
            log.warning("reader.tampered" if after.tampered else "reader.tamper_over", reader=reader)
        self._on_change(after)


def _driven(call: Callable[[], T]) -> T:
    """What a call to an adapter gave; its slip is a lost line and no more. Raises `ReaderFault`."""
    try:
        return call()
    except ReaderFault:
        raise
    except Exception as slip:
        raise ReaderFault("reader.crashed", why=f"{type(slip).__name__}, {crash_site(slip)}") from slip
