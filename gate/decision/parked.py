"""What stands in the compound as something arrives, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parked:
    """How many cars stand in each zone, by its id and without the one that arrives; None where nobody can tell.

    `siblings` are the other cars of the same household that are inside, None where nobody can tell; `places` is how
    many that household may have inside at a time where the register says so, None where it has as many as all.
    """

    occupied: tuple[tuple[str, int], ...] | None = None
    siblings: int | None = None
    places: int | None = None

    def in_zone(self, zone: str) -> int | None:
        """How many stand in a zone, None where that is not known."""
        return dict(self.occupied or ()).get(zone)


NOBODY_KNOWS = Parked()
