"""A car that stands in the way: whose it is, where it stands, and how the case ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from enrollment.notice import Notice

LONGEST_PLACE = 40
LONGEST_WORDS = 100


class Standing(StrEnum):
    """Whose a car is; each has its words under `patrol_standing.<value>`."""

    RESIDENT = "resident"
    VISITOR = "visitor"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"


class Place(StrEnum):
    """Where a car stands; each has its words under `patrol_place.<value>`."""

    FIRE_LANE = "fire_lane"
    ENTRANCE = "entrance"
    GREEN = "green"
    OTHER = "other"


class Why(StrEnum):
    """How a case ended; each has its words under `patrol_why.<value>`."""

    LEFT = "left"
    MOVED = "moved"
    SEEN_MOVED = "seen_moved"
    HANDED_ON = "handed_on"
    MISTAKE = "mistake"
    OTHER = "other"


BY_HAND = (Why.SEEN_MOVED, Why.HANDED_ON, Why.MISTAKE, Why.OTHER)
"""What staff may give as the reason. `LEFT` is a passage out of the compound, `MOVED` an answer that was checked."""


@dataclass(frozen=True, slots=True)
class Whose:
    """What a plate is known as. `subject_id` is the vehicle or the pass; a pass is over at `until`.

    `household` is the code of the home, None where there is none; whoever shows it minds who may see it.
    """

    standing: Standing
    subject_id: str | None = None
    household: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CaseForm:
    """A case as it is opened, under an id that the page made: opened twice, it is still one case.

    `jpeg` is the crop of the plate and `read` what the reader made of it, both None for a plate that was typed.
    """

    id: str
    plate: str
    whose: Whose
    place: Place
    words: str = ""
    read: str | None = None
    jpeg: bytes | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands. `household` is where the car belongs now, as far as that is known."""

    id: str
    plate: str
    read: str | None
    standing: Standing
    subject_id: str | None
    household: str | None
    place: Place
    place_words: str | None
    snapshot: str | None
    opened_by: str
    opened_at: datetime
    since: datetime
    notice: Notice | None
    closed_at: datetime | None
    closed_why: Why | None
    closed_words: str | None
    reopened: int

    @property
    def open(self) -> bool:
        """Whether the car still stands there, as far as is known."""
        return self.closed_at is None

    @property
    def answered(self) -> bool:
        """Whether the household says that it comes, or that the car is moved: what remains is to go and look."""
        return self.notice is not None and self.notice.answer is not None
