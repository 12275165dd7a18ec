from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from enrollment.credential import CredentialKind
from gate.api.scopes import Scope
from tests.gate.api.conftest import Counter, flat, pages

LISI = {"name": "李四", "household": "3-2-501", "phone": "024-1234567", "standing": "tenant"}
CAR = {"plate": "辽A12345", "household": "3-2-501", "colour": "blue"}


def add(client: httpx.Client, path: str, body: dict[str, Any]) -> httpx.Response:
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer


@pytest.mark.parametrize(("path", "body"), [("/people", LISI), ("/vehicles", CAR)])
def test_an_entry_is_made_read_changed_and_erased(
    counter: Counter, client: httpx.Client, path: str, body: dict[str, Any]
) -> None:
    made = add(client, path, body)
    where = made.headers["location"].removeprefix("/api/v1")
    read = client.get(where)
    assert read.json() == made.json()
    assert (read.headers["etag"], read.json()["version"]) == ('"1"', 1)
    assert client.get(where, headers={"If-None-Match": '"1"'}).status_code == 304
    changed = client.put(where, json={**body, "notes": "搬到一楼"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["notes"], changed.headers["etag"]) == (200, "搬到一楼", '"2"')
    gone = client.delete(where, headers={"If-Match": '"2"'})
    assert gone.status_code == 200
    assert gone.json()["by"] == "api:office"
    assert client.get(where).status_code == 404
    assert client.delete(where, headers={"If-Match": "*"}).status_code == 404
    kind = "resident" if path == "/people" else "vehicle"
    actors = [json.loads(counter.rows(f"{kind}.{verb}")[-1])["actor"] for verb in ("added", "edited", "removed")]
    assert actors == ["api:office"] * 3


@pytest.mark.parametrize(("path", "body"), [("/people", LISI), ("/vehicles", CAR)])
def test_what_was_read_can_be_sent_back_and_changes_nothing(
    client: httpx.Client, path: str, body: dict[str, Any]
) -> None:
    full = {
        **body,
        "lanes": ["men"],
        "hours": "mon 08:00-18:00",
        "since": "2026-01-01T00:00:00+08:00",
        "until": "2030-01-01T00:00:00Z",
    }
    made = add(client, path, full).json()
    kept = {"id", "version", "blocked", "blocked_until", "created_at"}
    again = {name: value for name, value in made.items() if name not in kept}
    answer = client.put(f"{path}/{made['id']}", json=again, headers={"If-Match": '"1"'})
    assert answer.json() == {**made, "version": 2}
    assert made["since"] == "2025-12-31T16:00:00Z"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(("path", "body"), [("/people", LISI), ("/vehicles", CAR)])
def test_a_change_needs_the_version_that_was_seen(
    client: httpx.Client, path: str, body: dict[str, Any], method: str
) -> None:
    where = f"{path}/{add(client, path, body).json()['id']}"
    sent = {"json": body} if method == "PUT" else {}
    for given, status in ((None, 428), ('"2"', 412), ('W/"1"', 412), ('"x"', 412), ("1", 412)):
        headers = {"If-Match": given} if given else {}
        answer = client.request(method, where, headers=headers, **sent)
        assert answer.status_code == status, given
    assert answer.headers["etag"] == '"1"'
    assert client.request(method, where, headers={"If-Match": '"7", "1"'}, **sent).status_code == 200


def test_a_change_between_reading_and_writing_is_noticed(counter: Counter, client: httpx.Client) -> None:
    where = f"/people/{add(client, '/people', LISI).json()['id']}"
    counter.site.register.block(where.rpartition("/")[2], "闹事", "local:0")
    answer = client.put(where, json=LISI, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "api.changed_meanwhile")
    assert client.get(where).json()["blocked"]
    assert "闹事" not in client.get(where).text


def test_a_list_is_read_page_by_page_while_it_grows(client: httpx.Client) -> None:
    made = {add(client, "/vehicles", {**CAR, "plate": f"辽A1234{number}"}).json()["id"] for number in range(7)}
    found = list(pages(client.get, "/vehicles", limit=3))
    assert [len(page) for page in found] == [3, 3, 2]
    assert set(flat(found)) == {*made, "v1"}
    assert len(flat(found)) == 8
    assert flat(pages(client.get, "/vehicles", household="9-9-999")) == []


def test_people_are_found_by_their_household(client: httpx.Client) -> None:
    made = add(client, "/people", {**LISI, "household": "4-1-101"}).json()["id"]
    assert flat(pages(client.get, "/people", household="4号楼1单元101室")) == [made]
    wrong = client.get("/people", params={"household": "somewhere"})
    error = wrong.json()["errors"][0]
    assert (wrong.status_code, error["field"], error["in"]) == (422, "household", "query")


def test_looks_at_people_are_on_record(counter: Counter, client: httpx.Client) -> None:
    for path in ("/people", "/people/r1", "/vehicles", "/vehicles/v1", "/people?household=3-2-501"):
        client.get(path)
        client.get(path)
    whats = ["people", "resident:r1", "vehicles", "vehicle:v1", "household:3-2-501"]
    assert counter.watch.looked == [("api:office", what) for what in whats]


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("/people", {**LISI, "name": "  "}, 422, "name"),
    ("/people", {**LISI, "name": "a\u202eb"}, 422, "name"),
    ("/people", {**LISI, "household": "x"}, 422, "household"),
    ("/people", {**LISI, "phone": "abc"}, 422, "phone"),
    ("/people", {**LISI, "lanes": ["moon"]}, 422, "lanes"),
    ("/people", {**LISI, "lanes": []}, 422, "lanes"),
    (
        "/people",
        {**LISI, "since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        422,
        "until",
    ),
    ("/people", {**LISI, "face": "aGVsbG8="}, 422, "face"),
    ("/people", {**LISI, "consent": "paper"}, 422, "consent"),
    ("/people", {**LISI, "pin": "1234"}, 422, "pin"),
    ("/vehicles", {**CAR, "plate": "A1"}, 422, "plate"),
    ("/vehicles", {**CAR, "plate": "苏Z10B88"}, 409, "plate"),
    ("/vehicles", {**CAR, "owner": "nobody"}, 422, "owner"),
    ("/vehicles", {**CAR, "colour": "pink"}, 422, "colour"),
]


def test_what_makes_no_entry_is_refused_with_its_field(client: httpx.Client) -> None:
    for path, body, status, field in REFUSED:
        answer = client.post(path, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field), body


def test_no_pin_card_or_face_is_shown(counter: Counter, client: httpx.Client) -> None:
    issued = counter.site.register.credentials.give("r1", CredentialKind.PIN, "local:0")
    counter.site.register.credentials.give("r1", CredentialKind.CARD, "local:0", "12345678")
    told = client.get("/people/r1").text
    assert issued.pin is not None
    assert issued.pin not in told
    assert "5678" not in told
    assert set(json.loads(told)) == {
        *("id", "version", "name", "household", "standing", "lanes", "hours", "phone", "minor_until", "notes"),
        *("since", "until", "blocked", "blocked_until", "created_at"),
    }


def test_a_persons_id_is_no_vehicles(client: httpx.Client) -> None:
    assert client.get("/vehicles/r1").json()["code"] == "api.no_vehicle"
    assert client.get("/people/v1").json()["code"] == "api.no_person"


def test_a_key_that_may_only_read_changes_nothing(counter: Counter) -> None:
    reader = counter.with_scopes(Scope.PEOPLE_READ)
    assert reader.delete("/people/r1", headers={"If-Match": "*"}).status_code == 403
    assert reader.get("/people/r1").status_code == 200
