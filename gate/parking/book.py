"""What is inside now, followed through the record: so it is known again after a restart, and on every box."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from sqlalchemy import Engine

from enrollment.candidate import Subject, SubjectKind
from enrollment.gallery import register_version
from gate.decision.parked import NOBODY_KNOWS, Parked
from gate.ledger.ledger import Passage
from gate.parking.entitlement import NO_HOMES, Homes, cars_of
from gate.parking.event import Crossing
from gate.parking.reading import UNREAD, homes_of, told_since
from gate.parking.settings import Parking
from gate.parking.yard import Stay, Yard, cap

MOST_AHEAD = 10_000
"""Openings that the record does not hold yet, as many as its writer keeps; and the newest that it has told."""


@dataclass(frozen=True, slots=True)
class _Now:
    """What the lanes decide by, made anew whenever something changes, so that a look costs nothing."""

    inside: Mapping[str, Stay]
    occupied: tuple[tuple[str, int], ...]
    cars_of: Mapping[str, int]


class ParkingBook:
    """May be asked and told from any thread; `refresh` belongs to one at a time.

    Until the record has been read, nothing is known about anything.
    """

    def __init__(self, engine: Engine, parking: Parking, zone: tzinfo) -> None:
        """`zone` is the compound's time zone."""
        self.parking = parking
        self.homes: Homes = NO_HOMES
        self._engine = engine
        self._yard = Yard(parking, zone)
        self._zone = zone
        self._lock = threading.Lock()
        self._refreshing = threading.Lock()
        self._seq: int | None = None
        self._register: int | None = None
        self._day: date | None = None
        self._ahead: dict[str, Crossing] = {}
        self._told: dict[str, None] = {}
        self._now: _Now | None = None

    def refresh(self, now: datetime | None = None, until: datetime | None = None) -> None:
        """Read what is new in the record; with `until`, only what was recorded by then. Raises `StoreBusy`.

        Once a day all of it is read anew, as at a start: so what is too old is forgotten, and no box knows more than
        another.
        """
        if not self.parking.zone:
            return
        with self._refreshing:
            moment = now or datetime.now(UTC)
            version = register_version(self._engine)
            homes = self.homes if version == self._register else homes_of(self._engine)
            day = moment.astimezone(self._zone).date()
            after = self._seq if day == self._day else None
            told = told_since(self._engine, self.parking, homes, after, moment, until)
            with self._lock:
                if after is None:
                    self._yard = Yard(self.parking, self._zone)
                if homes is not self.homes:
                    self._yard.rename(homes.plates)
                self.homes, self._register = homes, version
                self._yard.take(told.events)
                self._yard.unname(homes.gone)
                for event in told.events:
                    if isinstance(event, Crossing):
                        self._ahead.pop(event.passage, None)
                        self._told[event.passage] = None
                cap(self._told, MOST_AHEAD)
                self._seq, self._day = told.last, day
                self._now = self._seen(moment)

    def follow(self, parking: Parking) -> None:
        """Go by another parking from now on; the next `refresh` reads all of the record by it.

        Until then what is inside is what it was, and not known where the zones' lanes are others.
        """
        with self._refreshing, self._lock:
            if _ways(parking) != _ways(self.parking):
                self._yard, self._seq, self._now = Yard(parking, self._zone), None, None
                self._ahead = {id_: one for id_, one in self._ahead.items() if one.lane in parking.lanes}
            self.parking, self._day = parking, None

    def entered(self, passage: Passage) -> None:
        """A lane has opened for a passage, which the record may hold a moment later only, or may have told already."""
        if passage.lane not in self.parking.lanes:
            return
        plate = passage.details.get("plate") or None
        with self._lock:
            car = None if passage.reason in UNREAD else self.homes.car(passage.subject, plate)
            visitor = passage.subject is None and car not in self.homes.of
            crossing = Crossing((self._seq or 0) + 1, passage.at, passage.lane, passage.id, car, visitor, opened=True)
            if passage.id not in self._told and len(self._ahead) < MOST_AHEAD:
                self._ahead[passage.id] = crossing
            if self._now is not None:
                self._now = self._seen(passage.at)

    def parked(self, subject: Subject | None, plate: str | None) -> Parked | None:
        """What stands in the compound beside what arrives; None where nothing is counted."""
        if not self.parking.zone:
            return None
        now, homes = self._now, self.homes
        if now is None:
            return NOBODY_KNOWS
        own = now.inside.get(homes.car(subject.id if subject else None, None if subject else plate) or "")
        occupied = now.occupied
        if own is not None:
            occupied = tuple((zone, max(0, cars - (zone == own.zone))) for zone, cars in occupied)
        if subject is None or subject.kind is not SubjectKind.VEHICLE:
            return Parked(occupied, 0)
        others = now.cars_of.get(subject.household, 0) - (own is not None)
        return Parked(occupied, others, homes.places.get(subject.household))

    def yard(self) -> Yard:
        """A copy of what is known, to be looked at without a lock."""
        with self._lock:
            return self._with_ahead()

    def since(self, now: datetime) -> datetime:
        """Cars that came in before this and were not seen since count no more."""
        return now - timedelta(days=self.parking.forget_after_days)

    @property
    def known(self) -> bool:
        """Whether the record has been read."""
        return self._now is not None

    def _with_ahead(self) -> Yard:
        yard = self._yard.copy()
        yard.take(self._ahead.values())
        return yard

    def _seen(self, now: datetime) -> _Now:
        yard = self._with_ahead() if self._ahead else self._yard
        since = self.since(now)
        occupied = tuple((zone.id, yard.occupied(zone.id, since)) for zone in self.parking.zone)
        inside = yard.inside(since)
        return _Now({stay.car: stay for stay in inside}, occupied, cars_of(inside, self.homes))


def _ways(parking: Parking) -> Mapping[str, tuple[frozenset[str], frozenset[str]]]:
    """The lanes in and out of each zone."""
    return {zone.id: (frozenset(zone.enter), frozenset(zone.leave)) for zone in parking.zone}
