from __future__ import annotations

import json

import httpx
import pytest

from gate.api.scopes import RULES
from tests.gate.api.conftest import Counter

TITLES = {"zh": "没有找到", "en": "Not found"}


def test_a_problem_has_all_that_the_standard_names(reader: httpx.Client) -> None:
    answer = reader.get("/passages/none", headers={"Accept-Language": "en"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:menwei:problem:api.no_passage",
        "title": "Not found",
        "status": 404,
        "detail": "There is no such passage",
        "instance": "/api/v1/passages/none",
        "code": "api.no_passage",
    }


PREFERRED = [
    ("", "zh"),
    ("en", "en"),
    ("EN-gb", "en"),
    ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
    ("zh;q=0.2, en;q=0.7", "en"),
    ("de, fr;q=0.5", "zh"),
    ("de, en;q=0.1", "en"),
    ("en;q=0", "zh"),
    ("en;q=x, ;;,", "zh"),
]


def test_it_speaks_the_language_that_is_preferred(reader: httpx.Client) -> None:
    for asked, language in PREFERRED:
        answer = reader.get("/passages/none", headers={"Accept-Language": asked})
        assert answer.json()["title"] == TITLES[language], asked
        assert (answer.headers["content-language"], answer.headers["vary"]) == (language, "Accept-Language")


def test_an_address_that_is_not_there_and_a_method_that_is_not_taken(reader: httpx.Client) -> None:
    assert reader.get("/moon").json()["code"] == "api.not_found"
    for path in {path for _, path in RULES}:
        filled = path.replace("{", "").replace("}", "")
        answer = reader.request("LINK", filled)
        assert (answer.status_code, answer.json()["code"]) == (405, "api.not_allowed")
        taken = {method for method, known in RULES if known == path}
        assert set(answer.headers["allow"].split(", ")) == taken, path


def test_a_body_has_to_be_json(reader: httpx.Client) -> None:
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
        answer = reader.post("/people", content=b'{"name": "x"}', headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (415, "api.not_json"), kind


def test_a_body_that_is_no_json_is_a_400(reader: httpx.Client) -> None:
    answer = reader.post("/people", content=b"{", headers={"Content-Type": "application/json; charset=utf-8"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "api.field.json_invalid")


def test_a_body_that_is_too_large_is_a_413(reader: httpx.Client) -> None:
    body = json.dumps({"name": "x" * 20_000, "household": "3-2-501"}).encode()
    kind = {"Content-Type": "application/json"}
    for content in (body, iter([body[:9_000], body[9_000:]])):
        answer = reader.post("/people", content=content, headers=kind)
        assert (answer.status_code, answer.json()["code"]) == (413, "console.too_large")


def test_every_wrong_field_is_named_and_nothing_is_repeated(reader: httpx.Client) -> None:
    body = {"household": "3-2-501", "standing": "pilot", "since": "2026-01-01T00:00:00", "moon": "secret-word"}
    answer = reader.post("/people", json=body, headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    told = {(error["field"], error["code"]) for error in answer.json()["errors"]}
    assert told == {
        ("name", "api.field.missing"),
        ("standing", "api.field.enum"),
        ("since", "api.field.timezone_aware"),
        ("moon", "api.field.extra_forbidden"),
    }
    assert all(error["in"] == "body" for error in answer.json()["errors"])
    assert "secret-word" not in answer.text
    assert "pilot" not in answer.text


def test_a_slip_of_the_program_says_nothing_of_itself(
    lasting: Counter, reader: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slip() -> None:
        raise ZeroDivisionError("inner secret")

    monkeypatch.setattr(lasting.watch, "lanes", slip)
    answer = reader.get("/lanes")
    assert (answer.status_code, answer.json()["code"]) == (500, "api.slip")
    assert "secret" not in answer.text


def test_answers_are_not_kept_by_anybody_between(reader: httpx.Client) -> None:
    assert reader.get("/lanes").headers["cache-control"] == "private, no-cache"
    assert reader.get("/moon").headers["cache-control"] == "no-store"
