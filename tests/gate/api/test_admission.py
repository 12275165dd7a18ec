from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import update

from enrollment.database import writing
from enrollment.errors import StoreBusy
from gate.api.parts import FREE_WRONG_KEYS
from gate.api.scopes import Scope
from gate.api.settings import Api
from gate.api.tables import ApiKeyRow
from tests.gate.api.conftest import Counter

WRONG = "mw_00000000_" + "A" * 43


def test_a_request_without_a_key_is_told_how_to_send_one(counter: Counter) -> None:
    for headers in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}):
        answer = counter.client(**headers).get("/lanes")
        assert (answer.status_code, answer.json()["code"]) == (401, "api.key_needed")
        assert answer.headers["www-authenticate"] == 'Bearer realm="menwei"'


def test_a_key_in_the_address_is_none(counter: Counter, client: httpx.Client, filled: tuple[object, str]) -> None:
    assert counter.client().get("/lanes", params={"access_token": filled[1]}).status_code == 401
    answer = client.get("/lanes", params={"access_token": filled[1]})
    assert (answer.status_code, answer.json()["code"]) == (422, "api.unknown_parameter")
    assert filled[1] not in answer.text


def test_a_key_that_is_over_or_revoked_says_so(counter: Counter) -> None:
    revoked = counter.key("revoked", Scope.LANES_READ)
    counter.keys.revoke("revoked", "local:0")
    assert counter.client(revoked).get("/lanes").json()["code"] == "api.key_revoked"
    over = counter.key("over", Scope.LANES_READ)
    with writing(counter.site.engine) as session:
        session.execute(
            update(ApiKeyRow).where(ApiKeyRow.name == "over").values(until=datetime(2026, 1, 1, tzinfo=UTC))
        )
    answer = counter.client(over).get("/lanes")
    assert (answer.status_code, answer.json()["code"]) == (401, "api.key_over")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_wrong_keys_are_slowed_down_and_recorded_and_right_ones_are_not(counter: Counter, client: httpx.Client) -> None:
    wrong = counter.client(WRONG)
    said = [wrong.get("/lanes") for _ in range(FREE_WRONG_KEYS + 3)]
    assert [answer.status_code for answer in said] == [401] * FREE_WRONG_KEYS + [429] * 3
    assert said[-1].json()["code"] == "api.wrong_keys"
    assert int(said[-1].headers["retry-after"]) >= 1
    assert client.get("/lanes").status_code == 200
    rows = [json.loads(row) for row in counter.rows("api_key.refused")]
    assert len(rows) == FREE_WRONG_KEYS
    assert rows[0] == {"address": "127.0.0.1", "why": "wrong"}
    counter.clock.now_s += 3
    assert wrong.get("/lanes").status_code == 401


class TestRates:
    @pytest.fixture
    def settings(self) -> Api:
        return Api(requests_per_minute=3)

    def test_each_key_has_its_own_minute(self, counter: Counter, client: httpx.Client) -> None:
        said = [client.get("/lanes") for _ in range(4)]
        assert [answer.status_code for answer in said] == [200, 200, 200, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in said] == ["2", "1", "0", "0"]
        assert {answer.headers["ratelimit-limit"] for answer in said} == {"3"}
        assert said[3].json()["code"] == "api.too_many"
        assert said[3].headers["retry-after"] == said[3].headers["ratelimit-reset"] == "60"
        assert counter.with_scopes(Scope.LANES_READ).get("/lanes").status_code == 200
        counter.clock.now_s += 60
        assert client.get("/lanes").headers["ratelimit-remaining"] == "2"

    def test_an_answer_of_304_and_a_refusal_count_too(self, client: httpx.Client) -> None:
        tag = client.get("/lanes").headers["etag"]
        assert client.get("/lanes", headers={"If-None-Match": tag}).headers["ratelimit-remaining"] == "1"
        assert client.get("/passages/none").headers["ratelimit-remaining"] == "0"


def test_when_a_key_was_used_is_written_once_a_minute(counter: Counter, client: httpx.Client) -> None:
    def used() -> object:
        return next(key.last_used_at for key in counter.keys.list() if key.name == "office")

    client.get("/lanes")
    first = used()
    assert first is not None
    client.get("/lanes")
    assert used() == first
    counter.clock.now_s += 61
    client.get("/lanes")
    assert used() != first


def test_a_browser_of_another_site_is_told_nothing(client: httpx.Client) -> None:
    answer = client.get("/lanes", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in answer.headers
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    assert client.options("/lanes", headers=asked).status_code == 405


class TestOrigins:
    @pytest.fixture
    def settings(self) -> Api:
        return Api(allow_origins=("https://office.example",))

    def test_a_site_that_is_named_is_let_ask(self, client: httpx.Client) -> None:
        ours = client.get("/lanes", headers={"Origin": "https://office.example"})
        assert ours.headers["access-control-allow-origin"] == "https://office.example"
        assert "access-control-allow-credentials" not in ours.headers
        assert (
            "access-control-allow-origin" not in client.get("/lanes", headers={"Origin": "https://x.example"}).headers
        )


def test_a_database_that_takes_no_writes_keeps_nobody_from_reading(
    counter: Counter, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_key: object) -> None:
        raise StoreBusy("store.locked", path="x")

    monkeypatch.setattr(counter.app.routes[-1].app.state.parts.keys, "used", busy)
    assert client.get("/lanes").status_code == 200


def test_a_database_that_does_not_answer_is_a_503_that_says_when_to_ask_again(
    counter: Counter, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_text: str) -> None:
        raise StoreBusy("store.locked", path="x")

    monkeypatch.setattr(counter.app.routes[-1].app.state.parts.keys, "find", away)
    answer = client.get("/lanes")
    assert (answer.status_code, answer.json()["code"]) == (503, "store.locked")
    assert answer.headers["retry-after"] == "5"
