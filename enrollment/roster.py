"""A whole compound from a table: every row tried on its own, those that fit taken in, the rest told why not.

The same table again changes nothing: whoever is there already, by household and name or by plate, is left as they are,
and so is whoever has a face; a sheet about consent counts once, and never undoes what was said since. So an import that
was cut off is simply run again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from enrollment.consent import Purpose, declined_at
from enrollment.credential import CredentialKind
from enrollment.errors import EntryRefused
from enrollment.faces import FacePhoto
from enrollment.form import PersonForm, VehicleForm
from enrollment.household import HouseholdCode
from enrollment.photo_pack import PhotoPack
from enrollment.register import Register
from enrollment.rights import Right
from enrollment.roster_column import SHEETS, Blaming, Column, Flaw, Wrong
from enrollment.roster_form import Line, RosterForm
from enrollment.signed_cell import is_news
from models.errors import Fault

Row = tuple[int, tuple[str, ...]]
"""The number of a row in its file, and its cells."""

Who = tuple[str, str]
"""Household and name."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What of a row cannot be taken in: its number in the file, its column where one is to blame, and the fault."""

    row: int
    column: Column | None
    fault: Fault


@dataclass(slots=True)
class Intake:
    """What came of a table; `households` counts rights and notes of whole ones, `sheets` what was signed or declined.

    `rejected` are the cells of the rows with a problem, with the heading first.
    """

    people: int = 0
    vehicles: int = 0
    faces: int = 0
    households: int = 0
    sheets: int = 0
    cards: int = 0
    known: int = 0
    problems: list[Problem] = field(default_factory=list)
    rejected: list[tuple[str, ...]] = field(default_factory=list)
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Album:
    """The photos of a table: where they are, and what makes a judged face with its embedding of one.

    `judge` raises `PhotoRefused` and `PictureRefused`.
    """

    pack: PhotoPack
    judge: Callable[[bytes], FacePhoto]


