"""Visitors' passes as the guard and the office make, see and end them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.passes import LONGEST, MOST_USES, Made
from gate.console.desk import Desk, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.guest_form import SPANS_H, By, GuestForm, PassId, code_png, guest_form
from gate.console.lobby import Lobby, TheLobby
from gate.console.pages import page
from gate.texts import explain

SPANS = (*SPANS_H, 24 * 7, 24 * LONGEST.days)

router = APIRouter()
Filled = Annotated[GuestForm, Depends(guest_form)]


@router.get("/passes")
def passes_page(request: Request, desk: TheDesk, lobby: TheLobby) -> Response:
    """Every pass that is not forgotten, and the form for another one; looking is recorded."""
    return _passes(request, desk, lobby)


@router.post("/passes")
def add_pass(request: Request, desk: TheDesk, lobby: TheLobby, session: SignedIn, form: Filled) -> Response:
    """Make a pass; a PIN is shown this once."""
    try:
        starts, ends = form.span(desk.wall(), desk.zone)
        made = lobby.passes.add(
            session.account,
            starts,
            ends,
            form.uses,
            plate=form.plate if form.by is By.PLATE else None,
            pin=form.by is By.PIN,
            code=form.by is By.QR,
            note=form.note,
        )
    except EntryRefused as refused:
        return _passes(request, desk, lobby, form, explain(refused, request.state.language))
    return RedirectResponse("/passes", 303) if form.by is By.PLATE else _passes(request, desk, lobby, made=made)


@router.post("/passes/{pass_id}/end")
def end_pass(request: Request, desk: TheDesk, lobby: TheLobby, session: SignedIn, pass_id: PassId) -> Response:
    """End a pass now."""
    try:
        lobby.passes.end(pass_id, session.account)
    except NotEnrolled as gone:
        return _passes(request, desk, lobby, fault=explain(gone, request.state.language))
    return RedirectResponse("/passes", 303)


@router.get("/passes/{pass_id}/code.png")
def pass_picture(desk: TheDesk, lobby: TheLobby, session: SignedIn, pass_id: PassId) -> Response:
    """A visitor's QR code as a picture to print or send on; looking is recorded."""
    found = lobby.passes.find(pass_id)
    if found is None or not found.has_code:
        raise RequestRefused("pass.none", 404, id=pass_id)
    desk.looks.record(session, f"pass:{pass_id}")
    return Response(code_png(lobby.codes, pass_id), media_type="image/png")


def _passes(
    request: Request,
    desk: Desk,
    lobby: Lobby,
    typed: GuestForm | None = None,
    fault: str | None = None,
    made: Made | None = None,
) -> Response:
    desk.looks.record(request.state.session, "passes")
    now, passes = desk.wall(), lobby.passes.kept()
    homes = {} if desk.office is None else {one.household: "" for one in passes if one.household}
    if desk.office is not None:
        homes = {home: desk.office.finder.household(home) or "" for home in homes}
    return page(
        request,
        "passes.html",
        422 if fault else 200,
        passes=sorted(passes, key=lambda one: (now >= one.over_at or one.used >= one.uses, one.starts_at)),
        now=now,
        homes=homes,
        typed=typed or GuestForm(By.QR),
        ways=list(By),
        spans=SPANS,
        most_uses=MOST_USES,
        fault=fault,
        made=made,
        zone=desk.zone,
    )
