from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers

from enrollment.accounts import Role
from gate.config import Console
from gate.console.access import RULES, same_origin
from tests.gate.console.conftest import Booth
from tests.gate.console.fake_watch import FakeWatch
from tests.gate.console.made_app import console_app
from tests.gate.console.staff import PASSWORD, Staff

NOBODY = "nobody"
RESIDENT = "resident"
PAD = "pad"
EVERYBODY = "nobody guard enroller auditor admin patrol resident pad"
STAFF = "guard enroller auditor admin patrol"
PATROLLERS = "patrol guard admin"
PATROL_READERS = "patrol guard auditor admin"
TABLE = {
    ("GET", "/sign-in"): EVERYBODY,
    ("POST", "/sign-in"): EVERYBODY,
    ("POST", "/sign-in/code"): EVERYBODY,
    ("GET", "/static/{name}"): EVERYBODY,
    ("GET", "/healthz"): EVERYBODY,
    ("GET", "/extApi/auth/getAccessToken"): EVERYBODY,
    ("POST", "/extApi/{group}/{act}"): EVERYBODY,
    ("POST", "/sign-out"): STAFF,
    ("GET", "/account"): STAFF,
    ("GET", "/account/password"): STAFF,
    ("POST", "/account/password"): STAFF,
    ("POST", "/account/sessions"): STAFF,
    ("GET", "/account/code"): STAFF,
    ("POST", "/account/code"): STAFF,
    ("POST", "/account/code/confirm"): STAFF,
    ("POST", "/account/code/off"): STAFF,
    ("GET", "/accounts"): "admin",
    ("POST", "/accounts"): "admin",
    ("POST", "/accounts/{account_id}/{act}"): "admin",
    ("GET", "/enrolment"): "enroller admin",
    ("POST", "/enrolment/find"): "enroller admin",
    ("POST", "/enrolment/households"): "enroller admin",
    ("GET", "/enrolment/households/{household_id}"): "enroller admin",
    ("POST", "/enrolment/households/{household_id}/places"): "enroller admin",
    ("POST", "/enrolment/households/{household_id}/note"): "enroller admin",
    ("POST", "/enrolment/households/{household_id}/people"): "enroller admin",
    ("POST", "/enrolment/households/{household_id}/vehicles"): "enroller admin",
    ("GET", "/enrolment/people/{resident_id}"): "enroller admin",
    ("POST", "/enrolment/people/{resident_id}/edit"): "enroller admin",
    ("POST", "/enrolment/people/{resident_id}/stays/{tenancy_id}"): "enroller admin",
    ("POST", "/enrolment/people/{resident_id}/credentials"): "enroller admin",
    ("POST", "/enrolment/people/{resident_id}/credentials/{credential_id}"): "enroller admin",
    ("GET", "/enrolment/people/{resident_id}/consent"): "enroller admin",
    ("POST", "/enrolment/people/{resident_id}/consent"): "enroller admin",
    ("GET", "/enrolment/people/{resident_id}/sheet"): "enroller admin",
    ("POST", "/enrolment/people/{resident_id}/withdraw"): "enroller admin",
    ("GET", "/enrolment/people/{resident_id}/consents/{consent_id}/signature"): "enroller admin",
    ("GET", "/enrolment/people/{resident_id}/photo"): "enroller admin",
    ("POST", "/enrolment/people/{resident_id}/judge"): "enroller admin",
    ("POST", "/enrolment/people/{resident_id}/photo"): "enroller admin",
    ("GET", "/enrolment/people/{resident_id}/photo.jpg"): "enroller admin",
    ("GET", "/enrolment/likeness/{token}"): "enroller admin",
    ("GET", "/enrolment/likeness/{token}/new.jpg"): "enroller admin",
    ("POST", "/enrolment/likeness/{token}"): "enroller admin",
    ("GET", "/enrolment/vehicles/{vehicle_id}"): "enroller admin",
    ("POST", "/enrolment/vehicles/{vehicle_id}/edit"): "enroller admin",
    ("GET", "/enrolment/vehicles/{vehicle_id}/photo.jpg"): "enroller admin",
    ("POST", "/enrolment/vehicles/{vehicle_id}/photo"): "enroller admin",
    ("POST", "/enrolment/vehicles/{vehicle_id}/photo/drop"): "enroller admin",
    ("POST", "/enrolment/people/{resident_id}/right"): "enroller admin",
    ("POST", "/enrolment/people/{resident_id}/block"): "enroller admin",
    ("POST", "/enrolment/people/{resident_id}/unblock"): "enroller admin",
    ("POST", "/enrolment/vehicles/{vehicle_id}/right"): "enroller admin",
    ("POST", "/enrolment/vehicles/{vehicle_id}/block"): "enroller admin",
    ("POST", "/enrolment/vehicles/{vehicle_id}/unblock"): "enroller admin",
    ("POST", "/enrolment/households/{household_id}/right"): "enroller admin",
    ("GET", "/enrolment/erase/{subject_id}"): "admin",
    ("POST", "/enrolment/erase/{subject_id}"): "admin",
    ("GET", "/"): "guard auditor admin",
    ("GET", "/now"): "guard auditor admin",
    ("GET", "/events"): "guard auditor admin",
    ("GET", "/lanes/{lane_id}/picture.jpg"): "guard auditor admin",
    ("GET", "/snapshots/{snapshot_id}.jpg"): "guard auditor admin",
    ("POST", "/lanes/{lane_id}/open"): "guard admin",
    ("GET", "/questions"): "guard auditor admin",
    ("POST", "/questions/rooms"): "guard admin",
    ("POST", "/questions/{question_id}/call"): "guard admin",
    ("POST", "/questions/{question_id}/answer"): "guard admin",
    ("GET", "/questions/{question_id}/photo.jpg"): "guard admin",
    ("GET", "/standing"): "guard auditor admin",
    ("GET", "/shift"): "guard auditor admin",
    ("POST", "/shift/notes"): "guard admin",
    ("POST", "/shift/notes/{note_id}/read"): "guard admin",
    ("POST", "/shift/end"): "guard admin",
    ("GET", "/community"): "auditor admin",
    ("GET", "/community/now"): "auditor admin",
    ("GET", "/community/{destination_id}/letters"): "auditor admin",
    ("POST", "/community/{destination_id}/letters"): "admin",
    ("GET", "/community/{destination_id}/letters/{seq}"): "auditor admin",
    ("POST", "/community/{destination_id}/letters/{seq}"): "admin",
    ("GET", "/connections"): "auditor admin",
    ("GET", "/barriers"): "guard auditor admin",
    ("GET", "/barriers/now"): "guard auditor admin",
    ("POST", "/barriers/{barrier_id}/order"): "guard admin",
    ("POST", "/compound/order"): "guard admin",
    ("GET", "/audit"): "auditor admin",
    ("POST", "/audit/search"): "auditor admin",
    ("GET", "/audit/found/{token}"): "auditor admin",
    ("POST", "/audit/saved/{search_id}"): "auditor admin",
    ("GET", "/audit/passages/{passage_id}"): "auditor admin",
    ("POST", "/audit/passages/{passage_id}/complaint"): "auditor admin",
    ("GET", "/audit/rows"): "auditor admin",
    ("POST", "/audit/export"): "auditor admin",
    ("GET", "/audit/charts"): "auditor admin",
    ("GET", "/audit/report"): "auditor admin",
    ("GET", "/enrolment/import"): "enroller admin",
    ("GET", "/enrolment/import/state"): "enroller admin",
    ("GET", "/enrolment/import/form.xlsx"): "enroller admin",
    ("GET", "/enrolment/import/rejected.xlsx"): "enroller admin",
    ("POST", "/enrolment/import/table"): "enroller admin",
    ("POST", "/enrolment/import/photos"): "enroller admin",
    ("POST", "/enrolment/import/check"): "enroller admin",
    ("POST", "/enrolment/import/enter"): "enroller admin",
    ("POST", "/enrolment/import/forget"): "enroller admin",
    ("POST", "/enrolment/export"): "admin",
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
    ("GET", "/sources"): "enroller admin",
    ("GET", "/sources/{source_id}"): "enroller admin",
    ("POST", "/sources/{source_id}/apply"): "admin",
    ("GET", "/parking"): "guard auditor admin",
    ("POST", "/parking/count"): "guard admin",
    ("GET", "/privacy"): EVERYBODY,
    ("GET", "/privacy/assessment"): "auditor admin",
    ("GET", "/metrics"): "auditor admin",
    ("POST", "/residents/link"): "enroller admin",
    ("POST", "/residents/phones"): "enroller admin",
    ("GET", "/residents/requests"): "enroller admin",
    ("POST", "/residents/requests"): "enroller admin",
    ("GET", "/me/enter"): EVERYBODY,
    ("POST", "/me/enter"): EVERYBODY,
    ("POST", "/me/leave"): "resident",
    ("GET", "/me"): "resident",
    ("GET", "/me/data"): "resident",
    ("GET", "/pads"): "admin",
    ("POST", "/pads"): "admin",
    ("POST", "/pads/{pad_id}/end"): "admin",
    ("GET", "/pinpad"): EVERYBODY,
    ("POST", "/pinpad"): EVERYBODY,
    ("GET", "/pinpad/{lane_id}"): "pad",
    ("POST", "/pinpad/{lane_id}/try"): "pad",
    ("POST", "/pinpad/{lane_id}/ring"): "pad",
    ("GET", "/passes"): "guard enroller admin",
    ("POST", "/passes"): "guard enroller admin",
    ("POST", "/passes/{pass_id}/end"): "guard enroller admin",
    ("GET", "/passes/{pass_id}/code.png"): "guard enroller admin",
    ("GET", "/me/visitors"): "resident",
    ("POST", "/me/visitors"): "resident",
    ("GET", "/me/visitors/{pass_id}"): "resident",
    ("GET", "/me/visitors/{pass_id}/code.png"): "resident",
    ("POST", "/me/visitors/{pass_id}/end"): "resident",
    ("GET", "/me/notices"): "resident",
    ("GET", "/me/notices/now"): "resident",
    ("POST", "/me/notices/{notice_id}/answer"): "resident",
    ("POST", "/me/notices/{notice_id}/moved"): "resident",
    ("GET", "/me/code"): "resident",
    ("POST", "/me/code"): "resident",
    ("GET", "/me/code/next"): "resident",
    ("GET", "/me/history"): "resident",
    ("POST", "/me/copy"): "resident",
    ("POST", "/me/erasure"): "resident",
    ("POST", "/me/erasure/back"): "resident",
    ("GET", "/me/photo"): "resident",
    ("POST", "/me/photo"): "resident",
    ("GET", "/me/consents"): "resident",
    ("POST", "/me/consents/{purpose}/withdraw"): "resident",
    ("POST", "/me/consents/{purpose}/give"): "resident",
    ("POST", "/me/consents/{purpose}/decline"): "resident",
}
"""Who is let in where. A new route needs a row here as well as in `access.RULES`."""

