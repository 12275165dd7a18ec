from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from enrollment.database import writing
from gate.api.scopes import Scope
from gate.ledger.ledger import Chain, Passage
from tests.gate.api.conftest import NOON, Counter, flat, pages

NEWEST = [f"p{number}" for number in range(119, -1, -1)]


def add(counter: Counter, *numbers: int, minutes: int = 0) -> None:
    with writing(counter.site.engine) as session:
        chain = Chain(session)
        for number in numbers:
            at = NOON + timedelta(minutes=minutes or number)
            chain.add_passage(Passage(f"n{number}", at, "men", "open", "known_resident", "r1", "rules1", {}), None)
        chain.flush()


def test_every_passage_is_listed_once_the_newest_first(reader: httpx.Client) -> None:
    found = list(pages(reader.get, "/passages", limit=50))
    assert [len(page) for page in found] == [50, 50, 20]
    assert flat(found) == NEWEST


def test_pages_stay_as_they_are_while_passages_come_in(counter: Counter, client: httpx.Client) -> None:
    first = client.get("/passages", params={"limit": 100}).json()
    add(counter, 1, 2, 3)
    second = client.get("/passages", params={"limit": 100, "cursor": first["next"]}).json()
    assert [item["id"] for item in first["items"] + second["items"]] == NEWEST


def test_a_poller_gets_each_passage_once_in_order(counter: Counter, client: httpx.Client) -> None:
    last = client.get("/passages", params={"order": "oldest", "limit": 120}).json()
    assert [item["id"] for item in last["items"]] == NEWEST[::-1]
    assert (last["more"], bool(last["next"])) == (False, True)
    again = client.get("/passages", params={"order": "oldest", "cursor": last["next"]}).json()
    assert again == {"items": [], "next": last["next"], "more": False}
    add(counter, 1, 2)
    later = client.get("/passages", params={"order": "oldest", "cursor": last["next"]}).json()
    assert [item["id"] for item in later["items"]] == ["n1", "n2"]


AT = (NOON - timedelta(minutes=30)).isoformat()
FILTERS: dict[str, tuple[dict[str, str], Callable[[int], bool]]] = {
    "lane": ({"lane": "men"}, lambda number: number % 3 == 0),
    "since": ({"since": AT}, lambda number: number >= 90),
    "until": ({"until": AT}, lambda number: number < 90),
    "verdict": ({"verdict": "ask"}, lambda number: number % 3 == 2),
    "reason and time": ({"reason": "known_vehicle", "since": AT}, lambda number: number % 3 == 1 and number >= 90),
    "subject": ({"subject": "v1", "purpose": "incident"}, lambda number: number % 3 == 1),
    "plate of an enrolled car": ({"plate": "苏Z10B88", "purpose": "police"}, lambda number: number % 3 == 1),
    "plate that was read": ({"plate": "苏Z70*", "purpose": "police"}, lambda number: number % 3 == 2 and number < 100),
}


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_a_filter_leaves_what_fits(reader: httpx.Client, order: str) -> None:
    for name, (asked, fits) in FILTERS.items():
        wanted = [f"p{number}" for number in range(120) if fits(number)]
        found = flat(pages(reader.get, "/passages", limit=17, order=order, **asked))
        assert found == (wanted if order == "oldest" else wanted[::-1]), name


def test_a_passage_is_told_without_a_name(reader: httpx.Client) -> None:
    answer = reader.get("/passages/p0", headers={"Accept-Language": "en"})
    assert answer.json() == {
        "id": "p0",
        "at": (NOON - timedelta(minutes=120)).isoformat().replace("+00:00", "Z"),
        "lane": "men",
        "lane_name": "东门行人",
        "verdict": "open",
        "reason": "known_resident",
        "reason_text": answer.json()["reason_text"],
        "subject": "r1",
        "plate": None,
    }
    assert "张三" not in reader.get("/passages").text


