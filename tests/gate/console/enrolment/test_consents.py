from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from markupsafe import escape
from sqlalchemy import select

from enrollment.consent import LARGEST_SIGNATURE, Means, Purpose, consent_text
from enrollment.database import reading
from enrollment.form import VehicleForm
from enrollment.tables import ConsentRow
from tests.gate.console.enrolment.conftest import Table, jpeg, strokes
from tests.gate.console.enrolment.test_people import pin_on


def given(*purposes: str, **more: Any) -> dict[str, Any]:
    """What the page sends."""
    return {
        "agreed": list(purposes),
        "versions": {str(purpose): 1 for purpose in Purpose},
        "language": "zh",
        "means": "screen",
        "drawing": base64.b64encode(strokes()).decode(),
        **more,
    }


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_text_is_shown_whole_and_nothing_is_ticked(table: Table, language: str) -> None:
    person = table.person()
    page = table.client.get(f"/enrolment/people/{person.id}/consent?lang={language}").text
    for purpose in Purpose:
        text = consent_text(purpose, "zh" if language == "zh" else "en").text
        for line in filter(None, text.splitlines()):
            assert escape(line.removeprefix("# ").removeprefix("- ")) in page
        assert f'value="{purpose}"' in page
    assert page.count('name="agreed"') == len(Purpose)
    assert page.count(" checked>") == 1, "only how it is signed has a beginning"


def test_what_was_ticked_is_recorded_each_by_itself_with_the_signature_small_and_sealed(table: Table) -> None:
    person = table.person()
    answer = table.tell(f"/enrolment/people/{person.id}/consent", given("face_entry", "care_alerts", keep_photo=True))
    assert answer.json() == {"next": f"/enrolment/people/{person.id}/photo"}
    found = {one.purpose: one for one in table.booth.accounts.register.consents.of(person.id)}
    assert set(found) == {Purpose.FACE_ENTRY, Purpose.CARE_ALERTS}
    face = found[Purpose.FACE_ENTRY]
    assert (face.means, face.language, face.keep_photo) == (Means.SCREEN, "zh", True)
    assert not found[Purpose.CARE_ALERTS].keep_photo
    media, data = table.booth.accounts.register.consents.signature(face.id) or ("", b"")
    assert media == "image/png"
    assert len(data) < 2000
    with reading(table.booth.accounts.engine) as session:
        assert all(b"PNG" not in (row.signature or b"") for row in session.scalars(select(ConsentRow)))


def test_whoever_declines_the_face_is_led_to_a_card_pin_or_qr_code(table: Table) -> None:
    person = table.person()
    for body in (given("plate_entry"), given()):
        answer = table.tell(f"/enrolment/people/{person.id}/consent", body)
        assert answer.json() == {"next": f"/enrolment/people/{person.id}"}
    table.post(f"/enrolment/people/{person.id}/credentials", kind="pin")
    answer = table.tell(f"/enrolment/people/{person.id}/consent", given())
    assert answer.json()["next"].startswith("/enrolment/households/")
    assert [one.purpose for one in table.booth.accounts.register.consents.of(person.id)] == [Purpose.PLATE_ENTRY]


def test_what_is_declined_is_on_record_and_can_be_agreed_to_later(table: Table) -> None:
    person = table.person()
    here, consents = f"/enrolment/people/{person.id}", table.booth.accounts.register.consents
    body = given("care_alerts", declined=["face_entry", "plate_entry"])
    assert table.tell(f"{here}/consent", body).json() == {"next": here}
    no = {one.purpose: one for one in consents.of(person.id) if one.declined}
    assert set(no) == {Purpose.FACE_ENTRY, Purpose.PLATE_ENTRY}
    face = no[Purpose.FACE_ENTRY]
    assert (face.text, face.recorded_by, face.signed, face.alive(face.signed_at)) == (
        "face_entry-1",
        "id-enroller",
        False,
        False,
    )
    assert table.client.get(here).text.count(">不同意</span>") == 2
    asked = table.client.get(f"{here}/consent").text
    assert asked.count("表示过不同意") == 2
    assert table.tell(f"{here}/consent", given("face_entry")).status_code == 200
    assert consents.agreed(person.id, Purpose.FACE_ENTRY)
    assert table.client.get(f"{here}/consent").text.count("表示过不同意") == 1