NEWCOMERS = {("POST", "/sign-out"), ("GET", "/account/password"), ("POST", "/account/password")}
"""All that is open, beside what is open to everybody, to whoever has to choose a password first."""

FILLED = {"lane_id": "men", "snapshot_id": "face-1", "name": "console.css", "barrier_id": "arm", "act": "enable"}
ENTRANCES = {"/me/enter", "/pinpad"}
"""Where a wrong code is a 401 too."""
AWAY = {"X-Forwarded-For": "192.0.2.7"}
LOOSE_ENDS = {
    "source_id": "none",
    "token": "no-such",
    "search_id": "none",
    "passage_id": "none",
    "account_id": "id-none",
    "household_id": "none",
    "resident_id": "none",
    "tenancy_id": "none",
    "credential_id": "none",
    "consent_id": "none",
    "vehicle_id": "none",
    "subject_id": "none",
    "destination_id": "none",
    "seq": "1",
    "group": "user",
    "purpose": "care_alerts",
    "pass_id": "0" * 32,
    "pad_id": "0" * 32,
    "question_id": "none",
    "note_id": "0" * 32,
    "notice_id": "0" * 32,
    "case_id": "0" * 32,
    "number": "0",
}


def routes_of(app: FastAPI) -> set[tuple[str, str]]:
    contexts = iter_route_contexts(app.routes)
    return {(method, context.path) for context in contexts for method in context.methods or ()}


