"""A whole compound from a table: every row tried on its own, those that fit taken in, the rest told why not.

The same table again changes nothing: whoever is there already, by household and name or by plate, is left as they are.
So an import that was cut off is simply run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

from enrollment.errors import EnrollmentError, EntryRefused
from enrollment.form import PersonForm, Standing, VehicleForm, VehicleType, minor_until
from enrollment.household import HouseholdCode
from enrollment.register import Register
from models.sighting import PlateColour


class Column(StrEnum):
    """The columns of the form; a row names a person, a vehicle or both, and their household."""

    HOUSEHOLD = "household"
    NAME = "name"
    PHONE = "phone"
    STANDING = "standing"
    BORN = "born"
    NOTES = "notes"
    PLATE = "plate"
    COLOUR = "colour"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be taken in: its number in the file, its column where one is to blame, and the fault."""

    row: int
    column: Column | None
    fault: EnrollmentError


@dataclass(frozen=True, slots=True)
class Line:
    """A row that means something: a person, a vehicle or both."""

    row: int
    person: PersonForm | None
    vehicle: VehicleForm | None


@dataclass(slots=True)
class Intake:
    """What came of a table. `rejected` are the cells of the rows that were not taken in, with the heading first."""

    people: int = 0
    vehicles: int = 0
    known: int = 0
    problems: list[Problem] = field(default_factory=list)
    rejected: list[tuple[str, ...]] = field(default_factory=list)


Words = Mapping[str, str]
"""What people write in a heading or a cell, folded to lower case, and the key it means."""


class Roster:
    """Reads rows by the headings and words of `words`; takes them into `register`."""

    def __init__(self, register: Register, words: Words) -> None:
        self._register = register
        self._words = words

    def take_in(self, rows: Iterable[tuple[int, tuple[str, ...]]], actor: str, *, dry: bool = False) -> Intake:
        """Try every row; with `dry`, only say what would come of it.

        Raises:
            EntryRefused: `roster.no_heading`, the first row names no household or neither people nor vehicles.
            StoreBusy: the rows before were taken in; run it again.
        """
        intake, columns, width = Intake(), None, 0
        people = {(one.household, one.name): one.id for one in self._register.residents()}
        cars = {car.plate: car.household for car in self._register.vehicles()}
        for number, cells in rows:
            if columns is None:
                columns = self._columns(cells)
                intake.rejected.append(cells)
                width = len(cells)
                continue
            try:
                line = self._line(number, cells, columns)
                self._take(line, people, cars, intake, None if dry else actor)
            except _Wrong as wrong:
                intake.problems.append(Problem(number, wrong.column, wrong.fault))
                intake.rejected.append((*cells, *[""] * (width - len(cells)))[:width])
        if columns is None:
            raise EntryRefused("roster.no_heading")
        return intake

    def _columns(self, heading: Sequence[str]) -> dict[Column, int]:
        keys = {member.value: member for member in Column}
        found = {keys[key]: place for place, cell in enumerate(heading) if (key := self._key(cell)) in keys}
        if Column.HOUSEHOLD not in found or not found.keys() & {Column.NAME, Column.PLATE}:
            raise EntryRefused("roster.no_heading")
        return found

    def _key(self, cell: str) -> str:
        return self._words.get(cell.casefold(), cell.casefold())

    def _line(self, number: int, cells: Sequence[str], columns: Mapping[Column, int]) -> Line:
        told = {column: cells[place] for column, place in columns.items() if place < len(cells) and cells[place]}
        if not told.keys() & {Column.NAME, Column.PLATE}:
            raise _Wrong(Column.NAME, EntryRefused("roster.nobody"))
        home = told.get(Column.HOUSEHOLD, "")
        with _blaming(Column.HOUSEHOLD):
            HouseholdCode.parse(home)
        return Line(number, self._person(told, home), self._vehicle(told, home))

    def _person(self, told: Mapping[Column, str], home: str) -> PersonForm | None:
        if Column.NAME not in told:
            return None
        with _blaming(Column.BORN):
            grown = _grown(told.get(Column.BORN))
        with _blaming(Column.STANDING):
            standing = Standing(self._one_of(Standing, told.get(Column.STANDING, Standing.FAMILY)))
        with _blaming(Column.NAME):
            PersonForm.of(told[Column.NAME], home)
        with _blaming(Column.PHONE):
            PersonForm.of(told[Column.NAME], home, phone=told.get(Column.PHONE))
        phone, notes = told.get(Column.PHONE), told.get(Column.NOTES)
        with _blaming(Column.NOTES):
            return PersonForm.of(
                told[Column.NAME], home, phone=phone, minor_until=grown, notes=notes, standing=standing
            )

    def _vehicle(self, told: Mapping[Column, str], home: str) -> VehicleForm | None:
        if Column.PLATE not in told:
            return None
        with _blaming(Column.COLOUR):
            colour = PlateColour(self._one_of(PlateColour, told.get(Column.COLOUR, PlateColour.UNKNOWN)))
        with _blaming(Column.TYPE):
            kind = VehicleType(self._one_of(VehicleType, told.get(Column.TYPE, VehicleType.CAR)))
        with _blaming(Column.PLATE):
            return VehicleForm.of(told[Column.PLATE], home, colour, type=kind)

    def _one_of(self, kinds: type[StrEnum], cell: str) -> str:
        key = self._key(cell)
        if key not in {str(member) for member in kinds}:
            raise EntryRefused("roster.no_such_word", word=cell)
        return key

    def _take(
        self, line: Line, people: dict[tuple[str, str], str], cars: dict[str, str], intake: Intake, actor: str | None
    ) -> None:
        """Take one line in, or with no actor only count it; whoever is there already is left as they are."""
        car = line.vehicle
        if car is not None and cars.get(car.plate, str(car.household)) != str(car.household):
            raise _Wrong(Column.PLATE, EntryRefused("register.plate_taken", plate=car.plate))
        owner = None
        if line.person is not None:
            who = str(line.person.household), line.person.name
            if who in people:
                intake.known += 1
            else:
                intake.people += 1
                people[who] = self._register.enrol(line.person, actor).id if actor else ""
            owner = people[who]
        if car is not None and car.plate in cars:
            intake.known += 1
        elif car is not None:
            intake.vehicles += 1
            cars[car.plate] = str(car.household)
            if actor:
                owned = VehicleForm(car.plate, car.household, car.colour, car.lanes, car.type, owner, car.notes)
                with _blaming(Column.PLATE):
                    self._register.enter_vehicle(owned, actor)


class _Wrong(Exception):
    """A fault with the column to blame."""

    def __init__(self, column: Column | None, fault: EnrollmentError) -> None:
        super().__init__(fault.code)
        self.column = column
        self.fault = fault


class _blaming:  # noqa: N801 - reads as a verb where it is used
    """Turns a refused entry into a fault of the column."""

    def __init__(self, column: Column) -> None:
        self._column = column

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, raised: BaseException | None, _trace: object) -> None:
        if isinstance(raised, EntryRefused):
            raise _Wrong(self._column, raised) from raised


def _grown(born: str | None) -> date | None:
    """The fourteenth birthday where it is still to come."""
    if not born:
        return None
    try:
        day = date.fromisoformat(born.replace("/", "-").replace(".", "-"))
    except ValueError as wrong:
        raise EntryRefused("roster.no_day", entered=born) from wrong
    grown = minor_until(day)
    return grown if grown > datetime.now(UTC).date() else None