def test_whoever_has_declined_is_led_to_a_way_in_and_not_asked_again(table: Table) -> None:
    person = table.person()
    table.tell(f"/enrolment/people/{person.id}/consent", given(declined=list(Purpose), drawing=""))
    page = table.client.get(table.begun()).text
    assert f'href="/enrolment/people/{person.id}" autofocus>发门卡、密码或二维码' in page
    assert ">征求同意<" not in page


def test_with_a_declined_plate_the_vehicles_in_that_persons_name_go(table: Table) -> None:
    person = table.person()
    register = table.booth.accounts.register
    register.enter_vehicle(VehicleForm.of("辽A12345", "3-2-501", owner=person.id), "t")
    register.enter_vehicle(VehicleForm.of("辽B12345", "3-2-501"), "t")
    here = f"/enrolment/people/{person.id}/consent"
    assert "（辽A12345）会从系统删除" in table.client.get(here).text
    assert table.tell(here, given(declined=["plate_entry"])).status_code == 200
    assert [car.plate for car in register.vehicles()] == ["辽B12345"]


@pytest.mark.parametrize(
    ("agreed", "declined", "code"),
    [((), ["care_alerts"], "consent.withdraw_instead"), (("face_entry",), ["face_entry"], "console.consent.both")],
)
def test_a_refusal_is_of_what_does_not_stand(
    table: Table, agreed: tuple[str, ...], declined: list[str], code: str
) -> None:
    person = table.person()
    table.agreed(person, Purpose.CARE_ALERTS)
    answer = table.tell(f"/enrolment/people/{person.id}/consent", given(*agreed, declined=declined))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not any(one.declined for one in table.booth.accounts.register.consents.of(person.id))


def test_declining_all_is_offered_only_to_whoever_has_agreed_to_nothing(table: Table) -> None:
    person = table.person()
    here = f"/enrolment/people/{person.id}/consent"
    assert 'id="none"' in table.client.get(here).text
    table.agreed(person, Purpose.CARE_ALERTS)
    page = table.client.get(here).text
    assert 'id="none"' not in page
    assert "已同意过" in page


def test_for_a_child_a_guardian_signs(table: Table) -> None:
    child = table.person("张小五", born="2020-02-29")
    here = f"/enrolment/people/{child.id}/consent"
    assert 'id="guardian"' in table.client.get(here).text
    refused = table.tell(here, given("face_entry"))
    assert (refused.status_code, refused.json()["code"]) == (422, "consent.guardian_needed")
    assert table.tell(here, given("face_entry", guardian="张三")).status_code == 422, "as what?"
    assert table.tell(here, given("face_entry", guardian="张三", relation="父亲")).status_code == 200
    [consent] = table.booth.accounts.register.consents.of(child.id)
    assert consent.guardian is not None
    assert (consent.guardian.name, consent.guardian.relation) == ("张三", "父亲")
    assert consent.expires_at == datetime(2034, 3, 1, tzinfo=UTC)
    assert "监护人 张三（父亲）" in table.client.get(f"/enrolment/people/{child.id}").text


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"drawing": ""}, "consent.signature_needed"),
        ({"drawing": base64.b64encode(strokes(empty=True)).decode()}, "consent.signature_needed"),
        ({"drawing": "not base64!"}, "console.consent.unreadable"),
        ({"drawing": base64.b64encode(b"<svg onload=alert(1)>").decode()}, "picture.not_a_picture"),
        ({"means": "phone"}, "console.consent.not_here"),
        ({"means": "paper"}, "console.consent.when"),
        ({"means": "paper", "signed_on": "2030-01-01"}, "consent.signed_later"),
        ({"means": "paper", "signed_on": "soon"}, "console.enrolment.no_day"),
        ({"means": "paper", "signed_on": "2025-11-20", "scan": "UEsDBA=="}, "picture.not_a_picture"),
        ({"until": "2020-01-01"}, "consent.over"),
        ({"versions": {"face_entry": 99}}, "consent.no_such_text"),
        ({"keep": "it"}, "console.bad_request"),
        ({"agreed": ["everything"]}, "console.bad_request"),
    ],
)
def test_what_is_no_consent_is_said_and_not_recorded(table: Table, more: dict[str, Any], code: str) -> None:
    person = table.person()
    answer = table.tell(f"/enrolment/people/{person.id}/consent", given("face_entry", **more))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not table.booth.accounts.register.consents.of(person.id)


