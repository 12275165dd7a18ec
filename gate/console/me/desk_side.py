"""What staff do for residents' own pages: a link for a phone, phones signed out, requests to be erased."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from enrollment.entry import Resident
from enrollment.errors import NotEnrolled
from gate.console.desk import Desk, SignedIn, TheDesk
from gate.console.drawing import qr_svg
from gate.console.errors import RequestRefused
from gate.console.lobby import Lobby, TheLobby
from gate.console.pages import page
from gate.texts import explain

ENTER = "/me/enter"

router = APIRouter()
ResidentId = Annotated[str, Form(max_length=32)]


@router.post("/residents/link")
def make_link(
    request: Request, desk: TheDesk, lobby: TheLobby, session: SignedIn, resident: ResidentId = ""
) -> Response:
    """A code for one phone of a resident, as a picture to scan and as digits to type; shown this once."""
    person = _resident(lobby, resident)
    link = lobby.phones.link(person.id, session.account)
    # The code stands behind the #, which a browser sends to nobody and a server writes into no log.
    entrance = f"{lobby.address or _own_origin(request)}{ENTER}"
    return page(
        request,
        "resident_link.html",
        person=person,
        code=link.spaced,
        entrance=entrance,
        until=f"{link.ends_at.astimezone(desk.zone):%H:%M}",
        picture=Markup(qr_svg(f"{entrance}#{link.code}")),  # noqa: S704 - drawn by segno, of an address made here
    )


@router.post("/residents/phones")
def end_phones(lobby: TheLobby, session: SignedIn, resident: ResidentId = "") -> Response:
    """Sign every phone of a resident out: one was lost, or somebody moved out."""
    lobby.phones.end_all(_resident(lobby, resident).id, session.account)
    return RedirectResponse("/residents/requests?done=phones", 303)


@router.get("/residents/requests")
def requests_page(request: Request, desk: TheDesk, lobby: TheLobby, done: str = "") -> Response:
    """Who has asked to be erased and waits for it; looking is recorded."""
    return _requests(request, desk, lobby, done=done if done in {"phones", "closed"} else "")


@router.post("/residents/requests")
def close_request(
    request: Request, desk: TheDesk, lobby: TheLobby, session: SignedIn, resident: ResidentId = ""
) -> Response:
    """Close a request that the resident has taken back in person."""
    try:
        lobby.requests.take_back(resident, session.account)
    except NotEnrolled as gone:
        return _requests(request, desk, lobby, fault=explain(gone, request.state.language))
    return RedirectResponse("/residents/requests?done=closed", 303)


def _requests(request: Request, desk: Desk, lobby: Lobby, *, done: str = "", fault: str | None = None) -> Response:
    open_ = lobby.requests.open()
    if open_:
        desk.looks.record(request.state.session, "erasure_requests")
    status = 422 if fault else 200
    return page(request, "resident_requests.html", status, requests=open_, zone=desk.zone, done=done, fault=fault)


def _resident(lobby: Lobby, resident_id: str) -> Resident:
    entry = lobby.register.find(resident_id)
    if not isinstance(entry, Resident):
        raise RequestRefused("register.nobody", 404, id=resident_id)
    return entry


def _own_origin(request: Request) -> str:
    """The address that staff's browser uses, as the form's own `Origin` has it: TLS may end in front of the gate."""
    return request.headers.get("origin") or str(request.base_url).rstrip("/")
