from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.gate.api.conftest import Counter, flat, pages

UNTIL = (datetime.now(UTC) + timedelta(days=2)).isoformat()
GUEST = {"plate": "辽C12345", "until": UNTIL, "uses": 2, "lanes": ["che"]}


def test_a_pass_is_made_listed_and_ended(counter: Counter, client: httpx.Client) -> None:
    made = client.post("/passes", json=GUEST)
    assert made.status_code == 201
    told = made.json()
    assert {name: told[name] for name in ("by", "plate", "uses", "used", "lanes")} == {
        "by": ["plate"],
        "plate": "辽C12345",
        "uses": 2,
        "used": 0,
        "lanes": ["che"],
    }
    where = made.headers["location"].removeprefix("/api/v1")
    assert client.get(where).json() == told
    assert flat(pages(client.get, "/passes")) == [told["id"]]
    ended = client.delete(where)
    assert (ended.status_code, ended.content) == (204, b"")
    assert client.get(where).json()["until"] < UNTIL
    assert client.delete(where).json()["code"] == "pass.none"
    kinds = [json.loads(counter.rows(kind)[0])["actor"] for kind in ("pass.added", "pass.ended")]
    assert kinds == ["api:office"] * 2


def test_passes_are_read_page_by_page(client: httpx.Client) -> None:
    made = {client.post("/passes", json={**GUEST, "plate": f"辽C1234{n}"}).json()["id"] for n in range(5)}
    found = list(pages(client.get, "/passes", limit=2))
    assert [len(page) for page in found] == [2, 2, 1]
    assert set(flat(found)) == made


def test_a_pin_of_the_staffs_is_not_told(counter: Counter, client: httpx.Client) -> None:
    now = datetime.now(UTC)
    made = counter.site.passes.add("local:0", now, now + timedelta(days=1), pin=True)
    told = client.get(f"/passes/{made.made.id}")
    assert told.json()["by"] == ["pin"]
    assert str(made.pin) not in told.text


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"plate": "A1"}, 422, "plate"),
    ({"plate": "苏Z10B88"}, 409, "plate"),
    ({"until": "2020-01-01T00:00:00Z"}, 422, "until"),
    ({"until": "2026-03-01"}, 422, "until"),
    ({"uses": 0}, 422, "uses"),
    ({"uses": 101}, 422, "uses"),
    ({"lanes": ["moon"]}, 422, "lanes"),
    ({"lanes": []}, 422, "lanes"),
    ({"pin": True}, 422, "pin"),
]


def test_what_makes_no_pass_is_refused_with_its_field(client: httpx.Client) -> None:
    for changes, status, field in REFUSED:
        answer = client.post("/passes", json={**GUEST, **changes})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field), changes
