"""The page of the barriers: what it shows, what it orders, what it asks for twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gate.barrier.act import Command
from gate.errors import LedgerUnwritable
from tests.gate.console.conftest import Booth


def order(booth: Booth, client: httpx.Client, path: str = "/barriers/arm/order", **changes: Any) -> httpx.Response:
    body = {"command": "open", "choice": "traffic", "request_id": "request-0001", **changes}
    return client.post(path, json=body, headers={"X-CSRF-Token": booth.token(client)})


def test_every_barrier_is_shown_with_its_inputs_and_last_commands(
    guard: httpx.Client, page_data: Callable[[str], str]
) -> None:
    html = guard.get("/barriers?lang=zh").text
    arm, door = json.loads(page_data(html))["now"]["barriers"]
    assert "东门车道" in html
    assert arm["inputs"] == {"open_limit": False, "closed_limit": False, "presence": True, "arm_off": None}
    assert arm["modes"] == ["held"]
    assert arm["alarms"] == ["barrier.tamper"]
    assert arm["scene"]["vehicles"] == [[1.5, 4.6]]
    assert [done["why"] for done in arm["done"]] == ["集市或活动 早市", "其他（请写明） 试一下", ""]
    assert [done["who"] for done in arm["done"]] == ["guard", "guard", "系统"]
    assert arm["done"][1]["refusal"] == "barrier.is_held"
    assert (door["healthy"], door["inputs"], door["fault"]) == (False, None, "barrier.not_answering")
    assert guard.get("/barriers/now").json() == {"barriers": [arm, door]}


def test_an_arm_has_a_stop_and_a_door_has_none(guard: httpx.Client) -> None:
    html = guard.get("/barriers").text
    assert 'data-command="stop" data-barrier="arm"' in html
    assert 'data-command="stop" data-barrier="door"' not in html


def test_an_auditor_looks_and_orders_nothing(booth: Booth) -> None:
    auditor = booth.signed_in("auditor")
    html = auditor.get("/barriers").text
    assert "data-command" not in html
    assert 'id="ask"' not in html
    assert order(booth, auditor).status_code == 403
    assert booth.watch.ordered == []


def test_an_order_reaches_the_barrier_with_who_and_why(booth: Booth, guard: httpx.Client) -> None:
    answer = order(booth, guard, command="hold", choice="market", words=" 早市 ")
    assert answer.status_code == 200
    assert booth.watch.ordered == [("arm", Command.HOLD, "id-guard", "guard", "market: 早市", "request-0001")]


@pytest.mark.parametrize("command", ["lockdown", "emergency", "all_clear"])
def test_a_dangerous_order_is_asked_for_twice(booth: Booth, guard: httpx.Client, command: str) -> None:
    first = order(booth, guard, command=command)
    assert first.status_code == 428
    assert first.json()["code"] == f"confirm_order.{command}"
    assert "东门车道" in first.json()["message"]
    assert booth.watch.ordered == []
    assert order(booth, guard, command=command, confirmed=True).status_code == 200
    assert [given[1] for given in booth.watch.ordered] == [command]


def test_the_whole_compound_is_ordered_about_only_after_a_second_word(booth: Booth, guard: httpx.Client) -> None:
    for command in ("release", "emergency"):
        assert order(booth, guard, "/compound/order", command=command).status_code == 428
    assert order(booth, guard, "/compound/order", command="emergency", confirmed=True).status_code == 200
    assert booth.watch.ordered[0][:2] == (None, Command.EMERGENCY)
    assert order(booth, guard, "/compound/order", command="open", confirmed=True).status_code == 422


def test_a_refusal_says_which_barrier_and_why(booth: Booth, guard: httpx.Client) -> None:
    booth.watch.refuses = {"arm": "barrier.locked_down"}
    answer = order(booth, guard)
    assert answer.status_code == 409
    assert answer.json()["message"].startswith("东门车道: 已封闭")


def test_other_needs_words_and_nobody_is_ordered_about_who_is_not_there(booth: Booth, guard: httpx.Client) -> None:
    assert order(booth, guard, choice="other").status_code == 422
    assert order(booth, guard, "/barriers/none/order").status_code == 404
    assert order(booth, guard, command="explode").status_code == 422
    assert booth.watch.ordered == []


def test_an_order_that_cannot_be_recorded_is_not_carried_out(booth: Booth, guard: httpx.Client) -> None:
    booth.watch.fault = LedgerUnwritable("ledger.spool_full", rows=1)
    assert order(booth, guard).status_code == 503


def test_a_compound_without_barriers_says_what_to_do(booth: Booth, guard: httpx.Client) -> None:
    booth.watch.barrier_views.clear()
    html = guard.get("/barriers?lang=en").text
    assert "add [[barrier]] to gate.toml" in html
    assert "data-command" not in html
