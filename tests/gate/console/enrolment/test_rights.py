"""Rights and blocks on the pages of a person, a vehicle and a household."""

from __future__ import annotations

import pytest

from enrollment.hours import parse_hours
from enrollment.rights import NO_RIGHT, Right
from tests.gate.console.enrolment.conftest import Table

DAY = parse_hours("mon-fri 07:00-19:00")


@pytest.fixture
def places(table: Table) -> list[tuple[str, str]]:
    """The addresses of a person and of a vehicle, with their ids."""
    person = table.person()
    car = table.booth.accounts.register.add_vehicle("辽A12345", "3-2-501", "id-enroller")
    return [(f"/enrolment/people/{person.id}", person.id), (f"/enrolment/vehicles/{car.id}", car.id)]


def test_a_right_is_set_shown_and_taken_away(table: Table, places: list[tuple[str, str]]) -> None:
    register = table.booth.accounts.register
    for place, who in places:
        assert "通道：全部；时段：按规则和通道" in table.client.get(place).text
        form = {"lane": "che", "hours": "周一至周五 7:00-19:00", "version": "1"}
        told = table.post(f"{place}/right", **form)
        assert told.headers["location"] == f"{place}?notice=right_given"
        page = table.client.get(told.headers["location"]).text
        for said in ("一秒之内生效", 'value="che" checked', 'value="周一至周五 07:00-19:00"', "时段：周一至周五"):
            assert said in page
        kept = register.find(who)
        assert kept is not None
        assert (kept.lanes, kept.hours) == (("che",), DAY)
        assert table.post(f"{place}/right", version="2").status_code == 303
        kept = register.find(who)
        assert kept is not None
        assert (kept.lanes, kept.hours) == (None, ())


def test_other_edits_keep_the_right(table: Table, places: list[tuple[str, str]]) -> None:
    register = table.booth.accounts.register
    forms = ({"name": "张三丰"}, {"plate": "辽A12345", "colour": "blue"})
    for (place, who), form in zip(places, forms, strict=True):
        register.rights.give(who, Right(("che",), DAY), "t")
        answer = table.post(f"{place}/edit", household="3-2-501", version="2", **form)
        assert answer.status_code == 303
        kept = register.find(who)
        assert kept is not None
        assert (kept.lanes, kept.hours) == (("che",), DAY)


def test_a_households_right_is_set_on_its_page_and_told_on_its_peoples(
    table: Table, places: list[tuple[str, str]]
) -> None:
    home = table.begun()
    told = table.post(f"{home}/right", hours="工作日 08:00-18:00", version="1")
    assert told.headers["location"] == f"{home}?notice=right_given"
    assert 'value="工作日 08:00-18:00"' in table.client.get(told.headers["location"]).text
    for place, _ in places:
        assert "时段：工作日 08:00-18:00（按整户）" in table.client.get(place).text
    late = table.post(f"{home}/right", hours="周日", version="1")
    assert late.status_code == 409
    assert "别人刚改过" in late.text
    assert 'value="周日"' in late.text


def test_of_two_who_set_a_right_at_once_the_second_sees_both(table: Table, places: list[tuple[str, str]]) -> None:
    for place, who in places:
        table.booth.accounts.register.rights.give(who, Right(("che",), DAY), "t")
        late = table.post(f"{place}/right", lane="men", hours="周日", version="1")
        assert late.status_code == 409
        for said in ("别人刚改过", "周一至周五 07:00-19:00", 'value="周日"', "按我填的保存"):
            assert said in late.text
        assert table.post(f"{place}/right", hours="周日", version="2").status_code == 303


@pytest.mark.parametrize(
    ("form", "said"),
    [({"hours": "白天"}, "看不懂时段"), ({"hours": "25:00-26:00"}, "没有的时间"), ({"lane": "nowhere"}, "没有通道")],
)
def test_a_wrong_right_keeps_what_was_typed(
    table: Table, places: list[tuple[str, str]], form: dict[str, str], said: str
) -> None:
    for place in (table.begun(), *(place for place, _ in places)):
        answer = table.post(f"{place}/right", version="1", **form)
        assert answer.status_code == 422
        assert said in answer.text
        assert f'value="{form.get("hours", "")}"' in answer.text
    assert not table.booth.accounts.register.rights.of_households()


def test_a_lane_that_is_no_more_may_stay_in_a_right_until_it_is_unticked(
    table: Table, places: list[tuple[str, str]]
) -> None:
    (place, who), _ = places
    table.booth.accounts.register.rights.give(who, Right(("old-gate",)), "t")
    assert 'value="old-gate" checked' in table.client.get(place).text
    assert table.post(f"{place}/right", lane="old-gate", hours="周日", version="2").status_code == 303
    assert table.post(f"{place}/right", version="3").status_code == 303
    assert "old-gate" not in table.client.get(place).text


def test_somebody_is_blocked_with_a_reason_and_an_end_and_unblocked_again(
    table: Table, places: list[tuple[str, str]]
) -> None:
    register = table.booth.accounts.register
    for place, who in places:
        form = {"reason": "欠费", "last_day": "2026-12-31", "sure": "yes", "version": "1"}
        told = table.post(f"{place}/block", **form)
        assert told.headers["location"] == f"{place}?notice=blocked"
        kept = register.find(who)
        assert kept is not None
        assert kept.blocked
        assert kept.blocked_until is not None
        assert f"{kept.blocked_until:%Y-%m-%d %H:%M}" == "2026-12-31 15:59", "the last day is a whole day here"
        page = table.client.get(told.headers["location"]).text
        for said in (
            "已禁止通行：欠费",
            "由 enroller 禁止",
            "至 2026-12-31 23:59",
            "解除禁止",
            '<span class="tag off">',
        ):
            assert said in page
        assert table.post(f"{place}/unblock", version="1").status_code == 409, "somebody was faster"
        assert table.post(f"{place}/unblock", version="2").headers["location"] == f"{place}?notice=unblocked"
        kept = register.find(who)
        assert kept is not None
        assert not kept.blocked
        assert "由 enroller 禁止" not in table.client.get(place).text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"sure": ""}, "没有禁止任何人"),
        ({"reason": " "}, "原因"),
        ({"last_day": "soon"}, "不是日期"),
        ({"last_day": "2020-01-01"}, "过去"),
        ({"version": "7"}, "别人"),
    ],
)
def test_a_block_that_is_not_whole_blocks_nobody_and_keeps_what_was_typed(
    table: Table, places: list[tuple[str, str]], form: dict[str, str], said: str
) -> None:
    for place, who in places:
        good = {"reason": "欠费很久", "last_day": "2026-12-31", "sure": "yes", "version": "1"}
        answer = table.post(f"{place}/block", **{**good, **form})
        assert answer.status_code == (409 if "version" in form else 422)
        assert said in answer.text
        assert f'name="reason" value="{form.get("reason", good["reason"])}"' in answer.text
        kept = table.booth.accounts.register.find(who)
        assert kept is not None
        assert not kept.blocked


def test_a_block_of_before_tells_what_is_known(table: Table, places: list[tuple[str, str]]) -> None:
    (place, who), (car_place, car) = places
    register = table.booth.accounts.register
    register.block(who, "旧账", "local:root")
    assert "由 root 禁止" in table.client.get(place).text
    register.block(car, "旧账", "id-of-somebody-who-left")
    assert "没有期限" in table.client.get(car_place).text
    assert register.rights.of_households() == {}
    assert Right() == NO_RIGHT
