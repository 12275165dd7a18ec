from __future__ import annotations

import httpx
import pytest
from markupsafe import escape

from tests.gate.console.conftest import Booth

HOSTILE = ["<script>alert(1)</script>", "'; DROP TABLE resident; --", "{{7*7}}", '" onfocus=alert(1) x="']


@pytest.fixture
def enroller(booth: Booth) -> httpx.Client:
    return booth.signed_in("enroller")


def post(booth: Booth, client: httpx.Client, path: str, **form: str) -> httpx.Response:
    return client.post(path, data={"csrf": booth.token(client), **form})


def begun(booth: Booth, client: httpx.Client, code: str = "3-2-501", name: str = "张三") -> str:
    """The address of a household that was begun with its first person."""
    answer = post(booth, client, "/enrolment/households", code=code, name=name)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def found(booth: Booth, client: httpx.Client, words: str) -> list[str]:
    answer = client.post("/enrolment/find", json={"words": words}, headers={"X-CSRF-Token": booth.token(client)})
    assert answer.status_code == 200, answer.text
    return [home["code"] for home in answer.json()["found"]]


def test_an_enroller_comes_to_the_page_after_signing_in(booth: Booth) -> None:
    form = {"username": "enroller", "password": "correct horse battery"}
    assert booth.browser().post("/sign-in", data=form).headers["location"] == "/enrolment"


def test_a_household_begins_with_its_first_person(booth: Booth, enroller: httpx.Client) -> None:
    asked = post(booth, enroller, "/enrolment/households", code="3号楼2单元501室")
    assert asked.status_code == 200
    assert "3-2-501 还没有登记过人" in asked.text
    home = begun(booth, enroller)
    assert "张三" in enroller.get(home).text
    assert post(booth, enroller, "/enrolment/households", code="03-02-501").headers["location"] == home
    assert booth.accounts.acts[-1].actor == "id-enroller"


@pytest.mark.parametrize("code", ["", "3-2", "三楼", "<b>-1-1"])
def test_a_code_that_is_none_is_said(booth: Booth, enroller: httpx.Client, code: str) -> None:
    answer = post(booth, enroller, "/enrolment/households", code=code)
    assert answer.status_code == 422
    assert "不是住户编号" in answer.text
    assert "<b>-1" not in answer.text


def test_a_family_of_four_with_two_cars_and_cards_is_entered(booth: Booth, enroller: httpx.Client) -> None:
    home = begun(booth, enroller)
    for name, phone, born in (("李四", "13800001234", ""), ("张小五", "", "2020-02-29"), ("王奶奶", "", "1940-05-01")):
        assert post(booth, enroller, f"{home}/people", name=name, phone=phone, born=born).status_code == 303
    for plate, colour in (("辽A12345", "blue"), ("辽BD12345", "green")):
        assert post(booth, enroller, f"{home}/vehicles", plate=plate, colour=colour).status_code == 303
    people = {one.name: one for one in booth.accounts.register.residents()}
    gave = post(booth, enroller, f"{home}/credentials", resident=people["李四"].id, kind="card", number="04A1B2C3")
    assert gave.status_code == 303
    page = enroller.get(home).text
    for said in ("张三", "李四", "13800001234", "至 2034-03-01", "王奶奶", "辽A12345", "绿", "卡 ··B2C3"):
        assert said in page
    assert people["王奶奶"].minor_until is None
    assert len(people) == 4
    assert {one.plate for one in booth.accounts.register.vehicles()} == {"辽A12345", "辽BD12345"}


def test_a_pin_is_shown_once(booth: Booth, enroller: httpx.Client) -> None:
    home = begun(booth, enroller)
    [person] = booth.accounts.register.residents()
    answer = post(booth, enroller, f"{home}/credentials", resident=person.id, kind="pin", number="111111")
    assert answer.status_code == 200
    pin = answer.text.partition('class="secret large">')[2][:6]
    assert booth.accounts.register.credentials.find_pin("3-2-501", pin) == person.id
    assert pin != "111111"
    assert 'class="secret large"' not in enroller.get(home).text


@pytest.mark.parametrize(
    ("part", "form", "said"),
    [
        ("people", {"name": ""}, "姓名"),
        ("people", {"name": "李四", "phone": "call me"}, "电话"),
        ("people", {"name": "李四", "born": "2030-01-01"}, "出生日期不对"),
        ("people", {"name": "李四", "born": "yesterday"}, "出生日期不对"),
        ("vehicles", {"plate": "ABC"}, "车牌"),
        ("credentials", {"resident": "nobody", "number": "04A1B2C3"}, ""),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_entered(
    booth: Booth, enroller: httpx.Client, part: str, form: dict[str, str], said: str
) -> None:
    home = begun(booth, enroller)
    answer = post(booth, enroller, f"{home}/{part}", **form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert said in answer.text
    assert len(booth.accounts.register.residents()) == 1
    assert not booth.accounts.register.vehicles()


def test_somebody_of_another_household_gets_nothing_here(booth: Booth, enroller: httpx.Client) -> None:
    here, there = begun(booth, enroller), begun(booth, enroller, "4-1-101", "李四")
    other = next(one for one in booth.accounts.register.residents() if one.name == "李四")
    assert post(booth, enroller, f"{here}/credentials", resident=other.id, number="04A1B2C3").status_code == 422
    assert post(booth, enroller, f"{there}/credentials", resident=other.id, number="04A1B2C3").status_code == 303


@pytest.mark.parametrize("words", HOSTILE)
def test_what_looks_like_html_or_sql_stays_text(booth: Booth, enroller: httpx.Client, words: str) -> None:
    home = begun(booth, enroller)
    answer = post(booth, enroller, f"{home}/people", name="李四", notes=words)
    page = enroller.get(home).text if answer.status_code == 303 else answer.text
    assert f">{escape(words)}</p>" in page
    named = post(booth, enroller, f"{home}/people", name=words)
    assert named.status_code == 303 or f'value="{escape(words)}"' in named.text
    assert found(booth, enroller, words) in ([], ["3-2-501"])
    assert any(one.name == "李四" for one in booth.accounts.register.residents())


def test_looking_at_a_household_is_recorded_once_and_finding_shows_no_whole_name(
    booth: Booth, enroller: httpx.Client
) -> None:
    home = begun(booth, enroller)
    post(booth, enroller, f"{home}/vehicles", plate="辽A12345", colour="blue")
    token = {"X-CSRF-Token": booth.token(enroller)}
    told = enroller.post("/enrolment/find", json={"words": "zs"}, headers=token).text
    assert "张三" not in told
    assert "辽A12345" not in told
    enroller.get(home)
    enroller.get(home)
    assert booth.watch.looked == [("id-enroller", f"household:{home.rpartition('/')[2]}")]


def test_a_household_that_is_not_there_is_said(booth: Booth, enroller: httpx.Client) -> None:
    assert enroller.get("/enrolment/households/none").json()["code"] == "console.no_such_household"
    for part in ("people", "vehicles", "credentials"):
        assert (
            post(booth, enroller, f"/enrolment/households/none/{part}", name="李四", plate="辽A12345").status_code
            == 404
        )
