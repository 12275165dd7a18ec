"""Counting passages over time, for charts and reports: by hour of a day and by day of a month, in local time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sqlalchemy import Engine, func, select

from enrollment.database import reading
from gate.ledger.chain import stamp
from gate.ledger.tables import PassageRow

SLOT = len("2026-02-17T15:1")
"""Counted by ten minutes first, which fit every time zone there is."""


@dataclass(frozen=True, slots=True)
class Bar:
    """How many passages had each verdict in an hour or on a day, whose name is `label`."""

    label: str
    verdicts: dict[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.verdicts.values())


def by_hour(engine: Engine, day: date, zone: tzinfo) -> tuple[Bar, ...]:
    """The 24 hours of a local day."""
    counted = _counted(engine, midnight(day, zone), midnight(day + timedelta(days=1), zone), zone, "%H")
    return tuple(Bar(label, counted.get(label, {})) for label in (f"{hour:02d}" for hour in range(24)))


def by_day(engine: Engine, first: date, last: date, zone: tzinfo) -> tuple[Bar, ...]:
    """The local days from `first` to `last`, both included."""
    counted = _counted(engine, midnight(first, zone), midnight(last + timedelta(days=1), zone), zone, "%Y-%m-%d")
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(Bar(day.isoformat(), counted.get(day.isoformat(), {})) for day in days)


def midnight(day: date, zone: tzinfo) -> datetime:
    """The moment a local day begins."""
    return datetime.combine(day, time(0), zone)


def _counted(engine: Engine, since: datetime, until: datetime, zone: tzinfo, form: str) -> dict[str, dict[str, int]]:
    slot = func.substr(PassageRow.at, 1, SLOT).label("slot")
    wanted = select(slot, PassageRow.verdict, func.count()).where(
        PassageRow.at >= stamp(since), PassageRow.at < stamp(until)
    )
    counted: dict[str, Counter[str]] = {}
    with reading(engine) as session:
        for ten_minutes, verdict, count in session.execute(wanted.group_by(slot, PassageRow.verdict)):
            local = datetime.fromisoformat(f"{ten_minutes}0:00").replace(tzinfo=UTC).astimezone(zone)
            counted.setdefault(local.strftime(form), Counter())[verdict] += count
    return {label: dict(verdicts) for label, verdicts in counted.items()}
