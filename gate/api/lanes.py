"""Lanes as they are now, and opening one: the same order as a guard's, with the key's name in the record."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from enrollment.database import reading
from gate.api.admission import KeyedRoute, TheCaller, TheParts
from gate.api.parts import Parts
from gate.api.problem_answers import Refused
from gate.console.opening import LONGEST_REASON, OpenReason, Order, spoken_reason
from gate.console.watch import LaneView
from gate.ledger.chain import stamp
from gate.ledger.search import Query, search_passages
from gate.ledger.tables import LedgerRow

REMEMBERED = timedelta(hours=24)
"""So long an order is not carried out again under the same key, over a restart of the gate too."""

router = APIRouter(route_class=KeyedRoute)


class Camera(BaseModel):
    """A lane's camera; `reason` is the code of why it gives no pictures."""

    state: str
    reason: str | None


class Barrier(BaseModel):
    """A lane's barrier; `fault` is a code."""

    state: str
    fault: str | None


class LastPassage(BaseModel):
    """What was decided last."""

    id: str
    at: datetime
    verdict: str
    reason: str


class Lane(BaseModel):
    """A lane now."""

    id: str
    name: str
    kind: Literal["pedestrian", "vehicle"]
    direction: Literal["in", "out"]
    camera: Camera
    barrier: Barrier
    last_passage: LastPassage | None


class Lanes(BaseModel):
    """Every lane, in the order of the configuration."""

    items: list[Lane]


class Opening(BaseModel):
    """Why a lane is to be opened; `other` needs `words`."""

    model_config = ConfigDict(extra="forbid")

    reason: OpenReason
    words: str = Field(default="", max_length=LONGEST_REASON)


class Opened(BaseModel):
    """What came of it. `repeated` says that this order had been given before, and nothing was opened again."""

    lane: str
    barrier: str
    repeated: bool


@router.get("/lanes")
def lanes(parts: TheParts, _caller: TheCaller) -> Lanes:
    """Every lane."""
    return Lanes(items=[_told(parts, view) for view in parts.desk.watch.lanes()])


@router.get("/lanes/{lane_id}")
def lane(parts: TheParts, _caller: TheCaller, lane_id: str) -> Lane:
    """One lane."""
    return _told(parts, _known(parts, lane_id))


@router.post("/lanes/{lane_id}/open")
def open_lane(
    response: Response,
    parts: TheParts,
    caller: TheCaller,
    lane_id: str,
    opening: Opening,
    idempotency_key: Annotated[
        str | None,
        Header(description="8 to 64 letters, digits or -, in quotes or not: the same for a repeated request"),
    ] = None,
) -> Opened:
    """Open the lane once for each `Idempotency-Key`."""
    if idempotency_key is None:
        raise Refused("api.idempotency_needed", 400, field="Idempotency-Key", place="header")
    idempotency_key = idempotency_key.strip('"')
    if not _well_formed(idempotency_key):
        raise Refused("api.idempotency_shape", 422, field="Idempotency-Key", place="header")
    view = _known(parts, lane_id)
    order = Order(lane_id, caller.account, spoken_reason(opening.reason, opening.words), idempotency_key)
    before = None if parts.desk.openings.knows(order) else _given_before(parts, order)
    if before is not None:
        if before != (lane_id, str(opening.reason)):
            raise Refused("api.idempotency_reused", 409, field="Idempotency-Key", place="header")
        return Opened(lane=lane_id, barrier=view.barrier_state, repeated=True)
    outcome = parts.desk.openings.give(order)
    response.headers["Cache-Control"] = "no-store"
    return Opened(lane=lane_id, barrier=outcome.barrier_state, repeated=outcome.repeated)


def _well_formed(key: str) -> bool:
    return 8 <= len(key) <= 64 and key.isascii() and key.replace("-", "").isalnum()


def _given_before(parts: Parts, order: Order) -> tuple[str, str] | None:
    """The lane and reason of an order that the record holds under the same key; the gate may have restarted since."""
    since = stamp(datetime.now(UTC) - REMEMBERED)
    mine = select(LedgerRow.body).where(LedgerRow.actor == order.actor, LedgerRow.at >= since)
    # The kind is hidden from the planner: a key's own day is shorter than all openings of all time.
    opened = mine.where(LedgerRow.kind + "" == "manual.open").order_by(LedgerRow.at.desc(), LedgerRow.seq.desc())
    with reading(parts.site.engine) as session:
        for text in session.scalars(opened):
            body = json.loads(text)
            if body.get("command_id") == f"{order.actor}:{order.request_id}":
                return str(body["lane"]), str(body["reason"])
    return None


def _known(parts: Parts, lane_id: str) -> LaneView:
    for view in parts.desk.watch.lanes():
        if view.id == lane_id:
            return view
    raise Refused("api.no_lane", 404)


def _told(parts: Parts, view: LaneView) -> Lane:
    newest = search_passages(parts.site.engine, Query(lane=view.id), count=1).rows
    last = [
        LastPassage(id=row.id, at=datetime.fromisoformat(row.at), verdict=row.verdict, reason=row.reason)
        for row in newest
    ]
    return Lane(
        id=view.id,
        name=view.name,
        kind=view.kind,
        direction=view.direction,
        camera=Camera(state=str(view.camera.state), reason=view.camera.reason),
        barrier=Barrier(state=view.barrier_state, fault=view.barrier_fault),
        last_passage=last[0] if last else None,
    )
