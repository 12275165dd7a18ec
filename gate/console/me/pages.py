"""What is stored about a resident, who looked at it, a copy of it, and the request to be erased."""

from __future__ import annotations

from datetime import timedelta

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from enrollment.credential import CredentialKind
from enrollment.errors import EntryRefused, NotEnrolled, PhotoRefused
from enrollment.household import HouseholdCode
from enrollment.rights import Right
from gate.console.desk import Desk, InLanguage, TheDesk
from gate.console.errors import RequestRefused, not_before
from gate.console.lobby import Caller, Calling, Lobby, TheLobby
from gate.console.me.notices import watching
from gate.console.pages import copy_file, page
from gate.rights import right_line
from gate.texts import Language, t
from models.errors import PictureRefused

LAST = timedelta(days=14)
MOST = 100
DONE = frozenset({"erasure", "no_erasure", "photo"})

router = APIRouter()
LARGEST_PHOTO = 4 * 2**20
"""Bytes; the page makes a photo smaller before it sends it."""


@router.get("/me")
def me_page(request: Request, language: InLanguage, lobby: TheLobby, caller: Calling, done: str = "") -> Response:
    """The first page: what there is to do."""
    return page(
        request,
        "me.html",
        done=done if done in DONE else "",
        asked_at=lobby.requests.of(caller.resident.id),
        unseen=lobby.passes.unseen(caller.resident.id),
        photos=lobby.judge is not None and caller.resident.templates > 0,
        data=watching(lobby, caller, language),
    )


@router.get("/me/data")
def data_page(request: Request, desk: TheDesk, lobby: TheLobby, caller: Calling) -> Response:
    """Every class of data that is stored, and for how long."""
    person, names = caller.resident, {lane.id: lane.name for lane in desk.watch.lanes()}
    home = lobby.register.rights.of_home(HouseholdCode.parse(person.household))
    return page(
        request,
        "me_data.html",
        person=person,
        right=right_line(Right(person.lanes, person.hours), home, names, request.state.language),
        blocked=person.blocked_at(desk.wall()),
        household_note=lobby.own.household_note(caller.resident),
        kept=lobby.own.kept(caller.resident),
        vehicles=lobby.own.vehicles(caller.resident),
        credentials=lobby.register.credentials.of(caller.resident.id),
        pin=CredentialKind.PIN,
        asked_at=lobby.requests.of(caller.resident.id),
        zone=desk.zone,
    )


@router.get("/me/history")
def history_page(request: Request, desk: TheDesk, lobby: TheLobby, caller: Calling) -> Response:
    """The passages of the last two weeks, and who looked."""
    return page(
        request,
        "me_history.html",
        crossings=lobby.own.crossings(caller.resident, desk.wall() - LAST, MOST),
        looks=lobby.own.looks(caller.resident, MOST),
        days=LAST.days,
        zone=desk.zone,
    )


@router.post("/me/copy")
def take_copy(lobby: TheLobby, caller: Calling, language: InLanguage) -> Response:
    """Everything in a zip, made now and kept nowhere."""
    packed = lobby.own.copy(caller.resident, lambda told: copy_file(language, told=told))
    named = {"Content-Disposition": 'attachment; filename="menwei-my-data.zip"'}
    return Response(packed, media_type="application/zip", headers=named)


@router.post("/me/erasure")
def ask_for_erasure(lobby: TheLobby, caller: Calling) -> Response:
    """Ask the staff to erase everything."""
    lobby.requests.ask(caller.resident.id)
    return RedirectResponse("/me?done=erasure", 303)


@router.post("/me/erasure/back")
def take_erasure_back(lobby: TheLobby, caller: Calling) -> Response:
    """Take the request back, while nothing was erased."""
    try:
        lobby.requests.take_back(caller.resident.id, caller.resident.id)
    except NotEnrolled:
        return RedirectResponse("/me", 303)
    return RedirectResponse("/me?done=no_erasure", 303)


@router.get("/me/photo")
def photo_page(request: Request, lobby: TheLobby, caller: Calling) -> Response:
    """Where a better photo is chosen or taken."""
    if lobby.judge is None or not caller.resident.templates:
        raise RequestRefused("me.photo_office", 409)
    return page(request, "me_photo.html", data={"csrf": caller.csrf, "texts": _photo_texts(request.state.language)})


@router.post("/me/photo", max_body_size=LARGEST_PHOTO)
async def bring_photo(request: Request, desk: TheDesk, lobby: TheLobby, caller: Calling) -> Response:
    """Take a photo that is plainly the same person's; anything else is for the office to decide.

    Raises `RequestRefused` with what is wrong with it.
    """
    encoded = await request.body()
    await to_thread.run_sync(_bring, desk, lobby, caller, encoded, limiter=desk.checking)
    return Response(status_code=204)


def _bring(desk: Desk, lobby: Lobby, caller: Caller, encoded: bytes) -> None:
    if lobby.judge is None:
        raise RequestRefused("me.photo_office", 409)
    not_before(desk.links.begin(f"photo {caller.resident.id}"))
    try:
        lobby.register.add_own_photo(caller.resident.id, lobby.judge(encoded))
    except (PhotoRefused, PictureRefused) as poor:
        raise RequestRefused(poor.code, 422, **poor.facts) from poor
    except EntryRefused as refused:
        # What it says of somebody else's face is not for a resident's eyes.
        raise RequestRefused("me.photo_office", 409) from refused


def _photo_texts(language: Language) -> dict[str, str]:
    return {name: t(f"me.photo_{name}", language) for name in ("looking", "lost")}
