from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest

from enrollment.database import writing
from gate.api.parts import AT_ONCE
from gate.camera.frame import CameraState
from gate.errors import BarrierFault
from gate.ledger.ledger import append
from tests.gate.api.conftest import Counter

KEY = {"Idempotency-Key": "0f8f3c8a-0001"}
VISITOR = {"reason": "visitor", "words": "客人，已核对"}


def test_a_lane_tells_its_camera_its_barrier_and_its_last_passage(counter: Counter, client: httpx.Client) -> None:
    counter.watch.turn_camera("men", CameraState.LOST, "camera.unreachable")
    counter.watch.turn_barrier("men", "fault", "barrier.not_answering")
    men, che = client.get("/lanes").json()["items"]
    assert men == client.get("/lanes/men").json()
    assert men["camera"] == {"state": "lost", "reason": "camera.unreachable"}
    assert men["barrier"] == {"state": "fault", "fault": "barrier.not_answering"}
    assert (men["last_passage"]["id"], che["last_passage"]["id"]) == ("p117", "p119")
    assert client.get("/lanes/none").json()["code"] == "api.no_lane"


def test_a_lane_that_stands_as_it_did_is_not_sent_again(counter: Counter, client: httpx.Client) -> None:
    tag = client.get("/lanes/men").headers["etag"]
    assert client.get("/lanes/men", headers={"If-None-Match": tag}).status_code == 304
    counter.watch.turn_barrier("men", "open")
    assert client.get("/lanes/men", headers={"If-None-Match": tag}).status_code == 200


def test_an_order_goes_the_way_of_a_guards_with_the_keys_name(counter: Counter, client: httpx.Client) -> None:
    answer = client.post("/lanes/men/open", json=VISITOR, headers=KEY)
    assert answer.json() == {"lane": "men", "barrier": "opening", "repeated": False}
    assert counter.watch.opened == [("men", "api:office", "visitor: 客人，已核对", KEY["Idempotency-Key"])]


def test_a_repeated_order_opens_once(counter: Counter, client: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as many:
        said = list(many.map(lambda _: client.post("/lanes/men/open", json=VISITOR, headers=KEY).json(), range(8)))
    assert sorted(answer["repeated"] for answer in said) == [False] + [True] * 7
    quoted = client.post("/lanes/men/open", json=VISITOR, headers={"Idempotency-Key": f'"{KEY["Idempotency-Key"]}"'})
    assert quoted.json()["repeated"]
    assert len(counter.watch.opened) == 1


def test_a_key_that_belongs_to_another_order_is_a_conflict(counter: Counter, client: httpx.Client) -> None:
    client.post("/lanes/men/open", json=VISITOR, headers=KEY)
    other = client.post("/lanes/che/open", json=VISITOR, headers=KEY)
    assert (other.status_code, len(counter.watch.opened)) == (409, 1)


def recorded(counter: Counter, lane: str = "men", reason: str = "visitor") -> None:
    body = {"lane": lane, "actor": "api:office", "reason": reason}
    body["command_id"] = f"api:office:{KEY['Idempotency-Key']}"
    with writing(counter.site.engine) as session:
        append(session, datetime.now(UTC), "manual.open", body)


def test_an_order_of_before_a_restart_is_not_carried_out_again(counter: Counter, client: httpx.Client) -> None:
    recorded(counter)
    assert client.post("/lanes/men/open", json=VISITOR, headers=KEY).json()["repeated"]
    assert counter.watch.opened == []
    other = client.post("/lanes/che/open", json=VISITOR, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (409, "api.idempotency_reused")


NOT_WHOLE: list[tuple[dict[str, str], dict[str, str], int, str]] = [
    (VISITOR, {}, 400, "Idempotency-Key"),
    (VISITOR, {"Idempotency-Key": "short"}, 422, "Idempotency-Key"),
    (VISITOR, {"Idempotency-Key": "with:colon:in:it"}, 422, "Idempotency-Key"),
    ({"reason": "fun"}, KEY, 422, "reason"),
    ({"reason": "other"}, KEY, 422, "words"),
    ({"reason": "visitor", "words": "x" * 201}, KEY, 422, "words"),
    ({"reason": "visitor", "words": "two\nlines"}, KEY, 422, "words"),
    ({}, KEY, 422, "reason"),
]


def test_an_order_that_is_not_whole_opens_nothing(counter: Counter, client: httpx.Client) -> None:
    for body, headers, status, field in NOT_WHOLE:
        answer = client.post("/lanes/men/open", json=body, headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field), (body, headers)
    assert counter.watch.opened == []


REFUSALS = [("barrier.interlocked", 409), ("barrier.locked_down", 409), ("barrier.not_answering", 503)]


@pytest.mark.parametrize(("code", "status"), REFUSALS)
def test_a_barrier_that_refuses_says_why(counter: Counter, client: httpx.Client, code: str, status: int) -> None:
    counter.watch.fault = BarrierFault(code, other="x", barrier="arm")
    answer = client.post("/lanes/men/open", json=VISITOR, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    counter.watch.fault = None
    assert client.post("/lanes/men/open", json=VISITOR, headers=KEY).status_code == 200


def test_many_slow_requests_leave_the_console_its_threads(counter: Counter, client: httpx.Client) -> None:
    counter.watch.hold = threading.Event()

    def order(number: int) -> int:
        key = {"Idempotency-Key": f"order-{number:04}"}
        return client.post("/lanes/men/open", json=VISITOR, headers=key).status_code

    with ThreadPoolExecutor(60) as many:
        waiting = [many.submit(order, number) for number in range(60)]
        while len(counter.watch.opened) < AT_ONCE:
            counter.watch.hold.wait(0.01)
        assert httpx.get(f"{counter.url}/metrics", trust_env=False).status_code == 200
        assert len(counter.watch.opened) == AT_ONCE
        counter.watch.hold.set()
        assert {one.result() for one in waiting} == {200}
