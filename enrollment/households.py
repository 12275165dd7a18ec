"""The homes of the compound: made when somebody is entered there, listed by building and unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from enrollment.database import reading
from enrollment.household import HouseholdCode
from enrollment.tables import HouseholdRow, ResidentRow, VehicleRow


@dataclass(frozen=True, slots=True)
class Household:
    """A home by its opaque `id` and its code, and how many living residents and vehicles it has."""

    id: str
    code: HouseholdCode
    residents: int
    vehicles: int


class Households:
    """Reading the homes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self, building: str | None = None) -> tuple[Household, ...]:
        """The homes, of one building where it is named, in the order of their codes; empty ones too."""
        with reading(self._engine) as session:
            homes = session.scalars(select(HouseholdRow)).all()
            people, cars = _counted(session, ResidentRow), _counted(session, VehicleRow)
            found = [
                Household(row.id, _code(row), people.get(row.id, 0), cars.get(row.id, 0))
                for row in homes
                if building in {None, row.building}
            ]
        return tuple(sorted(found, key=lambda home: home.code.order))


def _counted(session: Session, table: type[ResidentRow | VehicleRow]) -> dict[str | None, int]:
    counted = select(table.household_id, func.count()).group_by(table.household_id)
    return dict(session.execute(counted).all())


def at(session: Session, code: HouseholdCode, make_id: Callable[[], str]) -> str:
    """The id of the home with that code, which is made where it is not there yet."""
    known = session.scalars(
        select(HouseholdRow.id).filter_by(building=code.building, unit=code.unit, room=code.room)
    ).first()
    if known:
        return known
    row = HouseholdRow(id=make_id(), building=code.building, unit=code.unit, room=code.room)
    session.add(row)
    session.flush()
    return row.id


def _code(row: HouseholdRow) -> HouseholdCode:
    return HouseholdCode(row.building, row.unit, row.room)
