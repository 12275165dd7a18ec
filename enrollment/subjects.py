"""Living entries as the decision sees them: with the terms of their rights, and without those that have not begun."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeAlias

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enrollment.candidate import Subject, SubjectKind
from enrollment.tables import HouseholdRow, ResidentRow, RightRow, TenancyRow, VehicleRow

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


_Row: TypeAlias = tuple[str, str, str, bool, datetime | None, Span]


def _people(session: Session) -> list[_Row]:
    stays = _stays(session)
    rows = session.execute(
        select(
            ResidentRow.id,
            ResidentRow.household_id,
            HouseholdRow.building,
            ResidentRow.blocked,
            ResidentRow.blocked_until,
            ResidentRow.since,
            ResidentRow.until,
        )
        .join(HouseholdRow, HouseholdRow.id == ResidentRow.household_id)
        .where(ResidentRow.ended_at.is_(None)),
        execution_options=A_FEW,
    )
    return [
        (id_, str(home), building, blocked, unblocked, within((since, until), stays.get(id_, OPEN)))
        for id_, home, building, blocked, unblocked, since, until in rows
    ]


def _cars(session: Session) -> list[_Row]:
    owners = {row[0]: row[5] for row in _people(session)}
    rows = session.execute(
        select(
            VehicleRow.id,
            VehicleRow.household_id,
            HouseholdRow.building,
            VehicleRow.blocked,
            VehicleRow.blocked_until,
            VehicleRow.since,
            VehicleRow.until,
            VehicleRow.resident_id,
        )
        .join(HouseholdRow, HouseholdRow.id == VehicleRow.household_id)
        .where(VehicleRow.ended_at.is_(None)),
        execution_options=A_FEW,
    )
    return [
        (id_, str(home), building, blocked, unblocked, within((since, until), owners.get(owner or "", OPEN)))
        for id_, home, building, blocked, unblocked, since, until, owner in rows
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
    rights: dict[str, set[str]] = defaultdict(set)
    for subject_id, lane in session.execute(select(RightRow.subject_id, RightRow.lane), execution_options=A_FEW):
        rights[subject_id].add(lane)
    return {
        id_: Subject(
            id_, kind, home, blocked, frozenset(rights[id_]) if id_ in rights else None, building, until, unblocked
        )
        for id_, home, building, blocked, unblocked, (since, until) in rows
        if blocked or since is None or since <= now
    }
