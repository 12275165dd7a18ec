"""What people and vehicles of the register have in common, and what erasing one of them answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from enrollment.entry import Entry as Kept
from enrollment.form import Term
from enrollment.hours import LONGEST_LINE, written
from gate.api.parts import Parts
from gate.api.problem_answers import Refused
from gate.erasure import Certificate

SubjectId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,36}$")]
Typed = Annotated[str, Field(max_length=200)]
Household = Annotated[str | None, Query(max_length=40, description="a code: 3-2-501")]


class Entry(BaseModel):
    """What is entered about either. A change replaces all of it.

    `lanes` and `hours` are the own right; where one is null the household's says it, or else the rules and the lane.
    """

    model_config = ConfigDict(extra="forbid")

    household: Annotated[str, Field(max_length=40, examples=["3-2-501"])]
    lanes: list[Typed] | None = Field(default=None, max_length=100)
    hours: str | None = Field(
        default=None,
        max_length=LONGEST_LINE,
        description="when, such as mon-fri 07:00-19:00; sat",
        examples=["workday 08:00-18:00"],
    )
    notes: Typed | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    @property
    def term(self) -> Term:
        """From when until when."""
        return Term(self.since, self.until)


class Living(BaseModel):
    """What the register adds to an entry. `version` is its ETag too."""

    id: str
    version: int
    blocked: bool
    blocked_until: datetime | None
    created_at: datetime


class Erased(BaseModel):
    """The signed certificate of an erasure; `gate enroll certificate` checks it."""

    subject: str
    kind: str
    at: str
    by: str
    erased: dict[str, int]
    purged: bool
    row: int
    key: str
    signature: str


def certified(certificate: Certificate) -> Erased:
    """A certificate as it is told."""
    told: dict[str, Any] = {name: getattr(certificate, name) for name in Erased.model_fields}
    return Erased(**told)


def common(one: Kept) -> dict[str, Any]:
    """The fields of `Entry` and `Living` of a person or a vehicle; every moment in UTC, whatever it came with."""
    return {
        "id": one.id,
        "version": one.version,
        "household": one.household,
        "lanes": None if one.lanes is None else list(one.lanes),
        "hours": written(one.hours),
        "notes": one.notes,
        "since": _utc(one.term.since),
        "until": _utc(one.term.until),
        "blocked": one.blocked,
        "blocked_until": one.blocked_until,
        "created_at": one.created_at,
    }


def check_lanes(parts: Parts, lanes: Sequence[str] | None) -> None:
    """Refuse a right on a lane that is not there: it would be a right for nowhere."""
    if (unknown := parts.unknown_lane(lanes)) is not None:
        known = ", ".join(parts.lanes)
        raise Refused("api.unknown_lane", 422, field="lanes", place="body", lane=unknown, known=known)


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)
