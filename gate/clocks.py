"""How long each class of personal data is kept, what there is of it now, and whether anything is past its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select

from enrollment.database import reading
from enrollment.notice_tables import NoticeRow
from enrollment.notices import KEPT_DAYS
from enrollment.passes import LEAVE_WITHIN
from enrollment.tables import PhoneRow, PhotoRow, TemplateRow
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
        _phones(site, today),
        _guests(site, today),
        _notices(site, today),
        Clock("chain", None, *_span(counted[LedgerRow])),
    )


def _phones(site: Site, today: date) -> Clock:
    """Residents' phones that are signed in, by the day of their last use."""
    days = site.phones.lasts.days
    late = datetime.combine(today - timedelta(days=days + LATE_DAYS), time(), UTC)
    with reading(site.engine) as session:
        count, oldest = session.execute(select(func.count(), func.min(PhoneRow.used_at))).one()
        overdue = session.scalar(select(func.count()).where(PhoneRow.used_at < late)) or 0
    return Clock("phones", days, count, oldest.date() if oldest else None, overdue)


def _guests(site: Site, today: date) -> Clock:
    """Visitors' passes, by the day from which on nobody may leave by them any more."""
    passes = site.passes.kept()
    late = datetime.combine(today - timedelta(days=LEAVE_WITHIN.days + LATE_DAYS), time(), UTC)
    over = [one.over_at for one in passes if one.over_at < datetime.combine(today, time(), UTC)]
    gone = sum(at < late for at in over)
    return Clock("guests", LEAVE_WITHIN.days, len(passes), min(over, default=None) and min(over).date(), gone)


def _notices(site: Site, today: date) -> Clock:
    """Notices to households, by the day on which they were sent."""
    late = datetime.combine(today - timedelta(days=KEPT_DAYS + LATE_DAYS), time(), UTC)
    with reading(site.engine) as session:
        count, oldest = session.execute(select(func.count(), func.min(NoticeRow.sent_at))).one()
        overdue = session.scalar(select(func.count()).where(NoticeRow.sent_at < late)) or 0
    return Clock("notices", KEPT_DAYS, count, oldest.date() if oldest else None, overdue)


def _limit(today: date, days: int) -> str:
    return f"{today - timedelta(days=days + LATE_DAYS):%Y-%m-%d}"


def _span(counted: tuple[int, str | None]) -> tuple[int, date | None]:
    count, first = counted
    return count, date.fromisoformat(first[:10]) if first else None
