"""Which cars stand where: what crossings and counts add up to, one after the other, without a clock or a database.

A zone holds cars that are known by name, and a number of others that may be below zero: cars whose plate was not read
or that a count found make it larger, and cars that the record holds for inside while a count did not find them smaller.
Both together are never below zero.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from gate.parking.event import Counted, Crossing, Event, NotTaken, OpenedByHand, SetBack
from gate.parking.settings import Parking, Zone
from gate.parking.tally import Tally

ANSWER_S = 120.0
"""An order by hand that names no passage is the answer to the last in its lane so soon before it, as
`gate.ledger.openings` has it."""
AT_ONCE_S = 120.0
"""The same car the same way again so soon is the same passage, seen twice."""
SKEW_S = 60.0
"""By so much two boxes' clocks may differ before their order is doubted."""
MOST_ASKED = 1000
"""Questions that a guard may still answer."""
MOST_NOTES = 500
MOST_LEFT = 20_000
MOST_STEPS = 4000
"""Crossings that are remembered for a count that is entered later than it was made."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A car that is inside, and the lane it came in by. `ends_at` is the end of the visitor's pass, if it had one."""

    car: str
    zone: str
    lane: str
    since: datetime
    seq: int
    visitor: bool
    pass_id: str | None = None
    ends_at: datetime | None = None

    def allowed_until(self, free: timedelta, ends: Mapping[str, datetime]) -> datetime | None:
        """Until when a visitor may stay; None for residents. `ends` gives passes that end otherwise than they did."""
        if not self.visitor:
            return None
        over = ends.get(self.pass_id or "", self.ends_at)
        return self.since + free if over is None else max(over, self.since)


class Oddity(StrEnum):
    """What does not fit together; each has its words under `parking_odd.<code>`."""

    LEFT_WITHOUT_ENTRY = "left_without_entry"
    ENTERED_TWICE = "entered_twice"


@dataclass(frozen=True, slots=True)
class Note:
    """An oddity of one car at one lane."""

    what: Oddity
    car: str
    lane: str
    zone: str
    at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class _Before:
    """How things stood before the last crossing of a lane, in case its barrier says that nothing passed."""

    command: str
    crossing: Crossing
    stay: Stay | None
    others: Mapping[str, int]
    """By how much the crossing changed the number of others in each zone."""


