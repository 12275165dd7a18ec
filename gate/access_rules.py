"""`[rules]`: who may pass when, by person, household, building, lane and hours, and what opens without a register.

The same keys stand in `gate.toml` under `[rules]` or, where `[rules] file` names one, at the top of a file of its own.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from enrollment.errors import EntryRefused
from enrollment.household import HouseholdCode
from gate.part import Id, Part, refusal
from gate.week import WeekHours
from models.plate.grammar import classify, normalise
from models.sighting import PlateColour, PlateKind

Words = Annotated[str, Field(min_length=1, max_length=200)]
Passback = Literal["off", "soft", "hard"]


@lru_cache(maxsize=1024)
def _form(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """What fits one of the patterns; with none, nothing does."""
    written = ("".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern) for pattern in patterns)
    return re.compile("|".join(f"(?:{pattern})" for pattern in written) or "(?!)")


def _pattern(written: str) -> str:
    """A plate with `?` for one character and `*` for any; refused where it names no character at all."""
    signs = [sign if sign in "*?" else normalise(sign) for sign in written.replace("＊", "*").replace("？", "?")]
    head = "".join(signs)
    # O and I stand for 0 and 1 in a sequence only, and are an issuing letter (粤O) where they stand second.
    folded = head[:2] + head[2:].replace("O", "0").replace("I", "1")
    if len(head) > 1 and written[1:2].upper() in {"O", "I"}:
        folded = folded[0] + written[1].upper() + folded[2:]
    if not folded.strip("*?"):
        raise refusal("config.open_pattern")
    return folded


def _any_pattern(patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_pattern(written) for written in patterns)


def fits(patterns: tuple[str, ...], plate: str) -> bool:
    """Whether a normalised plate fits one of the patterns."""
    return _form(patterns).fullmatch(plate) is not None


class Group(Part):
    """Some of the register's people and vehicles, and the lanes and hours that are theirs.

    Of the groups that somebody belongs to, those that name them most closely hold: first those by their id, then by
    household, then by building, then those that name nobody and mean everybody.
    """

    id: Id
    subjects: tuple[str, ...] = Field(
        default=(), description="ids of residents and vehicles, as gate enroll list shows"
    )
    households: tuple[str, ...] = Field(default=(), description="household codes, such as 3-2-501")
    buildings: tuple[str, ...] = Field(default=(), description="numbers of buildings")
    lanes: tuple[Id, ...] = Field(default=(), description="the lanes they may use; empty is all")
    hours: tuple[WeekHours, ...] = Field(default=(), description="when; empty is the hours of the lane")

    @field_validator("households")
    @classmethod
    def _codes(cls, households: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(HouseholdCode.parse(code)) for code in households)
        except EntryRefused as wrong:
            raise refusal("config.bad_household") from wrong

    @field_validator("buildings")
    @classmethod
    def _numbers(cls, buildings: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(number.upper().lstrip("0") or "0" for number in buildings)


class Window(Part):
    """Hours in which vehicles that are not enrolled pass: deliveries, taxis. All that it names must fit."""

    id: Id
    plates: tuple[str, ...] = Field(default=(), description="patterns: ? for one character, * for any")
    colours: tuple[PlateColour, ...] = Field(default=(), description="colours of plates")
    kinds: tuple[PlateKind, ...] = Field(default=(), description="kinds of plates")
    lanes: tuple[Id, ...] = Field(default=(), description="on these lanes; empty is all")
    hours: tuple[WeekHours, ...] = Field(min_length=1, description="when")

    _patterns = field_validator("plates")(_any_pattern)

    @model_validator(mode="after")
    def _names_some(self) -> Window:
        """A window that names no vehicle would let in all of them."""
        if not (self.plates or self.colours or self.kinds) or PlateColour.UNKNOWN in self.colours:
            raise refusal("config.open_window")
        return self

    def means(self, plate: str, colour: PlateColour, kind: PlateKind | None) -> bool:
        """Whether it is for this vehicle. What was not seen fits nothing that is asked for."""
        return (
            (not self.plates or fits(self.plates, plate))
            and (not self.colours or colour in self.colours)
            and (not self.kinds or kind in self.kinds)
        )


class ListedPlate(Part):
    """A plate on a list, for a time; `source` is where the list comes from, unset for the operator's own."""

    plate: str
    reason: str = Field(default="", max_length=200, description="for people")
    since: datetime | None = Field(default=None, description="with its offset from UTC; unset: already")
    until: datetime | None = Field(default=None, description="with its offset from UTC; unset: until it is taken out")
    source: Id | None = Field(default=None, description="the community system's register that it comes from")

    @field_validator("plate")
    @classmethod
    def _a_plate(cls, plate: str) -> str:
        text = normalise(plate)
        if classify(text, PlateColour.UNKNOWN) is None:
            raise refusal("config.not_a_plate")
        return text

    @field_validator("since", "until")
    @classmethod
    def _aware(cls, moment: datetime | None) -> datetime | None:
        if moment is not None and moment.tzinfo is None:
            raise refusal("config.no_offset")
        return moment

    def holds_at(self, moment: datetime) -> bool:
        """Whether it is on the list then."""
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)


