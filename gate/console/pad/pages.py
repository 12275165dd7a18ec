"""The keys on a tablet at a door. No refusal tells whether a PIN, a card or a household exists."""

from __future__ import annotations

import time

from anyio import sleep, to_thread
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from enrollment.pads import Pad
from gate.console.access import TOKEN_HEADER
from gate.console.desk import Desk, InLanguage, TheDesk
from gate.console.errors import RequestRefused, not_before
from gate.console.lobby import PAD_COOKIE, PAD_PATH, AtPad, Lobby, TheLobby
from gate.console.pages import page
from gate.decision.decision import Verdict
from gate.lane.presented import Presented
from gate.pin_tries import SHORTEST_REFUSAL_S
from gate.texts import explain, t

LONGEST_CODE = 40
COOKIE_LASTS_S = 400 * 24 * 3600
"""The longest that browsers keep a cookie; each page of the pad renews it."""

router = APIRouter()


class Tried(BaseModel):
    """What was typed, or read from a card: one of the two."""

    model_config = ConfigDict(extra="forbid")

    household: str = Field(default="", max_length=20)
    pin: str = Field(default="", max_length=20)
    card: str = Field(default="", max_length=64)


@router.get("/pinpad")
def join_page(request: Request, lobby: TheLobby) -> Response:
    """Where a tablet joins; one that has joined is led to its lane."""
    pad = lobby.pads.find(request.cookies.get(PAD_COOKIE, ""))
    return RedirectResponse(f"/pinpad/{pad.lane}", 303) if pad else page(request, "pad_join.html", fault=None)


@router.post("/pinpad")
async def join(request: Request, desk: TheDesk, lobby: TheLobby, code: str = Form(default="")) -> Response:
    """Make this tablet the pad whose code was typed."""
    address = request.client.host if request.client else ""
    try:
        pad, token = await _joined(desk, lobby, code, f"pad {address}")
    except RequestRefused as refused:
        return page(request, "pad_join.html", refused.status, fault=explain(refused, request.state.language))
    return _remembered(desk, RedirectResponse(f"/pinpad/{pad.lane}", 303), token)


async def _joined(desk: Desk, lobby: Lobby, code: str, key: str) -> tuple[Pad, str]:
    """The pad and its token; wrong codes are counted under `key`. Raises `RequestRefused`."""
    if not code.strip() or len(code) > LONGEST_CODE:
        raise RequestRefused("pad.code_wrong", 401)
    not_before(desk.links.begin(key))
    joined = await to_thread.run_sync(lobby.pads.join, code)
    if joined is None:
        raise RequestRefused("pad.code_wrong", 401)
    desk.links.succeeded(key)
    return joined


@router.get("/pinpad/{lane_id}")
def pad_page(request: Request, desk: TheDesk, lane_id: str, pad: AtPad) -> Response:
    """The keys."""
    _own(pad, lane_id)
    cookie, language = request.cookies.get(PAD_COOKIE, ""), request.state.language
    lanes = {lane.id: lane.name for lane in desk.watch.lanes()}
    lobby: Lobby = request.app.state.desk.lobby
    names = ("home", "pin", "opened", "lost", "trying", "home_wrong")
    data = {
        "lane": lane_id,
        "csrf": lobby.token(cookie),
        "csrf_header": TOKEN_HEADER,
        "texts": {name: t(f"pad.say_{name}", language) for name in names},
    }
    answer = page(request, "pad.html", data=data, lane=lanes.get(lane_id, lane_id))
    return _remembered(desk, answer, cookie)


@router.post("/pinpad/{lane_id}/try")
async def try_it(
    tried: Tried, desk: TheDesk, lobby: TheLobby, lane_id: str, pad: AtPad, language: InLanguage
) -> JSONResponse:
    """Show what was typed to the lane. Wrong tries make this pad wait, and longer the household that they were for."""
    _own(pad, lane_id)
    household = "" if tried.card else tried.household
    place = f"pad {pad.id}"
    not_before(desk.pin_tries.begin(place, household))
    started = time.monotonic()
    came = await to_thread.run_sync(_shown, lobby, lane_id, tried, limiter=desk.checking)
    known = came.verdict is Verdict.OPEN
    if known:
        desk.pin_tries.right(place, household)
    else:
        await sleep(max(0.0, SHORTEST_REFUSAL_S - (time.monotonic() - started)))
    said = "pad.say_opened" if came.opened else "pad.say_known" if known else "pad.say_shut"
    return JSONResponse({"opened": came.opened, "message": t(said, language)})


@router.post("/pinpad/{lane_id}/ring")
def ring(desk: TheDesk, lane_id: str, pad: AtPad, language: InLanguage) -> JSONResponse:
    """Somebody asks for the guard; who rings on and on is heard once in a while."""
    _own(pad, lane_id)
    if lane_id not in {lane.id for lane in desk.watch.lanes()}:
        raise RequestRefused("console.no_such_lane", 404)
    if desk.rings.begin(pad.id) == 0:
        desk.watch.ring(lane_id)
    return JSONResponse({"message": t("pad.say_rang", language)})


def _shown(lobby: Lobby, lane_id: str, tried: Tried) -> Presented:
    if lobby.pad_way is None:
        raise RequestRefused("console.not_found", 404)
    if tried.card:
        return lobby.pad_way.card(lane_id, tried.card)
    return lobby.pad_way.pin(lane_id, tried.household, tried.pin)


def _own(pad: Pad, lane_id: str) -> None:
    if pad.lane != lane_id:
        raise RequestRefused("console.forbidden", 403)


def _remembered(desk: Desk, answer: Response, token: str) -> Response:
    answer.set_cookie(
        PAD_COOKIE,
        token,
        max_age=COOKIE_LASTS_S,
        path=PAD_PATH,
        httponly=True,
        samesite="strict",
        secure=desk.settings.secure_cookie,
    )
    return answer
