"""Signing in and out."""

from __future__ import annotations

from dataclasses import dataclass

from anyio import to_thread
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from gate.console.desk import SESSION_COOKIE, Desk, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.console.watch import Account
from gate.texts import explain

LONGEST_NAME = 64
LONGEST_PASSWORD = 256

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was typed, and from where."""

    username: str
    password: str
    address: str

    @property
    def name_key(self) -> str:
        """What wrong passwords are counted under: the name and the address together, so that nobody else waits."""
        return f"{self.address} {self.username.casefold()}"


@router.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    """The form, or the way to the live page for whoever is signed in."""
    if request.state.session is not None:
        return _to("/")
    return page(request, "sign_in.html", username="", fault=None)


@router.post("/sign-in")
async def sign_in(
    request: Request, desk: TheDesk, username: str = Form(default=""), password: str = Form(default="")
) -> Response:
    """A new session with a new token, or the form again with what was wrong."""
    address = request.client.host if request.client else ""
    attempt = Attempt(username.strip(), password, address)
    try:
        account = await _verified(desk, attempt)
    except RequestRefused as refused:
        fault = explain(refused, request.state.language)
        answer: Response = page(request, "sign_in.html", refused.status, username=attempt.username, fault=fault)
        if "seconds" in refused.facts:
            answer.headers["Retry-After"] = str(refused.facts["seconds"])
        return answer
    if request.state.session is not None:
        desk.sessions.close(request.state.session.key)
    answer = _to("/")
    answer.set_cookie(
        SESSION_COOKIE,
        desk.sessions.open(account),
        max_age=int(desk.settings.session_hours * 3600),
        httponly=True,
        samesite="strict",
        secure=desk.settings.secure_cookie,
    )
    return answer


@router.post("/sign-out")
async def sign_out(desk: TheDesk, session: SignedIn) -> Response:
    """End the session and every stream that it listens to."""
    desk.sessions.close(session.key)
    desk.listeners.wake()
    answer = _to("/sign-in")
    answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict", secure=desk.settings.secure_cookie)
    return answer


async def _verified(desk: Desk, attempt: Attempt) -> Account:
    """The account. Raises `RequestRefused` for a wrong one, or one that has to wait."""
    if not attempt.username or not attempt.password:
        raise RequestRefused("console.sign_in_empty", 422)
    if len(attempt.username) > LONGEST_NAME or len(attempt.password) > LONGEST_PASSWORD:
        raise RequestRefused("console.sign_in_wrong", 401)
    wait_s = desk.names.begin(attempt.name_key) or desk.addresses.begin(attempt.address)
    if wait_s > 0:
        raise RequestRefused("console.sign_in_wait", 429, seconds=int(wait_s) + 1)
    account = await to_thread.run_sync(_look_up, desk, attempt, limiter=desk.checking)
    if account is None:
        raise RequestRefused("console.sign_in_wrong", 401)
    desk.names.succeeded(attempt.name_key)
    desk.addresses.succeeded(attempt.address)
    return account


def _look_up(desk: Desk, attempt: Attempt) -> Account | None:
    account = desk.accounts.verify(attempt.username, attempt.password)
    desk.watch.record_sign_in(username=attempt.username, ok=account is not None, address=attempt.address)
    return account


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303)
