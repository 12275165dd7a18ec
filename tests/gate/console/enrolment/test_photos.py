from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from enrollment.consent import Purpose
from models.sighting import FaceFault
from tests.gate.console.enrolment.conftest import Table, jpeg


def beside(table: Table) -> tuple[str, str, str]:
    """An enrolled person, another who looks the same, and the address where both are looked at."""
    one, other = table.person(), table.person("李四", "4-1-101")
    table.enrolled(one, who=1)
    table.agreed(other, Purpose.FACE_ENTRY, keep_photo=True)
    answer = table.send(f"/enrolment/people/{other.id}/photo", jpeg())
    assert answer.status_code == 200, answer.text
    return one.id, other.id, answer.json()["next"]


def test_the_camera_is_allowed_on_the_page_of_the_photo_alone(table: Table) -> None:
    person = table.person()
    home = f"/enrolment/people/{person.id}"
    assert "camera=()" in table.client.get(home).headers["permissions-policy"]
    policy = table.client.get(f"{home}/photo").headers["permissions-policy"]
    assert policy == "camera=(self), geolocation=(), microphone=()"


def test_without_a_living_consent_no_face_is_made_and_the_page_says_so(table: Table) -> None:
    person = table.person()
    home = f"/enrolment/people/{person.id}"
    page = table.client.get(f"{home}/photo").text
    assert "没有有效的人脸通行同意" in page
    assert "photo.js" not in page
    for part in ("photo", "judge"):
        answer = table.send(f"{home}/{part}", jpeg())
        assert (answer.status_code, answer.json()["code"]) == (409, "console.photo.no_consent")
    assert table.booth.accounts.recogniser.embedded == 0
    assert table.now(person).templates == 0


def test_a_photo_enrols_and_only_the_small_picture_that_was_agreed_to_is_kept(table: Table) -> None:
    person, other = table.person(), table.person("李四", "4-1-101")
    table.enrolled(person, who=1)
    table.enrolled(other, who=2, keep_photo=False)
    assert table.now(person).templates == table.now(other).templates == 1
    kept = table.client.get(f"/enrolment/people/{person.id}/photo.jpg")
    assert max(Image.open(io.BytesIO(kept.content)).size) <= 256
    assert table.booth.watch.looked[-1] == ("id-enroller", f"photo:{person.id}")
    assert table.client.get(f"/enrolment/people/{other.id}/photo.jpg").status_code == 404


def test_a_frame_is_judged_in_words_and_nothing_is_kept_or_computed(table: Table) -> None:
    person = table.person()
    table.agreed(person, Purpose.FACE_ENTRY)
    here, recogniser = f"/enrolment/people/{person.id}/judge", table.booth.accounts.recogniser
    acts = len(table.booth.accounts.acts)
    assert table.send(here, jpeg()).json() == {"good": True}
    recogniser.heights = []
    assert "没有找到人脸" in table.send(here, jpeg()).json()["message"]
    recogniser.heights = [150, 140]
    assert "2 张人脸" in table.send(here, jpeg()).json()["message"]
    recogniser.heights, recogniser.faults = [150], (FaceFault.COVERED,)
    assert "摘下口罩" in table.send(here, jpeg()).json()["message"]
    assert "take off mask" in table.send(f"{here}?lang=en", jpeg()).json()["message"]
    recogniser.heights, recogniser.faults = [50], ()
    assert "人脸太小" in table.send(f"{here}?shown_width=320", jpeg()).json()["message"]
    # The photo would be four times as wide.
    assert table.send(f"{here}?shown_width=1280", jpeg()).json() == {"good": True}
    assert table.send(here, b"no picture").json()["good"] is False
    assert recogniser.embedded == 0
    assert len(table.booth.accounts.acts) == acts


def bomb() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 20_000, 10_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def heic() -> bytes:
    stream = io.BytesIO()
    Image.open(io.BytesIO(jpeg())).save(stream, "HEIF", quality=50)
    return stream.getvalue()