def test_a_paper_consent_keeps_its_scan_small_and_without_the_cameras_notes(table: Table) -> None:
    person = table.person()
    scan = base64.b64encode(jpeg(3000, 2000)).decode()
    body = given("face_entry", means="paper", signed_on="2025-11-20", until="2026-11-20", scan=scan)
    assert table.tell(f"/enrolment/people/{person.id}/consent", body).status_code == 200
    [consent] = table.booth.accounts.register.consents.of(person.id)
    assert consent.signed_at == datetime(2025, 11, 19, 16, tzinfo=UTC)
    assert consent.expires_at is not None
    answer = table.client.get(f"/enrolment/people/{person.id}/consents/{consent.id}/signature")
    assert answer.headers["content-type"] == "image/jpeg"
    assert len(answer.content) < LARGEST_SIGNATURE
    assert table.booth.watch.looked[-1] == ("id-enroller", f"signature:{consent.id}")


def test_a_pdf_is_handed_out_as_a_file_and_never_shown(table: Table) -> None:
    person = table.person()
    scan = base64.b64encode(b"%PDF-1.7\n<script>").decode()
    table.tell(
        f"/enrolment/people/{person.id}/consent", given("face_entry", means="paper", signed_on="2025-11-20", scan=scan)
    )
    [consent] = table.booth.accounts.register.consents.of(person.id)
    here = f"/enrolment/people/{person.id}/consents/{consent.id}/signature"
    assert table.client.get(here).headers["content-disposition"] == "attachment"
    other = table.person("李四", "4-1-101")
    assert table.client.get(here.replace(person.id, other.id)).status_code == 404


def test_a_sheet_to_sign_by_hand_has_every_text(table: Table) -> None:
    child = table.person("张小五", born="2020-02-29")
    sheet = table.client.get(f"/enrolment/people/{child.id}/sheet").text
    assert sheet.count("☐") == 2 * len(Purpose) + 1
    assert "监护人姓名" in sheet
    assert "face_entry-1" in sheet


def test_withdrawing_the_face_deletes_it_and_gives_a_pin_in_the_same_step(table: Table) -> None:
    person = table.person()
    table.enrolled(person, who=1)
    assert table.now(person).templates == 1
    answer = table.post(f"/enrolment/people/{person.id}/withdraw", purpose="face_entry")
    assert "一秒之内" in answer.text
    assert table.booth.accounts.register.credentials.find_pin("3-2-501", pin_on(answer.text)) == person.id
    assert table.now(person).templates == 0
    assert not table.booth.accounts.register.reembedding.photos(person.id)
    again = table.post(f"/enrolment/people/{person.id}/withdraw", purpose="face_entry")
    assert again.status_code == 422


def test_another_way_in_can_be_chosen_when_withdrawing(table: Table) -> None:
    person = table.person()
    table.agreed(person, Purpose.FACE_ENTRY)
    here = f"/enrolment/people/{person.id}/withdraw"
    assert table.post(here, instead="card", number="?").status_code == 422, "a card that is none ends nothing"
    assert table.booth.accounts.register.consents.agreed(person.id, Purpose.FACE_ENTRY)
    assert table.post(here, instead="card", number="04A1B2C3").status_code == 200
    assert table.booth.accounts.register.credentials.find_card("04A1B2C3") == person.id
    table.agreed(person, Purpose.FACE_ENTRY)
    table.post(here)
    assert len(table.booth.accounts.register.credentials.of(person.id)) == 1, "there was a way in already"


def test_withdrawing_the_plate_takes_the_vehicles(table: Table) -> None:
    person = table.person()
    table.agreed(person, Purpose.PLATE_ENTRY)
    home = table.begun()
    table.post(f"{home}/vehicles", plate="辽A12345", colour="blue", owner=person.id)
    table.post(f"/enrolment/people/{person.id}/withdraw", purpose="plate_entry")
    assert not table.booth.accounts.register.vehicles()
