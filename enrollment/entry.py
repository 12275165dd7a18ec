"""What the register says about a resident or a vehicle, as frozen values for lists and pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.sighting import PlateColour


@dataclass(frozen=True, slots=True)
class Resident:
    """A living entry. `household` is the code (`3-2-501`); `lanes` is None for every lane; `templates` counts faces."""

    id: str
    name: str
    household: str
    lanes: tuple[str, ...] | None
    blocked: bool
    blocked_reason: str | None
    templates: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A living entry. `plate` is normalised; `colour` may be unknown; the rest as for `Resident`."""

    id: str
    plate: str
    colour: PlateColour
    household: str
    lanes: tuple[str, ...] | None
    blocked: bool
    blocked_reason: str | None
    created_at: datetime


Entry = Resident | Vehicle


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is left after a removal: the opaque `id`.

    `templates` counts the faces that went. `purged` is False when another process kept the database in use, or the disk
    was full: the rows are gone, but old bytes of theirs may stay in the file until the next removal (`database.purge`).
    """

    id: str
    templates: int
    purged: bool
