"""One destination's part of the outbox: what is next, what was taken, what died, and who serves it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Engine, delete, func, or_, select, text, update
from sqlalchemy.orm import Session, aliased

from enrollment.database import reading, writing
from gate.community.names import Names, names_of
from gate.community.tables import DeadLetterRow, DestinationRow, OutboxRow
from gate.ledger.chain import stamp

LONGEST_WAIT_MS = 3_600_000
"""An event that waits for longer than this was put off by another clock: it is due."""
SIBLINGS = 100
"""At most so many older events of its subject are fetched with one that has just happened."""
DEAD_LETTERS = 100_000
"""The newest of so many are kept for a destination."""
RATE_MS = 10_000
"""How fast events are taken is counted over so long, and forgotten after `RATE_LASTS_MS` in which none was."""
RATE_LASTS_MS = 60_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the outbox."""

    seq: int
    at: str
    kind: str
    subject: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a destination stands. `code` is the fault of now, None while all is well; `oldest` is what waits longest.

    `today` were taken on the compound's current day; `rate_per_s` is None while nothing is being taken.
    """

    waiting: int
    dead: int
    delivered: int
    dropped: int
    oldest: str | None
    delivered_at: str | None
    code: str | None
    facts: Mapping[str, Any]
    failing_since: str | None
    today: int = 0
    rate_per_s: float | None = None


@dataclass(slots=True)
class Outcome:
    """What a round came to: numbers taken, rows to be tried again at a time (ms since 1970), rows that died of what."""

    taken: list[int] = field(default_factory=list)
    again: list[tuple[Waiting, int]] = field(default_factory=list)
    died: list[tuple[Waiting, str, Mapping[str, Any]]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.taken or self.again or self.died)


_WAITING = (OutboxRow.seq, OutboxRow.at, OutboxRow.kind, OutboxRow.subject, OutboxRow.attempts)


class Queue:
    """The rows of one destination. Every method is one transaction and raises `StoreBusy`.

    `zone` is the compound's: its days are counted.
    """

    def __init__(self, engine: Engine, destination: str, zone: tzinfo = UTC) -> None:
        self._engine = engine
        self._zone = zone
        self.destination = destination
        self._mine = OutboxRow.destination == destination

    def hold(self, holder: str, now_ms: int, for_ms: int) -> bool:
        """Whether this box serves the destination for the coming time; another box may, one at a time."""
        with writing(self._engine) as session:
            row = self._row(session)
            foreign = row.holder not in {"", holder} and now_ms < row.held_until_ms < now_ms + 2 * for_ms
            if not foreign:
                row.holder, row.held_until_ms = holder, now_ms + for_ms
            return not foreign

    def release(self, holder: str) -> None:
        """Let another box serve the destination at once."""
        with writing(self._engine) as session:
            row = self._row(session)
            if row.holder == holder:
                row.holder = ""

    def newest(self, since: datetime, now_ms: int, most: int) -> list[Waiting]:
        """What happened since then, at most the newest so many, oldest first, each after what must come before it.

        Of what has a long past waiting, `SIBLINGS` of that past come and not yet the thing itself.
        """
        found: dict[int, Waiting] = {}
        with reading(self._engine) as session:
            late = self._select(self._free(now_ms)).order_by(OutboxRow.seq.desc()).limit(most)
            for live in [Waiting(*row) for row in session.execute(late) if row.at >= stamp(since)]:
                same = (OutboxRow.subject == live.subject, OutboxRow.seq < live.seq)
                past = self._select(*same).order_by(OutboxRow.seq).limit(SIBLINGS)
                older = [Waiting(*row) for row in session.execute(past)] if live.subject is not None else []
                found |= {row.seq: row for row in (older if len(older) == SIBLINGS else [*older, live])}
        return [row for _, row in sorted(found.items())]

    def oldest(self, now_ms: int, most: int) -> list[Waiting]:
        """What waits longest, at most so many, in order."""
        with reading(self._engine) as session:
            rows = session.execute(self._select(self._free(now_ms)).order_by(OutboxRow.seq).limit(most))
            return [Waiting(*row) for row in rows]

    def settle(self, outcome: Outcome, now: datetime) -> None:
        """Delete what was taken, put off what is to be tried again, and move what died."""
        with writing(self._engine) as session:
            gone = [*outcome.taken, *(row.seq for row, _, _ in outcome.died)]
            for start in range(0, len(gone), 500):
                session.execute(delete(OutboxRow).where(self._mine, OutboxRow.seq.in_(gone[start : start + 500])))
            for row, due_ms in outcome.again:
                session.execute(
                    update(OutboxRow)
                    .where(self._mine, OutboxRow.seq == row.seq)
                    .values(attempts=row.attempts + 1, due_ms=due_ms)
                )
            for row, code, facts in outcome.died:
                session.merge(DeadLetterRow(**self._letter(row, code, facts, now)))
            if outcome.taken:
                self._count(self._row(session), len(outcome.taken), now)

    def say(self, code: str | None, facts: Mapping[str, Any], now: datetime) -> None:
        """Note how the destination stands."""
        with writing(self._engine) as session:
            row = self._row(session)
            row.failing_since = None if code is None else row.failing_since or stamp(now)
            row.code, row.facts = code, json.dumps({name: str(fact) for name, fact in facts.items()})

    def names(self) -> Names:
        """What the destination calls our lanes and devices now."""
        with reading(self._engine) as session:
            return names_of(session, self.destination)

    def oldest_at(self) -> str | None:
        """When what waits longest happened."""
        with reading(self._engine) as session:
            return session.scalar(select(OutboxRow.at).where(self._mine).order_by(OutboxRow.seq).limit(1))

    def standing(self, now: datetime) -> Standing:
        """How it stands."""
        with reading(self._engine) as session:
            waiting = session.scalar(select(func.count()).select_from(OutboxRow).where(self._mine))
            oldest = session.scalar(select(OutboxRow.at).where(self._mine).order_by(OutboxRow.seq).limit(1))
            of_mine = DeadLetterRow.destination == self.destination
            dead = session.scalar(select(func.count()).select_from(DeadLetterRow).where(of_mine))
            row = session.get(DestinationRow, self.destination) or _unheard(self.destination)
            return Standing(
                waiting or 0,
                dead or 0,
                row.delivered,
                row.dropped,
                oldest,
                row.delivered_at,
                row.code,
                json.loads(row.facts),
                row.failing_since,
                today=row.delivered_day if row.day == self._day(now) else 0,
                rate_per_s=_rate(row, _ms(now)),
            )

    def trim(self, keep: int, before: datetime) -> int:
        """Drop the oldest rows beyond so many, those from before a time, and dead letters likewise; how many."""
        with writing(self._engine) as session:
            gone = 0
            for table, most in ((OutboxRow, keep), (DeadLetterRow, DEAD_LETTERS)):
                mine = table.destination == self.destination
                newest = select(table.seq).where(mine).order_by(table.seq.desc())
                first = session.scalar(newest.offset(most).limit(1))
                beyond = or_(table.at < stamp(before), table.seq <= (first if first is not None else -1))
                gone += getattr(session.execute(delete(table).where(mine, beyond)), "rowcount", 0)
            if gone:
                self._row(session).dropped += gone
            return gone

    def _day(self, now: datetime) -> str:
        return f"{now.astimezone(self._zone):%Y-%m-%d}"

    def _count(self, row: DestinationRow, taken: int, now: datetime) -> None:
        """Add to what was taken: ever, today, and in the time over which the rate is measured."""
        day, now_ms = self._day(now), _ms(now)
        row.delivered, row.delivered_at = row.delivered + taken, stamp(now)
        row.delivered_day, row.day = taken + (row.delivered_day if row.day == day else 0), day
        took_ms = now_ms - row.rate_from_ms
        if not 0 <= took_ms < RATE_MS:
            lately = 0 < took_ms <= RATE_LASTS_MS
            row.rate_per_s = row.rate_count * 1000 / took_ms if lately and row.rate_count else None
            row.rate_from_ms, row.rate_count = now_ms, 0
        row.rate_count += taken

    def _free(self, now_ms: int) -> ColumnElement[bool]:
        """Due, and of no subject that has an event that is put off."""
        later = now_ms + LONGEST_WAIT_MS
        other = aliased(OutboxRow)
        waits = (other.due_ms > now_ms, other.due_ms <= later)
        # Written out, so that SQLite sees that the index of what was put off has all of it.
        put_off = select(other.subject).where(
            other.destination == self.destination, other.due_ms > text("0"), *waits, other.subject.is_not(None)
        )
        due = or_(OutboxRow.due_ms <= now_ms, OutboxRow.due_ms > later)
        return due & or_(OutboxRow.subject.is_(None), OutboxRow.subject.not_in(put_off))

    def _select(self, *which: ColumnElement[bool]) -> Any:
        return select(*_WAITING).where(self._mine, *which)

    def _row(self, session: Session) -> DestinationRow:
        row = session.get(DestinationRow, self.destination)
        if row is None:
            row = _unheard(self.destination)
            session.add(row)
        return row

    def _letter(self, row: Waiting, code: str, facts: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        return {
            "destination": self.destination,
            "seq": row.seq,
            "at": row.at,
            "kind": row.kind,
            "subject": row.subject,
            "attempts": row.attempts + 1,
            "died": stamp(now),
            "code": code,
            "facts": json.dumps({name: str(fact) for name, fact in facts.items()}),
        }


def _unheard(destination: str) -> DestinationRow:
    counts = dict.fromkeys(("held_until_ms", "delivered", "dropped", "delivered_day", "rate_from_ms", "rate_count"), 0)
    return DestinationRow(id=destination, holder="", facts="{}", **counts)


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)


def _rate(row: DestinationRow, now_ms: int) -> float | None:
    """Events a second by the last whole measurement, else by the one under way; None where none is fresh."""
    took_ms = now_ms - row.rate_from_ms
    if not 0 <= took_ms <= RATE_LASTS_MS:
        return None
    return row.rate_per_s or row.rate_count * 1000 / max(took_ms, 1000)


def destinations_known(engine: Engine) -> set[str]:
    """Every destination that has rows, configured or not."""
    with reading(engine) as session:
        return {
            *session.scalars(select(OutboxRow.destination).distinct()),
            *session.scalars(select(DeadLetterRow.destination).distinct()),
        }
