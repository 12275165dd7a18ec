"""A whole compound from a table: every row tried on its own, those that fit taken in, the rest told why not.

The same table again changes nothing: whoever is there already, by household and name or by plate, is left as they are,
and so is whoever has a face. So an import that was cut off is simply run again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from enrollment.consent import Purpose
from enrollment.errors import EntryRefused, PhotoRefused
from enrollment.faces import FacePhoto
from enrollment.form import PersonForm, VehicleForm
from enrollment.household import HouseholdCode
from enrollment.photo_pack import PhotoPack
from enrollment.register import Register
from enrollment.rights import Right
from enrollment.roster_form import Column, Line, RosterForm, Wrong, blaming
from models.errors import Fault, PictureRefused

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
    """What came of a table; `households` counts the rights of whole ones.

    `rejected` are the cells of the rows with a problem, with the heading first.
    """

    people: int = 0
    vehicles: int = 0
    faces: int = 0
    households: int = 0
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
        intake = entering.intake
        intake.rejected.append(heading)
        for done, (number, cells) in enumerate(rows[1:], 1):
            try:
                entering.take(self._form.line(number, cells, columns))
            except Wrong as wrong:
                intake.problems.append(Problem(number, wrong.column, wrong.fault))
                intake.rejected.append((*cells, *[""] * (len(heading) - len(cells)))[: len(heading)])
            progress(done)
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
        self._faced = {(one.household, one.name) for one in residents if one.templates}
        self._cars = {car.plate: car.household for car in register.vehicles()}
        self._homes = set(register.rights.of_households())

    def take(self, line: Line) -> None:
        """Take one line in, or with no actor only count it. Raises `Wrong` with what of it was not taken in."""
        if line.household is not None:
            self._give_home(*line.household)
            return
        car = line.vehicle
        if car is not None and self._cars.get(car.plate, str(car.household)) != str(car.household):
            raise Wrong(Column.PLATE, EntryRefused("register.plate_taken", plate=car.plate))
        owner, flaw = None, None
        if line.person is not None:
            who = str(line.person.household), line.person.name
            try:
                self._enter(line, line.person, who)
            except Wrong as wrong:
                if who not in self._people:
                    raise
                flaw = wrong
            owner = self._people[who]
        if car is not None:
            self._enter_vehicle(car, owner)
        if flaw is not None:
            raise flaw

    def _give_home(self, code: HouseholdCode, right: Right) -> None:
        """A household that has a right keeps it, like everything that is there already."""
        if code in self._homes:
            self.intake.known += 1
            return
        if self._actor:
            self._register.rights.give_home(code, right, self._actor)
        self._homes.add(code)
        self.intake.households += 1

    def _enter(self, line: Line, person: PersonForm, who: Who) -> None:
        if who in self._people:
            self.intake.known += 1
            self._consent(line, self._people[who])
        else:
            with blaming(Column.SIGNED):
                given = [line.consent] if line.consent else []
                self._people[who] = self._register.enrol(person, self._actor, given).id if self._actor else ""
            self.intake.people += 1
        if self._album is not None and who not in self._faced:
            self._face(self._album, line, who)

    def _consent(self, line: Line, resident_id: str) -> None:
        """Record what somebody enrolled has signed since, once."""
        if line.consent is None or not self._actor or self._agreed(resident_id):
            return
        with blaming(Column.SIGNED):
            self._register.consents.give(resident_id, [line.consent], self._actor)

    def _agreed(self, resident_id: str) -> bool:
        return bool(resident_id) and self._register.consents.agreed(resident_id, Purpose.FACE_ENTRY)

    def _face(self, album: Album, line: Line, who: Who) -> None:
        try:
            key = album.pack.find(line.photo, *who, alone=who[1] in self._alone)
            if key is None:
                return
            self._add_photo(album, key, self._people[who], agreed=line.consent is not None)
        except (PhotoRefused, EntryRefused, PictureRefused) as refused:
            raise Wrong(Column.PHOTO, refused) from refused
        self._faced.add(who)
        self.intake.faces += 1

    def _add_photo(self, album: Album, key: str, resident_id: str, *, agreed: bool) -> None:
        if not agreed and not self._agreed(resident_id):
            raise EntryRefused("roster.not_signed")
        photo = album.judge(album.pack.read(key))
        if self._actor:
            self._register.add_photo(resident_id, photo, self._actor)

    def _enter_vehicle(self, car: VehicleForm, owner: str | None) -> None:
        if car.plate in self._cars:
            self.intake.known += 1
            return
        if self._actor:
            with blaming(Column.PLATE):
                self._register.enter_vehicle(replace(car, owner=owner), self._actor)
        self._cars[car.plate] = str(car.household)
        self.intake.vehicles += 1


def _alone(rows: Sequence[Row], columns: dict[Column, int]) -> set[str]:
    """The names that one row alone of the table has, as they are typed."""
    place = columns.get(Column.NAME)
    if place is None:
        return set()
    names = Counter(cells[place].strip() for _, cells in rows[1:] if place < len(cells))
    return {name for name, times in names.items() if times == 1}