class Yard:
    """Takes events in the order of the record and knows what is inside after each of them.

    The order of the record is the order of things, except where a row came late (from a box whose disk had to wait):
    that one is told by its earlier time, as long as no clock was set back in between.
    """

    def __init__(self, parking: Parking, zone: tzinfo) -> None:
        """`zone` is the compound's time zone, in which hours and weeks are counted."""
        self.parking = parking
        self._free = timedelta(minutes=parking.free_minutes)
        self._into = {lane: parking.into(lane) for lane in parking.lanes}
        self._out_of = {lane: parking.out_of(lane) for lane in parking.lanes}
        self._stays: dict[str, Stay] = {}
        self._named: Counter[str] = Counter()
        self._others: dict[str, int] = {one.id: 0 for one in parking.zone}
        self._left: dict[str, tuple[datetime, int]] = {}
        self._asked: dict[str, Crossing] = {}
        self._waiting: dict[str, str] = {}
        self._before: dict[str, _Before] = {}
        self._steps: deque[tuple[str, datetime, int]] = deque(maxlen=MOST_STEPS)
        self._set_back = 0
        self.notes: deque[Note] = deque(maxlen=MOST_NOTES)
        self.counts: dict[str, tuple[Counted, int]] = {}
        """The last count of each zone, with what the record had said at that moment."""
        self.tally = Tally(zone)

    def take(self, events: Iterable[Event]) -> None:
        """What happened next."""
        for event in events:
            match event:
                case Crossing():
                    self._decided(event)
                case OpenedByHand():
                    self._opened(event)
                case NotTaken():
                    self._undo(event.command)
                case Counted():
                    self._count(event)
                case SetBack():
                    self._set_back = event.seq

    def copy(self) -> Yard:
        """The same, to look at or to go on from."""
        twin = copy(self)
        for name, held in vars(self).items():
            if isinstance(held, dict | deque | Tally):
                setattr(twin, name, held.copy())
        return twin

    def rename(self, names: Mapping[str, str]) -> None:
        """Cars that have another name from now on: a plate that was enrolled while its car stood inside."""
        for car in [car for car in self._stays if car in names]:
            stay, name = self._stays.pop(car), names[car]
            if name in self._stays:
                self._named[stay.zone] -= 1
            else:
                self._stays[name] = replace(stay, car=name, visitor=False)

    def unname(self, cars: frozenset[str]) -> None:
        """Cars that nothing tells again, because their vehicle was erased: each is one of the others from now on."""
        for car in [car for car in self._stays if car in cars]:
            zone = self._stays.pop(car).zone
            self._named[zone] -= 1
            self._others[zone] += 1

    @property
    def zones(self) -> tuple[str, ...]:
        """The ids of the zones, in the order they are written in."""
        return tuple(self._others)

    def inside(self, since: datetime | None = None) -> tuple[Stay, ...]:
        """The cars that are known to be inside, those that came in before `since` left out."""
        return tuple(stay for stay in self._stays.values() if since is None or stay.since >= since)

    def others(self, zone: str, since: datetime | None = None) -> int:
        """The cars in a zone beyond those that are known; below zero where a count found fewer."""
        return self._settled(zone, since)[1]

    def occupied(self, zone: str, since: datetime | None = None) -> int:
        """How many cars stand in a zone, those that came in before `since` forgotten."""
        named, others = self._settled(zone, since)
        return max(0, named + others)

    def _settled(self, zone: str, since: datetime | None) -> tuple[int, int]:
        named, others = self._named[zone], self._others[zone]
        if since is not None:
            stale = sum(stay.zone == zone and stay.since < since for stay in self._stays.values())
            named -= stale
            others = min(0, others + stale) if others < 0 else others
        return named, others

    def _decided(self, crossing: Crossing) -> None:
        if crossing.opened:
            self._waiting.pop(crossing.lane, None)
            self._cross(crossing, crossing.passage)
        else:
            self._wait(crossing)

    def _wait(self, crossing: Crossing) -> None:
        self._asked[crossing.passage] = crossing
        cap(self._asked, MOST_ASKED)
        self._waiting[crossing.lane] = crossing.passage

    def _opened(self, order: OpenedByHand) -> None:
        crossing = self._asked.get(order.passage or self._waiting.get(order.lane, ""))
        late = crossing is not None and abs((order.at - crossing.at).total_seconds()) > ANSWER_S
        if crossing is None or (late and not order.passage):
            return
        del self._asked[crossing.passage]
        if self._waiting.get(crossing.lane) == crossing.passage:
            del self._waiting[crossing.lane]
        self._cross(replace(crossing, at=order.at, seq=order.seq), order.command)

    def _cross(self, crossing: Crossing, command: str) -> None:
        into, out_of = self._into.get(crossing.lane, ()), self._out_of.get(crossing.lane, ())
        stay = self._stays.get(crossing.car or "")
        if self._says_nothing_new(crossing, stay, enters=bool(into)):
            return
        others = dict(self._others)
        if out_of:
            self._leave(crossing, stay, out_of, onward=bool(into))
        if into:
            self._enter(crossing, into, out_of)
        changed = {zone: now - others[zone] for zone, now in self._others.items()}
        self._before[crossing.lane] = _Before(command, crossing, stay, changed)

    def _says_nothing_new(self, crossing: Crossing, stay: Stay | None, *, enters: bool) -> bool:
        """Whether it is the same passage again, or the record has heard of something later about this car already."""
        gone = self._left.get(crossing.car or "")
        if stay is not None:
            again = enters and stay.lane == crossing.lane and _soon(stay.since, crossing.at)
            return again or (stay.seq > self._set_back and _earlier(crossing.at, stay.since))
        if gone is None or gone[1] <= self._set_back:
            return False
        if not enters:
            return _soon(gone[0], crossing.at)
        if not _earlier(crossing.at, gone[0]):
            return False
        for note in [note for note in self.notes if note.seq == gone[1]]:
            self.notes.remove(note)  # here is the entry that was missing
        return True

    def _leave(self, crossing: Crossing, stay: Stay | None, out_of: tuple[Zone, ...], *, onward: bool) -> None:
        car = crossing.car
        if stay is not None and (not onward or stay.zone in {zone.id for zone in out_of}):
            self._remove(stay, crossing.at)
            self._gone(stay.car, crossing)
            self._close(stay, crossing.at)
            return
        if stay is not None:
            return
        zone = self._zone_of_stranger(out_of)
        if car is not None:
            self._gone(car, crossing)
            self._note(Oddity.LEFT_WITHOUT_ENTRY, crossing, car, zone)
        # One that was read is none of those known to be inside; one that was not read may be any of them.
        if self._others[zone] > 0 or (car is None and self.occupied(zone) > 0):
            self._others[zone] -= 1
            self._step(zone, crossing.at, -1)

    def _zone_of_stranger(self, zones: tuple[Zone, ...]) -> str:
        """Where a car was that nobody saw come in: where there are cars that nobody knows."""
        unknown = (zone.id for zone in zones if self._others[zone.id] > 0)
        taken = (zone.id for zone in zones if self.occupied(zone.id) > 0)
        return next(unknown, None) or next(taken, None) or zones[0].id

    def _enter(self, crossing: Crossing, into: tuple[Zone, ...], out_of: tuple[Zone, ...]) -> None:
        stay = self._stays.get(crossing.car or "")
        if stay is not None:
            if stay.zone not in {zone.id for zone in out_of}:
                self._note(Oddity.ENTERED_TWICE, crossing, stay.car, stay.zone)
            self._remove(stay, crossing.at, missed=True)
        zone = self._free_zone(into, visitor=crossing.visitor)
        if crossing.car is None:
            self._others[zone] += 1
            self._step(zone, crossing.at, 1)
            return
        self._stays[crossing.car] = Stay(
            crossing.car,
            zone,
            crossing.lane,
            crossing.at,
            crossing.seq,
            crossing.visitor,
            crossing.pass_id,
            crossing.ends_at,
        )
        self._named[zone] += 1
        self._step(zone, crossing.at, 1)

    def _free_zone(self, into: tuple[Zone, ...], *, visitor: bool) -> str:
        fitting = [zone for zone in into if zone.is_for(visitor=visitor)] or [*into]
        free = (zone.id for zone in fitting if self.occupied(zone.id) < zone.spaces)
        return next(free, fitting[0].id)

    def _remove(self, stay: Stay, at: datetime, *, missed: bool = False) -> None:
        """Take a car out; one whose leaving was `missed` may be one that a count has taken off already."""
        zone = stay.zone
        del self._stays[stay.car]
        before = self.occupied(zone)
        if missed and self._others[zone] < 0:
            self._others[zone] += 1
        self._named[zone] -= 1
        self._others[zone] = max(self._others[zone], -self._named[zone])
        self._step(zone, at, self.occupied(zone) - before)

    def _gone(self, car: str, crossing: Crossing) -> None:
        self._left.pop(car, None)
        self._left[car] = crossing.at, crossing.seq
        cap(self._left, MOST_LEFT)

    def _close(self, stay: Stay, at: datetime) -> None:
        over = stay.allowed_until(self._free, {})
        if over is not None and over < at:
            self.tally.left_late(over)

    def _count(self, counted: Counted) -> None:
        if counted.zone not in self._others:
            return  # a zone that is not there any more
        since = sum(by for zone, at, by in self._steps if zone == counted.zone and at > counted.at)
        expected = max(0, self.occupied(counted.zone) - since)
        named = self._named[counted.zone]
        self._others[counted.zone] = max(-named, counted.cars + since - named)
        self.counts[counted.zone] = counted, expected
        self.tally.stands(counted.recorded_at, counted.zone, self.occupied(counted.zone))

    def _undo(self, command: str) -> None:
        lane = next((lane for lane, before in self._before.items() if before.command == command), None)
        if lane is None:
            return
        before, occupied = self._before.pop(lane), {zone: self.occupied(zone) for zone in self._others}
        crossing = before.crossing
        if crossing.car is not None and (now := self._stays.pop(crossing.car, None)) is not None:
            self._named[now.zone] -= 1
        if before.stay is not None:
            self._stays[before.stay.car] = before.stay
            self._named[before.stay.zone] += 1
        if crossing.car is not None and self._left.get(crossing.car, (None, 0))[1] == crossing.seq:
            del self._left[crossing.car]
        for zone, by in before.others.items():
            self._others[zone] = max(self._others[zone] - by, -self._named[zone])
            self._step(zone, crossing.at, self.occupied(zone) - occupied[zone])
        for note in [note for note in self.notes if note.seq == crossing.seq]:
            self.notes.remove(note)
        self._wait(crossing)  # for a person to open: it stands there still

    def _note(self, what: Oddity, crossing: Crossing, car: str, zone: str) -> None:
        self.notes.append(Note(what, car, crossing.lane, zone, crossing.at, crossing.seq))

    def _step(self, zone: str, at: datetime, by: int) -> None:
        """A zone holds more or fewer from then on."""
        if by:
            self._steps.append((zone, at, by))
            self.tally.stands(at, zone, self.occupied(zone))


def _soon(before: datetime, after: datetime) -> bool:
    return 0 <= (after - before).total_seconds() < AT_ONCE_S


def _earlier(one: datetime, other: datetime) -> bool:
    return (other - one).total_seconds() > SKEW_S


def cap(kept: dict[Any, Any], most: int) -> None:
    """Let the oldest go beyond so many."""
    while len(kept) > most:
        del kept[next(iter(kept))]
