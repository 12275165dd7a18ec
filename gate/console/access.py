"""Who may do what: one table for every route, asked before any of them runs. A route that is not in it is shut."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from anyio import to_thread
from fastapi import Request
from starlette.datastructures import Headers

from enrollment.accounts import Role
from gate.console.desk import LANGUAGE_COOKIE, SESSION_COOKIE, Desk
from gate.console.errors import RequestRefused
from gate.console.lobby import PAD_COOKIE, RESIDENT_COOKIE, caller_of
from gate.console.sessions import Session
from gate.console.wording import chosen_language
from models.errors import Fault

TOKEN_HEADER = "x-csrf-token"  # noqa: S105 - the name of a header
TOKEN_FIELD = "csrf"  # noqa: S105 - the name of a form field
SAFE_METHODS = frozenset({"GET", "HEAD"})
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who a route is for.

    `public` needs no sign-in; `this_machine` lets a program on the gate's own box in; `before_change` is for whoever
    still has a password that somebody else chose, too. `machine` is for programs elsewhere, which show a token of their
    own to the route itself; no cookie counts there, so no page of another site can borrow one. `resident` is for
    residents' phones and `pad` for the pads at doors, and neither for staff.
    """

    roles: frozenset[Role] = frozenset()
    public: bool = False
    this_machine: bool = False
    before_change: bool = False
    machine: bool = False
    resident: bool = False
    pad: bool = False


PUBLIC = Rule(public=True)
STAFF = Rule(frozenset(Role))
PUSHERS = Rule(public=True, machine=True)
NEWCOMERS = Rule(frozenset(Role), before_change=True)
ADMINS = Rule(frozenset({Role.ADMIN}))
WATCHERS = Rule(frozenset({Role.GUARD, Role.AUDITOR, Role.ADMIN}))
OPENERS = Rule(frozenset({Role.GUARD, Role.ADMIN}))
ENROLLERS = Rule(frozenset({Role.ENROLLER, Role.ADMIN}))
AUDITORS = Rule(frozenset({Role.AUDITOR, Role.ADMIN}))
INSPECTORS = Rule(frozenset({Role.AUDITOR, Role.ADMIN}), this_machine=True)
HOSTS = Rule(frozenset({Role.GUARD, Role.ENROLLER, Role.ADMIN}))
PATROLLERS = Rule(frozenset({Role.PATROL, Role.GUARD, Role.ADMIN}))
PATROL_READERS = Rule(frozenset({Role.PATROL, Role.GUARD, Role.AUDITOR, Role.ADMIN}))
RESIDENTS = Rule(resident=True)
PADS = Rule(pad=True)