class BlockedPlate(ListedPlate):
    """A plate that is let through nowhere, enrolled or not."""

    reason: Words


class AllowedPlate(ListedPlate):
    """A plate that is always let through, enrolled or not, unless it is blocked."""


class AccessRules(Part):
    """Who may pass when."""

    holidays: Literal["cn", "none"] = Field(default="cn", description="whose statutory holidays and make-up workdays")
    days_off: tuple[date, ...] = Field(default=(), description="more days that count as holidays")
    workdays: tuple[date, ...] = Field(default=(), description="more days that count as workdays")
    grace_days: float = Field(default=1, ge=0, le=90, description="a right holds for so long after it has ended")
    passback: Passback = Field(
        default="off", description="who comes in twice without having left: soft tells the guard, hard asks"
    )
    passback_after_s: float = Field(
        default=120, ge=0, le=86400, description="the same passage again within this counts once"
    )
    passback_forgiven_h: float = Field(default=24, gt=0, le=8760, description="a passage so long ago counts no more")
    emergency_kinds: tuple[PlateKind, ...] = Field(
        default=(PlateKind.POLICE, PlateKind.EMERGENCY), description="kinds of plates that always open"
    )
    emergency_plates: tuple[str, ...] = Field(default=(), description="patterns of ambulances and fire engines")
    lane_hours: dict[Id, tuple[WeekHours, ...]] = Field(
        default_factory=dict, description="when a lane opens by itself, in place of the lane's own hours"
    )
    group: tuple[Group, ...] = ()
    window: tuple[Window, ...] = ()
    blocked_plate: tuple[BlockedPlate, ...] = ()
    allowed_plate: tuple[AllowedPlate, ...] = ()

    _patterns = field_validator("emergency_plates")(_any_pattern)

    @field_validator("group", "window")
    @classmethod
    def _each_once(cls, parts: tuple[Group | Window, ...]) -> tuple[Group | Window, ...]:
        ids = [part.id for part in parts]
        for twice in {i for i in ids if ids.count(i) > 1}:
            raise refusal("config.rule_twice", id=twice)
        return parts

    def named_lanes(self) -> frozenset[str]:
        """Every lane that a rule names."""
        named = {lane for group in self.group for lane in group.lanes}
        return frozenset(self.lane_hours) | named | {lane for window in self.window for lane in window.lanes}


class RulesPart(AccessRules):
    """`[rules]` of gate.toml: the rules themselves, or the file they stand in."""

    file: Path | None = Field(
        default=None, description="a file with these keys at its top, looked at again whenever it changes"
    )

    @model_validator(mode="after")
    def _one_place(self) -> RulesPart:
        if self.file is not None and self.model_fields_set != {"file"}:
            raise refusal("config.rules_in_two_places")
        return self

    @property
    def rules(self) -> AccessRules:
        """The rules alone: two configurations with the same ones have the same version, wherever they stand."""
        return AccessRules.model_validate(self.model_dump(exclude={"file"}, exclude_unset=True, by_alias=True))

    def anchored(self, folder: Path) -> RulesPart:
        """With the file's path counted from `folder`."""
        return self if self.file is None else self.model_copy(update={"file": folder / self.file})
