from __future__ import annotations

import pytest
from markupsafe import escape

from enrollment.consent import Purpose
from tests.gate.console.conftest import Booth
from tests.gate.console.enrolment.conftest import Table

HOSTILE = ["<script>alert(1)</script>", "'; DROP TABLE resident; --", "{{7*7}}", '" onfocus=alert(1) x="']


def found(table: Table, words: str) -> list[str]:
    answer = table.tell("/enrolment/find", {"words": words})
    assert answer.status_code == 200, answer.text
    return [home["code"] for home in answer.json()["found"]]


def test_an_enroller_comes_to_the_page_after_signing_in(booth: Booth) -> None:
    form = {"username": "enroller", "password": "correct horse battery"}
    assert booth.browser().post("/sign-in", data=form).headers["location"] == "/enrolment"


def test_a_household_begins_with_its_first_person(table: Table) -> None:
    asked = table.post("/enrolment/households", code="3号楼2单元501室")
    assert asked.status_code == 200
    assert "3-2-501 还没有登记过人" in asked.text
    home = table.begun()
    assert "张三" in table.client.get(home).text
    assert table.post("/enrolment/households", code="03-02-501").headers["location"] == home
    assert table.booth.accounts.acts[-1].actor == "id-enroller"


@pytest.mark.parametrize("code", ["", "3-2", "三楼", "<b>-1-1"])
def test_a_code_that_is_none_is_said(table: Table, code: str) -> None:
    answer = table.post("/enrolment/households", code=code)
    assert answer.status_code == 422
    assert "不是住户编号" in answer.text
    assert "<b>-1" not in answer.text


def test_a_family_of_four_with_two_cars_and_cards_is_entered(table: Table) -> None:
    home = table.begun()
    for name, phone, born in (("李四", "13800001234", ""), ("张小五", "", "2020-02-29"), ("王奶奶", "", "1940-05-01")):
        assert table.post(f"{home}/people", name=name, phone=phone, born=born).status_code == 303
    for plate, colour in (("辽A12345", "blue"), ("辽BD12345", "green")):
        assert table.post(f"{home}/vehicles", plate=plate, colour=colour).status_code == 303
    people = {one.name: one for one in table.booth.accounts.register.residents()}
    gave = table.post(f"/enrolment/people/{people['李四'].id}/credentials", kind="card", number="04A1B2C3")
    assert gave.headers["location"] == home
    page = table.client.get(home).text
    for said in ("张三", "李四", "13800001234", "至 2034-03-01", "王奶奶", "辽A12345", "绿", "卡 ··B2C3"):
        assert said in page
    assert people["王奶奶"].minor_until is None
    assert len(people) == 4
    assert {one.plate for one in table.booth.accounts.register.vehicles()} == {"辽A12345", "辽BD12345"}