def let_in(booth: Booth, client: httpx.Client, method: str, path: str) -> str | None:
    """The code of the refusal of a request that is otherwise in order; None where the route was reached."""
    headers = {**AWAY}
    if "menwei_session" in client.cookies:
        headers["X-CSRF-Token"] = booth.token(client)
    elif "menwei_resident" in client.cookies:
        headers["X-CSRF-Token"] = booth.resident_token(client)
    elif "menwei_pad" in client.cookies:
        headers["X-CSRF-Token"] = booth.pad_token(client)
    with client.stream(method, path.format(**FILLED, **LOOSE_ENDS), headers=headers) as answer:
        if answer.status_code not in {401, 403} or path.startswith("/sign-in") or path in ENTRANCES:
            return None
        answer.read()
        return str(answer.json()["code"])


def party(booth: Booth, who: str) -> httpx.Client:
    if who in {RESIDENT, PAD}:
        return booth.phone() if who == RESIDENT else booth.pad()
    return booth.browser() if who == NOBODY else booth.signed_in(who)


def test_every_route_has_a_row_and_every_row_a_route(booth: Booth) -> None:
    assert routes_of(booth.app) == set(RULES) == set(TABLE)
    for route, rule in RULES.items():
        everybody = {NOBODY, RESIDENT, PAD, *Role} if rule.public else set()
        outside = {who for who, there in ((RESIDENT, rule.resident), (PAD, rule.pad)) if there}
        assert {*rule.roles, *everybody, *outside} == set(TABLE[route].split()), route
        assert rule.before_change == (route in NEWCOMERS), route


