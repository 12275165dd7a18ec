"""The description of the API, held to a stored one, and requests made up from it with every kind of key."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import gate.api
from gate.api.app import document
from gate.api.scopes import Scope
from tests.gate.api.conftest import ALL, Counter

SNAPSHOT = Path(gate.api.__path__[0]) / "openapi.json"
EACH = 12
"""Requests made up per route, each with a key that is drawn."""
KNOWN = {"passage_id": "p7", "lane_id": "men", "person_id": "r1", "vehicle_id": "v1"}
"""What there is, so that not every made-up request stops at a name that means nothing."""


def test_the_description_is_the_stored_one() -> None:
    stored = json.loads(SNAPSHOT.read_text("utf-8"))
    assert document() == stored, "if the change is meant: gate openapi > gate/api/openapi.json"


def test_it_describes_keys_scopes_and_problems_for_every_operation() -> None:
    told = document()
    assert told["openapi"].startswith("3.1")
    assert [scheme["scheme"] for scheme in told["components"]["securitySchemes"].values()] == ["bearer"]
    for path, item in told["paths"].items():
        for method, operation in item.items():
            assert operation["security"], (method, path)
            assert set(operation["x-scopes"]) <= set(Scope)
            assert "application/problem+json" in operation["responses"]["default"]["content"]
    names = [operation["operationId"] for item in told["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))


def test_it_is_served_to_a_key_and_answers_are_as_it_says(reader: httpx.Client) -> None:
    told = reader.get("/openapi.json").json()
    assert told == document()
    schema = schemathesis.openapi.from_dict(told)
    for path in ("/passages", "/lanes", "/people", "/vehicles", "/passes", "/webhooks"):
        for params in ({}, {"moon": "full"}):
            schema[path]["GET"].validate_response(reader.get(path, params=params))


@pytest.fixture(scope="module")
def keys(lasting: Counter) -> list[str]:
    """One for each scope, and one for all of them."""
    single = [lasting.key(str(scope).replace(":", "."), scope) for scope in Scope]
    return [*single, lasting.key("all", *ALL)]


def operations() -> list[tuple[str, str]]:
    return sorted((method.upper(), path) for path, item in document()["paths"].items() for method in item)


@pytest.mark.parametrize(("method", "path"), operations())
def test_nothing_that_is_sent_is_answered_with_a_500(lasting: Counter, keys: list[str], method: str, path: str) -> None:
    made_up = schemathesis.openapi.from_dict(document())[path][method].as_strategy()

    @seed(20260301)
    @settings(
        max_examples=EACH,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(case=made_up, known=st.booleans(), key=st.sampled_from([*keys, keys[-1], keys[-1], keys[-1], keys[-1]]))
    def try_it(case: schemathesis.Case, known: bool, key: str) -> None:
        if known:
            case.path_parameters.update((name, KNOWN[name]) for name in KNOWN.keys() & case.path_parameters.keys())
        answer = asyncio.run(sent(lasting.app, case, key))
        assert answer.status_code < 500, case.as_curl_command()
        if answer.status_code >= 400:
            assert answer.json()["status"] == answer.status_code

    try_it()


async def sent(app: FastAPI, case: schemathesis.Case, key: str) -> httpx.Response:
    parts = case.as_transport_kwargs(base_url="http://gate/api/v1")
    headers = {**dict(parts.pop("headers") or {}), "Authorization": f"Bearer {key}", "If-Match": "*"}
    parts = {name: parts[name] for name in ("method", "url", "params", "json", "data") if parts.get(name) is not None}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gate") as client:
        return await client.request(**parts, headers=headers)
