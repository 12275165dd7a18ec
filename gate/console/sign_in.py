"""Signing in, in one step or with a code as the second, and out."""

from __future__ import annotations

from dataclasses import dataclass

from anyio import to_thread
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from enrollment.accounts import Account, folded
from enrollment.password import LONGEST
from gate.console.desk import DEVICE_COOKIE, SESSION_COOKIE, Desk, SignedIn, TheDesk
from gate.console.devices import LASTS_S
from gate.console.errors import RequestRefused, not_before
from gate.console.pages import page
from gate.console.sessions import Session, home
from gate.console.watch import SignInStep
from gate.texts import explain

LONGEST_NAME = 64
LONGEST_CODE = 40

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was typed, from where, and the browser's cookie of earlier sign-ins."""

    username: str
    password: str
    address: str
    device: str = ""

    @property
    def name(self) -> str:
        """What wrong passwords are counted under, wherever they come from."""
        return folded(self.username)

    @property
    def name_key(self) -> str:
        """The name and the address together, so that nobody else waits."""
        return f"{self.address} {self.name}"


NOTICES = {"again": "console.sign_in_again", "over": "console.shift.over"}
"""Why somebody is led to the form: the sign-in has ended by itself or from elsewhere; or the shift was ended."""


@router.get("/sign-in")
async def sign_in_page(request: Request, why: str = "") -> Response:
    """The form, or the way to the first page for whoever is signed in."""
    if request.state.session is not None:
        return _to(home(request.state.session.role))
    return page(request, "sign_in.html", username="", fault=None, notice=NOTICES.get(why))


@router.post("/sign-in")
async def sign_in(
    request: Request, desk: TheDesk, username: str = Form(default=""), password: str = Form(default="")
) -> Response:
    """A new session with a new token, the question for a code, or the form again with what was wrong."""
    device = request.cookies.get(DEVICE_COOKIE, "")
    attempt = Attempt(username.strip(), password, address_of(request), device)
    try:
        account = await _verified(desk, attempt)
    except RequestRefused as refused:
        return _refused(request, "sign_in.html", refused, username=attempt.username)
    if account.second_factor:
        return page(request, "sign_in_code.html", ticket=desk.tickets.issue(account), fault=None)
    return _opened(request, desk, account)


@router.post("/sign-in/code")
async def sign_in_code(
    request: Request, desk: TheDesk, ticket: str = Form(default=""), code: str = Form(default="")
) -> Response:
    """A new session for whoever has shown the password and now the code, or the form again."""
    account = desk.tickets.find(ticket)
    if account is None:
        return _refused(request, "sign_in.html", RequestRefused("console.code_late", 401), username="")
    try:
        account = await _with_code(desk, account, code, address_of(request))
    except RequestRefused as refused:
        return _refused(request, "sign_in_code.html", refused, ticket=ticket)
    desk.tickets.close(ticket)
    return _opened(request, desk, account)


@router.post("/sign-out")
def sign_out(desk: TheDesk, session: SignedIn) -> Response:
    """End the session and every stream that it listens to."""
    return signed_out(desk, session, "/sign-in")


def signed_out(desk: Desk, session: Session, path: str) -> Response:
    """The way on once the session has ended; called from a thread that may wait."""
    desk.sign_out(session)
    answer = _to(path)
    answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict", secure=desk.settings.secure_cookie)
    return answer


def with_session(desk: Desk, answer: Response, token: str) -> Response:
    """The answer with the cookie of a session."""
    answer.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(desk.settings.session_hours * 3600),
        httponly=True,
        samesite="strict",
        secure=desk.settings.secure_cookie,
    )
    return answer


def _opened(request: Request, desk: Desk, account: Account) -> Response:
    if request.state.session is not None:
        desk.sessions.close(request.state.session.key)
    first = "/account/password" if account.must_change else home(account.role)
    answer = with_session(desk, _to(first), desk.sessions.open(account))
    answer.set_cookie(
        DEVICE_COOKIE,
        desk.devices.signed_in(request.cookies.get(DEVICE_COOKIE, ""), account.username),
        max_age=LASTS_S,
        path="/sign-in",
        httponly=True,
        samesite="strict",
        secure=desk.settings.secure_cookie,
    )
    return answer


async def _verified(desk: Desk, attempt: Attempt) -> Account:
    """The account. Raises `RequestRefused` for a wrong one, or one that has to wait."""
    if not attempt.username or not attempt.password:
        raise RequestRefused("console.sign_in_empty", 422)
    if len(attempt.username) > LONGEST_NAME or len(attempt.password) > LONGEST:
        raise RequestRefused("console.sign_in_wrong", 401)
    known = desk.devices.key(attempt.device, attempt.username)
    not_before(_begin(desk, attempt, known))
    account = await to_thread.run_sync(_look_up, desk, attempt, limiter=desk.checking)
    if account is None:
        raise RequestRefused("console.sign_in_wrong", 401)
    if known:
        desk.names.succeeded(known)
    else:
        desk.names.succeeded(attempt.name_key)
        desk.guesses.succeeded(attempt.name)
        desk.addresses.succeeded(attempt.address)
    return account


def _begin(desk: Desk, attempt: Attempt, known: str | None) -> float:
    """The seconds to wait. A known browser is counted by itself alone: what others guess is not its affair."""
    if known:
        return desk.names.begin(known)
    # Looked at before anything is counted: who waits for others' guesses is not to wait for their own as well.
    return (
        desk.guesses.wait_s(attempt.name)
        or desk.names.begin(attempt.name_key)
        or desk.addresses.begin(attempt.address)
        or desk.guesses.begin(attempt.name)
    )


async def _with_code(desk: Desk, account: Account, code: str, address: str) -> Account:
    """The account as it is now. Raises `RequestRefused`."""
    if not 0 < len(code.strip()) <= LONGEST_CODE:
        raise RequestRefused("account.code_wrong", 401)
    not_before(desk.codes.begin(account.id))
    taken = await to_thread.run_sync(desk.second_factor.take, account.id, code)
    right = taken is not None and taken.version == account.version
    await to_thread.run_sync(_record, desk, account.username, right, address, "code")
    if taken is None or not right:
        raise RequestRefused("account.code_wrong", 401)
    desk.codes.succeeded(account.id)
    return taken


def _look_up(desk: Desk, attempt: Attempt) -> Account | None:
    account = desk.accounts.verify(attempt.username, attempt.password)
    asked = account is not None and account.second_factor
    _record(desk, attempt.username, account is not None and not asked, attempt.address, _step(asked))
    return account


def _step(asked: bool) -> SignInStep:  # noqa: FBT001
    return "code_asked" if asked else "password"


def _record(desk: Desk, username: str, ok: bool, address: str, step: SignInStep) -> None:  # noqa: FBT001
    desk.watch.record_sign_in(username=username, ok=ok, address=address, step=step)


def _refused(request: Request, template: str, refused: RequestRefused, **facts: str) -> Response:
    fault = explain(refused, request.state.language)
    answer: Response = page(request, template, refused.status, fault=fault, notice=None, **facts)
    if "seconds" in refused.facts:
        answer.headers["Retry-After"] = str(refused.facts["seconds"])
    return answer


def address_of(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else ""


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303)
