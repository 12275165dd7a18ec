"""Which way everybody was let through last, by the record: so it is known again after a restart, and on every box."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, select

from enrollment.database import reading
from gate.decision.decision import Verdict
from gate.decision.moment import Direction, History
from gate.ledger.chain import stamp
from gate.ledger.tables import PassageRow

UNKNOWN = History(known=False)


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
            last = session.scalar(select(func.max(PassageRow.seq))) or 0
            found = session.execute(rows.where(PassageRow.seq <= last)).all() if last > after else []
        for subject, lane, at in found:
            direction = self._directions.get(lane)
            if direction is not None:
                self.passed(str(subject), direction, datetime.fromisoformat(at))
        self._seq, self._reach_h = last, max(reach_h, self._reach_h)


def before(engine: Engine, subject: str, moment: datetime, directions: Mapping[str, Direction]) -> History:
    """Which way a subject had been let through last at an earlier moment. Raises `StoreBusy`."""
    rows = select(PassageRow.lane, PassageRow.at).where(
        PassageRow.subject == subject,
        PassageRow.verdict == Verdict.OPEN.value,
        PassageRow.at < stamp(moment),
        PassageRow.lane.in_(directions),
    )
    with reading(engine) as session:
        last = session.execute(rows.order_by(PassageRow.at.desc(), PassageRow.seq.desc()).limit(1)).first()
    return History(directions[last.lane], datetime.fromisoformat(last.at)) if last else History()
