"""How a household is named: building, unit and room, as the compound's people write it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Self

from enrollment.errors import EntryRefused

_DASHED = re.compile(r"([^-]+)-([^-]+)-([^-]+)")
_SPELLED = re.compile(r"(.+?)(?:号楼|栋|幢|楼)(.+?)单元(.+?)[室号]?")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_PART = re.compile(r"[0-9A-Z]{1,8}")


@dataclass(frozen=True, slots=True)
class HouseholdCode:
    """A household's place: `3-2-501` is building 3, unit 2, room 501. Each part is 1 to 8 digits or letters A-Z."""

    building: str
    unit: str
    room: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The code in `3-2-501`, `03-02-501`, `３－２－５０１` or `3号楼2单元501室`, which are all the same one.

        Raises:
            EntryRefused: `register.household_code`.
        """
        plain = unicodedata.normalize("NFKC", text).translate(_DASHES).upper()
        plain = "".join(plain.split())
        match = _DASHED.fullmatch(plain) or _SPELLED.fullmatch(plain)
        parts = match.groups() if match else ()
        if not match or not all(_PART.fullmatch(part) for part in parts):
            raise EntryRefused("register.household_code", entered=text)
        return cls(*(part.lstrip("0") or "0" for part in parts))

    def __str__(self) -> str:
        return f"{self.building}-{self.unit}-{self.room}"

    @property
    def order(self) -> tuple[tuple[int, str], ...]:
        """Sorts 2 before 10 in every part."""
        return tuple((len(part), part) for part in (self.building, self.unit, self.room))


def one_spelling(text: str) -> str:
    """One spelling for all that mean the same household, to count tries under; none for what means no household."""
    try:
        return str(HouseholdCode.parse(text))
    except EntryRefused:
        return ""
