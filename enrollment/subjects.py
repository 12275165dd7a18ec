"""Living entries as the decision sees them: with the terms of their rights, and without those that have not begun."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enrollment.candidate import Subject, SubjectKind
from enrollment.hours import parse_hours
from enrollment.rights import lanes_of
from enrollment.tables import HouseholdRow, ResidentRow, TenancyRow, VehicleRow

Span: TypeAlias = tuple[datetime | None, datetime | None]
"""From when until when; None is without an end on that side."""

OPEN: Span = (None, None)

A_FEW = {"yield_per": 500}
"""Rows that are fetched at once: fetching holds up every other thread of the process."""


def resident_subjects(session: Session, now: datetime | None = None) -> dict[str, Subject]:
    """The living residents by id whose right has begun, and all the blocked ones."""
    return _subjects(session, SubjectKind.RESIDENT, _people(session), now or datetime.now(UTC))


def vehicle_subjects(session: Session, now: datetime | None = None) -> dict[str, Subject]:
    """The living vehicles by id whose right has begun, and all the blocked ones. No right outlives its owner's."""
    return _subjects(session, SubjectKind.VEHICLE, _cars(session), now or datetime.now(UTC))


def next_start(session: Session, now: datetime | None = None) -> datetime | None:
    """When the next right begins that has not begun yet: from then on the register is another one."""
    moment = now or datetime.now(UTC)
    starts = [
        session.scalar(select(func.min(column)).where(column > moment))
        for column in (ResidentRow.since, VehicleRow.since, TenancyRow.starts_at)
    ]
    return min((start for start in starts if start is not None), default=None)


class _Row(NamedTuple):
    """A living entry as it is stored; `span` is when its right holds."""

    id: str
    home: str
    building: str
    blocked: bool
    blocked_until: datetime | None
    hours: str | None
    home_hours: str | None
    span: Span


def _people(session: Session) -> list[_Row]:
    stays = _stays(session)
    rows = session.execute(
        select(
            ResidentRow.id,
            ResidentRow.household_id,
            HouseholdRow.building,
            ResidentRow.blocked,
            ResidentRow.blocked_until,
            ResidentRow.hours,
            HouseholdRow.hours.label("home_hours"),
            ResidentRow.since,
            ResidentRow.until,
        )
        .join(HouseholdRow, HouseholdRow.id == ResidentRow.household_id)
        .where(ResidentRow.ended_at.is_(None)),
        execution_options=A_FEW,
    )
    return [
        _Row(id_, str(home), building, blocked, end, hours, theirs, within((since, until), stays.get(id_, OPEN)))
        for id_, home, building, blocked, end, hours, theirs, since, until in rows
    ]


def _cars(session: Session) -> list[_Row]:
    owners = {row.id: row.span for row in _people(session)}
    rows = session.execute(
        select(
            VehicleRow.id,
            VehicleRow.household_id,
            HouseholdRow.building,
            VehicleRow.blocked,
            VehicleRow.blocked_until,
            VehicleRow.hours,
            HouseholdRow.hours.label("home_hours"),
            VehicleRow.since,
            VehicleRow.until,
            VehicleRow.resident_id,
        )
        .join(HouseholdRow, HouseholdRow.id == VehicleRow.household_id)
        .where(VehicleRow.ended_at.is_(None)),
        execution_options=A_FEW,
    )
    return [
        _Row(
            id_, str(home), building, blocked, end, hours, theirs, within((since, until), owners.get(owner or "", OPEN))
        )
        for id_, home, building, blocked, end, hours, theirs, since, until, owner in rows
    ]


def _stays(session: Session) -> dict[str, Span]:
    """Of each resident, from the first stay to the end of the last one."""
    ended, all_ = func.count(TenancyRow.ends_at), func.count()
    rows = session.execute(
        select(
            TenancyRow.resident_id, func.min(TenancyRow.starts_at), func.max(TenancyRow.ends_at), ended, all_
        ).group_by(TenancyRow.resident_id),
        execution_options=A_FEW,
    )
    return {id_: (first, last if over == stays else None) for id_, first, last, over, stays in rows}


def within(one: Span, other: Span) -> Span:
    """What two spans have in common."""
    starts = [start for start in (one[0], other[0]) if start is not None]
    ends = [end for end in (one[1], other[1]) if end is not None]
    return max(starts, default=None), min(ends, default=None)


def _subjects(session: Session, kind: SubjectKind, rows: Iterable[_Row], now: datetime) -> dict[str, Subject]:
    lanes = lanes_of(session)
    return {row.id: _subject(kind, row, lanes) for row in rows if row.blocked or not _begins_later(row.span, now)}


def _subject(kind: SubjectKind, row: _Row, lanes: Mapping[str, tuple[str, ...]]) -> Subject:
    """With the lanes of its own right or, where that names none, of its household's."""
    named = lanes.get(row.id) or lanes.get(row.home)
    return Subject(
        id=row.id,
        kind=kind,
        household=row.home,
        blocked=row.blocked,
        lanes=frozenset(named) if named else None,
        building=row.building,
        until=row.span[1],
        blocked_until=row.blocked_until,
        hours=parse_hours(row.hours or ""),
        home_hours=parse_hours(row.home_hours or ""),
    )


def _begins_later(span: Span, now: datetime) -> bool:
    return span[0] is not None and span[0] > now