RULES: Mapping[tuple[str, str], Rule] = {
    ("GET", "/sign-in"): PUBLIC,
    ("POST", "/sign-in"): PUBLIC,
    ("POST", "/sign-in/code"): PUBLIC,
    ("POST", "/sign-out"): NEWCOMERS,
    ("GET", "/account"): STAFF,
    ("GET", "/account/password"): NEWCOMERS,
    ("POST", "/account/password"): NEWCOMERS,
    ("POST", "/account/sessions"): STAFF,
    ("GET", "/account/code"): STAFF,
    ("POST", "/account/code"): STAFF,
    ("POST", "/account/code/confirm"): STAFF,
    ("POST", "/account/code/off"): STAFF,
    ("GET", "/accounts"): ADMINS,
    ("POST", "/accounts"): ADMINS,
    ("POST", "/accounts/{account_id}/{act}"): ADMINS,
    ("GET", "/static/{name}"): PUBLIC,
    ("GET", "/enrolment"): ENROLLERS,
    ("POST", "/enrolment/find"): ENROLLERS,
    ("POST", "/enrolment/households"): ENROLLERS,
    ("GET", "/enrolment/households/{household_id}"): ENROLLERS,
    ("POST", "/enrolment/households/{household_id}/places"): ENROLLERS,
    ("POST", "/enrolment/households/{household_id}/note"): ENROLLERS,
    ("POST", "/enrolment/households/{household_id}/people"): ENROLLERS,
    ("POST", "/enrolment/households/{household_id}/vehicles"): ENROLLERS,
    ("GET", "/enrolment/people/{resident_id}"): ENROLLERS,
    ("POST", "/enrolment/people/{resident_id}/edit"): ENROLLERS,
    ("POST", "/enrolment/people/{resident_id}/stays/{tenancy_id}"): ENROLLERS,
    ("POST", "/enrolment/people/{resident_id}/credentials"): ENROLLERS,
    ("POST", "/enrolment/people/{resident_id}/credentials/{credential_id}"): ENROLLERS,
    ("GET", "/enrolment/people/{resident_id}/consent"): ENROLLERS,
    ("POST", "/enrolment/people/{resident_id}/consent"): ENROLLERS,
    ("GET", "/enrolment/people/{resident_id}/sheet"): ENROLLERS,
    ("POST", "/enrolment/people/{resident_id}/withdraw"): ENROLLERS,
    ("GET", "/enrolment/people/{resident_id}/consents/{consent_id}/signature"): ENROLLERS,
    ("GET", "/enrolment/people/{resident_id}/photo"): ENROLLERS,
    ("POST", "/enrolment/people/{resident_id}/judge"): ENROLLERS,
    ("POST", "/enrolment/people/{resident_id}/photo"): ENROLLERS,
    ("GET", "/enrolment/people/{resident_id}/photo.jpg"): ENROLLERS,
    ("GET", "/enrolment/likeness/{token}"): ENROLLERS,
    ("GET", "/enrolment/likeness/{token}/new.jpg"): ENROLLERS,
    ("POST", "/enrolment/likeness/{token}"): ENROLLERS,
    ("GET", "/enrolment/vehicles/{vehicle_id}"): ENROLLERS,
    ("POST", "/enrolment/vehicles/{vehicle_id}/edit"): ENROLLERS,
    ("GET", "/enrolment/vehicles/{vehicle_id}/photo.jpg"): ENROLLERS,
    ("POST", "/enrolment/vehicles/{vehicle_id}/photo"): ENROLLERS,
    ("POST", "/enrolment/vehicles/{vehicle_id}/photo/drop"): ENROLLERS,
    ("POST", "/enrolment/people/{resident_id}/right"): ENROLLERS,
    ("POST", "/enrolment/people/{resident_id}/block"): ENROLLERS,
    ("POST", "/enrolment/people/{resident_id}/unblock"): ENROLLERS,
    ("POST", "/enrolment/vehicles/{vehicle_id}/right"): ENROLLERS,
    ("POST", "/enrolment/vehicles/{vehicle_id}/block"): ENROLLERS,
    ("POST", "/enrolment/vehicles/{vehicle_id}/unblock"): ENROLLERS,
    ("POST", "/enrolment/households/{household_id}/right"): ENROLLERS,
    ("GET", "/enrolment/erase/{subject_id}"): ADMINS,
    ("POST", "/enrolment/erase/{subject_id}"): ADMINS,
    ("GET", "/enrolment/import"): ENROLLERS,
    ("GET", "/enrolment/import/state"): ENROLLERS,
    ("GET", "/enrolment/import/form.xlsx"): ENROLLERS,
    ("GET", "/enrolment/import/rejected.xlsx"): ENROLLERS,
    ("POST", "/enrolment/import/table"): ENROLLERS,
    ("POST", "/enrolment/import/photos"): ENROLLERS,
    ("POST", "/enrolment/import/check"): ENROLLERS,
    ("POST", "/enrolment/import/enter"): ENROLLERS,
    ("POST", "/enrolment/import/forget"): ENROLLERS,
    ("POST", "/enrolment/export"): ADMINS,
    ("POST", "/residents/link"): ENROLLERS,
    ("POST", "/residents/phones"): ENROLLERS,
    ("GET", "/residents/requests"): ENROLLERS,
    ("POST", "/residents/requests"): ENROLLERS,
    ("GET", "/me/enter"): PUBLIC,
    ("POST", "/me/enter"): PUBLIC,
    ("POST", "/me/leave"): RESIDENTS,
    ("GET", "/me"): RESIDENTS,
    ("GET", "/me/data"): RESIDENTS,
    ("GET", "/pads"): ADMINS,
    ("POST", "/pads"): ADMINS,
    ("POST", "/pads/{pad_id}/end"): ADMINS,
    ("GET", "/pinpad"): PUBLIC,
    ("POST", "/pinpad"): PUBLIC,
    ("GET", "/pinpad/{lane_id}"): PADS,
    ("POST", "/pinpad/{lane_id}/try"): PADS,
    ("POST", "/pinpad/{lane_id}/ring"): PADS,
    ("GET", "/passes"): HOSTS,
    ("POST", "/passes"): HOSTS,
    ("POST", "/passes/{pass_id}/end"): HOSTS,
    ("GET", "/passes/{pass_id}/code.png"): HOSTS,
    ("GET", "/me/visitors"): RESIDENTS,
    ("POST", "/me/visitors"): RESIDENTS,
    ("GET", "/me/visitors/{pass_id}"): RESIDENTS,
    ("GET", "/me/visitors/{pass_id}/code.png"): RESIDENTS,
    ("POST", "/me/visitors/{pass_id}/end"): RESIDENTS,
    ("GET", "/me/notices"): RESIDENTS,
    ("GET", "/me/notices/now"): RESIDENTS,
    ("POST", "/me/notices/{notice_id}/answer"): RESIDENTS,
    ("POST", "/me/notices/{notice_id}/moved"): RESIDENTS,
    ("GET", "/me/code"): RESIDENTS,
    ("POST", "/me/code"): RESIDENTS,
    ("GET", "/me/code/next"): RESIDENTS,
    ("GET", "/me/history"): RESIDENTS,
    ("POST", "/me/copy"): RESIDENTS,
    ("POST", "/me/erasure"): RESIDENTS,
    ("POST", "/me/erasure/back"): RESIDENTS,
    ("GET", "/me/photo"): RESIDENTS,
    ("POST", "/me/photo"): RESIDENTS,
    ("GET", "/me/consents"): RESIDENTS,
    ("POST", "/me/consents/{purpose}/withdraw"): RESIDENTS,
    ("POST", "/me/consents/{purpose}/give"): RESIDENTS,
    ("GET", "/patrol"): PATROL_READERS,
    ("POST", "/patrol/photo"): PATROLLERS,
    ("POST", "/patrol/typed"): PATROLLERS,
    ("GET", "/patrol/found/{case_id}"): PATROLLERS,
    ("GET", "/patrol/found/{case_id}/{number}.jpg"): PATROLLERS,
    ("POST", "/patrol/found/{case_id}"): PATROLLERS,
    ("POST", "/patrol/found/{case_id}/open"): PATROLLERS,
    ("GET", "/patrol/cases/{case_id}"): PATROL_READERS,
    ("GET", "/patrol/cases/{case_id}/crop.jpg"): PATROL_READERS,
    ("POST", "/patrol/cases/{case_id}/ask"): PATROLLERS,
    ("POST", "/patrol/cases/{case_id}/moved"): PATROLLERS,
    ("POST", "/patrol/cases/{case_id}/close"): PATROLLERS,
    ("POST", "/patrol/cases/{case_id}/reopen"): PATROLLERS,
    ("POST", "/me/consents/{purpose}/decline"): RESIDENTS,
    ("GET", "/sources"): ENROLLERS,
    ("GET", "/sources/{source_id}"): ENROLLERS,
    ("POST", "/sources/{source_id}/apply"): ADMINS,
    ("GET", "/"): WATCHERS,
    ("GET", "/now"): WATCHERS,
    ("GET", "/events"): WATCHERS,
    ("GET", "/lanes/{lane_id}/picture.jpg"): WATCHERS,
    ("GET", "/snapshots/{snapshot_id}.jpg"): WATCHERS,
    ("POST", "/lanes/{lane_id}/open"): OPENERS,
    ("GET", "/questions"): WATCHERS,
    ("POST", "/questions/rooms"): OPENERS,
    ("POST", "/questions/{question_id}/call"): OPENERS,
    ("POST", "/questions/{question_id}/answer"): OPENERS,
    ("GET", "/questions/{question_id}/photo.jpg"): OPENERS,
    ("GET", "/standing"): WATCHERS,
    ("GET", "/shift"): WATCHERS,
    ("POST", "/shift/notes"): OPENERS,
    ("POST", "/shift/notes/{note_id}/read"): OPENERS,
    ("POST", "/shift/end"): OPENERS,
    ("GET", "/audit"): AUDITORS,
    ("POST", "/audit/search"): AUDITORS,
    ("GET", "/audit/found/{token}"): AUDITORS,
    ("POST", "/audit/saved/{search_id}"): AUDITORS,
    ("GET", "/audit/passages/{passage_id}"): AUDITORS,
    ("POST", "/audit/passages/{passage_id}/complaint"): AUDITORS,
    ("GET", "/audit/rows"): AUDITORS,
    ("POST", "/audit/export"): AUDITORS,
    ("GET", "/audit/charts"): AUDITORS,
    ("GET", "/audit/report"): AUDITORS,
    ("GET", "/community"): AUDITORS,
    ("GET", "/community/now"): AUDITORS,
    ("GET", "/community/{destination_id}/letters"): AUDITORS,
    ("POST", "/community/{destination_id}/letters"): ADMINS,
    ("GET", "/community/{destination_id}/letters/{seq}"): AUDITORS,
    ("POST", "/community/{destination_id}/letters/{seq}"): ADMINS,
    ("GET", "/connections"): AUDITORS,
    ("GET", "/barriers"): WATCHERS,
    ("GET", "/barriers/now"): WATCHERS,
    ("POST", "/barriers/{barrier_id}/order"): OPENERS,
    ("POST", "/compound/order"): OPENERS,
    ("GET", "/parking"): WATCHERS,
    ("POST", "/parking/count"): OPENERS,
    ("GET", "/privacy"): PUBLIC,
    ("GET", "/privacy/assessment"): AUDITORS,
    ("GET", "/extApi/auth/getAccessToken"): PUSHERS,
    ("POST", "/extApi/{group}/{act}"): PUSHERS,
    ("GET", "/healthz"): PUBLIC,
    ("GET", "/metrics"): INSPECTORS,
}


