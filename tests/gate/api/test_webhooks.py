from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest

from enrollment.database import writing
from gate.api.scopes import Scope
from gate.community.queue import Queue
from gate.community.registered import MOST, registered
from gate.community.tables import OutboxRow
from tests.gate.api.conftest import Counter
from tests.gate.community import peers

HOOK = {"url": "https://office.example/gate", "events": ["passages", "alarms"]}


def test_a_webhook_is_set_up_paused_and_removed(counter: Counter, client: httpx.Client) -> None:
    made = client.post("/webhooks", json=HOOK)
    assert made.status_code == 201
    secret = made.json().pop("secret")
    where = made.headers["location"].removeprefix("/api/v1")
    told = client.get(where).json()
    assert {**told, "secret": secret} == made.json()
    assert (told["url"], sorted(told["events"]), told["plates"], told["paused"]) == (
        HOOK["url"],
        ["alarms", "passages"],
        False,
        False,
    )
    assert told["made_by"] == "api:office"
    assert client.patch(where, json={"paused": True}).json()["paused"]
    assert [one["paused"] for one in client.get("/webhooks").json()["items"]] == [True]
    assert not client.patch(where, json={"paused": False}).json()["paused"]
    assert client.delete(where).status_code == 204
    assert client.get(where).json()["code"] == "webhook.none"
    assert len(counter.changes) == 4
    for kind in ("added", "paused", "resumed", "removed"):
        (row,) = map(json.loads, counter.rows(f"webhook.{kind}"))
        assert row["actor"] == "api:office"
        assert secret not in json.dumps(row)
        assert "/gate" not in json.dumps(row)


def test_the_secret_is_told_once_and_kept_sealed(counter: Counter, client: httpx.Client) -> None:
    secret = client.post("/webhooks", json=HOOK).json()["secret"]
    assert len(secret) >= 32
    assert secret not in client.get("/webhooks").text
    with counter.site.engine.connect() as connection:
        assert secret not in str(connection.exec_driver_sql("SELECT * FROM webhook").all())
    ((part, paused),) = registered(counter.site.engine, counter.site.keyring).values()
    assert (part.secret.get_secret_value(), paused) == (secret, False)
    assert secret not in repr(part)
    assert not part.names
    assert not part.pictures


def test_plates_go_only_where_the_key_may_see_them(counter: Counter, client: httpx.Client) -> None:
    blind = counter.with_scopes(Scope.WEBHOOKS_WRITE)
    assert blind.post("/webhooks", json={**HOOK, "plates": True}).status_code == 403
    assert not blind.post("/webhooks", json=HOOK).json()["plates"]
    assert client.post("/webhooks", json={**HOOK, "plates": True}).json()["plates"]


def test_what_makes_no_webhook_is_refused(client: httpx.Client) -> None:
    for changes, code in (
        ({"url": "http://office.example/"}, "webhook.bad_url"),
        ({"url": "https://user:word@office.example/"}, "webhook.bad_url"),
        ({"url": "https://office.example/?key=1"}, "webhook.bad_url"),
        ({"url": "ftp://office.example/"}, "webhook.bad_url"),
        ({"certificate": "no PEM"}, "webhook.bad_certificate"),
        ({"events": []}, "api.invalid"),
        ({"events": ["moons"]}, "api.invalid"),
        ({"names": True}, "api.invalid"),
    ):
        answer = client.post("/webhooks", json={**HOOK, **changes})
        assert (answer.status_code, answer.json()["code"]) == (422, code), changes


def test_there_are_only_so_many(client: httpx.Client) -> None:
    made = [client.post("/webhooks", json=HOOK).status_code for _ in range(MOST + 1)]
    assert made == [201] * MOST + [422]


def test_what_waits_for_a_webhook_goes_with_it(counter: Counter, client: httpx.Client) -> None:
    hook = client.post("/webhooks", json=HOOK).json()["id"]
    with writing(counter.site.engine) as session:
        session.add(
            OutboxRow(destination=hook, seq=3, at=datetime.now(UTC).isoformat(), kind="decision", attempts=0, due_ms=0)
        )
    assert client.get(f"/webhooks/{hook}").json()["waiting"] == 1
    client.delete(f"/webhooks/{hook}")
    assert Queue(counter.site.engine, hook).standing(datetime.now(UTC)).waiting == 0


def test_a_certificate_of_ones_own_is_taken(client: httpx.Client) -> None:
    pem = peers.certificate().decode()
    certificate = pem[pem.index("-----BEGIN CERTIFICATE") :]
    answer = client.post("/webhooks", json={**HOOK, "certificate": certificate})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("body", [{}, {"paused": "perhaps"}, {"paused": True, "url": "https://x.example"}])
def test_only_pausing_is_a_change(client: httpx.Client, body: dict[str, object]) -> None:
    hook = client.post("/webhooks", json=HOOK).json()["id"]
    assert client.patch(f"/webhooks/{hook}", json=body).status_code == 422