@pytest.mark.parametrize("who", EVERYBODY.split())
def test_each_party_reaches_what_the_table_says_and_nothing_else(booth: Booth, who: str) -> None:
    reached: dict[tuple[str, str], str | None] = {}
    client = party(booth, who)
    for method, path in TABLE:
        reached[method, path] = let_in(booth, client, method, path)
        if who in set(Role) and booth.desk.sessions.find(client.cookies.get("menwei_session", "")) is None:
            client = party(booth, who)
        if who == RESIDENT and path == "/me/leave":
            client = party(booth, who)
    for (method, path), allowed in TABLE.items():
        assert (reached[method, path] is None) == (who in allowed.split()), (method, path)
        if who not in allowed.split():
            assert reached[method, path] == refusal(who, allowed), (method, path)


def refusal(who: str, allowed: str) -> str:
    """How the wrong party is turned away: whoever is nobody here is asked to sign in at the right door."""
    if allowed in {RESIDENT, PAD}:
        return "me.sign_in_needed" if allowed == RESIDENT else "pad.sign_in_needed"
    return "console.sign_in_needed" if who in {NOBODY, RESIDENT, PAD} else "console.forbidden"


@pytest.mark.parametrize("role", Role)
def test_whoever_has_a_temporary_password_can_only_change_it(booth: Booth, role: Role) -> None:
    booth.accounts.set_password(role, PASSWORD, "id-admin", temporary=True)
    client = booth.signed_in(role)
    for (method, path), allowed in TABLE.items():
        if role not in allowed.split() or path == "/sign-out":
            continue
        free = allowed == EVERYBODY or (method, path) in NEWCOMERS
        assert let_in(booth, client, method, path) == (None if free else "console.password_first"), (method, path)