async def admit(request: Request) -> None:
    """Let a request through to its route, with `state.session` and `state.language` set, or raise `RequestRefused`."""
    desk: Desk = request.app.state.desk
    session = desk.sessions.find(request.cookies.get(SESSION_COOKIE, ""))
    if session is not None and not await in_service(desk, session):
        session = None
    request.state.session = session
    request.state.caller = None
    request.state.language = chosen_language(request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE))
    rule = RULES.get((request.method, request.scope["route"].path))
    if rule is None:
        raise RequestRefused("console.forbidden", 403)
    if request.method not in SAFE_METHODS and not rule.machine and not same_origin(request.headers):
        raise RequestRefused("console.cross_site", 403)
    if rule.public or (rule.this_machine and from_this_machine(request)):
        return
    if rule.resident or rule.pad:
        await (_admit_resident if rule.resident else _admit_pad)(desk, request)
        return
    if session is None:
        raise RequestRefused("console.sign_in_needed", 401)
    if session.role not in rule.roles:
        raise RequestRefused("console.forbidden", 403)
    if session.must_change and not rule.before_change:
        raise RequestRefused("console.password_first", 403)
    if request.method not in SAFE_METHODS:
        await _check_token(request, session.csrf)


async def _admit_resident(desk: Desk, request: Request) -> None:
    cookie = request.cookies.get(RESIDENT_COOKIE, "")
    caller = await to_thread.run_sync(caller_of, desk.lobby, cookie) if desk.lobby else None
    if caller is None:
        raise RequestRefused("me.sign_in_needed", 401)
    request.state.caller = caller
    if request.method not in SAFE_METHODS:
        await _check_token(request, caller.csrf)


