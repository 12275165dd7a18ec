"""Which key reaches which route, over HTTP: exhaustive, like the console's table of roles."""

from __future__ import annotations

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from gate.api.app import document
from gate.api.scopes import RULES, Scope
from gate.texts import catalogue
from tests.gate.api.conftest import Counter

TABLE = {
    ("GET", "/openapi.json"): " ".join(Scope),
    ("GET", "/passages"): "passages:read",
    ("GET", "/passages/{passage_id}"): "passages:read",
    ("GET", "/lanes"): "lanes:read lanes:open",
    ("GET", "/lanes/{lane_id}"): "lanes:read lanes:open",
    ("POST", "/lanes/{lane_id}/open"): "lanes:open",
    ("GET", "/people"): "people:read people:write",
    ("POST", "/people"): "people:write",
    ("GET", "/people/{person_id}"): "people:read people:write",
    ("PUT", "/people/{person_id}"): "people:write",
    ("DELETE", "/people/{person_id}"): "people:write",
    ("GET", "/vehicles"): "people:read people:write",
    ("POST", "/vehicles"): "people:write",
    ("GET", "/vehicles/{vehicle_id}"): "people:read people:write",
    ("PUT", "/vehicles/{vehicle_id}"): "people:write",
    ("DELETE", "/vehicles/{vehicle_id}"): "people:write",
    ("GET", "/passes"): "passes:read passes:write",
    ("POST", "/passes"): "passes:write",
    ("GET", "/passes/{pass_id}"): "passes:read passes:write",
    ("DELETE", "/passes/{pass_id}"): "passes:write",
    ("GET", "/webhooks"): "webhooks:read webhooks:write",
    ("POST", "/webhooks"): "webhooks:write",
    ("GET", "/webhooks/{webhook_id}"): "webhooks:read webhooks:write",
    ("PATCH", "/webhooks/{webhook_id}"): "webhooks:write",
    ("DELETE", "/webhooks/{webhook_id}"): "webhooks:write",
}
"""Of which scopes a key needs one. A new route needs a row here as well as in `scopes.RULES`."""

FILLED = dict.fromkeys(("passage_id", "lane_id", "person_id", "vehicle_id", "pass_id", "webhook_id"), "none")


def reached(client: httpx.Client, method: str, path: str) -> str | None:
    """The code of a refusal of the admission; None where the route was reached."""
    answer = client.request(method, path.format(**FILLED), json=None if method in {"GET", "DELETE"} else {})
    assert answer.status_code < 500, answer.text
    return str(answer.json()["code"]) if answer.status_code in {401, 403} else None


def test_every_route_has_a_row_and_every_row_a_route(lasting: Counter) -> None:
    api = next(route.app for route in lasting.app.routes if getattr(route, "path", "") == "/api/v1")
    routes = {(method, route.path) for route in iter_route_contexts(api.routes) for method in route.methods or ()}
    assert routes == set(RULES) == set(TABLE)
    assert {route: set(allowed.split()) for route, allowed in TABLE.items()} == RULES
    described = {(method.upper(), path) for path, item in document()["paths"].items() for method in item}
    assert described == routes - {("GET", "/openapi.json")}


def test_each_scope_reaches_what_the_table_says_and_nothing_else(lasting: Counter) -> None:
    for scope in Scope:
        client = lasting.with_scopes(scope)
        told = {route: reached(client, *route) for route in TABLE}
        wanted = {route: None if scope in allowed.split() else "api.scope_needed" for route, allowed in TABLE.items()}
        assert told == wanted, scope


def test_nobody_reaches_anything_without_a_key(lasting: Counter) -> None:
    client = lasting.client()
    assert {reached(client, *route) for route in TABLE} == {"api.key_needed"}


@pytest.mark.parametrize("role", ["guard", "enroller", "auditor", "admin"])
def test_a_sign_in_to_the_console_reads_the_description_and_nothing_else(lasting: Counter, role: str) -> None:
    token = lasting.app.state.desk.sessions.open(lasting.staff.needed(role))
    client = lasting.client(Cookie=f"menwei_session={token}")
    told = {route: reached(client, *route) for route in TABLE}
    assert {route for route, code in told.items() if code is None} == {("GET", "/openapi.json")}


def test_every_scope_is_explained() -> None:
    assert all(f"api.scope.{scope}" in catalogue() for scope in Scope)
