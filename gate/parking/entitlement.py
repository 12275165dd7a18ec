"""How many cars of a household are inside, and which households have more there than they may."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gate.parking.yard import Stay


@dataclass(frozen=True, slots=True)
class Homes:
    """Whose the enrolled vehicles are.

    `of` gives each living vehicle's household by both ids, `plates` each one's id by its plate, and `places` how many
    cars a household may have inside where that differs from what all have. `gone` are the ids of those that were
    enrolled once.
    """

    of: Mapping[str, str]
    plates: Mapping[str, str]
    places: Mapping[str, int]
    gone: frozenset[str] = frozenset()

    def car(self, subject: str | None, plate: str | None) -> str | None:
        """What a car is known by: a vehicle's id, or the plate of one that is not enrolled.

        Whoever came by a face, a card or a code has a car that nobody read, and nothing tells an erased one again.
        """
        if subject is not None:
            return subject if subject in self.of else None
        return self.plates.get(plate, plate) if plate else None


NO_HOMES = Homes({}, {}, {})


@dataclass(frozen=True, slots=True)
class Over:
    """A household with more cars inside than it may have, the first to come first."""

    household: str
    cars: tuple[Stay, ...]
    places: int


def cars_of(inside: Iterable[Stay], homes: Homes) -> Mapping[str, int]:
    """How many cars of each household are inside."""
    return Counter(home for stay in inside if (home := homes.of.get(stay.car)) is not None)


def over_entitlement(inside: Iterable[Stay], homes: Homes, default: int) -> tuple[Over, ...]:
    """The households over what they may have, the one that is over by the most first."""
    cars: dict[str, list[Stay]] = defaultdict(list)
    for stay in inside:
        home = homes.of.get(stay.car)
        if home is not None:
            cars[home].append(stay)
    found = [
        Over(home, tuple(sorted(stays, key=lambda stay: stay.since)), homes.places.get(home, default))
        for home, stays in cars.items()
        if len(stays) > homes.places.get(home, default)
    ]
    return tuple(sorted(found, key=lambda one: (one.places - len(one.cars), one.household)))
