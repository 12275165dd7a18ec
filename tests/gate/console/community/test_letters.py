from __future__ import annotations

import json
import re

import httpx
import pytest
from sqlalchemy import text

from gate.community.letters import PAGE
from tests.gate.console.community.conftest import Hub

LIST = "/community/wuye/letters"
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_what_was_not_taken_is_listed_by_kind_and_reason_without_anything_personal(
    hub: Hub, auditor: httpx.Client
) -> None:
    hub.passes("v1", "v1")
    hub.dies()
    hub.gate.notes("barrier.alarm", barrier="arm", cause="forced")
    hub.dies(code="community.not_understood")
    html = auditor.get(LIST).text
    assert "设备不存在" in html
    assert "回答看不懂" in html
    assert len(re.findall(r'class="reason"', html)) == 3
    assert "苏Z10B88" not in html
    assert hub.booth.watch.looked == [("id-auditor", "letters:wuye")]
    narrowed = auditor.get(f"{LIST}?kind=decision&code=community.said_no").text
    assert len(re.findall(r'class="reason"', narrowed)) == 2


def test_a_long_list_comes_page_by_page(hub: Hub, auditor: httpx.Client) -> None:
    hub.passes(*(["v1"] * (PAGE + 5)))
    seqs = hub.dies()
    first = auditor.get(LIST).text
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = auditor.get(older.replace("&amp;", "&")).text
    shown = [int(seq) for html in (first, second) for seq in re.findall(r"/letters/(\d+)\"", html)]
    assert shown == sorted(seqs, reverse=True)
    assert 'rel="next"' not in second


def test_a_letter_shows_its_payload_and_that_it_was_looked_at_is_on_record(hub: Hub, auditor: httpx.Client) -> None:
    hub.passes("v1")
    (seq,) = hub.dies()
    html = auditor.get(f"{LIST}/{seq}").text
    assert "/app/machineTranslate.machineUploadCarLog" in html
    assert "苏Z10B88" in html
    assert "MC9" in html
    assert hub.booth.watch.looked == [("id-auditor", f"letter:wuye:{seq}")]


def test_a_name_is_in_the_payload_only_with_the_persons_consent(hub: Hub, auditor: httpx.Client) -> None:
    hub.passes("r1", lane="door")
    (seq,) = hub.dies()
    assert "张三" not in auditor.get(f"{LIST}/{seq}").text
    hub.agreed.add("r1")
    assert "张三" in auditor.get(f"{LIST}/{seq}").text


def test_an_auditor_reads_and_changes_nothing(hub: Hub, auditor: httpx.Client) -> None:
    hub.passes("v1")
    (seq,) = hub.dies()
    for path in (LIST, f"{LIST}/{seq}"):
        assert 'method="post" action="/community' not in auditor.get(path).text
        assert hub.post(auditor, path, act="resend").status_code == 403
    assert hub.gate.letters("wuye").find(seq) is not None


def test_an_act_needs_the_sessions_token(hub: Hub, admin: httpx.Client) -> None:
    hub.passes("v1")
    (seq,) = hub.dies()
    assert admin.post(f"{LIST}/{seq}", data={"act": "resend"}).status_code == 403
    assert admin.post(LIST, data={"act": "resend"}).status_code == 403
    assert hub.gate.letters("wuye").find(seq) is not None


def test_a_corrected_code_is_tried_first_then_kept_as_a_version_on_record_and_sent(
    hub: Hub, admin: httpx.Client
) -> None:
    hub.passes("v1")
    (seq,) = hub.dies()
    tried = hub.post(admin, f"{LIST}/{seq}", act="preview", lane="MC1").text
    assert "&#34;machineCode&#34;: &#34;MC1&#34;" in tried
    assert not hub.rows("community.mapped")
    done = hub.post(admin, f"{LIST}/{seq}", act="save", lane="MC1")
    assert done.headers["location"] == f"{LIST}?act=resend&done=1"
    (mapped,) = map(json.loads, hub.rows("community.mapped"))
    expected = {
        "actor": "id-admin",
        "destination": "wuye",
        "version": 1,
        "lane": "north-in",
        "before": "",
        "after": "MC1",
    }
    assert mapped == expected
    (resent,) = map(json.loads, hub.rows("community.resent"))
    assert (resent["actor"], resent["seqs"]) == ("id-admin", [seq])
    hub.deliver()
    assert [car["machineCode"] for car in hub.peer.cars] == ["MC1"]
    hub.passes("v1")
    hub.deliver()
    assert [car["machineCode"] for car in hub.peer.cars] == ["MC1", "MC1"]


