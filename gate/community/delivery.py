"""The thread that serves one destination: what happens now first, the backlog beside it, and nobody waits for it."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from enrollment.errors import StoreBusy
from gate.backoff import Backoff
from gate.community.destination import Away, Destination, Failed, Refused
from gate.community.event import Allowed, Event, Events
from gate.community.queue import Outcome, Queue, Waiting
from gate.errors import GateError
from gate.ledger.chain import stamp

log = structlog.get_logger("community")

LIVE_S = 60.0
"""What happened within this is delivered before the backlog (GB 50396 wants it at the centre within 5 s)."""
LIVE_MOST = 50
BACKLOG_S = 1.0
"""The backlog's share of a round, before what has just happened is looked at again."""
BACKLOG_MOST = 200
TICK_S = 1.0
LEASE_S = 60.0
ATTEMPTS = 8
"""An event that fails so often while others pass is a dead letter: about half an hour."""
SUSPECTS = 3
"""So many failures in a row may be the peer's fault: it is left alone for a moment, and asked with other events."""
DOUBTED = 100
"""So many failures with nothing taken in between are the peer's fault: none is held against an event."""
PEER_BACKOFF = Backoff(first_s=1.0, limit_s=60.0)
EVENT_BACKOFF = Backoff(first_s=5.0, factor=3.0, limit_s=600.0)
ANSWERING_S = 4.0
"""A peer that answers, if only to refuse, is asked again so soon: what happens next may be to its taste."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Monotonic seconds, aware UTC, and chance from 0 to 1: passed in."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    chance: Callable[[], float] = random.random

    def wall_ms(self) -> int:
        """Milliseconds since 1970."""
        return int(self.wall().timestamp() * 1000)


@dataclass(slots=True)
class _Round:
    """What one round has come to so far; `blocked` are subjects with an event that has to come first."""

    outcome: Outcome = field(default_factory=Outcome)
    suspects: list[tuple[Waiting, GateError]] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    tried: bool = False


class Delivery:
    """Serves one destination. `start` and `stop` are of its thread; `round` is one turn of it, for whoever has none.

    An event is deleted from the outbox after the peer has taken it, so a kill in between sends it again with the same
    key. The order of each subject's events is kept, whoever comes first otherwise.
    """

    def __init__(
        self, queue: Queue, events: Events, destination: Destination, allowed: Allowed, holder: str, clocks: Clocks
    ) -> None:
        self._queue = queue
        self._events = events
        self._destination = destination
        self._allowed = allowed
        self._holder = holder
        self._clocks = clocks
        self._unsettled = Outcome()
        self._doubted: dict[int, tuple[Waiting, GateError]] = {}
        """What was not taken while nothing else was either: the peer's fault or the event's, others will show."""
        self._more = False
        self._failures = 0
        self._again_s = 0.0
        self._held_s = 0.0
        self._told: str | None = ""
        self._log = log.bind(destination=queue.destination)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"community-{queue.destination}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End after what is being sent; what is left waits in the outbox."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def round(self) -> float:
        """Deliver for about `BACKLOG_S`; how many seconds to rest before the next round.

        Raises `StoreBusy`; what was delivered is remembered and not sent again.
        """
        if self._unsettled:
            self._settle()
        if not self._ours():
            return TICK_S
        wait_s = max(self._again_s - self._clocks.monotonic(), 0.0 if self._more else self._destination.rest_s())
        if wait_s > 0:
            return min(wait_s, TICK_S)
        turn = _Round(seen=set(self._doubted))
        turn.blocked |= {row.subject for row, _ in self._doubted.values() if row.subject is not None}
        fault = None
        self._more = False
        try:
            self._destination.tick()
            self._more = self._send_all(turn)
            if turn.suspects and turn.outcome.taken:
                self._judge(turn)
            fault = turn.suspects[-1][1] if turn.suspects else None
        except GateError as failed:
            fault = failed
        doubted, self._doubted = self._doubted, {} if not turn.tried else self._doubted
        self._doubted |= {row.seq: (row, why) for row, why in turn.suspects}
        if len(self._doubted) > DOUBTED:
            self._doubted.clear()
        self._close(turn, fault)
        return 0.0 if self._more or fault or (doubted and not turn.tried) else TICK_S

    def _ours(self) -> bool:
        now_s = self._clocks.monotonic()
        if now_s < self._held_s:
            return True
        ours = self._queue.hold(self._holder, self._clocks.wall_ms(), int(LEASE_S * 1000))
        self._held_s = now_s + LEASE_S / 2 if ours else now_s
        return ours

    def _send_all(self, turn: _Round) -> bool:
        """Deliver what has just happened, then the oldest for a while; whether there is more."""
        now_ms, since = self._clocks.wall_ms(), self._clocks.wall() - timedelta(seconds=LIVE_S)
        most = max(BACKLOG_MOST, self._destination.batch)
        rows = self._queue.oldest(now_ms, most)
        first = self._queue.newest(since, now_ms, LIVE_MOST) if len(rows) == most else _live(rows, since)
        self._send(first, turn, math.inf)
        finished = self._send(rows, turn, self._clocks.monotonic() + BACKLOG_S)
        return len(rows) == most or not finished

    def _send(self, rows: Iterable[Waiting], turn: _Round, until_s: float) -> bool:
        """Deliver in order, for so long; whether all were. Raises `Away`, the last fault where `SUSPECTS` in a row."""
        fresh = [row for row in rows if row.seq not in turn.seen]
        seqs = [row.seq for row in fresh]
        loaded = self._events.load(seqs, self._allowed, self._queue.names()) if fresh else {}
        # A record restored from an older backup may lack what is still waiting: there is nothing to tell.
        turn.outcome.taken += [row.seq for row in fresh if row.seq not in loaded]
        for number, chunk in enumerate(_chunks(fresh, self._destination.batch)):
            if number and (self._clocks.monotonic() >= until_s or self._stopping.is_set()):
                return False
            ready = [row for row in chunk if row.subject is None or row.subject not in turn.blocked]
            turn.seen |= {row.seq for row in ready}
            self._deliver([row for row in ready if row.seq in loaded], loaded, turn)
        return True

    def _deliver(self, rows: Sequence[Waiting], loaded: Mapping[int, Event], turn: _Round) -> None:
        if not rows:
            return
        turn.tried = True
        fault = self._tried([loaded[row.seq] for row in rows])
        if fault is None:
            turn.outcome.taken += [row.seq for row in rows]
            self._judge(turn)
        elif len(rows) > 1:
            for row in rows:
                if row.subject is None or row.subject not in turn.blocked:
                    self._deliver([row], loaded, turn)
        else:
            turn.suspects.append((rows[0], fault))
            if rows[0].subject is not None:
                turn.blocked.add(rows[0].subject)
            if len(turn.suspects) >= SUSPECTS:
                raise fault

    def _tried(self, events: Sequence[Event]) -> GateError | None:
        try:
            self._destination.send(events)
        except (Refused, Failed) as fault:
            return fault
        except Away:
            raise
        except Exception as slip:  # noqa: BLE001 - a mapping's slip over one event must not end the others' way out
            self._log.error("community.slip", why=type(slip).__name__)
            return Failed("community.slip", why=type(slip).__name__)
        return None

    def _judge(self, turn: _Round) -> None:
        """The peer has taken something: what it has not taken is at fault itself."""
        for row, fault in turn.suspects:
            self._strike(row, fault, turn, surely=True)
        for row, fault in self._doubted.values():
            self._strike(row, fault, turn, surely=False)
        turn.suspects.clear()
        self._doubted.clear()

    def _strike(self, row: Waiting, fault: GateError, turn: _Round, *, surely: bool) -> None:
        """A refusal from before the peer took anything may have been the peer's mood: it counts the second time."""
        if (isinstance(fault, Refused) and (surely or row.attempts)) or row.attempts + 1 >= ATTEMPTS:
            turn.outcome.died.append((row, fault.code, fault.facts))
            self._log.warning("community.dead_letter", seq=row.seq, code=fault.code)
            return
        rest_s = EVENT_BACKOFF.delay_s(row.attempts + 1, self._clocks.chance())
        turn.outcome.again.append((row, self._clocks.wall_ms() + int(rest_s * 1000)))

    def _close(self, turn: _Round, fault: GateError | None) -> None:
        """Settle what came of a round, and decide when the next may be."""
        self._unsettled = turn.outcome
        if fault is None:
            self._failures, self._again_s = 0, 0.0
        else:
            self._failures = 1 if turn.outcome.taken else self._failures + 1
            rest_s = PEER_BACKOFF.delay_s(self._failures, self._clocks.chance())
            rest_s = rest_s if isinstance(fault, Away) else min(rest_s, ANSWERING_S)
            self._again_s = self._clocks.monotonic() + rest_s
        if self._unsettled:
            self._settle()
        self._tell(fault)

    def _settle(self) -> None:
        self._queue.settle(self._unsettled, self._clocks.wall())
        self._unsettled = Outcome()

    def _tell(self, fault: GateError | None) -> None:
        """Say a thing once when it breaks and once when it recovers."""
        code, facts = (None, {}) if fault is None else (fault.code, fault.facts)
        if code == self._told:
            return
        self._queue.say(code, facts, self._clocks.wall())
        if fault is not None:
            self._log.warning("community.away", code=fault.code, why=_plain(facts.get("why")))
        elif self._told:
            self._log.info("community.back")
        self._told = code

    def _run(self) -> None:
        broken = False
        while not self._stopping.is_set():
            try:
                rest_s = self.round()
                broken = False
            except Exception as failed:  # noqa: BLE001 - whatever befalls it, the destination's thread goes on
                rest_s = TICK_S
                if not broken:
                    self._log.error("community.broken", why=getattr(failed, "code", type(failed).__name__))
                broken = True
            if rest_s > 0:
                self._stopping.wait(rest_s)
        self._destination.close()
        try:
            if self._unsettled:
                self._settle()
            self._queue.release(self._holder)
        except (StoreBusy, SQLAlchemyError):
            self._log.warning("community.not_released")


def _plain(why: Any) -> str | None:
    return None if why is None else str(why)


def _live(rows: Sequence[Waiting], since: datetime) -> list[Waiting]:
    """Of all that waits, what has just happened, after what must come before it."""
    live = {row.seq: row.subject for row in rows if row.at >= stamp(since)}
    subjects = set(live.values()) - {None}
    return [row for row in rows if row.seq in live or row.subject in subjects]


def _chunks(rows: Sequence[Waiting], size: int) -> Iterable[Sequence[Waiting]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
