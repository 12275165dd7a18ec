"""A resident's phone signs in with a code from the office, and out."""

from __future__ import annotations

from anyio import to_thread
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from enrollment.phones import Phone
from gate.console.desk import Desk, TheDesk
from gate.console.errors import RequestRefused, not_before
from gate.console.lobby import RESIDENT_COOKIE, RESIDENT_PATH, Calling, Lobby, TheLobby
from gate.console.pages import page
from gate.texts import explain

LONGEST_CODE = 40

router = APIRouter()


@router.get("/me/enter")
def enter_page(request: Request, _lobby: TheLobby) -> Response:
    """Where the code is typed; one in the address's fragment, which is sent to nobody, is typed by the page."""
    return page(request, "me_enter.html", fault=None)


@router.post("/me/enter")
async def enter(request: Request, desk: TheDesk, lobby: TheLobby, code: str = Form(default="")) -> Response:
    """Sign this phone in. Wrong codes are slowed down per address, up to a quarter of an hour."""
    address = request.client.host if request.client else ""
    try:
        token = await _token(desk, lobby, code, address)
    except RequestRefused as refused:
        fault = explain(refused, request.state.language)
        answer: Response = page(request, "me_enter.html", refused.status, fault=fault)
        if "seconds" in refused.facts:
            answer.headers["Retry-After"] = str(refused.facts["seconds"])
        return answer
    before = request.cookies.get(RESIDENT_COOKIE, "")
    await to_thread.run_sync(_leave_before, lobby, before)
    answer = RedirectResponse("/me", 303)
    answer.set_cookie(
        RESIDENT_COOKIE,
        token,
        max_age=lobby.phone_days * 24 * 3600,
        path=RESIDENT_PATH,
        httponly=True,
        samesite="strict",
        secure=desk.settings.secure_cookie,
    )
    return answer


async def _token(desk: Desk, lobby: Lobby, code: str, address: str) -> str:
    """The token of a phone that now is signed in. Raises `RequestRefused`."""
    if not code.strip() or len(code) > LONGEST_CODE:
        raise RequestRefused("me.code_wrong", 401)
    not_before(desk.links.begin(address))
    token = await to_thread.run_sync(lobby.phones.enter, code)
    if token is None:
        raise RequestRefused("me.code_wrong", 401)
    desk.links.succeeded(address)
    return token


@router.post("/me/leave")
def leave(desk: TheDesk, lobby: TheLobby, caller: Calling) -> Response:
    """Sign this phone out; the cookie is worth nothing from now on, wherever a copy of it may be."""
    lobby.phones.leave(Phone(caller.phone, caller.resident.id))
    answer = RedirectResponse("/me/enter", 303)
    answer.delete_cookie(
        RESIDENT_COOKIE, path=RESIDENT_PATH, httponly=True, samesite="strict", secure=desk.settings.secure_cookie
    )
    return answer


def _leave_before(lobby: Lobby, cookie: str) -> None:
    """A phone that signs in anew leaves the sign-in of before, whoever's it was."""
    if cookie and (phone := lobby.phones.find(cookie)) is not None:
        lobby.phones.leave(phone)
