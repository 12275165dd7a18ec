"""Visitors' passes by plate: listed, made and ended. Those by PIN or code are handed out by the staff."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from enrollment.errors import NotEnrolled
from enrollment.listing import passes_page
from enrollment.passes import MOST_USES
from enrollment.passes import Pass as Kept
from gate.api import cursor
from gate.api.admission import KeyedRoute, TheCaller, TheParts
from gate.api.entries import SubjectId, Typed, check_lanes

router = APIRouter(route_class=KeyedRoute)


class PassEntry(BaseModel):
    """A pass to be made; without `since` it holds from now on, and `lanes` null is every lane."""

    model_config = ConfigDict(extra="forbid")

    plate: Annotated[str, Field(max_length=20)]
    since: AwareDatetime | None = None
    until: AwareDatetime
    uses: int = Field(default=1, ge=1, le=MOST_USES, description="how many times it lets in")
    lanes: list[Typed] | None = Field(default=None, min_length=1, max_length=100)


class Pass(BaseModel):
    """A pass that is not forgotten yet. `by` is what it is held as; `until` is when it ends or was ended."""

    id: str
    by: list[Literal["plate", "pin", "code"]]
    plate: str | None
    since: datetime
    until: datetime
    uses: int
    used: int
    lanes: list[str] | None


class Passes(BaseModel):
    """A page, in the order of the ids."""

    items: list[Pass]
    next: str | None


@router.get("/passes")
def passes(
    request: Request,
    response: Response,
    parts: TheParts,
    caller: TheCaller,
    limit: cursor.Limit = cursor.USUAL,
    next_page: cursor.Next = None,
) -> Passes:
    """A page of passes, those that are over too until their plates are forgotten."""
    asked = {"list": "passes"}
    key = cursor.read(asked, next_page, 1)
    parts.desk.looks.record(caller, "passes")
    found, more = passes_page(parts.site.engine, key[0] if key else "", limit)
    follows = cursor.written(asked, [found[-1].id]) if more else None
    response.headers.update(cursor.following(request, follows))
    return Passes(items=[_told(one) for one in found], next=follows)


@router.post("/passes", status_code=201)
def add_pass(response: Response, parts: TheParts, caller: TheCaller, entry: PassEntry) -> Pass:
    """Make a pass for a plate."""
    check_lanes(parts, entry.lanes)
    since = entry.since or datetime.now(UTC)
    made = parts.site.passes.add(
        caller.account, since, entry.until, entry.uses, plate=entry.plate, lanes=entry.lanes
    ).made
    response.headers["Location"] = f"/api/v1/passes/{made.id}"
    return _told(made)


@router.get("/passes/{pass_id}")
def one_pass(parts: TheParts, caller: TheCaller, pass_id: SubjectId) -> Pass:
    """One pass."""
    found = parts.site.passes.find(pass_id)
    if found is None:
        raise NotEnrolled("pass.none", id=pass_id)
    parts.desk.looks.record(caller, f"pass:{pass_id}")
    return _told(found)


@router.delete("/passes/{pass_id}", status_code=204)
def end_pass(parts: TheParts, caller: TheCaller, pass_id: SubjectId) -> None:
    """End a pass now; who came in by it may still leave."""
    parts.site.passes.end(pass_id, caller.account)


def _told(one: Kept) -> Pass:
    held: list[tuple[Literal["plate", "pin", "code"], bool]] = [
        ("plate", one.plate is not None),
        ("pin", one.has_pin),
        ("code", one.has_code),
    ]
    return Pass(
        id=one.id,
        by=[name for name, there in held if there],
        plate=one.plate,
        since=one.starts_at.astimezone(UTC),
        until=one.over_at.astimezone(UTC),
        uses=one.uses,
        used=one.used,
        lanes=None if one.lanes is None else sorted(one.lanes),
    )
