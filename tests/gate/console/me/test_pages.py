"""A resident's own pages: the way in and out, what they show, and what they change."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest

from enrollment.consent import ConsentForm, Means, Purpose
from enrollment.credential import CredentialKind
from enrollment.database import writing
from enrollment.entry import Resident
from gate.ledger.chain import Row
from gate.ledger.ledger import Passage, append, append_passage
from tests.gate.console.conftest import Booth
from tests.gate.console.staff import START, face_photo


@pytest.fixture
def wall() -> Callable[[], datetime]:
    return lambda: START


@pytest.fixture
def person(booth: Booth) -> Resident:
    return booth.accounts.live_in(face=1)


@pytest.fixture
def phone(booth: Booth, person: Resident) -> httpx.Client:
    return booth.phone(person)


def press(booth: Booth, client: httpx.Client, path: str, **form: str) -> httpx.Response:
    return client.post(path, data={"csrf": booth.resident_token(client), **form})


def consents(booth: Booth, person: Resident) -> set[Purpose]:
    return {one.purpose for one in booth.accounts.register.consents.of(person.id) if one.alive(START)}


def test_staff_hand_out_a_code_that_stands_behind_the_hash_and_in_no_address(booth: Booth, person: Resident) -> None:
    staff = booth.signed_in("enroller")
    answer = staff.post("/residents/link", data={"csrf": booth.token(staff), "resident": person.id})
    code = re.search(r'class="secret large">([\d ]+)<', answer.text)
    assert f"{booth.url}/me/enter，输入" in answer.text
    assert code
    assert answer.headers["cache-control"] == "no-store"
    phone = booth.browser()
    assert phone.post("/me/enter", data={"code": code[1]}).headers["location"] == "/me"
    assert "张三，您好" in phone.get("/me").text
    assert booth.browser().post("/me/enter", data={"code": code[1]}).status_code == 401


def test_wrong_codes_are_slowed_down(booth: Booth) -> None:
    phone = booth.browser()
    answers = [phone.post("/me/enter", data={"code": f"{number:012}"}) for number in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert "000000000011" not in answers[-1].text


def test_a_stolen_cookie_is_dead_after_leaving(booth: Booth, phone: httpx.Client) -> None:
    stolen = phone.cookies["menwei_resident"]
    thief = booth.browser()
    thief.cookies.set("menwei_resident", stolen, path="/me")
    assert thief.get("/me").status_code == 200
    assert press(booth, phone, "/me/leave").headers["location"] == "/me/enter"
    assert thief.get("/me").json()["code"] == "me.sign_in_needed"


def test_a_phone_outlives_a_restart_and_staff_can_end_it(booth: Booth, person: Resident, phone: httpx.Client) -> None:
    booth.server.stop()
    booth.start_again()
    assert phone.get("/me").status_code == 200
    staff = booth.signed_in("enroller")
    staff.post("/residents/phones", data={"csrf": booth.token(staff), "resident": person.id})
    assert phone.get("/me").status_code == 401


def test_whoever_is_erased_is_signed_out(booth: Booth, person: Resident, phone: httpx.Client) -> None:
    booth.accounts.register.remove(person.id, "id-admin")
    assert phone.get("/me").status_code == 401


def test_a_form_without_the_phones_token_changes_nothing(booth: Booth, person: Resident, phone: httpx.Client) -> None:
    answer = phone.post("/me/consents/face_entry/withdraw", data={"csrf": "x"})
    assert answer.json()["code"] == "console.stale_page"
    assert consents(booth, person) == {Purpose.FACE_ENTRY}


def test_my_data_names_every_class_and_my_household_s_cars_but_nobody_else(
    booth: Booth, person: Resident, phone: httpx.Client
) -> None:
    other = booth.accounts.live_in("李四", "4-1-101")
    for plate, household in (("辽A12345", "3-2-501"), ("辽B12345", "4-1-101")):
        booth.accounts.register.add_vehicle(plate, household, "id-enroller")
    booth.accounts.register.credentials.give(person.id, CredentialKind.CARD, "id-enroller", "04A1B2C3")
    told = phone.get("/me/data").text
    for said in ("张三", "3-2-501", "辽A12345", "··B2C3", "人脸特征", "从不保存", "保存 365 天", "撤回同意即删除"):
        assert said in told
    assert other.name not in told
    assert "辽B12345" not in told


def passed(booth: Booth, subject: str, name: str, days_ago: int) -> Row:
    at = START - timedelta(days=days_ago)
    with writing(booth.accounts.engine) as session:
        return append_passage(session, Passage(name, at, "men", "open", "known_resident", subject, "r", {}), "shot-1")


def looked(booth: Booth, actor: str, what: str) -> None:
    with writing(booth.accounts.engine) as session:
        append(session, START + timedelta(minutes=1), "view", {"actor": actor, "what": what})


def test_my_history_shows_my_passages_and_who_looked_by_role(
    booth: Booth, person: Resident, phone: httpx.Client
) -> None:
    other = booth.accounts.live_in("李四", "4-1-101")
    passed(booth, person.id, "mine", 1)
    passed(booth, person.id, "long-ago", 40)
    passed(booth, other.id, "theirs", 1)
    looked(booth, "id-guard", "snapshot:shot-1")
    looked(booth, "id-enroller", f"household:{booth.desk.office.finder.find('3-2-501')[0].id}")  # type: ignore[union-attr]
    looked(booth, "id-auditor", "household:another")
    told = phone.get("/me/history").text
    assert told.count("已登记的住户") == 1
    assert "门卫</span>" in told
    assert "登记员</span>" in told
    assert "审计员</span>" not in told
    assert "guard" not in told.replace("page-guard", "")


def test_withdrawing_ends_the_face_and_hands_out_a_pin_in_the_same_step(
    booth: Booth, person: Resident, phone: httpx.Client
) -> None:
    answer = press(booth, phone, "/me/consents/face_entry/withdraw", instead="pin")
    pin = re.search(r'class="secret large">(\d{6})<', answer.text)
    assert pin
    assert booth.accounts.register.credentials.find_pin("3-2-501", pin[1]) == person.id
    assert consents(booth, person) == set()
    left = booth.accounts.register.find(person.id)
    assert isinstance(left, Resident)
    assert left.templates == 0
    assert booth.accounts.acts[-1].actor == person.id
    again = press(booth, phone, "/me/consents/face_entry/withdraw", instead="pin")
    assert again.status_code == 422


def test_giving_is_as_easy_as_withdrawing(booth: Booth, person: Resident, phone: httpx.Client) -> None:
    assert press(booth, phone, "/me/consents/care_alerts/give").status_code == 303
    (given,) = (one for one in booth.accounts.register.consents.of(person.id) if one.purpose is Purpose.CARE_ALERTS)
    assert (given.means, given.recorded_by) == (Means.PHONE, person.id)
    assert press(booth, phone, "/me/consents/care_alerts/withdraw").status_code == 200
    assert consents(booth, person) == {Purpose.FACE_ENTRY}


def test_a_no_is_recorded_once_asked_for_no_more_and_may_become_a_yes(
    booth: Booth, person: Resident, phone: httpx.Client
) -> None:
    assert press(booth, phone, "/me/consents/care_alerts/decline").headers["location"].endswith("done=declined")
    page = phone.get("/me/consents?done=declined").text
    assert "已记录：您不同意这一项" in page
    assert "表示不同意，已记录" in page
    assert "/me/consents/care_alerts/decline" not in page
    (no,) = (one for one in booth.accounts.register.consents.of(person.id) if one.purpose is Purpose.CARE_ALERTS)
    assert (no.declined, no.means, no.recorded_by) == (True, Means.PHONE, person.id)
    assert press(booth, phone, "/me/consents/face_entry/decline").status_code == 422, "that one is withdrawn"
    assert press(booth, phone, "/me/consents/care_alerts/give").status_code == 303
    assert Purpose.CARE_ALERTS in consents(booth, person)


def test_my_copy_holds_what_is_stored_and_nobody_else_s(booth: Booth, person: Resident, phone: httpx.Client) -> None:
    booth.accounts.live_in("李四", "4-1-101")
    passed(booth, person.id, "mine", 1)
    keep = ConsentForm(Purpose.FACE_ENTRY, Means.PAPER, START, keep_photo=True)
    booth.accounts.register.consents.give(person.id, [keep], "id-enroller")
    booth.accounts.register.add_photo(person.id, face_photo(1), "id-enroller")
    answer = press(booth, phone, "/me/copy")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        told = json.loads(packed.read("data.json"))
        html = packed.read("data.html").decode()
        photos = [name for name in packed.namelist() if name.startswith("photo-")]
    assert told["resident"]["name"] == "张三"
    assert [one["id"] for one in told["passages"]] == ["mine"]
    assert "张三" in html
    assert photos == ["photo-1.jpg"]
    assert "李四" not in json.dumps(told, ensure_ascii=False) + html
    assert booth.accounts.acts[-1].kind == "resident.copy_taken"


def test_what_is_noted_about_my_household_is_told_to_me_and_to_no_other_household(
    booth: Booth, person: Resident, phone: httpx.Client
) -> None:
    booth.accounts.live_in("李四", "4-1-101")
    households = booth.accounts.register.households
    for home in households.list():
        households.set_note(home.id, f"{home.code} 的备注\n第二行", "id-enroller")
    told = phone.get("/me/data").text
    assert '<dd class="lines">3-2-501 的备注\n第二行</dd>' in told
    with zipfile.ZipFile(io.BytesIO(press(booth, phone, "/me/copy").content)) as packed:
        copied, html = json.loads(packed.read("data.json")), packed.read("data.html").decode()
    assert copied["household_note"] == "3-2-501 的备注\n第二行"
    assert "3-2-501 的备注" in html
    assert {"name": "household_notes", "count": 1, "days": None, "lasts": "stay"} in copied["kept"]
    assert "4-1-101" not in told + html


def test_a_request_to_be_erased_reaches_the_staff_and_can_be_taken_back(
    booth: Booth, person: Resident, phone: httpx.Client
) -> None:
    press(booth, phone, "/me/erasure")
    staff = booth.signed_in("enroller")
    assert person.id in staff.get("/residents/requests").text
    assert booth.watch.looked == [("id-enroller", "erasure_requests")]
    assert "正等待物业处理" in phone.get("/me").text
    press(booth, phone, "/me/erasure/back")
    assert person.id not in staff.get("/residents/requests").text


def bring(booth: Booth, client: httpx.Client, body: bytes) -> httpx.Response:
    return client.post("/me/photo", content=body, headers={"X-CSRF-Token": booth.resident_token(client)})


def test_a_better_photo_of_the_same_person_is_taken_and_another_person_s_is_not(
    booth: Booth, person: Resident, phone: httpx.Client
) -> None:
    assert bring(booth, phone, b"1").status_code == 204
    assert bring(booth, phone, b"2").json()["code"] == "me.photo_office"
    assert bring(booth, phone, b"not a picture").json()["code"] == "picture.not_a_picture"
    left = booth.accounts.register.find(person.id)
    assert isinstance(left, Resident)
    assert left.templates == 2


def test_photos_that_drift_away_step_by_step_are_refused(booth: Booth, person: Resident) -> None:
    register = booth.accounts.register
    register.add_own_photo(person.id, face_photo(1, beside=2, share=0.35))
    with pytest.raises(Exception, match="face_not_alike"):
        register.add_own_photo(person.id, face_photo(1, beside=2, share=0.75))


def test_a_photo_may_be_larger_than_a_form_and_not_endless(booth: Booth, phone: httpx.Client) -> None:
    assert bring(booth, phone, b"x" * 2**20).status_code == 422
    assert bring(booth, phone, b"x" * (5 * 2**20)).status_code == 413
    assert phone.post("/me/copy", content=b"x" * 2**20).status_code in {403, 413}
