"""What the register says about a resident or a vehicle, as frozen values for lists and pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from enrollment.credential import Issued
from enrollment.form import ALWAYS, Term, VehicleType
from enrollment.hours import Hours
from models.sighting import PlateColour


@dataclass(frozen=True, slots=True)
class Resident:
    """A living entry. `household` is the code (`3-2-501`); `templates` counts faces.

    `lanes` and `hours` are the own right: None and none where the household's holds (`enrollment.rights`). `blocked_by`
    is the actor of staff; a block means something until `blocked_until` only, None for no end. `version` counts the
    changes, for noticing that somebody else made one meanwhile; `minor_until` is the fourteenth birthday of a child.
    """

    id: str
    name: str
    household: str
    lanes: tuple[str, ...] | None
    blocked: bool
    blocked_reason: str | None
    templates: int
    created_at: datetime
    version: int = 1
    phone: str | None = None
    minor_until: date | None = None
    notes: str | None = None
    term: Term = ALWAYS
    blocked_until: datetime | None = None
    blocked_by: str | None = None
    blocked_since: datetime | None = None
    hours: Hours = ()

    def blocked_at(self, moment: datetime) -> bool:
        """Whether it is blocked then."""
        return self.blocked and (self.blocked_until is None or moment < self.blocked_until)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A living entry. `plate` is normalised, `colour` may be unknown, `owner` is a resident's id; the rest as above."""

    id: str
    plate: str
    colour: PlateColour
    household: str
    lanes: tuple[str, ...] | None
    blocked: bool
    blocked_reason: str | None
    created_at: datetime
    version: int = 1
    type: VehicleType = VehicleType.CAR
    owner: str | None = None
    notes: str | None = None
    term: Term = ALWAYS
    blocked_until: datetime | None = None
    blocked_by: str | None = None
    blocked_since: datetime | None = None
    hours: Hours = ()

    def blocked_at(self, moment: datetime) -> bool:
        """Whether it is blocked then."""
        return self.blocked and (self.blocked_until is None or moment < self.blocked_until)


Entry = Resident | Vehicle


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is left after a removal: the opaque `id`.

    `gone` counts the rows of each class that went, faces under `templates`. `purged` is False when another process kept
    the database in use, or the disk was full: the rows are gone, but old bytes of theirs may stay in the file until the
    next removal (`database.purge`).
    """

    id: str
    kind: str
    at: datetime
    actor: str
    gone: Mapping[str, int]
    purged: bool

    @property
    def templates(self) -> int:
        """How many faces went."""
        return self.gone.get("templates", 0)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a withdrawn consent took with it: `gone` counts by class, `issued` is the way in that was given instead."""

    id: str
    purpose: str
    gone: Mapping[str, int]
    purged: bool
    issued: Issued | None
