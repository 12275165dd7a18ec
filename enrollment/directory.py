"""Reading the register: living entries as values, each list in three queries however long it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from enrollment.entry import Entry, Resident, Vehicle
from enrollment.form import Term, VehicleType
from enrollment.hours import parse_hours
from enrollment.household import HouseholdCode
from enrollment.tables import HouseholdRow, ResidentRow, RightRow, TemplateRow, VehicleRow
from models.sighting import PlateColour

Row: TypeAlias = ResidentRow | VehicleRow


@dataclass(frozen=True, slots=True)
class Count:
    """How many residents there are, how many of them are under fourteen, and how many vehicles."""

    residents: int
    minors: int
    vehicles: int


def living(session: Session, subject_id: str) -> Row | None:
    """The row of a living resident or vehicle, None where there is none or it was erased."""
    row = session.get(ResidentRow, subject_id) or session.get(VehicleRow, subject_id)
    return row if row and row.ended_at is None else None


def kind(row: Row) -> str:
    """`resident` or `vehicle`."""
    return row.__tablename__


def entry(session: Session, row: Row) -> Entry:
    """What the register says about one living row."""
    if isinstance(row, ResidentRow):
        return residents(session, ResidentRow.id == row.id)[0]
    return vehicles(session, VehicleRow.id == row.id)[0]


def residents(session: Session, *where: ColumnElement[bool]) -> tuple[Resident, ...]:
    """The living residents that fit, by household and name."""
    fitting = (ResidentRow.ended_at.is_(None), *where)
    rights = select(RightRow).join(ResidentRow, ResidentRow.id == RightRow.subject_id).where(*fitting)
    lanes = _lanes(session.scalars(rights).all())
    templates = select(func.count()).where(TemplateRow.resident_id == ResidentRow.id).scalar_subquery()
    found = [
        (
            _code(home),
            Resident(
                id=row.id,
                name=str(row.name),
                household=str(_code(home)),
                lanes=lanes.get(row.id),
                blocked=row.blocked,
                blocked_reason=row.blocked_reason,
                templates=faces,
                created_at=row.created_at,
                phone=row.phone,
                minor_until=row.minor_until,
                version=row.version,
                notes=row.notes,
                term=Term(row.since, row.until),
                blocked_until=row.blocked_until,
                blocked_by=row.blocked_by,
                blocked_since=row.blocked_at,
                hours=parse_hours(row.hours or ""),
            ),
        )
        for row, home, faces in session.execute(
            select(ResidentRow, HouseholdRow, templates).join(HouseholdRow).where(*fitting)
        )
    ]
    return tuple(one for _, one in sorted(found, key=lambda pair: (pair[0].order, pair[1].name)))


def vehicles(session: Session, *where: ColumnElement[bool]) -> tuple[Vehicle, ...]:
    """The living vehicles that fit, by household and plate."""
    fitting = (VehicleRow.ended_at.is_(None), *where)
    rights = select(RightRow).join(VehicleRow, VehicleRow.id == RightRow.subject_id).where(*fitting)
    lanes = _lanes(session.scalars(rights).all())
    found = [
        (
            _code(home),
            Vehicle(
                id=row.id,
                plate=str(row.plate),
                colour=PlateColour(str(row.colour)),
                household=str(_code(home)),
                lanes=lanes.get(row.id),
                blocked=row.blocked,
                blocked_reason=row.blocked_reason,
                created_at=row.created_at,
                type=VehicleType(row.type),
                owner=row.resident_id,
                version=row.version,
                notes=row.notes,
                term=Term(row.since, row.until),
                blocked_until=row.blocked_until,
                blocked_by=row.blocked_by,
                blocked_since=row.blocked_at,
                hours=parse_hours(row.hours or ""),
            ),
        )
        for row, home in session.execute(select(VehicleRow, HouseholdRow).join(HouseholdRow).where(*fitting))
    ]
    return tuple(one for _, one in sorted(found, key=lambda pair: (pair[0].order, pair[1].plate)))


def labels(session: Session, subject_ids: Collection[str]) -> dict[str, str]:
    """The name or the plate of each living one of these; SQLite takes some hundreds of ids."""
    told: dict[str, str] = {}
    for table, column in ((ResidentRow, ResidentRow.name), (VehicleRow, VehicleRow.plate)):
        found = session.execute(select(table.id, column).where(table.id.in_(subject_ids), table.ended_at.is_(None)))
        told |= {id_: str(label) for id_, label in found}
    return told


def count(session: Session, today: date) -> Count:
    """How many there are."""
    residents_, vehicles_ = ResidentRow.ended_at.is_(None), VehicleRow.ended_at.is_(None)
    return Count(
        residents=session.scalar(select(func.count()).where(residents_)) or 0,
        minors=session.scalar(select(func.count()).where(residents_, ResidentRow.minor_until > today)) or 0,
        vehicles=session.scalar(select(func.count()).where(vehicles_)) or 0,
    )


def _code(home: HouseholdRow) -> HouseholdCode:
    return HouseholdCode(home.building, home.unit, home.room)


def _lanes(rights: Iterable[RightRow]) -> dict[str, tuple[str, ...]]:
    lanes: dict[str, list[str]] = defaultdict(list)
    for right in rights:
        lanes[right.subject_id].append(right.lane)
    return {subject: tuple(sorted(named)) for subject, named in lanes.items()}