def test_a_route_that_the_table_does_not_know_is_shut_to_everybody(watch: FakeWatch) -> None:
    app = console_app(watch, Staff(), Console())
    forgotten = APIRouter()

    @forgotten.get("/forgotten")
    async def _forgotten() -> str:
        return "open to all"

    app.include_router(forgotten)
    assert ask(app, "/forgotten").status_code == 403


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"host": "gate:8600", "origin": "http://gate:8600"}, True),
        ({"host": "gate", "origin": "https://gate"}, True),
        ({"host": "gate:8600", "sec-fetch-site": "same-origin"}, True),
        ({"host": "gate:8600", "origin": "http://gate:8600", "sec-fetch-site": "same-origin"}, True),
        ({"host": "gate:8600", "origin": "http://gate:8601"}, False),
        ({"host": "gate:8600", "origin": "http://evil.example"}, False),
        ({"host": "gate:8600", "origin": "null"}, False),
        ({"host": "gate:8600", "origin": "http://gate:8600", "sec-fetch-site": "cross-site"}, False),
        ({"host": "gate:8600", "origin": "http://gate:8600", "sec-fetch-site": "same-site"}, False),
        ({"host": "gate:8600", "sec-fetch-site": "none"}, False),
        ({"host": "gate:8600"}, False),
        ({"origin": "null"}, False),
    ],
)
def test_only_our_own_pages_may_change_something(headers: Mapping[str, str], ours: bool) -> None:
    assert same_origin(Headers(headers)) is ours


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/lanes/men/open"])
def test_another_site_cannot_post(booth: Booth, guard: httpx.Client, path: str, headers: dict[str, str]) -> None:
    order = {"choice": "visitor", "request_id": "request-0001"}
    answer = guard.post(path, json=order, headers={"X-CSRF-Token": booth.token(guard), **headers})
    assert (answer.status_code, answer.json()["code"]) == (403, "console.cross_site")
    assert not booth.watch.opened


@pytest.mark.parametrize("token", ["", "x", "é" * 20])
def test_an_order_needs_the_sessions_token(booth: Booth, guard: httpx.Client, token: str) -> None:
    order = {"choice": "visitor", "request_id": "request-0001"}
    answer = guard.post("/lanes/men/open", json=order, headers={b"X-CSRF-Token": token.encode()})
    assert (answer.status_code, answer.json()["code"]) == (403, "console.stale_page")
    assert not booth.watch.opened


def test_the_token_of_another_session_is_worth_nothing(booth: Booth, guard: httpx.Client) -> None:
    other = booth.token(booth.signed_in("admin"))
    answer = guard.post(
        "/lanes/men/open",
        json={"choice": "visitor", "request_id": "request-0001"},
        headers={"X-CSRF-Token": other},
    )
    assert answer.status_code == 403


def ask(app: FastAPI, path: str, address: str = "127.0.0.1", **headers: str) -> httpx.Response:
    """One request from an address of choice, without a server."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, client=(address, 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("127.0.0.1", {"Host": "localhost:8600"}, 200),
        ("127.0.0.1", {"Host": "[::1]:8600"}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 401),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 401),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 401),
        ("127.0.0.1", {"Host": "rebound.example"}, 401),
        ("not an address", {}, 401),
    ],
)
def test_the_numbers_are_for_this_machine(watch: FakeWatch, address: str, headers: dict[str, str], status: int) -> None:
    app = console_app(watch, Staff(), Console())
    assert ask(app, "/metrics", address, **headers).status_code == status
