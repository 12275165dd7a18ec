"""Visitors whom a resident expects: passes by QR code, plate or PIN, and who has arrived."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.passes import Made, Pass
from gate.console.desk import Desk, TheDesk
from gate.console.drawing import qr_svg
from gate.console.errors import RequestRefused
from gate.console.guest_form import SPANS_H, By, GuestForm, PassId, code_png, guest_form
from gate.console.lobby import Caller, Calling, Lobby, TheLobby
from gate.console.pages import page
from gate.texts import explain

MOST_USES = 10

router = APIRouter()
Filled = Annotated[GuestForm, Depends(guest_form)]


@router.get("/me/visitors")
def visitors_page(request: Request, desk: TheDesk, lobby: TheLobby, caller: Calling) -> Response:
    """The visitors' passes, and the form for another one; who has arrived counts as seen from now on."""
    return _visitors(request, desk, lobby, caller)


@router.post("/me/visitors")
def announce(request: Request, desk: TheDesk, lobby: TheLobby, caller: Calling, form: Filled) -> Response:
    """Make a pass within the household's quota; a PIN is shown this once."""
    try:
        made = _made(desk, lobby, caller, form)
    except EntryRefused as refused:
        return _visitors(request, desk, lobby, caller, form, explain(refused, request.state.language))
    if made.pin is None and form.by is By.QR:
        return RedirectResponse(f"/me/visitors/{made.made.id}", 303)
    if made.pin is None:
        return RedirectResponse("/me/visitors", 303)
    return page(request, "me_visitor.html", one=made.made, pin=f"{made.pin[:4]} {made.pin[4:]}", zone=desk.zone)


@router.get("/me/visitors/{pass_id}")
def visitor_page(request: Request, desk: TheDesk, lobby: TheLobby, caller: Calling, pass_id: PassId) -> Response:
    """One visitor's QR code, to be sent on as a picture."""
    one = _own(lobby, caller, pass_id)
    picture = Markup(qr_svg(lobby.codes.lasting(one.id)))  # noqa: S704 - drawn by segno, of a text made here
    return page(request, "me_visitor.html", one=one, picture=picture, pin=None, zone=desk.zone)


@router.get("/me/visitors/{pass_id}/code.png")
def visitor_picture(lobby: TheLobby, caller: Calling, pass_id: PassId) -> Response:
    """The same as a file."""
    return Response(code_png(lobby.codes, _own(lobby, caller, pass_id).id), media_type="image/png")


@router.post("/me/visitors/{pass_id}/end")
def end(lobby: TheLobby, caller: Calling, pass_id: PassId) -> Response:
    """End a pass of one's own now."""
    if all(one.id != pass_id for one in lobby.passes.of_host(caller.resident.id)):
        raise RequestRefused("pass.none", 404, id=pass_id)
    try:
        lobby.passes.end(pass_id, caller.resident.id)
    except NotEnrolled:
        return RedirectResponse("/me/visitors", 303)  # it has ended by itself meanwhile
    return RedirectResponse("/me/visitors", 303)


def _made(desk: Desk, lobby: Lobby, caller: Caller, form: GuestForm) -> Made:
    starts, ends = form.span(desk.wall(), desk.zone)
    if form.uses > MOST_USES:
        raise EntryRefused("pass.bad_uses", most=MOST_USES)
    return lobby.passes.add(
        caller.resident.id,
        starts,
        ends,
        form.uses,
        plate=form.plate if form.by is By.PLATE else None,
        pin=form.by is By.PIN,
        code=form.by is By.QR,
        note=form.note,
        quota=lobby.quota,
    )


def _visitors(
    request: Request,
    desk: Desk,
    lobby: Lobby,
    caller: Caller,
    typed: GuestForm | None = None,
    fault: str | None = None,
) -> Response:
    passes = lobby.passes.of_host(caller.resident.id)
    answer = page(
        request,
        "me_visitors.html",
        422 if fault else 200,
        passes=passes,
        now=desk.wall(),
        typed=typed or GuestForm(By.QR),
        ways=list(By),
        spans=[hours for hours in SPANS_H if hours <= lobby.quota.longest.total_seconds() / 3600],
        most_uses=MOST_USES,
        fault=fault,
        zone=desk.zone,
    )
    lobby.passes.tell(caller.resident.id, passes)
    return answer


def _own(lobby: Lobby, caller: Caller, pass_id: str) -> Pass:
    """A pass with a code that the resident made. Raises `RequestRefused`."""
    for one in lobby.passes.of_host(caller.resident.id):
        if one.id == pass_id and one.has_code:
            return one
    raise RequestRefused("pass.none", 404, id=pass_id)
