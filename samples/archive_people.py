"""Who lives at the compound with a past, and their cars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from enrollment.database import writing
from enrollment.tables import HouseholdRow, ResidentRow, VehicleRow
from gate.ledger.ledger import Chain
from gate.site import Site

BUILDINGS, UNITS, FLOORS, DOORS = 20, 3, 5, 4
SURNAMES = "张李王赵陈刘杨黄周吴徐孙马朱胡郭何林高罗"
STEMS, BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
DIGITS, LETTERS = "0123456789", "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Being:
    """A resident or a vehicle by its id, with the household, and the plate of a vehicle."""

    id: str
    home: str
    plate: str | None = None


def register(site: Site, random: Random, begin: datetime) -> tuple[list[Being], list[Being]]:
    """Every home with one to four people, most with a car or two; with their rows in the record."""
    people, vehicles, names, free = [], [], _names(random), plates(random)
    with writing(site.engine) as session:
        chain = Chain(session)
        for building in range(1, BUILDINGS + 1):
            for unit, floor, door in _doors():
                home = opaque(random)
                session.add(HouseholdRow(id=home, building=str(building), unit=str(unit), room=f"{floor}0{door}"))
                session.flush()
                for _ in range(random.choice((1, 2, 2, 3, 3, 4))):
                    people.append(Being(opaque(random), home))
                    session.add(ResidentRow(id=people[-1].id, name=next(names), household_id=home, created_at=begin))
                    chain.add(
                        begin, "resident.added", {"subject": people[-1].id, "actor": "local:0", "household": home}
                    )
                for _ in range(random.choices((0, 1, 2), (35, 55, 10))[0]):
                    vehicles.append(Being(opaque(random), home, next(free)))
                    session.add(_vehicle(vehicles[-1], home, begin, blocked=random.random() < 0.01))
                    chain.add(
                        begin, "vehicle.added", {"subject": vehicles[-1].id, "actor": "local:0", "household": home}
                    )
    return people, vehicles


def places(site: Site, vehicles: Sequence[Being]) -> dict[str, int]:
    """Two of three homes with a second car have a place for it."""
    counted = Counter(being.home for being in vehicles)
    roomy = {home: 2 for number, home in enumerate(home for home, cars in counted.items() if cars > 1) if number % 3}
    for home in roomy:
        site.register.households.set_places(home, 2, "local:0")
    return roomy


def _doors() -> Iterator[tuple[int, int, int]]:
    return (
        (unit, floor, door)
        for unit in range(1, UNITS + 1)
        for floor in range(1, FLOORS + 1)
        for door in range(1, DOORS + 1)
    )


def _vehicle(being: Being, home: str, begin: datetime, *, blocked: bool) -> VehicleRow:
    row = VehicleRow(id=being.id, plate=being.plate, colour="blue", household_id=home, created_at=begin)
    row.blocked, row.blocked_reason = blocked, "欠停车费，物业要求" if blocked else None
    return row


def _names(random: Random) -> Iterator[str]:
    while True:
        yield f"{random.choice(SURNAMES)}{random.choice(STEMS)}{random.choice(BRANCHES)}"


def plates(random: Random) -> Iterator[str]:
    """Plates that no car has, each once."""
    used = set()
    while True:
        plate = "苏Z" + "".join(random.choice(DIGITS) for _ in range(5))
        if random.random() < 0.4:
            place = random.randrange(2, 7)
            plate = plate[:place] + random.choice(LETTERS) + plate[place + 1 :]
        if plate not in used:
            used.add(plate)
            yield plate


def opaque(random: Random) -> str:
    """An id."""
    return f"{random.getrandbits(128):032x}"
