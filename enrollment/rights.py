"""Which lanes somebody may use and when: of a resident, a vehicle, or a whole household."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from enrollment.act import Act, FactValue
from enrollment.change import Changes
from enrollment.database import reading, writing
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.form import rights
from enrollment.hours import Hours, parse_hours, written
from enrollment.household import HouseholdCode
from enrollment.households import at
from enrollment.tables import HouseholdRow, RightRow


@dataclass(frozen=True, slots=True)
class Right:
    """`lanes` None and `hours` empty say nothing: then whoever is named less closely has a say.

    The closest that says something holds: a resident's or a vehicle's own right, then the household's; after that what
    the rules say of groups and lanes.
    """

    lanes: tuple[str, ...] | None = None
    hours: Hours = ()

    @classmethod
    def of(cls, lanes: Iterable[str] | None, hours: str = "") -> Self:
        """The right as typed, no lane at all being none named. Raises `EntryRefused` like `parse_hours`."""
        return cls(rights(list(lanes or ()) or None), parse_hours(hours))

    @property
    def facts(self) -> dict[str, FactValue]:
        """For the record."""
        return {"lanes": None if self.lanes is None else list(self.lanes), "hours": written(self.hours)}


NO_RIGHT = Right()


class Rights:
    """Gives rights. Each change is on record with who made it, and in force at every lane within a second."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def give(self, subject_id: str, right: Right, actor: str, expected: int | None = None) -> None:
        """In place of the resident's or the vehicle's right of before.

        Raises:
            NotEnrolled: `register.nobody`.
            EntryRefused: `register.changed_meanwhile`.
        """
        with self._changes.edit(subject_id, "right_given", actor, expected) as edit:
            edit.row.hours = written(right.hours)
            grant(edit.session, subject_id, right)
            edit.facts.update(right.facts)

    def give_household(self, household_id: str, right: Right, actor: str, expected: int | None = None) -> None:
        """The same of a household, by its opaque id: for everybody and every vehicle there without a right of its own.

        Raises:
            NotEnrolled: `register.no_household`.
            EntryRefused: `register.changed_meanwhile`.
        """
        with writing(self._changes.engine) as session:
            row = session.get(HouseholdRow, household_id)
            if row is None:
                raise NotEnrolled("register.no_household", id=household_id)
            if expected is not None and row.version != expected:
                seen = row.version
                raise EntryRefused("register.changed_meanwhile", id=row.id, version=seen, expected=expected)
            self._give(session, row, right, actor)

    def give_home(self, code: HouseholdCode, right: Right, actor: str) -> None:
        """The same by the household's code, also before anybody is entered there."""
        with writing(self._changes.engine) as session:
            row = session.get_one(HouseholdRow, at(session, code, self._changes.make_id))
            self._give(session, row, right, actor)

    def _give(self, session: Session, row: HouseholdRow, right: Right, actor: str) -> None:
        before = {f"{name}_before": value for name, value in _right(session, row).facts.items()}
        row.hours, row.version = written(right.hours), row.version + 1
        grant(session, row.id, right)
        facts = {"version": row.version, **right.facts, **before}
        self._changes.done(session, Act("household.right_given", row.id, actor, facts))

    def of_household(self, household_id: str) -> tuple[Right, int]:
        """A household's right, and the version of it for `give_household`. Raises `NotEnrolled`."""
        with reading(self._changes.engine) as session:
            row = session.get(HouseholdRow, household_id)
            if row is None:
                raise NotEnrolled("register.no_household", id=household_id)
            return _right(session, row), row.version

    def of_home(self, code: HouseholdCode) -> Right:
        """A household's right by its code; `NO_RIGHT` where nobody was entered there yet."""
        with reading(self._changes.engine) as session:
            known = select(HouseholdRow).filter_by(building=code.building, unit=code.unit, room=code.room)
            row = session.scalars(known).first()
            return NO_RIGHT if row is None else _right(session, row)

    def of_households(self) -> Mapping[HouseholdCode, Right]:
        """Every household's that has one."""
        with reading(self._changes.engine) as session:
            lanes = lanes_of(session)
            rows = session.scalars(select(HouseholdRow)).all()
            told = {_code(row): Right(lanes.get(row.id), parse_hours(row.hours or "")) for row in rows}
        return {code: told[code] for code in sorted(told, key=lambda one: one.order) if told[code] != NO_RIGHT}


def grant(session: Session, subject_id: str, right: Right) -> None:
    """Set the lanes of a resident, a vehicle or a household."""
    session.execute(delete(RightRow).where(RightRow.subject_id == subject_id))
    session.add_all(RightRow(subject_id=subject_id, lane=lane) for lane in right.lanes or ())
    session.flush()


def lanes_of(session: Session) -> dict[str, tuple[str, ...]]:
    """The lanes by the id of whoever has a right on some."""
    named: dict[str, list[str]] = {}
    for owner, lane in session.execute(
        select(RightRow.subject_id, RightRow.lane), execution_options={"yield_per": 500}
    ):
        named.setdefault(owner, []).append(lane)
    return {owner: tuple(sorted(lanes)) for owner, lanes in named.items()}


def _right(session: Session, row: HouseholdRow) -> Right:
    lanes = session.scalars(select(RightRow.lane).where(RightRow.subject_id == row.id)).all()
    return Right(tuple(sorted(lanes)) or None, parse_hours(row.hours or ""))


def _code(row: HouseholdRow) -> HouseholdCode:
    return HouseholdCode(row.building, row.unit, row.room)
