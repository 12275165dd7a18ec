"""Finding a household as somebody types: by name, pinyin or initials, code, plate, or the end of a phone number."""

from __future__ import annotations

import itertools
import re
import threading
from collections import defaultdict
from dataclasses import dataclass

from pypinyin import Style, pinyin
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from enrollment import directory
from enrollment.database import reading
from enrollment.household import HouseholdCode
from enrollment.name import folded
from enrollment.tables import HouseholdRow, RegisterVersionRow

LONGEST_WORDS = 60
MOST = 20
MOST_ROOMS = 8
PHONE_TAIL = 4
"""Digits of the end of a phone number that are asked for at least: fewer fit half the compound."""

READINGS = 8
"""So many readings of one name are kept: a sign has several, and their combinations multiply."""


@dataclass(frozen=True, slots=True)
class Found:
    """A household that fits: its opaque id and code, and who and what is there."""

    id: str
    code: str
    names: tuple[str, ...]
    plates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Indexed:
    found: Found
    order: tuple[tuple[int, str], ...]
    spelled: frozenset[str]
    named: tuple[str, ...]
    phones: tuple[str, ...]

    def fits(self, word: str) -> bool:
        plain = word.replace("-", "")
        if any(key.startswith(word) or key.replace("-", "").startswith(plain) for key in self.spelled):
            return True
        if any(word in name for name in self.named):
            return True
        if len(word) > 1 and any(plain.upper() in plate for plate in self.found.plates):
            return True
        return len(word) >= PHONE_TAIL and word.isdecimal() and any(phone.endswith(word) for phone in self.phones)


class Finder:
    """Keeps every living household in memory, read anew once the register has changed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._version: int | None = None
        self._index: tuple[_Indexed, ...] = ()

    def find(self, words: str) -> tuple[Found, ...]:
        """The households that every word fits, in the order of their codes, at most 20; none for no word."""
        asked = folded(words[:LONGEST_WORDS]).split()
        if not asked:
            return ()
        fitting = (one.found for one in self._fresh() if all(one.fits(word) for word in asked))
        return tuple(itertools.islice(fitting, MOST))

    def rooms(self, words: str) -> tuple[str, ...]:
        """The codes that begin with what was typed, in their order, at most `MOST_ROOMS`; nothing for no word."""
        typed = _code_like(words[:LONGEST_WORDS])
        if not typed:
            return ()
        fitting = (one.found.code for one in self._fresh() if _code_like(one.found.code).startswith(typed))
        return tuple(itertools.islice(fitting, MOST_ROOMS))

    def household(self, household_id: str) -> str | None:
        """The code of a household; None where there is none."""
        with reading(self._engine) as session:
            row = session.get(HouseholdRow, household_id)
            return str(HouseholdCode(row.building, row.unit, row.room)) if row else None

    def id_of(self, code: HouseholdCode) -> str | None:
        """The id of the household with that code; None before anybody was entered there."""
        same = {"building": code.building, "unit": code.unit, "room": code.room}
        with reading(self._engine) as session:
            return session.scalars(select(HouseholdRow.id).filter_by(**same)).first()

    def _fresh(self) -> tuple[_Indexed, ...]:
        with self._lock, reading(self._engine) as session:
            version = session.scalar(select(RegisterVersionRow.version))
            if version != self._version:
                self._index, self._version = _read(session), version
            return self._index


def _read(session: Session) -> tuple[_Indexed, ...]:
    people, cars = defaultdict(list), defaultdict(list)
    for person in directory.residents(session):
        people[person.household].append(person)
    for car in directory.vehicles(session):
        cars[car.household].append(car)
    index = []
    for row in session.scalars(select(HouseholdRow)):
        code = HouseholdCode(row.building, row.unit, row.room)
        here = people[str(code)]
        names = tuple(person.name for person in here)
        spelled = frozenset({folded(str(code)), *itertools.chain.from_iterable(map(_spellings, names))})
        plates = tuple(car.plate for car in cars[str(code)])
        phones = tuple(person.phone for person in here if person.phone)
        found = Found(row.id, str(code), names, plates)
        index.append(_Indexed(found, code.order, spelled, tuple(map(folded, names)), phones))
    return tuple(sorted(index, key=lambda one: one.order))


def _spellings(name: str) -> frozenset[str]:
    """A name in pinyin and as its initials, in each reading."""
    signs = pinyin(name, style=Style.NORMAL, heteronym=True)
    readings = list(itertools.islice(itertools.product(*map(dict.fromkeys, signs)), READINGS))
    whole = {folded("".join(reading)) for reading in readings}
    return frozenset(whole | {folded("".join(part[0] for part in reading if part)) for reading in readings})


def _code_like(text: str) -> str:
    """A code as far as it was typed: `3号楼2单元5` and `3-2-5` are the same beginning."""
    return re.sub("号楼|栋|幢|楼|单元|[‐‑‒–—―−]", "-", folded(text)).replace(" ", "").rstrip("室号")