async def _admit_pad(desk: Desk, request: Request) -> None:
    cookie = request.cookies.get(PAD_COOKIE, "")
    pad = await to_thread.run_sync(desk.lobby.pads.find, cookie) if desk.lobby else None
    if pad is None or desk.lobby is None:
        raise RequestRefused("pad.sign_in_needed", 401)
    request.state.pad = pad
    if request.method not in SAFE_METHODS:
        await _check_token(request, desk.lobby.token(cookie))


async def in_service(desk: Desk, session: Session) -> bool:
    """Whether the session's account is as it was at the sign-in; if not, the session ends.

    A database that does not answer ends nothing: the guard must be able to open while it is repaired.
    """
    if not desk.sessions.due(session.key):
        return True
    try:
        account = await to_thread.run_sync(desk.accounts.of_id, session.account)
    except Fault:
        desk.sessions.postpone(session.key, desk.bounds.account_retry_s)
        return True
    if account is not None and not account.disabled and account.version == session.version:
        return True
    desk.sessions.close(session.key)
    desk.listeners.wake()
    return False


def same_origin(headers: Headers) -> bool:
    """Whether one of our own pages sent the request, by `Origin` and `Sec-Fetch-Site`.

    Every browser sends one of the two with a form or a fetch that changes something; a program has to send `Origin`.
    The scheme is not compared, because TLS may end in front of the gate.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is None and site is None:
        return False
    if site is not None and site != "same-origin":
        return False
    return origin is None or (origin != "null" and urlsplit(origin).netloc == headers.get("host"))


async def _check_token(request: Request, token: str) -> None:
    given = request.headers.get(TOKEN_HEADER)
    if given is None and request.headers.get("content-type", "").startswith(FORM):
        given = str((await request.form()).get(TOKEN_FIELD, ""))
    if not hmac.compare_digest((given or "").encode(), token.encode()):
        raise RequestRefused("console.stale_page", 403)


def from_this_machine(request: Request) -> bool:
    """Whether a program on this machine asks, and not a proxy on it for somebody else.

    The name asked for must be this machine's too, or a page from elsewhere could point its own name here and read.
    """
    forwarded = {"forwarded", "x-forwarded-for", "x-real-ip"} & set(request.headers.keys())
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    address = request.client.host if request.client else ""
    return not forwarded and _loopback(address) and (host == "localhost" or _loopback(host))


def _loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
