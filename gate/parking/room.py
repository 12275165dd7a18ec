"""Parking as people see it, with plates and household codes as far as the register knows them, and the counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from enrollment.act import Act, FactValue, Record
from enrollment.database import reading, writing
from enrollment.errors import EntryRefused
from enrollment.household import HouseholdCode
from enrollment.tables import AccountRow, HouseholdRow, VehicleRow
from gate.parking.book import ParkingBook
from gate.parking.charts import HourBar, by_hour, by_week
from gate.parking.entitlement import Over, over_entitlement
from gate.parking.event import Counted
from gate.parking.overstay import Overstay, overstays
from gate.parking.reading import COUNTED, pass_ends
from gate.parking.settings import Parking, Zone
from gate.parking.yard import Note, Oddity, Stay, Yard

ODD_DAYS = 7
"""For so long what does not fit together is listed."""
CHART_DAYS = 7
WEEKS = 6
MOST_CARS = 100_000
COUNTED_WITHIN = timedelta(hours=24)
"""A count that was made longer ago is not entered any more: what came and went since is not remembered for ever."""
AHEAD = timedelta(minutes=2)
"""By so much the watch of whoever counted may run ahead."""


@dataclass(frozen=True, slots=True)
class Count:
    """The last count of a zone: how many cars, when, by whom, and how many the record had for that moment."""

    cars: int
    expected: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ZoneView:
    """A zone now. `others` are cars that nobody knows by a plate; below zero, a count found fewer than are known."""

    zone: Zone
    occupied: int
    others: int
    count: Count | None

    @property
    def free(self) -> int:
        """How many spaces are left."""
        return max(0, self.zone.spaces - self.occupied)


@dataclass(frozen=True, slots=True)
class Listed:
    """A car in a list: its plate, None for one that was erased; its zone by id; from when it is listed."""

    plate: str | None
    zone: str
    since: datetime
    over_at: datetime | None = None
    by_pass: bool = False
    lane: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """A household with more cars inside than it may have."""

    code: str
    id: str
    places: int
    cars: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class ParkingView:
    """All of it at one moment."""

    at: datetime
    known: bool
    zones: tuple[ZoneView, ...]
    overstays: tuple[Listed, ...]
    unentered: tuple[Listed, ...]
    twice: tuple[Listed, ...]
    homes: tuple[Home, ...]
    day: tuple[HourBar, ...]
    days: tuple[HourBar, ...]
    weeks: tuple[tuple[date, int], ...]


class ParkingRoom:
    """Reads what is inside and takes counts. `record` keeps an act in a transaction, as for the register."""

    def __init__(self, engine: Engine, book: ParkingBook, record: Record, zone: tzinfo) -> None:
        """`zone` is the compound's time zone."""
        self.book = book
        self._engine = engine
        self._record = record
        self._zone = zone

    @property
    def parking(self) -> Parking:
        """What is gone by now."""
        return self.book.parking

    def view(self, now: datetime, day: date | None = None) -> ParkingView:
        """Everything as it stands, and the hours of a day, today unless named. Raises `StoreBusy`."""
        yard, local = self.book.yard(), now.astimezone(self._zone)
        parking = yard.parking
        since = self.book.since(now)
        inside = yard.inside(since)
        ends = pass_ends(self._engine, (stay.pass_id for stay in inside if stay.pass_id))
        late = overstays(inside, timedelta(minutes=parking.free_minutes), now, ends)
        over = over_entitlement(inside, self.book.homes, parking.places)
        odd = [note for note in yard.notes if now - note.at < timedelta(days=ODD_DAYS)]
        chosen = min(day or local.date(), local.date())
        with reading(self._engine) as session:
            names = _Names(session, yard, over, odd)
            return ParkingView(
                at=now,
                known=self.book.known,
                zones=tuple(_zone_view(zone, yard, since, names) for zone in parking.zone),
                overstays=tuple(_late(one) for one in late),
                unentered=tuple(names.noted(odd, Oddity.LEFT_WITHOUT_ENTRY)),
                twice=tuple(names.noted(odd, Oddity.ENTERED_TWICE)),
                homes=tuple(names.home(one) for one in over),
                day=by_hour(yard, chosen, chosen, local),
                days=by_hour(yard, local.date() - timedelta(days=CHART_DAYS - 1), local.date(), local),
                weeks=by_week(yard, late, now, WEEKS),
            )

    def count(self, zone: str, cars: int, at: datetime, actor: str, now: datetime | None = None) -> None:
        """Record that somebody counted the cars in a zone; it holds from that moment, and a new count replaces it.

        Raises:
            EntryRefused: `parking.no_such_zone`, `parking.bad_count`, `parking.bad_moment`.
            StoreBusy: it could not be recorded.
        """
        moment = now or datetime.now(UTC)
        known = [one.id for one in self.parking.zone]
        if zone not in known:
            raise EntryRefused("parking.no_such_zone", zone=zone, zones=", ".join(known))
        if not 0 <= cars <= MOST_CARS:
            raise EntryRefused("parking.bad_count", most=MOST_CARS)
        if not moment - COUNTED_WITHIN <= at <= moment + AHEAD:
            raise EntryRefused("parking.bad_moment", hours=int(COUNTED_WITHIN.total_seconds() // 3600))
        said: dict[str, FactValue] = {
            "counted": cars,
            "at": min(at, moment).astimezone(UTC).isoformat(timespec="seconds"),
        }
        with writing(self._engine) as session:
            self._record(session, Act(COUNTED, zone, actor, said))
        self.book.refresh(moment)


def _zone_view(zone: Zone, yard: Yard, since: datetime, names: _Names) -> ZoneView:
    counted = yard.counts.get(zone.id)
    count = None
    if counted is not None:
        told, expected = counted
        count = Count(told.cars, expected, told.at, names.staff.get(told.actor, told.actor))
    return ZoneView(zone, yard.occupied(zone.id, since), yard.others(zone.id, since), count)


def _late(one: Overstay) -> Listed:
    stay = one.stay
    return Listed(stay.car, stay.zone, stay.since, one.over_at, by_pass=stay.pass_id is not None)


class _Names:
    """What the register still says about the cars, households and accounts that are shown."""

    def __init__(self, session: Session, yard: Yard, over: Iterable[Over], odd: Iterable[Note]) -> None:
        cars = {stay.car for one in over for stay in one.cars} | {note.car for note in odd}
        self._plates = _found(session, VehicleRow.id, VehicleRow.plate, cars)
        self.staff = _found(session, AccountRow.id, AccountRow.username, _actors(yard))
        homes = {one.household for one in over}
        rows = select(HouseholdRow).where(HouseholdRow.id.in_(homes))
        self._codes = {row.id: str(HouseholdCode(row.building, row.unit, row.room)) for row in session.scalars(rows)}

    def noted(self, odd: Iterable[Note], what: Oddity) -> list[Listed]:
        """The oddities of a kind, the newest first."""
        found = [Listed(self._plate(note.car), note.zone, note.at, lane=note.lane) for note in odd if note.what is what]
        return found[::-1]

    def home(self, over: Over) -> Home:
        """A household with its cars."""
        cars = tuple(self._car(stay) for stay in over.cars)
        return Home(self._codes.get(over.household, ""), over.household, over.places, cars)

    def _car(self, stay: Stay) -> Listed:
        return Listed(self._plate(stay.car), stay.zone, stay.since)

    def _plate(self, car: str) -> str | None:
        """A car that is no entry of the register goes by its plate already."""
        return self._plates.get(car, car)


def _actors(yard: Yard) -> set[str]:
    counts: Iterable[tuple[Counted, int]] = yard.counts.values()
    return {counted.actor for counted, _ in counts}


def _found(session: Session, key: object, value: object, wanted: Iterable[str]) -> Mapping[str, str]:
    ids, found = sorted(wanted), dict[str, str]()
    for start in range(0, len(ids), 500):
        rows = select(key, value).where(key.in_(ids[start : start + 500]))  # type: ignore[attr-defined,call-overload]
        found |= dict(session.execute(rows).all())
    return found
