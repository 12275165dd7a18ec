"""Which way everybody was let through last, by the record: so it is known again after a restart, and on every box."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from enrollment.database import reading
from gate.decision.decision import Verdict
from gate.decision.moment import Direction, History
from gate.ledger.chain import stamp
from gate.ledger.tables import NOT_TAKEN, LedgerRow, PassageRow

UNKNOWN = History(known=False)
TOLD_WITHIN = 10_000
"""Rows after a passage in which its barrier's refusal is looked for; it is mostly among the next few."""


class Whereabouts:
    """The last opening of each subject. It may be asked and told from any thread; `refresh` belongs to one.

    Until the record has been read, nothing is known about anybody.
    """

    def __init__(self, engine: Engine, directions: Mapping[str, Direction]) -> None:
        """`directions` gives each lane's direction; passages through a lane that is not there any more do not count."""
        self._engine = engine
        self._directions = directions
        self._lock = threading.Lock()
        self._last: dict[str, History] = {}
        self._seq = 0
        self._reach_h = 0.0

    def of(self, subject: str) -> History:
        """Which way the subject went last."""
        if not self._reach_h:
            return UNKNOWN
        return self._last.get(subject, History())

    def passed(self, subject: str, direction: Direction, at: datetime) -> None:
        """The subject was let through. What is told later about an earlier moment changes nothing."""
        with self._lock:
            before = self._last.get(subject)
            if before is None or before.at is None or before.at <= at:
                self._last[subject] = History(direction, at)

    def refresh(self, reach_h: float, now: datetime | None = None) -> None:
        """Read what is new in the record, and so many hours of it the first time. Raises `StoreBusy`."""
        wider = reach_h > self._reach_h
        floor = stamp((now or datetime.now(UTC)) - timedelta(hours=reach_h)) if wider else ""
        after = 0 if wider else self._seq
        newest, opened = PassageRow.seq > after, PassageRow.verdict == Verdict.OPEN.value
        rows = select(PassageRow.subject, PassageRow.lane, PassageRow.at).where(newest, opened)
        rows = rows.where(PassageRow.subject.is_not(None), PassageRow.at >= floor).order_by(PassageRow.seq)
        with reading(self._engine) as session:
            last = session.scalar(select(func.max(LedgerRow.seq))) or 0
            found = session.execute(rows.where(PassageRow.seq <= last)).all() if last > after else []
            kept_out = list(_kept_out(session, after, last, floor)) if last > after else []
            turned_back = {subject: _before(session, subject, None, self._directions) for subject in kept_out}
        for subject, lane, at in found:
            direction = self._directions.get(lane)
            if direction is not None and subject not in turned_back:
                self.passed(str(subject), direction, datetime.fromisoformat(at))
        with self._lock:
            self._last |= turned_back
        self._seq, self._reach_h = last, max(reach_h, self._reach_h)


def before(engine: Engine, subject: str, moment: datetime, directions: Mapping[str, Direction]) -> History:
    """Which way a subject had been let through last at an earlier moment. Raises `StoreBusy`."""
    with reading(engine) as session:
        return _before(session, subject, moment, directions)


def _kept_out(session: Session, after: int, last: int, floor: str) -> Iterator[str]:
    """The subjects for whom a barrier kept shut, by what was recorded after row `after` and not before `floor`."""
    rows = select(LedgerRow.body).where(LedgerRow.seq > after, LedgerRow.seq <= last, LedgerRow.at >= floor, NOT_TAKEN)
    commands = [str(json.loads(body).get("command_id")) for body in session.scalars(rows)]
    for start in range(0, len(commands), 500):
        named = PassageRow.id.in_(commands[start : start + 500]), PassageRow.subject.is_not(None)
        yield from (str(subject) for subject in session.scalars(select(PassageRow.subject).where(*named)))


def _before(session: Session, subject: str, moment: datetime | None, directions: Mapping[str, Direction]) -> History:
    rows = select(PassageRow.seq, PassageRow.id, PassageRow.lane, PassageRow.at).where(
        PassageRow.subject == subject,
        PassageRow.verdict == Verdict.OPEN.value,
        PassageRow.lane.in_(directions),
    )
    if moment is not None:
        rows = rows.where(PassageRow.at < stamp(moment))
    for row in session.execute(rows.order_by(PassageRow.at.desc(), PassageRow.seq.desc())):
        if not _refused(session, row.seq, row.id):
            return History(directions[row.lane], datetime.fromisoformat(row.at))
    return History()


def _refused(session: Session, seq: int, passage: str) -> bool:
    """Whether the barrier did not take the command of a passage, which is told within a few rows after it."""
    said = LedgerRow.body.contains(f'"command_id":"{passage}"', autoescape=True)
    rows = select(LedgerRow.seq).where(LedgerRow.seq > seq, LedgerRow.seq <= seq + TOLD_WITHIN, NOT_TAKEN, said)
    return session.scalar(rows.limit(1)) is not None
