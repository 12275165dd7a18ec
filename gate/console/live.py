"""The live page: lanes, pictures, passages, and the order to open."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from gate.console.access import OPENERS, TOKEN_HEADER
from gate.console.booth import questions_wire
from gate.console.desk import Desk, InLanguage, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.looks import LIVE
from gate.console.opening import (
    LONGEST_REASON,
    SHORTEST_REASON,
    OpenReason,
    Order,
    RefuseReason,
    spoken_reason,
)
from gate.console.pages import assets, page
from gate.console.sessions import Session
from gate.console.shift import notes_wire
from gate.console.standing import standing_wire
from gate.console.watch import LaneView
from gate.console.wire import lane_wire, moment, passage_wire
from gate.console.wording import browser_texts
from gate.texts import Language, explain, t
from models.errors import Fault

STATIC_LASTS_S = 365 * 24 * 3600
SnapshotId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,128}$")]

router = APIRouter()


class OpenOrder(BaseModel):
    """The body of an order to open; `request_id` is the browser's own, the same when it asks again."""

    model_config = ConfigDict(extra="forbid")

    choice: OpenReason
    words: str = Field(default="", max_length=LONGEST_REASON)
    request_id: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$")


@router.get("/")
def live_page(request: Request, desk: TheDesk, session: SignedIn, language: InLanguage) -> Response:
    """The page with the lanes and the recent passages as they are now."""
    lanes = desk.watch.lanes()
    may_open = session.role in OPENERS.roles
    data = {
        "now": _now(desk, session, language, lanes),
        "texts": browser_texts(language),
        "csrf": session.csrf,
        "who": session.username,
        "csrf_header": TOKEN_HEADER,
        "may_open": may_open,
        "beat_ms": int(desk.bounds.beat_s * 1000),
        "keep": desk.bounds.recent,
    }
    return page(
        request,
        "live.html",
        lanes=lanes,
        data=data,
        may_open=may_open,
        for_trying_out=desk.watch.for_trying_out,
        reasons={
            "open": (OpenReason, desk.settings.open_reasons),
            "refuse": (RefuseReason, desk.settings.refuse_reasons),
        },
        shortest_reason=SHORTEST_REASON,
        longest_reason=LONGEST_REASON,
    )


@router.get("/now")
def now(desk: TheDesk, session: SignedIn, language: InLanguage) -> JSONResponse:
    """Everything that the page shows, for one that has missed news."""
    return JSONResponse(_now(desk, session, language, desk.watch.lanes()))


@router.get("/lanes/{lane_id}/picture.jpg")
def picture(lane_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """The lane's newest camera picture."""
    _lane(desk, lane_id)
    desk.looks.record(session, f"camera:{lane_id}")
    return _jpeg(desk.watch.picture(lane_id), "console.no_picture")


@router.get("/snapshots/{snapshot_id}.jpg")
def snapshot(snapshot_id: SnapshotId, desk: TheDesk, session: SignedIn) -> Response:
    """The crop of a passage."""
    desk.looks.record(session, f"snapshot:{snapshot_id}")
    return _jpeg(desk.watch.crop(snapshot_id), "console.no_snapshot")


@router.post("/lanes/{lane_id}/open")
def open_lane(lane_id: str, order: OpenOrder, desk: TheDesk, session: SignedIn, language: InLanguage) -> JSONResponse:
    """Open the lane once for each `request_id`, and say what came of it."""
    lane = _lane(desk, lane_id)
    reason = spoken_reason(order.choice, order.words)
    outcome = desk.openings.give(Order(lane_id, session.account, reason, order.request_id))
    said = t("console.opened", language, lane=lane.name)
    return JSONResponse({"barrier": outcome.barrier_state, "repeated": outcome.repeated, "message": said})


@router.get("/static/{name}")
async def static(name: str) -> Response:
    """A file of our own that a page loads; its address changes with it."""
    asset = assets().get(name)
    if asset is None:
        raise RequestRefused("console.not_found", 404)
    kept = {"Cache-Control": f"public, max-age={STATIC_LASTS_S}, immutable"}
    return Response(asset.content, media_type=asset.media_type, headers=kept)


def _now(desk: Desk, session: Session, language: Language, lanes: Any) -> dict[str, Any]:
    # The position is read before the passages: one in between comes twice and is shown once, none is lost.
    position = desk.listeners.mark(desk.watch.feed.latest)
    desk.looks.record(session, LIVE)
    now: dict[str, Any] = {
        "position": position,
        "lanes": [lane_wire(lane) for lane in lanes],
        "passages": [],
        "late": list(desk.watch.late_destinations()),
        "fault": None,
        "questions": questions_wire(desk, session, language),
        "notes": notes_wire(desk, language),
        "standing": standing_wire(desk.watch, language),
        **moment(desk.wall(), desk.zone, language),
    }
    try:
        passages = desk.watch.recent(desk.bounds.recent)
    except Fault as unreadable:
        # The pictures and the open buttons matter more than the list, so the page comes without it.
        return {**now, "fault": explain(unreadable, language)}
    return {**now, "passages": [passage_wire(passage, desk.zone, language) for passage in passages]}


def _lane(desk: Desk, lane_id: str) -> LaneView:
    for lane in desk.watch.lanes():
        if lane.id == lane_id:
            return lane
    raise RequestRefused("console.no_such_lane", 404)


def _jpeg(content: bytes | None, missing: str) -> Response:
    if content is None:
        raise RequestRefused(missing, 404)
    return Response(content, media_type="image/jpeg")