class Roster:
    """Takes tables into a register."""

    def __init__(self, register: Register, form: RosterForm) -> None:
        self._register = register
        self._form = form

    def take_in(
        self,
        rows: Sequence[Row],
        actor: str,
        album: Album | None = None,
        *,
        dry: bool = False,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> Intake:
        """Try every row; with `dry`, only say what would come of it. `progress` hears how many rows are done.

        Whoever's photo cannot be used is taken in without a face, and told of; a photo is not even looked at before a
        consent is there.

        Raises:
            EntryRefused: `roster.no_heading`, the first row names no household or neither people nor vehicles.
            StoreBusy: the rows before were taken in; run it again.
        """
        if not rows:
            raise EntryRefused("roster.no_heading")
        heading = rows[0][1]
        columns = self._form.columns(heading)
        entering = _Entering(self._register, None if dry else actor, album, _alone(rows, columns))
        intake, wrong = entering.intake, dict[int, tuple[str, ...]]()
        for done, (number, cells) in enumerate(_owners_first(rows[1:], columns), 1):
            try:
                entering.take(self._form.line(number, cells, columns))
            except Wrong as found:
                intake.problems += [Problem(number, column, fault) for column, fault in found.flaws]
                wrong[number] = (*cells, *[""] * (len(heading) - len(cells)))[: len(heading)]
            progress(done)
        intake.problems.sort(key=lambda one: one.row)
        intake.rejected = [heading, *(wrong[number] for number in sorted(wrong))]
        intake.unused = album.pack.unused if album else ()
        return intake


class _Entering:
    """One run over a table: what is enrolled so far, by whom it was entered, and what came of it."""

    def __init__(self, register: Register, actor: str | None, album: Album | None, alone: set[str]) -> None:
        residents = register.residents()
        self.intake = Intake()
        self._register = register
        self._actor = actor
        self._album = album
        self._alone = alone
        self._people: dict[Who, str] = {(one.household, one.name): one.id for one in residents}
        self._twice = {
            who for who, times in Counter((one.household, one.name) for one in residents).items() if times > 1
        }
        self._faced = {(one.household, one.name) for one in residents if one.templates}
        self._cars = {car.plate: car.household for car in register.vehicles()}
        self._homes = set(register.rights.of_households())
        self._noted = set(register.households.notes())
        self._here = {home.code for home in register.households.list() if home.residents or home.vehicles}
        self._cards: dict[str, Who] = {}
        self._new: set[Who] = set()
        self._no_plates: set[Who] = set()
        self._flaws: list[Flaw] = []

    def take(self, line: Line) -> None:
        """Take one line in, or with no actor only count it. Raises `Wrong` with what of it was not taken in."""
        self._flaws = []
        if line.household is not None:
            self._give_home(*line.household)
        self._take_named(line)
        if line.home_note is not None:
            self._note_home(*line.home_note)
        if self._flaws:
            raise Wrong(self._flaws)

    def _take_named(self, line: Line) -> None:
        """The person and the vehicle of a line, where it has any."""
        car = line.vehicle
        if car is not None and self._cars.get(car.plate, str(car.household)) != str(car.household):
            raise Wrong([(Column.PLATE, EntryRefused("register.plate_taken", plate=car.plate))])
        who = self._enter(line, line.person) if line.person is not None else None
        owner = who
        if car is not None and line.owner is not None:
            with self._blaming(Column.OWNER):
                owner = self._known(str(car.household), line.owner)
        speaks = who or owner
        if speaks is not None:
            self._say(line, speaks)
            self._give_cards(line, speaks)
            if line.person is not None and self._album is not None and speaks not in self._faced:
                self._face(self._album, line, speaks)
        if car is not None and not any(column is Column.OWNER for column, _ in self._flaws):
            self._enter_vehicle(car, owner, Column.OWNER if line.owner else Column.PLATE)

    def _blaming(self, column: Column) -> Blaming:
        return Blaming(self._flaws, column)

    def _give_home(self, code: HouseholdCode, right: Right) -> None:
        """A household that has a right keeps it, like everything that is there already."""
        if code in self._homes:
            self.intake.known += 1
            return
        if self._actor:
            self._register.rights.give_home(code, right, self._actor)
        self._homes.add(code)
        self.intake.households += 1

    def _note_home(self, code: HouseholdCode, words: str) -> None:
        """A household that has a note keeps it; of one where nobody is entered nothing is noted."""
        if code in self._noted:
            self.intake.known += 1
            return
        with self._blaming(Column.HOME_NOTE):
            if code not in self._here:
                raise EntryRefused("roster.nobody_there", household=code)
            if self._actor:
                self._register.households.note_first(code, words, self._actor)
            self._noted.add(code)
            self.intake.households += 1

    def _enter(self, line: Line, person: PersonForm) -> Who:
        who = str(person.household), person.name
        if who in self._people:
            self.intake.known += 1
            return who
        agreed = [one for one in line.sheets if not one.declined]
        try:
            self._people[who] = self._register.enrol(person, self._actor, agreed).id if self._actor else ""
        except EntryRefused as refused:
            raise Wrong([(Column.SIGNED, refused)]) from refused
        self._new.add(who)
        self._here.add(person.household)
        self.intake.people += 1
        self.intake.sheets += len(agreed)
        return who

    def _known(self, household: str, name: str) -> Who:
        """Who of a household is called so. Raises `EntryRefused`."""
        who = household, name
        if who not in self._people:
            raise EntryRefused("roster.no_such_owner", name=name, household=household)
        if who in self._twice:
            raise EntryRefused("roster.owner_twice", name=name, household=household)
        return who

    def _say(self, line: Line, who: Who) -> None:
        """Record what somebody has signed or declined on paper and the record does not say yet."""
        fresh, resident_id = who in self._new and line.person is not None, self._people[who]
        sheets = [one for one in line.sheets if one.declined] if fresh else line.sheets
        said = self._register.consents.of(resident_id) if sheets and resident_id else ()
        for sheet in sheets:
            with self._blaming(SHEETS[sheet.purpose]):
                if not is_news(sheet, said, datetime.now(UTC)):
                    continue
                if sheet.declined and sheet.purpose is Purpose.PLATE_ENTRY:
                    self._keep_cars(who)
                if self._actor:
                    self._register.consents.give(resident_id, [sheet], self._actor)
                self.intake.sheets += 1

    def _keep_cars(self, who: Who) -> None:
        """Who declines to enter by plate loses the vehicles: that is for a person to see and to do, not for a table."""
        cars = self._register.vehicles_of(self._people[who]) if self._people[who] else ()
        if cars:
            raise EntryRefused("roster.declined_has_cars", plates=", ".join(car.plate for car in cars))
        self._no_plates.add(who)

    def _give_cards(self, line: Line, who: Who) -> None:
        for number in line.cards:
            with self._blaming(Column.CARDS):
                holder = self._register.credentials.find_card(number)
                if self._cards.get(number, who) != who or holder not in {None, self._people[who]}:
                    raise EntryRefused("credential.card_taken", ending=number[-4:])
                if holder is not None or number in self._cards:
                    continue
                if self._actor:
                    self._register.credentials.give(self._people[who], CredentialKind.CARD, self._actor, number)
                self._cards[number] = who
                self.intake.cards += 1

    def _face(self, album: Album, line: Line, who: Who) -> None:
        with self._blaming(Column.PHOTO):
            key = album.pack.find(line.photo, *who, alone=who[1] in self._alone)
            if key is None:
                return
            self._add_photo(album, key, self._people[who], agreed=self._agrees(line))
            self._faced.add(who)
            self.intake.faces += 1

    def _agrees(self, line: Line) -> bool:
        """Whether the row's own word about faces has been taken, or would be."""
        return line.agrees_to_face and not any(column is Column.SIGNED for column, _ in self._flaws)

    def _add_photo(self, album: Album, key: str, resident_id: str, *, agreed: bool) -> None:
        if not agreed and not (resident_id and self._register.consents.agreed(resident_id, Purpose.FACE_ENTRY)):
            raise EntryRefused("roster.not_signed")
        photo = album.judge(album.pack.read(key))
        if self._actor:
            self._register.add_photo(resident_id, photo, self._actor)

    def _enter_vehicle(self, car: VehicleForm, owner: Who | None, column: Column) -> None:
        if car.plate in self._cars:
            self.intake.known += 1
            return
        with self._blaming(column):
            if owner is not None and self._declines_plates(owner):
                raise EntryRefused("roster.owner_declined", name=owner[1])
            if self._actor:
                self._register.enter_vehicle(replace(car, owner=self._people[owner] if owner else None), self._actor)
            self._cars[car.plate] = str(car.household)
            self._here.add(car.household)
            self.intake.vehicles += 1

    def _declines_plates(self, who: Who) -> bool:
        if who in self._no_plates or who in self._new or not self._people[who]:
            return who in self._no_plates
        said = self._register.consents.of(self._people[who])
        return Purpose.PLATE_ENTRY in declined_at(said, datetime.now(UTC))


def _owners_first(rows: Sequence[Row], columns: dict[Column, int]) -> list[Row]:
    """The rows with vehicles that name an owner come last: by then the owner is there, wherever their row stands."""
    owner, name = columns.get(Column.OWNER), columns.get(Column.NAME)

    def waits(row: Row) -> bool:
        cells = row[1]
        told = [place is not None and place < len(cells) and bool(cells[place]) for place in (owner, name)]
        return told[0] and not told[1]

    return sorted(rows, key=waits)


def _alone(rows: Sequence[Row], columns: dict[Column, int]) -> set[str]:
    """The names that one row alone of the table has, as they are typed."""
    place = columns.get(Column.NAME)
    if place is None:
        return set()
    names = Counter(cells[place].strip() for _, cells in rows[1:] if place < len(cells))
    return {name for name, times in names.items() if times == 1}
