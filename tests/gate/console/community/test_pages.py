from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from gate.community.deliveries import destination_views
from gate.community.queue import Queue
from gate.community.registered import Webhooks
from gate.ledger.ledger import StaffActs
from tests.gate.console.community.conftest import Hub

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def _now(hub: Hub, client: httpx.Client) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in client.get("/community/now").json()["destinations"]}


def test_each_destination_tells_how_it_stands_and_what_it_may_get(hub: Hub, auditor: httpx.Client) -> None:
    html = auditor.get("/community").text
    assert "https://192.0.2.30" in html
    assert "HC 小区管理系统" in html
    assert "姓名（仅限本人同意者）" in html
    assert "names = true" in html
    assert "pictures = true" not in html
    now = _now(hub, auditor)
    assert {one["state"] for one in now.values()} == {"up"}


def test_what_waits_has_its_lag_in_words_and_is_late_after_its_time(hub: Hub, auditor: httpx.Client) -> None:
    hub.passes("r1")
    hub.gate.hands.now_s += 840
    waiting = _now(hub, auditor)["office"]
    assert (waiting["state"], waiting["late"]) == ("waiting", False)
    assert (waiting["words"]["waiting"], waiting["words"]["lag"]) == ("1", "14 分钟 0 秒")
    hub.gate.hands.now_s += 120
    assert _now(hub, auditor)["office"]["late"] is True


def test_a_fault_says_since_when_and_why_and_what_is_delivered_is_counted(hub: Hub, auditor: httpx.Client) -> None:
    Queue(hub.gate.site.engine, "office").say(
        "community.unreachable", {"address": "x", "why": "y"}, hub.gate.hands.wall()
    )
    Queue(hub.gate.site.engine, "wuye").say(
        "community.said_no", {"address": "x", "said": "1", "why": "y"}, hub.gate.hands.wall()
    )
    now = _now(hub, auditor)
    assert (now["office"]["state"], now["wuye"]["state"]) == ("retrying", "refused")
    assert "3月1日 16:00:00" in now["office"]["words"]["state"]
    assert "连不上 x" in now["office"]["fault"]
    hub.passes("r1", "r1", lane="door")
    hub.deliver()
    now = _now(hub, auditor)
    assert (now["wuye"]["words"]["today"], now["wuye"]["words"]["waiting"]) == ("2", "0")


def test_what_was_delivered_yesterday_is_not_of_today_and_a_backlog_tells_its_time(hub: Hub) -> None:
    hub.passes("r1", lane="door")
    hub.deliver()
    hub.gate.hands.now_s += 8 * 3600  # midnight at the compound
    hub.passes(*(["r1"] * 30), lane="door")
    view = destination_views(hub.gate.site, hub.config, hub.gate.hands.wall())[0]
    assert (view.standing.today, view.standing.delivered, view.left_s) == (0, 1, None)
    for _ in range(2):
        hub.deliver()
        hub.gate.hands.now_s += 11
        hub.passes(*(["r1"] * 30), lane="door")
    view = destination_views(hub.gate.site, hub.config, hub.gate.hands.wall())[0]
    assert view.state == "sending"
    assert view.standing.today == 60
    assert view.standing.rate_per_s == pytest.approx(30 / 11)
    assert view.left_s == pytest.approx(11)


def test_without_a_destination_the_page_shows_how_to_have_one(hub: Hub, admin: httpx.Client) -> None:
    hub.room._config = hub.room._config.model_copy(update={"community": type(hub.config.community)()})
    html = admin.get("/community").text
    assert "[[community.destination]]" in html
    assert "没有配置目的地" in html


def test_every_connection_is_listed_with_what_leaves_and_how_it_ends(hub: Hub, auditor: httpx.Client) -> None:
    hub.passes("r1", lane="door")
    hub.deliver()
    html = auditor.get("/connections").text
    for told in ("rtsp://192.0.2.1", "https://192.0.2.30", "[[camera]] id = &#34;north&#34;", "2025-03-01 16:00:00"):
        assert told in html
    assert "不送出什么，只取回画面" in html


def test_the_live_page_says_what_is_behind(hub: Hub) -> None:
    guard = hub.booth.signed_in("guard")
    assert guard.get("/now").json()["late"] == []
    hub.booth.watch.late = ["office"]
    assert guard.get("/now").json()["late"] == ["office"]
    assert json.loads(guard.get("/now").text)["fault"] is None


def test_a_webhook_of_the_api_stands_beside_the_destinations(hub: Hub, admin: httpx.Client) -> None:
    site = hub.gate.site
    hooks = Webhooks(site.engine, site.keyring, StaffActs(site.signer))
    hook, _ = hooks.add("https://office.example/in", ["passages"], "api:office")
    assert hook.id in admin.get("/community").text
    listed = admin.get("/connections").text
    assert "https://office.example" in listed
    assert f"DELETE /api/v1/webhooks/{hook.id}" in listed