@pytest.mark.parametrize(
    ("part", "form", "said"),
    [
        ("people", {"name": ""}, "姓名"),
        ("people", {"name": "李四", "phone": "call me"}, "电话"),
        ("people", {"name": "李四", "born": "2030-01-01"}, "出生日期不对"),
        ("people", {"name": "李四", "born": "yesterday"}, "出生日期不对"),
        ("vehicles", {"plate": "ABC"}, "车牌"),
        ("vehicles", {"plate": "辽A12345", "owner": "nobody"}, ""),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_entered(table: Table, part: str, form: dict[str, str], said: str) -> None:
    home = table.begun()
    answer = table.post(f"{home}/{part}", **form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert said in answer.text
    assert len(table.booth.accounts.register.residents()) == 1
    assert not table.booth.accounts.register.vehicles()


@pytest.mark.parametrize("words", HOSTILE)
def test_what_looks_like_html_or_sql_stays_text(table: Table, words: str) -> None:
    home = table.begun()
    answer = table.post(f"{home}/people", name="李四", notes=words)
    page = table.client.get(home).text if answer.status_code == 303 else answer.text
    assert f">{escape(words)}</p>" in page
    named = table.post(f"{home}/people", name=words)
    assert named.status_code == 303 or f'value="{escape(words)}"' in named.text
    assert found(table, words) in ([], ["3-2-501"])
    assert any(one.name == "李四" for one in table.booth.accounts.register.residents())


def test_looking_at_a_household_is_recorded_once_and_finding_shows_no_whole_name(table: Table) -> None:
    home = table.begun()
    table.post(f"{home}/vehicles", plate="辽A12345", colour="blue")
    told = table.tell("/enrolment/find", {"words": "zs"}).text
    assert "张三" not in told
    assert "辽A12345" not in told
    table.client.get(home)
    table.client.get(home)
    assert table.booth.watch.looked == [("id-enroller", f"household:{home.rpartition('/')[2]}")]


def test_the_page_says_for_each_person_what_is_left_to_do_and_begins_with_the_first(table: Table) -> None:
    home = table.begun()
    table.post(f"{home}/people", name="李四")
    first, second = (table.person(name) for name in ("张三", "李四"))
    table.agreed(first, Purpose.CARE_ALERTS)
    page = table.client.get(home).text
    assert f'href="/enrolment/people/{first.id}" autofocus>发门卡' in page
    assert f'href="/enrolment/people/{second.id}/consent"' in page
    table.agreed(second, Purpose.FACE_ENTRY)
    assert f'href="/enrolment/people/{second.id}/photo"' in table.client.get(home).text
    for one in (first, second):
        table.post(f"/enrolment/people/{one.id}/credentials", kind="pin")
    page = table.client.get(home).text
    assert page.count("已完成") == 1
    assert f'href="/enrolment/people/{second.id}/photo"' in page, "a face that was agreed to is still to be taken"


def test_a_household_that_is_not_there_is_said(table: Table) -> None:
    assert table.client.get("/enrolment/households/none").json()["code"] == "console.no_such_household"
    for part in ("people", "vehicles"):
        assert table.post(f"/enrolment/households/none/{part}", name="李四", plate="辽A12345").status_code == 404


def test_a_households_parking_places_are_set_and_a_stale_form_changes_nothing(table: Table) -> None:
    home = table.begun()
    households = table.booth.accounts.register.households
    assert "现在是 与全小区一样" in table.client.get(home).text
    assert table.post(f"{home}/places", places="2", version="1").headers["location"] == f"{home}#places-title"
    assert "现在是 2" in table.client.get(home).text
    assert table.booth.accounts.acts[-1].kind == "household.places_set"
    for typed, version, said in (("3", "1", "已被别人改过"), ("21", "2", "0 到 20 之间"), ("two", "2", "0 到 20 之间")):
        answer = table.post(f"{home}/places", places=typed, version=version)
        assert (answer.status_code, said in answer.text) == (422, True), typed
    assert households.places(home.rpartition("/")[2]).places == 2
    table.post(f"{home}/places", places="", version="2")
    assert households.places(home.rpartition("/")[2]).places is None


def test_a_note_about_a_household_is_shown_in_its_lines_and_a_stale_form_loses_nothing(table: Table) -> None:
    home, note = table.begun(), "轮椅走侧门\u3000谢谢\r\n18:00 以后再打电话"
    assert "写备注" in table.client.get(home).text
    assert table.post(f"{home}/note", note=note, version="1").headers["location"] == f"{home}#note-title"
    page = table.client.get(home).text
    assert '<p class="lines">轮椅走侧门\u3000谢谢\n18:00 以后再打电话</p>' in page
    assert "\n轮椅走侧门\u3000谢谢\n18:00 以后再打电话</textarea>" in page
    assert table.booth.accounts.acts[-1].kind == "household.note_set"
    stale = table.post(f"{home}/note", note="请走侧门", version="1")
    assert (stale.status_code, "按我填的保存" in stale.text) == (409, True)
    assert "<td>请走侧门</td>" in stale.text
    assert ">\n请走侧门</textarea>" in stale.text
    assert "<details open>" in stale.text
    assert table.post(f"{home}/note", note="请走侧门", version="2").status_code == 303
    assert table.post(f"{home}/note", note="", version="3").status_code == 303
    assert "写备注" in table.client.get(home).text


@pytest.mark.parametrize(("note", "said"), [("字" * 501, "最多 500 个"), ("a\x07b", "控制字符")])
def test_a_note_that_is_refused_stays_in_its_form(table: Table, note: str, said: str) -> None:
    home = table.begun()
    answer = table.post(f"{home}/note", note=note, version="1")
    assert (answer.status_code, said in answer.text) == (422, True)
    assert f">\n{note}</textarea>" in answer.text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_note_is_words_and_never_markup(table: Table, hostile: str) -> None:
    home = table.begun()
    table.post(f"{home}/note", note=hostile, version="1")
    assert f'<p class="lines">{escape(hostile)}</p>' in table.client.get(home).text


def test_a_guard_sees_no_note_about_a_household(table: Table) -> None:
    home = table.begun()
    table.post(f"{home}/note", note="轮椅走侧门", version="1")
    guard = table.booth.signed_in("guard")
    assert guard.get(home).status_code == 403
    for path in ("/", "/lanes", "/passes", "/patrol", "/parking"):
        assert "轮椅走侧门" not in guard.get(path).text
