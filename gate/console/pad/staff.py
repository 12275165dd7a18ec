"""The page where an administrator adds and removes pads, and sees how the card readers fare."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import RedirectResponse

from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.phones import Link
from gate.console.desk import Desk, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.lobby import Lobby, TheLobby
from gate.console.pages import page
from gate.readers import ReaderView
from gate.texts import Language, explain
from models.errors import Fault

router = APIRouter()
Typed = Annotated[str, Form(max_length=60)]
PadId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


@router.get("/pads")
def pads_page(request: Request, desk: TheDesk, lobby: TheLobby) -> Response:
    """Every pad, and the form for another one."""
    return _pads(request, desk, lobby)


@router.post("/pads")
def add_pad(
    request: Request, desk: TheDesk, lobby: TheLobby, session: SignedIn, lane: Typed = "", name: Typed = ""
) -> Response:
    """Add a pad; its code is shown this once."""
    if lane not in {one.id for one in desk.watch.lanes()}:
        raise RequestRefused("console.no_such_lane", 422)
    try:
        link = lobby.pads.add(lane, name, session.account)
    except EntryRefused as refused:
        return _pads(request, desk, lobby, fault=explain(refused, request.state.language))
    return _pads(request, desk, lobby, link=link)


@router.post("/pads/{pad_id}/end")
def remove_pad(request: Request, desk: TheDesk, lobby: TheLobby, session: SignedIn, pad_id: PadId) -> Response:
    """Remove a pad: it was stolen, or stands elsewhere."""
    try:
        lobby.pads.remove(pad_id, session.account)
    except NotEnrolled as gone:
        return _pads(request, desk, lobby, fault=explain(gone, request.state.language))
    return RedirectResponse("/pads", 303)


def _reader(view: ReaderView, language: Language) -> dict[str, object]:
    """A reader as its page shows it, with the sentence of why it is not online."""
    now = view.health.condition
    fault = explain(Fault(now.fault, **dict(now.facts)), language) if now.fault else None
    return {"id": view.id, "lane": view.lane, "health": view.health, "fault": fault}


def _pads(
    request: Request, desk: Desk, lobby: Lobby, *, fault: str | None = None, link: Link | None = None
) -> Response:
    origin = lobby.address or request.headers.get("origin") or str(request.base_url).rstrip("/")
    readers = [_reader(view, request.state.language) for view in desk.watch.readers()]
    lanes = {lane.id: lane.name for lane in desk.watch.lanes()}
    return page(
        request,
        "pads.html",
        422 if fault else 200,
        pads=lobby.pads.list(),
        lanes=lanes,
        readers=readers,
        link=link,
        until=f"{link.ends_at.astimezone(desk.zone):%H:%M}" if link else "",
        entrance=f"{origin}/pinpad",
        fault=fault,
    )