def test_an_empty_name_goes_back_to_gate_toml_and_what_holds_makes_no_version(hub: Hub, admin: httpx.Client) -> None:
    for name, version in (("MC1", 1), ("MC1", 1), ("", 2)):
        hub.passes("v1")
        (seq,) = hub.dies()
        hub.post(admin, f"{LIST}/{seq}", act="save", lane=name)
        opened = hub.room.open("wuye", seq) or hub.room.open("wuye", hub.dies()[0])
        assert opened is not None
        assert opened.names.version == version
    assert opened.messages[0].body["machineCode"] == "MC9"


@pytest.mark.parametrize("act", ["preview", "save"])
def test_a_code_that_cannot_be_is_said_and_kept_out(hub: Hub, admin: httpx.Client, act: str) -> None:
    hub.passes("v1")
    (seq,) = hub.dies()
    answer = hub.post(admin, f"{LIST}/{seq}", act=act, lane='MC 1";')
    assert answer.status_code == 422
    assert "设备编码只能有字母" in answer.text
    assert hub.room.open("wuye", seq).names.version == 0  # type: ignore[union-attr]


def test_all_of_a_kind_are_sent_again_or_given_up_with_a_reason_on_record(hub: Hub, admin: httpx.Client) -> None:
    hub.passes("v1", "v1")
    hub.dies()
    hub.gate.notes("barrier.alarm", barrier="arm", cause="forced")
    hub.dies()
    assert hub.post(admin, LIST, act="aside", kind="barrier.alarm", code="community.said_no").status_code == 422
    hub.post(admin, LIST, act="aside", kind="barrier.alarm", code="community.said_no", words="演练，不用报")
    (aside,) = map(json.loads, hub.rows("community.set_aside"))
    assert (aside["events"], aside["of"], aside["code"]) == (1, "barrier.alarm", "community.said_no")
    assert "remark" in aside
    assert "演练" not in json.dumps(aside, ensure_ascii=False)
    answer = hub.post(admin, LIST, act="resend", kind="decision", code="community.said_no")
    assert "已重新排队 2 条" in admin.get(answer.headers["location"]).text
    assert not hub.gate.letters("wuye").page()
    assert hub.gate.queue("wuye").standing(hub.gate.hands.wall()).waiting == 2


def test_what_somebody_else_has_dealt_with_and_what_is_not_there_are_said(hub: Hub, admin: httpx.Client) -> None:
    hub.passes("v1")
    (seq,) = hub.dies()
    hub.post(admin, f"{LIST}/{seq}", act="resend")
    assert hub.post(admin, f"{LIST}/{seq}", act="resend").json()["code"] == "community.letter_gone"
    assert admin.get(f"{LIST}/{seq}").json()["code"] == "community.letter_gone"
    assert admin.get("/community/nobody/letters").json()["code"] == "community.destination_gone"
    assert admin.get(f"{LIST}/{2**70}").status_code == 422


def test_a_letter_that_would_send_nothing_says_so(hub: Hub, admin: httpx.Client) -> None:
    hub.gate.notes("barrier.alarm", barrier="arm", cause="forced")
    (seq,) = hub.dies()
    assert "不会送出什么" in admin.get(f"{LIST}/{seq}").text


def test_the_list_is_read_along_its_indices(hub: Hub) -> None:
    mine = "FROM dead_letter WHERE destination = 'wuye'"
    plans = {
        f"SELECT kind, code, count(*) {mine} GROUP BY kind, code": "dead_letter_why",
        f"SELECT * {mine} AND seq < 9 ORDER BY seq DESC LIMIT 51": "autoindex",
        f"SELECT * {mine} AND kind = 'k' AND code = 'c' AND seq < 9 ORDER BY seq DESC LIMIT 51": "dead_letter_why",
    }
    with hub.gate.site.engine.connect() as connection:
        for statement, index in plans.items():
            plan = " ".join(str(row) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement}")))
            assert index in plan
            assert "TEMP B-TREE" not in plan