HOSTILE = {
    "empty": (b"", "picture.not_a_picture"),
    "200 million pixels": (bomb(), "picture.too_large"),
    "a page": (b"<html><script>alert(1)</script>", "picture.not_a_picture"),
    "a GIF that is a script": (b"GIF89a/*" + bytes(50) + b"*/=alert(1)", "picture.not_a_picture"),
    "half a JPEG": (jpeg()[:2000], "picture.truncated"),
    "half a HEIC": (heic()[:2000], "picture.truncated"),
    "an archive": (b"PK\x03\x04" + bytes(100), "picture.not_a_picture"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_in_words(table: Table, kind: str) -> None:
    person = table.person()
    table.agreed(person, Purpose.FACE_ENTRY)
    body, code = HOSTILE[kind]
    answer = table.send(f"/enrolment/people/{person.id}/photo", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert table.now(person).templates == 0


def test_a_picture_with_a_script_behind_it_is_a_picture_and_the_script_goes(table: Table) -> None:
    person = table.person()
    table.agreed(person, Purpose.FACE_ENTRY, keep_photo=True)
    answer = table.send(f"/enrolment/people/{person.id}/photo", jpeg() + b"<script>alert(1)</script>")
    assert answer.status_code == 200
    assert b"script" not in table.client.get(f"/enrolment/people/{person.id}/photo.jpg").content


def test_a_phones_heic_is_taken(table: Table) -> None:
    person = table.person()
    table.agreed(person, Purpose.FACE_ENTRY)
    assert table.send(f"/enrolment/people/{person.id}/photo", heic()).status_code == 200
    assert table.now(person).templates == 1


def test_a_file_of_more_than_20_mb_is_not_read(table: Table) -> None:
    person = table.person()
    assert table.send(f"/enrolment/people/{person.id}/photo", bytes(21 * 1024 * 1024)).status_code == 413
    assert table.send(f"/enrolment/people/{person.id}/judge", bytes(600 * 1024)).status_code == 413


def test_two_like_faces_are_shown_side_by_side_and_the_look_is_recorded(table: Table) -> None:
    one, _other, here = beside(table)
    page = table.client.get(here).text
    for said in ("张三", "3-2-501", "李四", "4-1-101", "几乎可以肯定是同一个人"):
        assert said in page
    assert table.booth.watch.looked[-1] == ("id-enroller", f"resident:{one}")
    for picture in (f"{here}/new.jpg", f"/enrolment/people/{one}/photo.jpg"):
        assert table.client.get(picture).headers["content-type"] == "image/jpeg"
    assert table.booth.watch.looked[-1] == ("id-enroller", f"photo:{one}")


def test_the_same_person_is_not_enrolled_twice(table: Table) -> None:
    one, other, here = beside(table)
    assert table.post(here, decision="same").headers["location"] == f"/enrolment/people/{one}?notice=same"
    assert table.now(table.person("李四")).templates == 0
    act = table.booth.accounts.acts[-1]
    assert (act.kind, act.subject, act.actor) == ("resident.likeness_decided", other, "id-enroller")
    assert (act.facts["decision"], act.facts["beside"]) == ("same", one)
    assert table.client.get(here).status_code == 404, "the photo is gone"


def test_of_two_people_both_are_enrolled_and_the_decision_is_recorded(table: Table) -> None:
    one, _other, here = beside(table)
    assert table.post(here, decision="different").status_code == 303
    assert table.now(table.person("李四")).templates == 1
    act = table.booth.accounts.acts[-1]
    assert (act.kind, act.facts["told_apart_from"]) == ("resident.face_added", [one])


def test_a_third_like_face_is_asked_about_by_itself(table: Table) -> None:
    one, other, here = beside(table)
    table.post(here, decision="different")
    third = table.person("王五", "5-1-101")
    table.agreed(third, Purpose.FACE_ENTRY)
    first = table.send(f"/enrolment/people/{third.id}/photo", jpeg()).json()["next"]
    second = table.post(first, decision="different").headers["location"]
    assert second.startswith("/enrolment/likeness/")
    table.post(second, decision="different")
    assert table.booth.accounts.acts[-1].facts["told_apart_from"] == sorted([one, other])


def test_a_cancelled_decision_is_recorded_and_leads_back_to_the_camera(table: Table) -> None:
    _one, other, here = beside(table)
    assert table.post(here, decision="cancelled").headers["location"] == f"/enrolment/people/{other}/photo"
    assert table.booth.accounts.acts[-1].facts["decision"] == "cancelled"
    assert table.now(table.person("李四")).templates == 0


def test_nobody_decides_about_what_another_session_has_taken(table: Table, admins: Table) -> None:
    _one, _other, here = beside(table)
    assert admins.client.get(here).status_code == 404
    assert admins.client.get(f"{here}/new.jpg").status_code == 404
    assert admins.post(here, decision="different").status_code == 404
    assert table.client.get(here).status_code == 200


def test_a_consent_that_is_withdrawn_before_the_decision_keeps_the_face_out(table: Table) -> None:
    _one, other, here = beside(table)
    table.post(f"/enrolment/people/{other}/withdraw", purpose="face_entry")
    assert table.post(here, decision="different").headers["location"] == f"/enrolment/people/{other}/photo"
    assert table.now(table.person("李四")).templates == 0
