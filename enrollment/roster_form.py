"""The form that a whole compound is entered by: its columns, and what one row of it says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum

from enrollment.card_number import plain_number
from enrollment.consent import ConsentForm, Guardian, Language, Purpose
from enrollment.errors import EntryRefused
from enrollment.form import (
    ALWAYS,
    PersonForm,
    Standing,
    Term,
    VehicleForm,
    VehicleType,
    entered_moment,
    minor_until,
    tidy,
)
from enrollment.household import HouseholdCode
from enrollment.household_note import clean_note
from enrollment.name import clean_name
from enrollment.rights import NO_RIGHT, Right
from enrollment.roster_column import DECLINED, SHEETS, Blaming, Column, Flaw, Wrong
from enrollment.signed_cell import day_of, read_signed
from models.sighting import PlateColour

NOWHERE = ("0", "0", "0")
"""Stands in for a household that cannot be read while the other cells of its row are."""


class Tick(StrEnum):
    """Yes or no, in the words of the form."""

    YES = "yes"
    NO = "no"


_BETWEEN = re.compile(r"[,，、;；\n]+")
"""What stands between the names of lanes in a cell."""

_BETWEEN_CARDS = re.compile(r"[、;；\n]+")
"""The same between the numbers of cards, in which commas stand."""

Words = Mapping[str, str]
"""What people write in a heading or a cell, folded to lower case, and the key it means."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row that means something: a person, a vehicle or both, or the right of a whole `household`, or a note about it.

    The right of a row, and the days from when until when it holds, are those of the person and of the vehicle in it.

    `sheets` are what the person, or the vehicle's `owner` by name, has signed or declined on paper; `cards` are the
    person's, each as the register keeps it. `photo` is the name of the picture where one is told.
    """

    row: int
    person: PersonForm | None
    vehicle: VehicleForm | None
    sheets: tuple[ConsentForm, ...] = ()
    photo: str | None = None
    household: tuple[HouseholdCode, Right] | None = None
    home_note: tuple[HouseholdCode, str] | None = None
    owner: str | None = None
    cards: tuple[str, ...] = ()

    @property
    def agrees_to_face(self) -> bool:
        """Whether the row tells of a consent to entering by face."""
        return any(one.purpose is Purpose.FACE_ENTRY and not one.declined for one in self.sheets)


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
        found = {keys[key]: place for place, cell in enumerate(heading) if (key := self.key(cell)) in keys}
        if Column.HOUSEHOLD not in found or not found.keys() & {Column.NAME, Column.PLATE}:
            raise EntryRefused("roster.no_heading")
        return found

    def line(self, number: int, cells: Sequence[str], columns: Mapping[Column, int]) -> Line:
        """What a row says. Raises `Wrong` with everything that is the matter with it."""
        told = {column: cells[place] for column, place in columns.items() if place < len(cells) and cells[place]}
        flaws: list[Flaw] = []
        line = _Reading(self, told, flaws).line(number)
        if flaws:
            raise Wrong(flaws)
        return line

    def key(self, cell: str) -> str:
        """What a word means, or the word."""
        return self.words.get(cell.casefold(), cell.casefold())

    def one_of(self, kinds: type[StrEnum], cell: str) -> str:
        """The key of a word that is one of these. Raises `EntryRefused` (`roster.no_such_word`)."""
        key = self.key(cell)
        if key not in {str(member) for member in kinds}:
            raise EntryRefused("roster.no_such_word", word=cell)
        return key

    def lane(self, name: str) -> str:
        """The id of a lane. Raises `EntryRefused` (`roster.no_such_lane`)."""
        lane = self.lanes.get(name.strip().casefold())
        if lane is None:
            known = ", ".join(dict.fromkeys(self.lanes.values()))
            raise EntryRefused("roster.no_such_lane", lane=name.strip(), known=known)
        return lane

    @property
    def refusals(self) -> tuple[str, ...]:
        """The words for a refusal, folded."""
        return (DECLINED, *(word for word, key in self.words.items() if key == DECLINED))


class _Reading:
    """Reads one row: a cell that is refused is noted with its column, and the others are read all the same."""

    def __init__(self, form: RosterForm, told: Mapping[Column, str], flaws: list[Flaw]) -> None:
        self._form = form
        self._told = told
        self._flaws = flaws

    def line(self, number: int) -> Line:
        right, home = self._right(), self._told.get(Column.HOUSEHOLD, "")
        named = self._told.keys() & {Column.NAME, Column.PLATE}
        with self._blaming(Column.NAME):
            if not named and right == NO_RIGHT and Column.HOME_NOTE not in self._told and not self._flaws:
                raise EntryRefused("roster.nobody")
        code = HouseholdCode(*NOWHERE)
        with self._blaming(Column.HOUSEHOLD):
            code = HouseholdCode.parse(home)
        noted = self._home_note(code)
        if not named:
            given = None if right == NO_RIGHT else (code, right)
            return Line(number, None, None, household=given, home_note=noted)
        term, guardian = self._term(), self._guardian()
        person = self._person(code, right, term) if Column.NAME in self._told else None
        vehicle = self._vehicle(code, right, term) if Column.PLATE in self._told else None
        line = Line(
            number,
            person,
            vehicle,
            self._sheets(guardian),
            self._told.get(Column.PHOTO),
            owner=self._owner() if vehicle is not None else None,
            cards=self._cards(),
            home_note=noted,
        )
        self._check(line, guardian)
        return line

    def _check(self, line: Line, guardian: Guardian | None) -> None:
        """What cells say against each other."""
        if line.person is None and line.owner is None:
            for one in line.sheets:
                if one.purpose is not Purpose.FACE_ENTRY:  # which a row of a vehicle has never been asked for
                    self._flaws.append((SHEETS[one.purpose], EntryRefused("roster.whose_sheet")))
        if line.person is None and line.cards:
            self._flaws.append((Column.CARDS, EntryRefused("roster.whose_card")))
        agreed = any(not one.declined for one in line.sheets)
        if line.person is not None and line.person.minor_until and agreed and guardian is None:
            self._flaws.append(
                (Column.GUARDIAN, EntryRefused("consent.guardian_needed", until=line.person.minor_until))
            )
        for one in line.sheets:
            if one.purpose is Purpose.PLATE_ENTRY and one.declined and line.vehicle is not None:
                self._flaws.append((Column.PLATE_SIGNED, EntryRefused("roster.declined_with_plate")))

    def _blaming(self, column: Column) -> Blaming:
        return Blaming(self._flaws, column)

    def _right(self) -> Right:
        lanes: list[str] = []
        for name in _BETWEEN.split(self._told.get(Column.LANES, "")):
            with self._blaming(Column.LANES):
                lanes += [self._form.lane(name)] if name.strip() else []
        with self._blaming(Column.HOURS):
            return Right.of(lanes, self._told.get(Column.HOURS, ""))
        return Right.of(lanes)

    def _term(self) -> Term:
        bounds: dict[Column, datetime] = {}
        for column in (Column.SINCE, Column.UNTIL):
            with self._blaming(column):
                if column in self._told:
                    whole_day = column is Column.UNTIL
                    bounds[column] = entered_moment(self._told[column], self._form.zone, whole_day=whole_day)
        with self._blaming(Column.UNTIL):
            return Term(bounds.get(Column.SINCE), bounds.get(Column.UNTIL))
        return ALWAYS

    def _person(self, code: HouseholdCode, right: Right, term: Term) -> PersonForm | None:
        told, home = self._told, str(code)
        grown, standing, checked = None, Standing.FAMILY, {"name": "-", "phone": None, "notes": None}
        with self._blaming(Column.BORN):
            grown = _grown(told.get(Column.BORN))
        with self._blaming(Column.STANDING):
            standing = Standing(self._form.one_of(Standing, told.get(Column.STANDING, Standing.FAMILY)))
        for column in (Column.NAME, Column.PHONE, Column.NOTES):
            with self._blaming(column):
                trial = checked | {column.value: told.get(column)}
                PersonForm.of(trial["name"] or "", home, phone=trial["phone"], notes=trial["notes"])
                checked = trial
        return PersonForm.of(
            checked["name"] or "",
            home,
            right.lanes,
            phone=checked["phone"],
            minor_until=grown,
            notes=checked["notes"],
            term=term,
            standing=standing,
            hours=right.hours,
        )

    def _vehicle(self, code: HouseholdCode, right: Right, term: Term) -> VehicleForm | None:
        told, colour, kind = self._told, PlateColour.UNKNOWN, VehicleType.CAR
        with self._blaming(Column.COLOUR):
            colour = PlateColour(self._form.one_of(PlateColour, told.get(Column.COLOUR, PlateColour.UNKNOWN)))
        with self._blaming(Column.TYPE):
            kind = VehicleType(self._form.one_of(VehicleType, told.get(Column.TYPE, VehicleType.CAR)))
        # Beside a person the notes are the person's.
        notes = None
        with self._blaming(Column.NOTES):
            notes = None if Column.NAME in told else tidy(told.get(Column.NOTES))
        with self._blaming(Column.PLATE):
            return VehicleForm.of(
                told[Column.PLATE], str(code), colour, right.lanes, type=kind, notes=notes, term=term, hours=right.hours
            )
        return None

    def _owner(self) -> str | None:
        """Whose the vehicle is: whoever is named for it, else the person of the row."""
        with self._blaming(Column.OWNER):
            return clean_name(self._told[Column.OWNER]) if Column.OWNER in self._told else None
        return None

    def _home_note(self, code: HouseholdCode) -> tuple[HouseholdCode, str] | None:
        with self._blaming(Column.HOME_NOTE):
            words = clean_note(self._told.get(Column.HOME_NOTE, ""))
            return (code, words) if words else None
        return None

    def _guardian(self) -> Guardian | None:
        name, relation = self._told.get(Column.GUARDIAN), self._told.get(Column.RELATION)
        if name is None and relation is None:
            return None
        with self._blaming(Column.GUARDIAN):
            if name is None or relation is None:
                raise EntryRefused("roster.guardian_and_relation")
            return Guardian(name, relation)
        return None

    def _sheets(self, guardian: Guardian | None) -> tuple[ConsentForm, ...]:
        form, keep, found = self._form, False, []
        with self._blaming(Column.KEEP):
            keep = form.one_of(Tick, self._told.get(Column.KEEP, Tick.NO)) == Tick.YES
        for purpose, column in SHEETS.items():
            with self._blaming(column):
                if column in self._told:
                    cell = read_signed(self._told[column], form.refusals)
                    kept = keep and purpose is Purpose.FACE_ENTRY
                    sheet = cell.form(purpose, form.zone, form.language, guardian, keep_photo=kept)
                    found.append(sheet.checked(datetime.now(UTC)))
        return tuple(found)

    def _cards(self) -> tuple[str, ...]:
        numbers = []
        for typed in _BETWEEN_CARDS.split(self._told.get(Column.CARDS, "")):
            with self._blaming(Column.CARDS):
                if typed.strip():
                    plain = plain_number(typed)
                    if plain is None:
                        raise EntryRefused("credential.card_number")
                    numbers.append(plain)
        return tuple(dict.fromkeys(numbers))


def _grown(born: str | None) -> date | None:
    """The fourteenth birthday where it is still to come."""
    if not born:
        return None
    grown = minor_until(day_of(born))
    return grown if grown > datetime.now(UTC).date() else None
