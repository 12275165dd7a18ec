"""The homes of the compound: made when somebody is entered there, listed by building and unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enrollment.act import Act, FactValue
from enrollment.change import Changes
from enrollment.database import reading, writing
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.household import HouseholdCode
from enrollment.household_note import HouseholdNote, clean_note, note_digest
from enrollment.tables import HouseholdRow, ResidentRow, VehicleRow

MOST_PLACES = 20


@dataclass(frozen=True, slots=True)
class Household:
    """A home by its opaque `id` and its code, and how many living residents and vehicles it has."""

    id: str
    code: HouseholdCode
    residents: int
    vehicles: int


@dataclass(frozen=True, slots=True)
class Places:
    """How many of a household's cars may be inside at a time, None for as many as every household may have."""

    places: int | None
    version: int


class Households:
    """Reading the homes, and setting how many parking places one has and what staff note about it."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._engine = changes.engine

    def places(self, household_id: str) -> Places:
        """What is set for a household. Raises `NotEnrolled` (`register.no_household`)."""
        with reading(self._engine) as session:
            row = _needed(session, household_id)
            return Places(row.places, row.version)

    def set_places(self, household_id: str, places: int | None, actor: str, expected: int | None = None) -> None:
        """Set the number, or with None that it is as for every household.

        Raises:
            NotEnrolled: `register.no_household`.
            EntryRefused: `register.bad_places`, or `register.changed_meanwhile` where the household has another version
                than the `expected` one.
        """
        if places is not None and not 0 <= places <= MOST_PLACES:
            raise EntryRefused("register.bad_places", most=MOST_PLACES)
        with writing(self._engine) as session:
            row = _seen(session, household_id, expected)
            before, row.places, row.version = row.places, places, row.version + 1
            facts: dict[str, FactValue] = {"places": places, "before": before, "version": row.version}
            self._changes.done(session, Act("household.places_set", household_id, actor, facts))

    def note(self, household_id: str) -> HouseholdNote:
        """What staff note about a household. Raises `NotEnrolled` (`register.no_household`)."""
        with reading(self._engine) as session:
            row = _needed(session, household_id)
            return HouseholdNote(row.notes, row.version)

    def set_note(self, household_id: str, words: str, actor: str, expected: int | None = None) -> None:
        """Replace the note, or with nothing in it take it away; the record has digests of both, and who did it.

        Raises:
            NotEnrolled: `register.no_household`.
            EntryRefused: as `clean_note`; `register.changed_meanwhile` as for `set_places`.
        """
        note = clean_note(words)
        with writing(self._engine) as session:
            row = _seen(session, household_id, expected)
            before, row.notes, row.version = note_digest(row), note, row.version + 1
            facts: dict[str, FactValue] = {"before": before, "after": note_digest(row), "version": row.version}
            self._changes.done(session, Act("household.note_set", household_id, actor, facts))

    def note_first(self, code: HouseholdCode, words: str, actor: str) -> None:
        """Note something about a household that has no note yet. Raises as `set_note`; `register.changed_meanwhile`."""
        with reading(self._engine) as session:
            found = select(HouseholdRow).filter_by(building=code.building, unit=code.unit, room=code.room)
            row = session.scalars(found).first()
            if row is None:
                raise NotEnrolled("register.no_household", id=str(code))
            home, version = row.id, row.version
        self.set_note(home, words, actor, version)

    def notes(self) -> Mapping[HouseholdCode, str]:
        """The note of every household that has one."""
        with reading(self._engine) as session:
            rows = session.scalars(select(HouseholdRow).where(HouseholdRow.notes.is_not(None)))
            return {_code(row): row.notes or "" for row in rows}

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


def _needed(session: Session, household_id: str) -> HouseholdRow:
    row = session.get(HouseholdRow, household_id)
    if row is None:
        raise NotEnrolled("register.no_household", id=household_id)
    return row


def _seen(session: Session, household_id: str, expected: int | None) -> HouseholdRow:
    """The row, if it has the version that the editor saw."""
    row = _needed(session, household_id)
    if expected is not None and row.version != expected:
        raise EntryRefused("register.changed_meanwhile", id=household_id, version=row.version, expected=expected)
    return row


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
