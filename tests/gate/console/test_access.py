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
from tests.gate.console.fake_watch import FakeWatch, Staff, console_app

ADDRESSES = {"/lanes/{lane_id}/picture.jpg": "/lanes/men/picture.jpg", "/lanes/{lane_id}/open": "/lanes/men/open"}
ADDRESSES |= {"/snapshots/{snapshot_id}.jpg": "/snapshots/face-1.jpg", "/static/{name}": "/static/console.css"}
ADDRESSES |= {"/barriers/{barrier_id}/order": "/barriers/arm/order"}
ORDER = {"command": "release", "choice": "drill", "request_id": "request-0001", "confirmed": True}
BODIES = {"/barriers/{barrier_id}/order": ORDER, "/compound/order": ORDER}
PUBLIC = {("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/static/{name}"), ("GET", "/healthz")}


def routes_of(app: FastAPI) -> set[tuple[str, str]]:
    contexts = iter_route_contexts(app.routes)
    return {(method, context.path) for context in contexts for method in context.methods or ()}


def test_every_route_is_public_or_demands_a_role(booth: Booth) -> None:
    routes = routes_of(booth.app)
    assert routes == set(RULES)
    assert {route for route, rule in RULES.items() if rule.public} == PUBLIC
    assert all(rule.roles for route, rule in RULES.items() if route not in PUBLIC)


def test_a_route_that_the_table_does_not_know_is_shut_to_everybody(watch: FakeWatch) -> None:
    app = console_app(watch, Staff(), Console())
    forgotten = APIRouter()

    @forgotten.get("/forgotten")
    async def _forgotten() -> str:
        return "open to all"

    app.include_router(forgotten)
    assert ask(app, "/forgotten").status_code == 403


def test_no_route_that_needs_a_role_answers_without_a_sign_in(booth: Booth) -> None:
    client = booth.browser()
    away = {"X-Forwarded-For": "192.0.2.7"}
    for (method, path), rule in RULES.items():
        if not rule.public:
            answer = client.request(method, ADDRESSES.get(path, path), headers=away)
            assert answer.status_code == 401, (method, path)
            assert "menwei_passages" not in answer.text


@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_what_the_table_says(booth: Booth, role: Role) -> None:
    client = booth.signed_in(role)
    token = {"X-CSRF-Token": booth.token(client), "X-Forwarded-For": "192.0.2.7"}
    order = {"choice": "visitor", "request_id": "request-0001"}
    for (method, path), rule in RULES.items():
        if path in {"/sign-in", "/sign-out", "/events"} or path.startswith("/audit"):
            continue
        body = BODIES.get(path, order) if method == "POST" else None
        answer = client.request(method, ADDRESSES.get(path, path), headers=token, json=body)
        expected = 200 if rule.public or role in rule.roles else 403
        assert answer.status_code == expected, (method, path, answer.text)


def test_the_table_of_roles() -> None:
    who = {route: "".join(sorted(role[1] for role in rule.roles)) for route, rule in RULES.items() if rule.roles}
    assert who[("POST", "/lanes/{lane_id}/open")] == "du"  # admin, guard
    assert who[("GET", "/")] == "duu"  # admin, auditor, guard: an enroller has no business at the lanes
    assert who[("GET", "/metrics")] == "du"  # admin, auditor


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
