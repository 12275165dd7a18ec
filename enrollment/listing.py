"""Pages of living people, vehicles and passes in the order of their ids, which cost the same however long the lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Engine, select
from sqlalchemy.orm import Session

from enrollment import directory
from enrollment.database import reading
from enrollment.entry import Resident, Vehicle
from enrollment.form import Standing
from enrollment.household import HouseholdCode
from enrollment.passes import Pass, pass_of
from enrollment.tables import HouseholdRow, PassRow, ResidentRow, TenancyRow, VehicleRow

Table: TypeAlias = type[ResidentRow | VehicleRow]
Listed = TypeVar("Listed", Resident, Vehicle)


def people_page(
    engine: Engine, after: str, count: int, household: HouseholdCode | None = None
) -> tuple[tuple[Resident, ...], bool]:
    """The people whose ids follow `after` (empty for the first page), and whether there are more."""
    with reading(engine) as session:
        ids, more = _ids(session, ResidentRow, after, count, household)
        return _in_order(directory.residents(session, ResidentRow.id.in_(ids)), ids), more


def vehicles_page(
    engine: Engine, after: str, count: int, household: HouseholdCode | None = None
) -> tuple[tuple[Vehicle, ...], bool]:
    """The same of vehicles."""
    with reading(engine) as session:
        ids, more = _ids(session, VehicleRow, after, count, household)
        return _in_order(directory.vehicles(session, VehicleRow.id.in_(ids)), ids), more


def passes_page(engine: Engine, after: str, count: int) -> tuple[tuple[Pass, ...], bool]:
    """The same of passes that are not forgotten."""
    with reading(engine) as session:
        wanted = select(PassRow).where(PassRow.forgotten_at.is_(None), PassRow.id > after).order_by(PassRow.id)
        rows = session.scalars(wanted.limit(count + 1)).all()
        return tuple(pass_of(row) for row in rows[:count]), len(rows) > count


def standings(engine: Engine, ids: Sequence[str]) -> dict[str, Standing]:
    """As what each of these residents lives in the household that they are entered at."""
    same = TenancyRow.resident_id == ResidentRow.id, TenancyRow.household_id == ResidentRow.household_id
    stays = select(TenancyRow.resident_id, TenancyRow.standing).join(ResidentRow, same[0]).where(same[1])
    with reading(engine) as session:
        rows = session.execute(stays.where(ResidentRow.id.in_(ids)).order_by(TenancyRow.starts_at))
        return {resident: Standing(standing) for resident, standing in rows}


def _ids(
    session: Session, table: Table, after: str, count: int, household: HouseholdCode | None
) -> tuple[list[str], bool]:
    conditions: list[ColumnElement[bool]] = [table.ended_at.is_(None), table.id > after]
    if household is not None:
        place = (HouseholdRow.building, household.building), (HouseholdRow.unit, household.unit)
        same = [column == value for column, value in (*place, (HouseholdRow.room, household.room))]
        conditions.append(table.household_id.in_(select(HouseholdRow.id).where(*same)))
    ids = list(session.scalars(select(table.id).where(*conditions).order_by(table.id).limit(count + 1)))
    return ids[:count], len(ids) > count


def _in_order(entries: Sequence[Listed], ids: Sequence[str]) -> tuple[Listed, ...]:
    found = {one.id: one for one in entries}
    return tuple(found[one] for one in ids if one in found)
