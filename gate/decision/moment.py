"""The facts of time and of the past that a decision needs, as frozen values: they are looked up before it is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

Direction = Literal["in", "out"]


class DayKind(StrEnum):
    """What a day is by the calendar of holidays. `UNKNOWN`: nobody has said yet; its weekday is all there is."""

    PLAIN = "plain"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is decided: `at` in the compound's time zone, and what today and the day before are.

    A span over midnight belongs to the day it starts on, so that yesterday matters too.
    """

    at: datetime
    today: DayKind = DayKind.PLAIN
    yesterday: DayKind = DayKind.PLAIN

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("a moment is in a time zone")


@dataclass(frozen=True, slots=True)
class History:
    """Which way a subject was last let through, and when; None where no passage of theirs is on record.

    `known` is False while the record could not be asked.
    """

    last: Direction | None = None
    at: datetime | None = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class Visit:
    """A living visitor's pass for the plate that was read, by its opaque id."""

    pass_id: str
    lanes: frozenset[str] | None = None


NEVER_SEEN = History()
