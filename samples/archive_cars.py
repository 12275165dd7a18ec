"""Which cars come and go at the compound with a past: residents by the hour, guests who mostly leave in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

PARKING_TOML = """
[parking]
places = 1
extra_car = "ask"
free_minutes = 120

[[parking.zone]]
id = "yard"
name = "地面车位"
spaces = 760
takes = "residents"
enter = ["north-in"]
leave = ["north-out"]

[[parking.zone]]
id = "guests"
name = "访客车位"
spaces = 40
takes = "both"
enter = ["north-in"]
leave = ["north-out"]
"""

IN, OUT = "north-in", "north-out"
COMING = (50, 50, 50, 50, 40, 20, 10, 12, 18, 35, 45, 50, 55, 48, 45, 50, 60, 80, 88, 82, 75, 70, 65, 55)
"""Of a hundred cars in each hour, how many come in."""
LEAST, MOST = 0.3, 0.93
"""The share of the residents' cars that is at home, at the least and at the most."""
MISSED = 0.004
"""How often a car gets past without being recorded."""
PROMPT = 0.4
"""How often a guest who is due leaves next."""
LATE = 0.12
"""How many guests stay longer than they may."""


class Cars:
    """Who is inside. Everything is drawn from `random` alone, so that a seed tells the same story each time."""

    def __init__(
        self, random: Random, homes: Mapping[str, str], places: Mapping[str, int], guests: Sequence[str]
    ) -> None:
        """`homes` gives each resident's car its household and `places` how many cars that may have inside."""
        self._random = random
        self._homes, self._places = homes, places
        self._cars = list(homes)
        self._at_home = [car for car in self._cars if random.random() < MOST]
        self._away = [car for car in self._cars if car not in set(self._at_home)]
        self._cars_of = Counter(homes[car] for car in self._at_home)
        self._expected = list(guests)
        self._guests: dict[str, datetime] = {}
        self._unread = 0

    @property
    def at_home(self) -> int:
        """How many residents' cars are inside."""
        return len(self._at_home)

    def lane(self, local: datetime) -> str:
        """Where the next car comes, at a moment of local time."""
        share = len(self._at_home) / len(self._cars)
        coming = 1.0 if share < LEAST else 0.0 if share > MOST else COMING[local.hour] / 100
        return IN if self._random.random() < coming else OUT

    def resident(self, lane: str) -> tuple[str, bool]:
        """A resident's car that comes or goes, and whether its household has no place left for it."""
        here, there = (self._away, self._at_home) if lane == IN else (self._at_home, self._away)
        if not here:
            return self._random.choice(self._cars), False
        place = self._random.randrange(len(here))
        here[place], here[-1] = here[-1], here[place]
        car = here.pop()
        there.append(car)
        home = self._homes[car]
        self._cars_of[home] += 1 if lane == IN else -1
        return car, lane == IN and self._cars_of[home] > self._places.get(home, 1)

    def stays_out(self, car: str) -> None:
        """The guard did not let it in."""
        self._at_home.remove(car)
        self._away.append(car)
        self._cars_of[self._homes[car]] -= 1

    def guest_moves(self, lane: str, at: datetime) -> bool:
        """Whether a guest comes or goes there: always in, and out once somebody's time has come."""
        return lane == IN or any(leaves <= at for leaves in self._guests.values())

    def leaves(self, lane: str) -> bool:
        """Whether a guest whose time has come leaves before anybody else."""
        return lane == OUT and self._random.random() < PROMPT

    def guest(self, lane: str) -> str:
        """The plate of the guest who comes or goes."""
        if lane == IN or not self._guests:
            return self._random.choice(self._expected)
        return min(self._guests, key=lambda plate: self._guests[plate])

    def guest_passed(self, plate: str, lane: str, at: datetime) -> None:
        """A guest was let in or out."""
        if lane == OUT:
            if self._guests.pop(plate, None) is not None:
                self._expected.append(plate)
            return
        late = self._random.random() < LATE
        minutes = self._random.uniform(150, 900) if late else self._random.uniform(15, 110)
        if plate in self._expected:
            self._expected.remove(plate)
        self._guests[plate] = at + timedelta(minutes=minutes)

    def slips_by(self) -> bool:
        """Whether the next car is not recorded."""
        return self._random.random() < MISSED

    def unread(self, lane: str) -> bool:
        """Whether a car that nobody can read may come or go there; it does."""
        if lane == OUT and not self._unread:
            return False
        self._unread += 1 if lane == IN else -1
        return True
