"""The pages of the way out: how each destination stands, live, and every outbound connection of this box."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from gate.camera.frame import CameraState
from gate.community.postroom import PostRoom
from gate.console.community.wording import destination_wire, leaving_of
from gate.console.desk import Desk, InLanguage, TheDesk
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.reader.reader import ReaderState
from gate.texts import Language, t

EXAMPLE = """[[community.destination]]
id = "office"
kind = "webhook"
url = "https://192.0.2.30/gate"
secret_file = "office.secret"
events = ["passages", "alarms"]
"""

router = APIRouter()


def _post_room(request: Request) -> PostRoom:
    room: PostRoom | None = request.app.state.desk.post_room
    if room is None:
        raise RequestRefused("console.not_found", 404)
    return room


ThePostRoom = Annotated[PostRoom, Depends(_post_room)]


@router.get("/community")
def community_page(request: Request, desk: TheDesk, room: ThePostRoom, language: InLanguage) -> Response:
    """Every destination as it stands now."""
    now = _now(desk, room, language)
    return page(
        request,
        "community.html",
        destinations=now["destinations"],
        parts=room.parts,
        leaving={name: leaving_of(part, language) for name, part in room.parts.items()},
        data={"now": now, "texts": {}, "csrf": ""},
        example=EXAMPLE,
    )


@router.get("/community/now")
def community_now(desk: TheDesk, room: ThePostRoom, language: InLanguage) -> JSONResponse:
    """The same, for the page to draw."""
    return JSONResponse(_now(desk, room, language))


@router.get("/connections")
def connections_page(request: Request, desk: TheDesk, room: ThePostRoom, language: InLanguage) -> Response:
    """Every address that this box connects to by itself."""
    working = _working(desk, room)
    rows = []
    for found, last in room.connections():
        live = working.get((found.purpose, found.name))
        rows.append(
            {
                "purpose": t(f"community.purpose.{found.purpose}", language),
                "name": found.name,
                "address": found.address,
                "leaves": [t(f"community.leaves.{code}", language) for code in found.leaves],
                "off": found.off,
                "last": last,
                "works": live,
            }
        )
    return page(request, "connections.html", rows=rows, zone=desk.zone)


def _now(desk: Desk, room: PostRoom, language: Language) -> dict[str, Any]:
    return {"destinations": [destination_wire(view, desk.zone, language) for view in room.views(desk.wall())]}


def _working(desk: Desk, room: PostRoom) -> dict[tuple[str, str], bool]:
    """Whether each barrier and each card reader answers now, and each camera gives pictures."""
    barriers = {("barrier", view.id): view.healthy for view in desk.watch.barriers()}
    lanes = {lane.id: lane.camera.state is CameraState.LIVE for lane in desk.watch.lanes()}
    cameras = {("camera", camera): lanes[lane] for camera, lane in room.lane_of_camera.items() if lane in lanes}
    readers = {("reader", view.id): view.health.condition.state is ReaderState.ONLINE for view in desk.watch.readers()}
    return {**barriers, **cameras, **readers}
