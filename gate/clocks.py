"""How long each class of personal data is kept, what there is of it now, and whether anything is past its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from enrollment.database import reading
from enrollment.tables import PhotoRow, TemplateRow
from gate.ledger.tables import LedgerRow, PassageRow, RemarkRow
from gate.retention import PASSAGE_DAYS
from gate.site import Site

LATE_DAYS = 1
"""The sweep comes every hour, and days are counted in UTC: what is one day over is not late yet."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One class of data. `days` None is kept while its consent stands, or for good; 0 is never stored.

    `oldest` is the day of the oldest one, `overdue` how many should have gone already.
    """

    name: str
    days: int | None
    kept: int
    oldest: date | None = None
    overdue: int = 0


def clocks(site: Site, snapshot_days: int, today: date) -> tuple[Clock, ...]:
    """Every class that the gate keeps, and the one that it never does."""
    with reading(site.engine) as session:
        counted = {
            table: session.execute(select(func.count(), func.min(table.at))).one()
            for table in (PassageRow, RemarkRow, LedgerRow)
        }
        late = {
            table: session.scalar(select(func.count()).where(table.at < _limit(today, PASSAGE_DAYS))) or 0
            for table in (PassageRow, RemarkRow)
        }
        templates = session.scalar(select(func.count()).select_from(TemplateRow)) or 0
        photos = session.scalar(select(func.count()).select_from(PhotoRow)) or 0
    pictures = site.snapshots.days()
    over = [day for day in pictures if day < today - timedelta(days=snapshot_days + LATE_DAYS)]
    return (
        Clock("probe", 0, 0),
        Clock(
            "pictures",
            snapshot_days,
            sum(site.snapshots.count(f"{day:%Y%m%d}") for day in pictures),
            min(pictures, default=None),
            sum(site.snapshots.count(f"{day:%Y%m%d}") for day in over),
        ),
        Clock("passages", PASSAGE_DAYS, *_span(counted[PassageRow]), late[PassageRow]),
        Clock("remarks", PASSAGE_DAYS, *_span(counted[RemarkRow]), late[RemarkRow]),
        Clock("templates", None, templates, overdue=site.register.consents.lapsed()),
        Clock("photos", None, photos),
        Clock("chain", None, *_span(counted[LedgerRow])),
    )


def _limit(today: date, days: int) -> str:
    return f"{today - timedelta(days=days + LATE_DAYS):%Y-%m-%d}"


def _span(counted: tuple[int, str | None]) -> tuple[int, date | None]:
    count, first = counted
    return count, date.fromisoformat(first[:10]) if first else None
