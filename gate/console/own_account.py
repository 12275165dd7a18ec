"""One's own account: password, code as a second factor, sign-ins elsewhere."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from enrollment.accounts import Account
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.second_factor import Offer
from gate.console.desk import Desk, SignedIn, TheDesk
from gate.console.drawing import qr_svg
from gate.console.errors import RequestRefused, not_before
from gate.console.pages import page
from gate.console.sessions import Session, home
from gate.console.sign_in import with_session
from gate.texts import explain
from models.errors import Fault

router = APIRouter()
Word = Annotated[str, Form(max_length=1024)]


@router.get("/account")
def account_page(request: Request, desk: TheDesk, session: SignedIn, done: str = "") -> Response:
    """What one's account is, and what may be done with it."""
    account = _own(desk, session)
    return page(
        request,
        "account.html",
        account=account,
        elsewhere=desk.sessions.count(account.id) - 1,
        recovery_left=desk.second_factor.recovery_left(account.id),
        done=done if done in {"password", "sessions", "code_off"} else "",
    )


@router.get("/account/password")
def password_page(request: Request, session: SignedIn) -> Response:
    """The form for another password; the only page of whoever has a temporary one."""
    return page(request, "account_password.html", first=session.must_change, fault=None)


@router.post("/account/password")
async def change_password(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    old: Word = "",
    new: Word = "",
    again: Word = "",
) -> Response:
    """Change the password, end every other sign-in of the account and go on with a new one here."""
    try:
        _typed_twice(old, new, again)
        await _proven(desk, session, old)
        changed = await to_thread.run_sync(
            desk.accounts.set_password, session.username, new, session.account, limiter=desk.checking
        )
    except (RequestRefused, EntryRefused) as refused:
        fault = explain(refused, request.state.language)
        return page(request, "account_password.html", _status(refused), first=session.must_change, fault=fault)
    return _renewed(desk, changed, home(changed.role) if session.must_change else "/account?done=password")


@router.post("/account/sessions")
async def end_other_sessions(desk: TheDesk, session: SignedIn) -> Response:
    """End every sign-in of the account but this one."""
    changed = await to_thread.run_sync(desk.accounts.end_sessions, session.username, session.account)
    return _renewed(desk, changed, "/account?done=sessions")


@router.get("/account/code")
def code_page(request: Request, desk: TheDesk, session: SignedIn) -> Response:
    """What a code as a second factor is, and the form to turn it on or off."""
    return _code_page(request, _own(desk, session))


@router.post("/account/code")
async def offer_code(request: Request, desk: TheDesk, session: SignedIn, password: Word = "") -> Response:
    """The secret as a picture to scan, once the password was right."""
    account = await to_thread.run_sync(_own, desk, session)
    if account.second_factor:
        return _code_page(request, account, RequestRefused("account.second_factor_is_on", 409))
    try:
        await _proven(desk, session, password)
    except RequestRefused as refused:
        return _code_page(request, account, refused)
    return _offer_page(request, desk.second_factor.offer(account))


@router.post("/account/code/confirm")
async def turn_code_on(
    request: Request, desk: TheDesk, session: SignedIn, sealed: Word = "", code: Word = ""
) -> Response:
    """Ask for codes from now on, end every other sign-in, and show the recovery codes, this once."""
    account = await to_thread.run_sync(_own, desk, session)
    try:
        offer = desk.second_factor.offered(account, sealed)
    except EntryRefused as stale:
        return _code_page(request, account, stale)
    try:
        not_before(desk.codes.begin(account.id))
        codes = await to_thread.run_sync(desk.second_factor.turn_on, account.id, sealed, code)
    except (RequestRefused, EntryRefused) as refused:
        return _offer_page(request, offer, refused)
    desk.codes.succeeded(account.id)
    changed = await to_thread.run_sync(desk.accounts.of_id, account.id)
    desk.end_account(account.id)
    if changed is None:
        raise NotEnrolled("account.gone")
    token = desk.sessions.open(changed)
    # The forms of this page are sent with the new sign-in.
    request.state.session = desk.sessions.find(token)
    return with_session(desk, page(request, "account_recovery.html", codes=codes), token)


@router.post("/account/code/off")
async def turn_code_off(request: Request, desk: TheDesk, session: SignedIn, password: Word = "") -> Response:
    """Ask for no code any more, once the password was right, and end every other sign-in."""
    try:
        await _proven(desk, session, password)
    except RequestRefused as refused:
        return _code_page(request, await to_thread.run_sync(_own, desk, session), refused)
    changed = await to_thread.run_sync(desk.second_factor.turn_off, session.account, session.account)
    return _renewed(desk, changed, "/account?done=code_off")


def _renewed(desk: Desk, account: Account, path: str) -> Response:
    """Go on with a new session where the change has ended this one too."""
    desk.end_account(account.id)
    return with_session(desk, RedirectResponse(path, 303), desk.sessions.open(account))


def _typed_twice(old: str, new: str, again: str) -> None:
    if new != again:
        raise RequestRefused("account.password_differs", 422)
    if new == old:
        raise RequestRefused("account.password_same", 422)


async def _proven(desk: Desk, session: Session, password: str) -> None:
    """That whoever sits here knows the password: a sign-in left open is not enough. Raises `RequestRefused`."""
    key = f"own {session.account}"
    not_before(desk.names.begin(key))
    account = await to_thread.run_sync(desk.accounts.verify, session.username, password, limiter=desk.checking)
    if account is None or account.version != session.version:
        raise RequestRefused("account.old_password_wrong", 422)
    desk.names.succeeded(key)


def _own(desk: Desk, session: Session) -> Account:
    account = desk.accounts.of_id(session.account)
    if account is None:
        raise NotEnrolled("account.gone")
    return account


def _code_page(request: Request, account: Account, refused: Fault | None = None) -> Response:
    fault = explain(refused, request.state.language) if refused else None
    return page(request, "account_code.html", _status(refused), account=account, fault=fault)


def _offer_page(request: Request, offer: Offer, refused: Fault | None = None) -> Response:
    secret = " ".join(offer.secret[start : start + 4] for start in range(0, len(offer.secret), 4))
    fault = explain(refused, request.state.language) if refused else None
    picture = Markup(qr_svg(offer.address))  # noqa: S704 - drawn by segno, of an address made here
    return page(
        request,
        "account_offer.html",
        _status(refused),
        picture=picture,
        secret=secret,
        sealed=offer.sealed,
        fault=fault,
    )


def _status(refused: Fault | None) -> int:
    if refused is None:
        return 200
    return refused.status if isinstance(refused, RequestRefused) else 422
