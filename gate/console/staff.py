"""The administrator's page of the staff's accounts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import RedirectResponse

from enrollment.accounts import Account, Role
from enrollment.errors import EntryRefused
from enrollment.password import made_up
from gate.console.desk import Desk, SignedIn, TheDesk
from gate.console.errors import RequestRefused
from gate.console.pages import page
from gate.texts import explain

router = APIRouter()
AccountId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,32}$")]


class StaffAct(StrEnum):
    """What an administrator does to an account; each has its words under `staff_act.<act>`."""

    ROLE = "role"
    PASSWORD = "password"  # noqa: S105 - the name of an act
    CODE = "code"
    SESSIONS = "sessions"
    DISABLE = "disable"
    ENABLE = "enable"


@router.get("/accounts")
def accounts_page(request: Request, desk: TheDesk) -> Response:
    """Every account, and the form for a new one."""
    return _page(request, desk)


@router.post("/accounts")
def add_account(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    username: str = Form(default="", max_length=64),
    role: Role = Form(default=Role.GUARD),
) -> Response:
    """A new account with a made-up password, shown this once, that has to be changed at the first sign-in."""
    password = made_up()
    try:
        account = desk.accounts.add(username, password, role, session.account, temporary=True)
    except EntryRefused as refused:
        return _page(request, desk, 422, fault=explain(refused, request.state.language), typed=username, chosen=role)
    return _page(request, desk, handed=account, password=password)


@router.post("/accounts/{account_id}/{act}")
def change_account(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    account_id: AccountId,
    act: StaffAct,
    role: Role | None = Form(default=None),
) -> Response:
    """Do one thing to an account; whatever takes something from it ends its sign-ins at once."""
    account = desk.accounts.of_id(account_id)
    if account is None:
        raise RequestRefused("account.gone", 404)
    password = made_up() if act == StaffAct.PASSWORD else ""
    try:
        changed = _changed(desk, account, act, session.account, role, password)
    except EntryRefused as refused:
        return _page(request, desk, 409, fault=explain(refused, request.state.language))
    if changed.version != account.version:
        desk.end_account(account.id)
    if password:
        return _page(request, desk, handed=changed, password=password)
    return RedirectResponse(f"/accounts?done={act}", 303)


def _changed(desk: Desk, account: Account, act: StaffAct, actor: str, role: Role | None, password: str) -> Account:
    accounts, name = desk.accounts, account.username
    if act == StaffAct.ROLE:
        return accounts.set_role(name, role or account.role, actor)
    if act == StaffAct.PASSWORD:
        if account.id == actor:
            raise EntryRefused("account.own_password")
        return accounts.set_password(name, password, actor, temporary=True)
    if act == StaffAct.CODE:
        return desk.second_factor.turn_off(account.id, actor)
    if act == StaffAct.SESSIONS:
        return accounts.end_sessions(name, actor)
    return accounts.disable(name, actor) if act == StaffAct.DISABLE else accounts.enable(name, actor)


def _page(
    request: Request,
    desk: Desk,
    status: int = 200,
    *,
    fault: str | None = None,
    typed: str = "",
    chosen: Role = Role.GUARD,
    handed: Account | None = None,
    password: str = "",
) -> Response:
    accounts = desk.accounts.list()
    done = request.query_params.get("done", "")
    return page(
        request,
        "accounts.html",
        status,
        accounts=accounts,
        signed_in={account.id: desk.sessions.count(account.id) for account in accounts},
        roles=list(Role),
        zone=desk.zone,
        fault=fault,
        typed=typed,
        chosen=chosen,
        handed=handed,
        password=password,
        done=done if done in set(StaffAct) else "",
    )
