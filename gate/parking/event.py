"""What the record tells about parking, as frozen values in the order in which it was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Crossing:
    """Something that was decided about at a lane of a zone, under the number of its row.

    `car` is the id of an enrolled vehicle or the plate of any other, None where nothing tells it again when it leaves.
    `opened` is False where a person had to decide. `pass_id` is the visitor's pass and `ends_at` the end of it.
    """

    seq: int
    at: datetime
    lane: str
    passage: str
    car: str | None
    visitor: bool
    opened: bool
    pass_id: str | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenedByHand:
    """A person opened a lane. `command` is the order's id, as its barrier answers it.

    `passage` is the one that it answered, None where nobody said.
    """

    seq: int
    at: datetime
    lane: str
    command: str
    passage: str | None = None


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A barrier did not take the command of this id: nothing passed. A passage's command has the passage's id."""

    seq: int
    command: str


@dataclass(frozen=True, slots=True)
class Counted:
    """Somebody went and counted `cars` in a zone at a moment; `recorded_at` is when that was entered, by whom."""

    seq: int
    at: datetime
    zone: str
    cars: int
    recorded_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class SetBack:
    """The clock was set back: from here on an earlier time is no earlier moment."""

    seq: int


Event = Crossing | OpenedByHand | NotTaken | Counted | SetBack
