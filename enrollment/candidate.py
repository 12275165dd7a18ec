"""Who it may be: the outcome of a search, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from enrollment.hours import Hours


class SubjectKind(StrEnum):
    """What an entry in the register is."""

    RESIDENT = "resident"
    VEHICLE = "vehicle"


@dataclass(frozen=True, slots=True)
class Subject:
    """An enrolled resident or vehicle by its opaque id, with what a decision has to know about it.

    `lanes` is None for a right on every lane; `hours` are those of its own right and `home_hours` of its household's,
    none where they say nothing. `household` is an opaque id too and `building` a number, None where it is not known.
    `until` is the end of the tenancy or parking right and `blocked_until` that of a block, which means something only
    while `blocked`; both are aware moments, None for no end.
    """

    id: str
    kind: SubjectKind
    household: str
    blocked: bool = False
    lanes: frozenset[str] | None = None
    building: str | None = None
    until: datetime | None = None
    blocked_until: datetime | None = None
    hours: Hours = ()
    home_hours: Hours = ()

    def __post_init__(self) -> None:
        for end in (self.until, self.blocked_until):
            if end is not None and end.tzinfo is None:
                raise ValueError("a right and a block end at an aware moment")

    def blocked_at(self, moment: datetime) -> bool:
        """Whether the subject is blocked then."""
        return self.blocked and (self.blocked_until is None or moment < self.blocked_until)

    def may_use(self, lane: str) -> bool:
        """Whether the subject has a right on this lane."""
        return self.lanes is None or lane in self.lanes


@dataclass(frozen=True, slots=True)
class Candidate:
    """The best match of a face, the score (cosine, -1 to 1) and the best score of anybody else (-1.0 when alone).

    `searched` counts the templates that it was the best of: the more there are, the likelier a stranger resembles one.
    """

    subject: Subject
    score: float
    runner_up: float
    searched: int

    @property
    def margin(self) -> float:
        """How far the best is ahead of the runner-up."""
        return self.score - self.runner_up
