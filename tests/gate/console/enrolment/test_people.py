from __future__ import annotations

import pytest

from enrollment.consent import Purpose
from gate.console.enrolment.people import NOTICES
from tests.gate.console.enrolment.conftest import Table


def pin_on(page: str) -> str:
    return page.partition('class="secret large">')[2][:6]


def test_a_look_at_a_person_is_recorded(table: Table) -> None:
    person = table.person()
    page = table.client.get(f"/enrolment/people/{person.id}").text
    assert "张三" in page
    assert f'<a href="{table.begun()}">返回 3-2-501</a>' in page
    assert table.booth.watch.looked[-1] == ("id-enroller", f"resident:{person.id}")


def test_a_pin_is_shown_once(table: Table) -> None:
    person = table.person()
    answer = table.post(f"/enrolment/people/{person.id}/credentials", kind="pin", number="111111")
    pin = pin_on(answer.text)
    assert table.booth.accounts.register.credentials.find_pin("3-2-501", pin) == person.id
    assert pin != "111111"
    assert 'class="secret large"' not in table.client.get(f"/enrolment/people/{person.id}").text


def test_a_card_and_a_qr_code_are_given_and_taken_back(table: Table) -> None:
    person = table.person()
    home = f"/enrolment/people/{person.id}"
    assert table.post(f"{home}/credentials", kind="card", number="04A1B2C3").status_code == 303
    assert "手机页面" in table.post(f"{home}/credentials", kind="qr").text
    for held in table.booth.accounts.register.credentials.of(person.id):
        assert table.post(f"{home}/credentials/{held.id}").status_code == 303
    assert not table.booth.accounts.register.credentials.of(person.id)
    assert table.post(f"{home}/credentials", kind="card", number="?").status_code == 422


def test_nobody_gives_or_takes_what_is_another_persons(table: Table) -> None:
    one, other = table.person(), table.person("李四", "4-1-101")
    table.post(f"/enrolment/people/{one.id}/credentials", kind="pin")
    [held] = table.booth.accounts.register.credentials.of(one.id)
    assert table.post(f"/enrolment/people/{other.id}/credentials/{held.id}").status_code == 422
    [stay] = table.booth.accounts.register.tenancies.of(one.id)
    assert table.post(f"/enrolment/people/{other.id}/stays/{stay.id}", last_day="2026-01-31").status_code == 422
    assert table.booth.accounts.register.credentials.of(one.id)


def test_a_person_is_edited_and_moved(table: Table) -> None:
    person = table.person()
    form = {
        "name": "张三丰",
        "household": "4-1-101",
        "phone": "13800001234",
        "standing": "owner",
        "notes": "爱下棋",
    }
    answer = table.post(f"/enrolment/people/{person.id}/edit", version=str(person.version), **form)
    assert answer.headers["location"].endswith("?notice=saved")
    now = table.now(person)
    assert (now.name, now.household, now.phone, now.notes) == ("张三丰", "4-1-101", "13800001234", "爱下棋")
    [stay] = table.booth.accounts.register.tenancies.of(person.id)
    assert (stay.household, stay.standing) == ("4-1-101", "owner")


def test_a_childs_birthday_stays_when_it_is_not_typed_again(table: Table) -> None:
    child = table.person("张小五", born="2020-02-29")
    form = {"name": "张小五", "household": "3-2-501", "notes": "走读", "version": str(child.version)}
    table.post(f"/enrolment/people/{child.id}/edit", **form)
    assert table.now(child).minor_until == child.minor_until is not None


def test_of_two_who_edit_at_once_the_second_sees_both_and_loses_nothing(table: Table, admins: Table) -> None:
    person = table.person()
    here, seen = f"/enrolment/people/{person.id}/edit", str(person.version)
    admins.post(here, name="张三", household="3-2-501", phone="13800001234", version=seen)
    late = table.post(here, name="张叁", household="3-2-501", notes="爱下棋", version=seen)
    assert late.status_code == 409
    for said in ("别人刚改过", "13800001234", 'value="张叁"', 'value="爱下棋"', "按我填的保存"):
        assert said in late.text
    assert table.now(person).name == "张三"
    again = table.post(here, name="张叁", household="3-2-501", notes="爱下棋", version=str(table.now(person).version))
    assert again.status_code == 303
    assert table.now(person).name == "张叁"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": ""}, "姓名"),
        ({"household": "三楼"}, "不是住户编号"),
        ({"phone": "call me"}, "电话"),
        ({"born": "2030"}, "出生"),
    ],
)
def test_a_wrong_edit_keeps_what_was_typed(table: Table, form: dict[str, str], said: str) -> None:
    person = table.person()
    good = {"name": "李四", "household": "3-2-501", "notes": "爱下棋", "version": str(person.version)}
    answer = table.post(f"/enrolment/people/{person.id}/edit", **{**good, **form})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="爱下棋"' in answer.text
    assert table.now(person).name == "张三"


def test_a_stay_ends_and_the_end_is_taken_back(table: Table) -> None:
    person = table.person()
    [stay] = table.booth.accounts.register.tenancies.of(person.id)
    here = f"/enrolment/people/{person.id}/stays/{stay.id}"
    assert table.post(here, last_day="2026-01-31", version=str(person.version)).status_code == 303
    [ended] = table.booth.accounts.register.tenancies.of(person.id)
    assert ended.ends_at is not None
    assert f"{ended.ends_at:%Y-%m-%d %H:%M}" == "2026-01-31 15:59", "the last day is a whole day of the compound"
    page = table.client.get(f"/enrolment/people/{person.id}").text
    assert "撤销搬离" in page
    assert table.post(here, version=str(table.now(person).version)).status_code == 303
    assert table.booth.accounts.register.tenancies.of(person.id)[0].ends_at is None
    assert table.post(here, last_day="soon", version=str(table.now(person).version)).status_code == 422
    assert table.post(here, last_day="1999-01-01", version=str(table.now(person).version)).status_code == 422


def test_a_person_who_is_not_there_is_said(table: Table) -> None:
    assert table.client.get("/enrolment/people/none").json()["code"] == "console.no_such_person"
    car = table.booth.accounts.register.add_vehicle("辽A12345", "3-2-501", "id-enroller")
    assert table.client.get(f"/enrolment/people/{car.id}").status_code == 404


def test_only_an_administrator_is_led_to_erasure(table: Table, admins: Table) -> None:
    person = table.person()
    assert "/enrolment/erase/" not in table.client.get(f"/enrolment/people/{person.id}").text
    assert "/enrolment/erase/" in admins.client.get(f"/enrolment/people/{person.id}").text


@pytest.mark.parametrize("notice", sorted(NOTICES))
def test_what_was_done_is_told(table: Table, notice: str) -> None:
    person = table.person()
    assert 'role="status"' in table.client.get(f"/enrolment/people/{person.id}?notice={notice}").text


def test_what_lives_is_told_with_a_way_to_withdraw_it(table: Table) -> None:
    person = table.person()
    table.agreed(person, Purpose.FACE_ENTRY, Purpose.CARE_ALERTS)
    page = table.client.get(f"/enrolment/people/{person.id}").text
    assert page.count("立即撤回") == 2
    assert "纸质签字" in page
