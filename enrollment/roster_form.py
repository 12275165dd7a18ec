"""The form that a whole compound is entered by: its columns, and what one row of it says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from enum import StrEnum
from types import TracebackType

from enrollment.consent import ConsentForm, Guardian, Language, Means, Purpose
from enrollment.errors import EntryRefused
from enrollment.form import PersonForm, Standing, VehicleForm, VehicleType, minor_until, tidy
from enrollment.household import HouseholdCode
from enrollment.rights import NO_RIGHT, Right
from models.errors import Fault
from models.sighting import PlateColour


class Column(StrEnum):
    """The columns of the form; a row names a person, a vehicle or both, and their household.

    One with neither is about the whole household: its lanes and hours.
    """

    HOUSEHOLD = "household"
    NAME = "name"
    PHONE = "phone"
    STANDING = "standing"
    BORN = "born"
    NOTES = "notes"
    PLATE = "plate"
    COLOUR = "colour"
    TYPE = "type"
    SIGNED = "signed"
    GUARDIAN = "guardian"
    RELATION = "relation"
    KEEP = "keep"
    PHOTO = "photo"
    LANES = "lanes"
    HOURS = "hours"


class Tick(StrEnum):
    """Yes or no, in the words of the form."""

    YES = "yes"
    NO = "no"


_BETWEEN = re.compile(r"[,，、;；\n]+")
"""What stands between the names of lanes in a cell."""

Words = Mapping[str, str]
"""What people write in a heading or a cell, folded to lower case, and the key it means."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row that means something: a person, a vehicle or both, or the right of a whole `household`.

    The right of a row is that of the person and of the vehicle in it.

    `consent` is the sheet about faces that the person has signed on paper, None where no day of signing is told.
    `photo` is the name of the picture where one is told.
    """

    row: int
    person: PersonForm | None
    vehicle: VehicleForm | None
    consent: ConsentForm | None = None
    photo: str | None = None
    household: tuple[HouseholdCode, Right] | None = None


@dataclass(frozen=True, slots=True)
class RosterForm:
    """Reads rows: the `words` of both languages, the `zone` that days are days of, the `language` of signed sheets.

    `lanes` are the ids of the lanes there are, by what people call them, folded to lower case.
    """

    words: Words
    zone: tzinfo = UTC
    language: Language = "zh"
    lanes: Mapping[str, str] = field(default_factory=dict)

    def columns(self, heading: Sequence[str]) -> dict[Column, int]:
        """The place of each column. Raises `EntryRefused` (`roster.no_heading`)."""
        keys = {member.value: member for member in Column}
        found = {keys[key]: place for place, cell in enumerate(heading) if (key := self._key(cell)) in keys}
        if Column.HOUSEHOLD not in found or not found.keys() & {Column.NAME, Column.PLATE}:
            raise EntryRefused("roster.no_heading")
        return found

    def line(self, number: int, cells: Sequence[str], columns: Mapping[Column, int]) -> Line:
        """What a row says. Raises `Wrong`."""
        told = {column: cells[place] for column, place in columns.items() if place < len(cells) and cells[place]}
        right = self._right(told)
        if right == NO_RIGHT and not told.keys() & {Column.NAME, Column.PLATE}:
            raise Wrong(Column.NAME, EntryRefused("roster.nobody"))
        home = told.get(Column.HOUSEHOLD, "")
        with blaming(Column.HOUSEHOLD):
            code = HouseholdCode.parse(home)
        if not told.keys() & {Column.NAME, Column.PLATE}:
            return Line(number, None, None, household=(code, right))
        if Column.NAME not in told:
            return Line(number, None, self._vehicle(told, home, right))
        person, consent = self._person(told, home, right), self._consent(told)
        if person.minor_until and consent and consent.guardian is None:
            raise Wrong(Column.GUARDIAN, EntryRefused("consent.guardian_needed", until=person.minor_until))
        return Line(number, person, self._vehicle(told, home, right), consent, told.get(Column.PHOTO))

    def _key(self, cell: str) -> str:
        return self.words.get(cell.casefold(), cell.casefold())

    def _right(self, told: Mapping[Column, str]) -> Right:
        with blaming(Column.LANES):
            lanes = [self._lane(name) for name in _BETWEEN.split(told.get(Column.LANES, "")) if name.strip()]
        with blaming(Column.HOURS):
            return Right.of(lanes, told.get(Column.HOURS, ""))

    def _lane(self, name: str) -> str:
        lane = self.lanes.get(name.strip().casefold())
        if lane is None:
            known = ", ".join(dict.fromkeys(self.lanes.values()))
            raise EntryRefused("roster.no_such_lane", lane=name.strip(), known=known)
        return lane

    def _person(self, told: Mapping[Column, str], home: str, right: Right) -> PersonForm:
        with blaming(Column.BORN):
            grown = _grown(told.get(Column.BORN))
        with blaming(Column.STANDING):
            standing = Standing(self._one_of(Standing, told.get(Column.STANDING, Standing.FAMILY)))
        with blaming(Column.NAME):
            PersonForm.of(told[Column.NAME], home)
        with blaming(Column.PHONE):
            PersonForm.of(told[Column.NAME], home, phone=told.get(Column.PHONE))
        phone, notes = told.get(Column.PHONE), told.get(Column.NOTES)
        with blaming(Column.NOTES):
            return PersonForm.of(
                told[Column.NAME],
                home,
                right.lanes,
                phone=phone,
                minor_until=grown,
                notes=notes,
                standing=standing,
                hours=right.hours,
            )

    def _vehicle(self, told: Mapping[Column, str], home: str, right: Right) -> VehicleForm | None:
        if Column.PLATE not in told:
            return None
        with blaming(Column.COLOUR):
            colour = PlateColour(self._one_of(PlateColour, told.get(Column.COLOUR, PlateColour.UNKNOWN)))
        with blaming(Column.TYPE):
            kind = VehicleType(self._one_of(VehicleType, told.get(Column.TYPE, VehicleType.CAR)))
        # Beside a person the notes are the person's.
        notes = None if Column.NAME in told else told.get(Column.NOTES)
        with blaming(Column.NOTES):
            tidy(notes)
        with blaming(Column.PLATE):
            return VehicleForm.of(
                told[Column.PLATE], home, colour, right.lanes, type=kind, notes=notes, hours=right.hours
            )

    def _consent(self, told: Mapping[Column, str]) -> ConsentForm | None:
        if Column.SIGNED not in told:
            return None
        with blaming(Column.GUARDIAN):
            guardian = _guardian(told.get(Column.GUARDIAN), told.get(Column.RELATION))
        with blaming(Column.KEEP):
            keep = self._one_of(Tick, told.get(Column.KEEP, Tick.NO)) == Tick.YES
        with blaming(Column.SIGNED):
            signed_at = datetime.combine(_day(told[Column.SIGNED]), time(), self.zone)
            form = ConsentForm(
                Purpose.FACE_ENTRY, Means.PAPER, signed_at, self.language, guardian=guardian, keep_photo=keep
            )
            return form.checked(datetime.now(UTC))

    def _one_of(self, kinds: type[StrEnum], cell: str) -> str:
        key = self._key(cell)
        if key not in {str(member) for member in kinds}:
            raise EntryRefused("roster.no_such_word", word=cell)
        return key


class Wrong(Exception):
    """A fault with the column to blame."""

    def __init__(self, column: Column | None, fault: Fault) -> None:
        super().__init__(fault.code)
        self.column = column
        self.fault = fault


class blaming:  # noqa: N801 - reads as a verb where it is used
    """Turns what is refused inside it into a fault of the column."""

    def __init__(self, column: Column) -> None:
        self._column = column

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, _kind: type[BaseException] | None, raised: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if isinstance(raised, EntryRefused):
            raise Wrong(self._column, raised) from raised


def _guardian(name: str | None, relation: str | None) -> Guardian | None:
    if name is None and relation is None:
        return None
    if name is None or relation is None:
        raise EntryRefused("roster.guardian_and_relation")
    return Guardian(name, relation)


def _grown(born: str | None) -> date | None:
    """The fourteenth birthday where it is still to come."""
    if not born:
        return None
    grown = minor_until(_day(born))
    return grown if grown > datetime.now(UTC).date() else None


def _day(entered: str) -> date:
    try:
        return date.fromisoformat(entered.replace("/", "-").replace(".", "-"))
    except ValueError as wrong:
        raise EntryRefused("roster.no_day", entered=entered) from wrong