def test_plates_are_for_keys_that_may_see_them(lasting: Counter) -> None:
    blind, seeing = (
        lasting.with_scopes(Scope.PASSAGES_READ),
        lasting.with_scopes(Scope.PASSAGES_READ, Scope.PASSAGES_PLATES),
    )
    assert "苏Z" not in blind.get("/passages").text
    assert "plate" not in blind.get("/passages/p1").json()
    assert [seeing.get(f"/passages/{name}").json()["plate"] for name in ("p1", "p2")] == ["苏Z10B88", "苏Z70028"]
    refused = blind.get("/passages", params={"plate": "苏Z*", "purpose": "police"})
    assert (refused.status_code, refused.json()["code"]) == (403, "api.scope_needed")
    assert 'scope="passages:plates"' in refused.headers["www-authenticate"]


def test_somebodys_history_needs_a_purpose_and_is_on_record_with_the_keys_name(
    counter: Counter, client: httpx.Client
) -> None:
    refused = client.get("/passages", params={"plate": "苏Z*"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "purpose")
    assert counter.rows("history.viewed") == []
    for _ in range(2):
        client.get("/passages", params={"plate": "苏Z*", "purpose": "police"})
    (row,) = map(json.loads, counter.rows("history.viewed"))
    assert (row["actor"], row["by"], row["purpose"]) == ("api:office", ["plate"], "police")
    assert "苏Z" not in json.dumps(row, ensure_ascii=False)
    assert "苏Z*" in counter.remarks()


def test_a_look_is_on_record_once_an_hour(counter: Counter, client: httpx.Client) -> None:
    for _ in range(3):
        client.get("/passages")
        client.get("/passages/p5")
    assert counter.watch.looked == [("api:office", "passages"), ("api:office", "passage:p5")]


def test_an_answer_that_is_known_already_is_not_sent_again(reader: httpx.Client) -> None:
    first = reader.get("/passages/p5")
    tag = first.headers["etag"]
    again = reader.get("/passages/p5", headers={"If-None-Match": f'"x", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert reader.get("/passages/p6", headers={"If-None-Match": tag}).status_code == 200
    assert first.headers["cache-control"] == "private, no-cache"


def test_the_next_page_has_a_link_too(reader: httpx.Client) -> None:
    first = reader.get("/passages", params={"limit": 100, "lane": "men"})
    assert "link" not in first.headers
    first = reader.get("/passages", params={"limit": 10, "lane": "men"})
    link = first.links["next"]["url"]
    assert reader.get(link).json()["items"][0]["id"] == "p87"


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "limit 0": ({"limit": 0}, "limit", "api.field.greater_than_equal"),
    "limit 201": ({"limit": 201}, "limit", "api.field.less_than_equal"),
    "no such verdict": ({"verdict": "perhaps"}, "verdict", "api.field.enum"),
    "no such order": ({"order": "best"}, "order", "api.field.literal_error"),
    "no offset": ({"since": "2026-11-20T12:00:00"}, "since", "api.field.timezone_aware"),
    "no time": ({"until": "noon"}, "until", "api.field.datetime_from_date_parsing"),
    "ends before it begins": (
        {"since": NOON.isoformat(), "until": NOON.isoformat()},
        "until",
        "api.ends_before_it_begins",
    ),
    "no cursor": ({"cursor": "xyz"}, "cursor", "api.bad_cursor"),
    "unknown": ({"lain": "men"}, "lain", "api.unknown_parameter"),
    "empty plate": ({"plate": "", "purpose": "police"}, "plate", "api.field.string_too_short"),
    "other without words": ({"plate": "苏Z*", "purpose": "other"}, "words", "audit.words_needed"),
    "twice": ({"lane": ["men", "che"]}, "lane", "api.parameter_twice"),
}


def test_a_wrong_parameter_is_named(reader: httpx.Client) -> None:
    for name, (params, field, code) in WRONG.items():
        answer = reader.get("/passages", params=params)
        assert answer.status_code == 422, name
        (error,) = answer.json()["errors"]
        assert (error["field"], error["in"], error["code"]) == (field, "query", code), name


def test_a_cursor_belongs_to_its_question(reader: httpx.Client) -> None:
    cursor = reader.get("/passages", params={"limit": 10, "lane": "men"}).json()["next"]
    other = reader.get("/passages", params={"limit": 10, "lane": "che", "cursor": cursor})
    assert (other.status_code, other.json()["code"]) == (422, "api.bad_cursor")


def test_a_passage_that_is_not_there_is_a_404(reader: httpx.Client) -> None:
    assert reader.get("/passages/none").json()["code"] == "api.no_passage"
