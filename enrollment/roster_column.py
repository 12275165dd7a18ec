"""The columns of the form, and what is the matter with a cell of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import TracebackType

from enrollment.consent import Purpose
from enrollment.errors import EntryRefused, PhotoRefused
from models.errors import Fault, PictureRefused


class Column(StrEnum):
    """The columns of the form; a row names a person, a vehicle or both, and their household.

    One with neither is about the whole household: its lanes and hours, and what staff note about it.
    """

    HOUSEHOLD = "household"
    NAME = "name"
    PHONE = "phone"
    STANDING = "standing"
    BORN = "born"
    NOTES = "notes"
    PLATE = "plate"
    COLOUR = "colour"
    TYPE = "type"
    OWNER = "owner"
    SINCE = "since"
    UNTIL = "until"
    CARDS = "cards"
    SIGNED = "signed"
    KEEP = "keep"
    PLATE_SIGNED = "plate_signed"
    CARE_SIGNED = "care_signed"
    SHARING_SIGNED = "sharing_signed"
    GUARDIAN = "guardian"
    RELATION = "relation"
    PHOTO = "photo"
    LANES = "lanes"
    HOURS = "hours"
    HOME_NOTE = "home_note"


SHEETS: Mapping[Purpose, Column] = {
    Purpose.FACE_ENTRY: Column.SIGNED,
    Purpose.PLATE_ENTRY: Column.PLATE_SIGNED,
    Purpose.CARE_ALERTS: Column.CARE_SIGNED,
    Purpose.COMMUNITY_SHARING: Column.SHARING_SIGNED,
}
"""Where each purpose's sheet is told of."""

DECLINED = "declined"
"""What the words for a refusal mean."""


Flaw = tuple[Column | None, Fault]
"""What is the matter, and the column to blame where one is."""


class Wrong(Exception):
    """What of a row cannot be taken in."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__(", ".join(fault.code for _, fault in flaws))
        self.flaws = tuple(flaws)


class Blaming:
    """Notes what is refused inside it as a flaw of the column, and goes on behind it: nothing else is kept out."""

    def __init__(self, flaws: list[Flaw], column: Column) -> None:
        self._flaws = flaws
        self._column = column

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, _kind: type[BaseException] | None, raised: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if not isinstance(raised, EntryRefused | PhotoRefused | PictureRefused):
            return False
        self._flaws.append((self._column, raised))
        return True
