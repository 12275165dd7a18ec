"""Letting go in time: pictures after some days, passages' details and staff's remarks after a year; the chain stays.

Faces and vehicles go with the consent that they rest on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import structlog
from sqlalchemy import CursorResult, Engine, delete, func, select

from enrollment.consents import Consents
from enrollment.database import writing
from enrollment.errors import StoreBusy
from gate.ledger.ledger import append
from gate.ledger.snapshots import DOUBT_DAYS, Snapshots
from gate.ledger.tables import PassageRow, RemarkRow
from gate.rulebook.versions import forget as forget_rules

log = structlog.get_logger("retention")

ACTOR = "retention"
SWEEP_EVERY_S = 3600.0
PASSAGE_DAYS = 365
"""GA/T 1742-2020 asks for event records of 365 days or more; longer is not needed, so not kept."""


class Retention:
    """Sweeps at the start and every hour, so that a box that slept for days catches up."""

    def __init__(
        self, snapshots: Snapshots, engine: Engine, consents: Consents, forgets: Sequence[Callable[[], int]]
    ) -> None:
        """`forgets` each let go of what is over (passes, phones) and say how much that was."""
        self._snapshots = snapshots
        self._engine = engine
        self._consents = consents
        self._forgets = forgets
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        """Begin sweeping."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Stop sweeping."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            today = datetime.now(UTC).date()
            try:
                days, rows = sweep(self._engine, self._snapshots, today), forget(self._engine, today)
                ended, over = self._consents.end_expired(ACTOR), sum(let_go() for let_go in self._forgets)
                texts = forget_rules(self._engine, datetime.now(UTC) - timedelta(days=PASSAGE_DAYS))
            except (OSError, StoreBusy) as failed:
                log.error("retention.failed", why=str(failed))
            else:
                if days or rows or ended or over or texts:
                    log.info("retention.swept", days=days, rows=rows, consents=ended, over=over, rules=texts)
            if self._stopping.wait(SWEEP_EVERY_S):
                return


def sweep(engine: Engine, snapshots: Snapshots, today: date) -> int:
    """Delete the pictures whose days are over; how many days went.

    A row of the chain says so first, and is what tells these pictures from missing ones.
    """
    due = snapshots.due(today)
    for day in due:
        with writing(engine) as session:
            append(session, datetime.now(UTC), "pictures.deleted", {"day": day, "pictures": snapshots.count(day)})
        snapshots.delete(day)
    return len(due)


def forget(engine: Engine, today: date) -> int:
    """Delete passages and remarks older than `PASSAGE_DAYS`; how many went. Their rows in the chain stay.

    Nothing goes while the last passage before `today` lies more than a week back: see `Snapshots.due`.
    """
    oldest = f"{today - timedelta(days=PASSAGE_DAYS):%Y-%m-%d}"
    with writing(engine) as session:
        last = session.scalar(select(func.max(PassageRow.at)).where(PassageRow.at < f"{today:%Y-%m-%d}"))
        if last is None or last < f"{today - timedelta(days=DOUBT_DAYS):%Y-%m-%d}":
            return 0
        gone = [session.execute(delete(table).where(table.at < oldest)) for table in (PassageRow, RemarkRow)]
        passages, remarks = (result.rowcount for result in gone if isinstance(result, CursorResult))
        if passages or remarks:
            facts = {"before": oldest, "passages": passages, "remarks": remarks}
            append(session, datetime.now(UTC), "passages.forgotten", facts)
        return passages + remarks
