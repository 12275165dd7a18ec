"""`[parking]`: the spaces of the compound by zone, what a household may use of them, and how long visitors may stay.

The same keys stand in `gate.toml` under `[parking]` or, where `file` there names one, at the top of a file of its own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from gate.part import Id, Part, refusal

Takes = Literal["residents", "visitors", "both"]
Places = Annotated[int, Field(ge=0, le=20)]


class Zone(Part):
    """Spaces that the same lanes lead into: the yard, a garage.

    Where one lane leads into several zones, a car is counted in the first of them that is for it and not full.
    """

    id: Id
    name: str = Field(min_length=1, max_length=40)
    spaces: int = Field(ge=1, le=100_000, description="how many cars it holds")
    takes: Takes = Field(default="both", description="residents, visitors or both")
    enter: tuple[Id, ...] = Field(min_length=1, description="the lanes that lead into it")
    leave: tuple[Id, ...] = Field(min_length=1, description="the lanes that lead out of it")

    def is_for(self, *, visitor: bool) -> bool:
        """Whether its spaces are for visitors, or for residents."""
        return self.takes in {"both", "visitors" if visitor else "residents"}


class Parking(Part):
    """Who may park, and how much of it. Without a zone nothing is counted and nobody is asked about parking."""

    places: Places = Field(
        default=1, description="cars of a household that may be inside at a time, unless it has more"
    )
    extra_car: Literal["open", "ask"] = Field(
        default="ask", description="the next car while those are taken: open tells the guard, ask lets the guard decide"
    )
    window_car: Literal["open", "ask"] = Field(
        default="open",
        description="a taxi or delivery in its window while no space is free: open lets it in, since it leaves again",
    )
    free_minutes: int = Field(
        default=120, ge=1, le=44_640, description="a visitor without a pass may stay so long; with one, until it ends"
    )
    forget_after_days: int = Field(
        default=30, ge=1, le=365, description="a car that came in so long ago and was not seen since counts no more"
    )
    elsewhere: tuple[Id, ...] = Field(
        default=(), description="lanes of zones that another box on the same database serves"
    )
    zone: tuple[Zone, ...] = ()

    @classmethod
    def recorded(cls, written: Mapping[str, Any]) -> Self:
        """What a record keeps of it. Before `window_car` was written down, a window opened to free spaces alone."""
        return cls.model_validate({"window_car": "ask", **written} if written else written)

    @field_validator("zone")
    @classmethod
    def _each_once(cls, zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
        ids = [zone.id for zone in zones]
        for twice in {name for name in ids if ids.count(name) > 1}:
            raise refusal("config.zone_twice", id=twice)
        for zone in zones:
            for lane in set(zone.enter) & set(zone.leave):
                raise refusal("config.zone_both_ways", zone=zone.id, lane=lane)
        return zones

    @model_validator(mode="after")
    def _has_spaces(self) -> Self:
        """Rules without a zone would hold for nobody, and whoever wrote them would think that they do."""
        told = self.model_fields_set
        if told - {"zone"} and not self.zone and "file" not in told:
            raise refusal("config.parking_no_zone")
        return self

    def misled(self, kinds: Mapping[str, str]) -> Iterator[PydanticCustomError]:
        """What is wrong with lanes that are not there or not for vehicles; `kinds` has the lanes by their ids."""
        for zone, lane in ((one.id, lane) for one in self.zone for lane in (*one.enter, *one.leave)):
            if lane in self.elsewhere:
                continue
            if lane not in kinds:
                near = ", ".join(difflib.get_close_matches(lane, [*kinds], 1) or kinds)
                yield refusal("config.zone_names_no_lane", zone=zone, name=lane, near=near)
            elif kinds[lane] != "vehicle":
                yield refusal("config.zone_lane_on_foot", zone=zone, name=lane)

    def must_lead(self, kinds: Mapping[str, str]) -> None:
        """Refuse the first of what is `misled`."""
        for wrong in self.misled(kinds):
            raise wrong

    @property
    def lanes(self) -> frozenset[str]:
        """Every lane that leads into or out of a zone."""
        return frozenset(lane for zone in self.zone for lane in (*zone.enter, *zone.leave))

    def into(self, lane: str) -> tuple[Zone, ...]:
        """The zones that a lane leads into, in the order they are written in."""
        return tuple(zone for zone in self.zone if lane in zone.enter)

    def out_of(self, lane: str) -> tuple[Zone, ...]:
        """The zones that a lane leads out of."""
        return tuple(zone for zone in self.zone if lane in zone.leave)


class ParkingPart(Parking):
    """`[parking]` of gate.toml: the zones themselves, or the file they stand in."""

    file: Path | None = Field(
        default=None, description="a file with these keys at its top, looked at again whenever it changes"
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.file is not None and self.model_fields_set != {"file"}:
            raise refusal("config.parking_in_two_places")
        return self

    @property
    def parking(self) -> Parking:
        """The zones alone: two configurations with the same ones have the same version, wherever they stand."""
        return Parking.model_validate(self.model_dump(exclude={"file"}, exclude_unset=True))

    def anchored(self, folder: Path) -> Self:
        """With the file's path counted from `folder`."""
        return self if self.file is None else self.model_copy(update={"file": folder / self.file})
