"""What the gate asks of a household, on the household's phones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest

from enrollment.entry import Resident
from enrollment.notices import CALL_LASTS
from tests.gate.console.conftest import Booth
from tests.gate.console.staff import START


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Callable[[], datetime]:
    return lambda: START


@pytest.fixture
def person(booth: Booth) -> Resident:
    return booth.accounts.live_in()


@pytest.fixture
def phone(booth: Booth, person: Resident) -> httpx.Client:
    return booth.phone(person)


def press(booth: Booth, client: httpx.Client, path: str, **form: str) -> httpx.Response:
    return client.post(path, data={"csrf": booth.resident_token(client), **form})


def test_a_call_is_counted_shown_and_answered_and_the_guard_is_told(
    booth: Booth, phone: httpx.Client, person: Resident
) -> None:
    staff = booth.accounts
    assert 'id="notice-count" hidden' in phone.get("/me").text
    call = staff.notices.call(staff.home(), "men", "id-guard")
    assert "1 条待回复" in phone.get("/me").text
    assert phone.get("/me/notices/now").json() == {"waiting": [call.id]}
    shown = phone.get("/me/notices").text
    for said in ("东门行人：有人来找您家", "请让他们进来", "不认识"):
        assert said in shown
    assert "id-guard" not in shown
    before = booth.watch.feed.latest
    answer = press(booth, phone, f"/me/notices/{call.id}/answer", answer="let_in")
    assert answer.headers["location"] == "/me/notices?done=let_in"
    (news,) = booth.watch.feed.after(before, 0)
    assert (news.topic, news.lane, news.body) == ("notice", "men", {"id": call.id, "answer": "let_in"})
    assert not booth.watch.opened
    assert "家里已回复：请放行" in phone.get("/me/notices").text
    again = press(booth, phone, f"/me/notices/{call.id}/answer", answer="unknown")
    assert (again.status_code, "家里已经有人回答了" in again.text) == (422, True)


def test_a_car_is_promised_to_be_moved_and_then_it_is(booth: Booth, phone: httpx.Client) -> None:
    staff = booth.accounts
    car = staff.register.add_vehicle("辽A12345", "3-2-501", "id-enroller")
    asked = staff.notices.ask_to_move(car.id, "id-guard", "消防通道")
    shown = phone.get("/me/notices?lang=en").text
    for said in ("Please move 辽A12345", "It stands at: 消防通道", "I am coming", "It is moved"):
        assert said in shown
    press(booth, phone, f"/me/notices/{asked.id}/answer", answer="coming")
    assert "I am coming" not in phone.get("/me/notices").text
    assert press(booth, phone, f"/me/notices/{asked.id}/moved").headers["location"] == "/me/notices?done=moved"
    assert "It is moved</button>" not in phone.get("/me/notices").text
    assert press(booth, phone, f"/me/notices/{asked.id}/moved").status_code == 422


def test_other_households_see_and_answer_nothing(booth: Booth, phone: httpx.Client) -> None:
    staff = booth.accounts
    other = booth.phone(staff.live_in("李四", "4-1-101"))
    call = staff.notices.call(staff.home(), "men", "id-guard")
    assert other.get("/me/notices/now").json() == {"waiting": []}
    assert press(booth, other, f"/me/notices/{call.id}/answer", answer="let_in").status_code == 422
    assert staff.notices.find(call.id).answer is None  # type: ignore[union-attr]
    assert press(booth, phone, f"/me/notices/{call.id}/answer", answer="open sesame").status_code == 422


def test_an_unanswered_call_is_over_after_a_few_minutes(booth: Booth, phone: httpx.Client) -> None:
    staff = booth.accounts
    staff.notices.call(staff.home(), "men", "id-guard")
    staff.notices_now += CALL_LASTS + timedelta(seconds=1)
    assert phone.get("/me/notices/now").json() == {"waiting": []}


def test_my_data_counts_and_my_copy_holds_what_the_household_was_asked(
    booth: Booth, phone: httpx.Client, person: Resident
) -> None:
    staff = booth.accounts
    staff.notices.call(staff.home(), "men", "id-guard")
    kept = {one.name: one for one in staff.lobby.own.kept(person)}
    assert (kept["notices"].count, kept["notices"].days) == (1, 7)
    assert "门岗给我家的通知和回答" in phone.get("/me/data").text
    assert press(booth, phone, "/me/copy").status_code == 200
