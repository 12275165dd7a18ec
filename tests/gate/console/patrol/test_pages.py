"""The patrol page over HTTP: the plate of a photo, whose it is, the case, and what a volunteer does not see."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from enrollment.database import writing
from enrollment.entry import Vehicle
from enrollment.form import VehicleForm
from enrollment.notice import Answer
from enrollment.passes import Quota
from gate.config import Models
from gate.console.patrol.cases import DONE, UNASKED
from gate.console.patrol.pages import SPOKEN
from gate.ledger.ledger import append
from gate.patrol.case import Place, Standing, Why
from gate.patrol.plate_photos import PlatePhotos
from gate.texts import catalogue
from models.open import open_plate_recogniser
from models.picture import MAX_PIXELS
from models.plate.grammar import normalise
from models.store import Store
from samples.plates import Plate, Style, draw_plate
from tests.gate.console.conftest import Booth
from tests.gate.console.staff import START

PLATE = "辽A12345"


@pytest.fixture
def wall() -> Callable[[], datetime]:
    return lambda: START


@pytest.fixture
def volunteer(booth: Booth) -> httpx.Client:
    return booth.signed_in("patrol")


@pytest.fixture
def car(booth: Booth) -> Vehicle:
    booth.accounts.live_in("张三丰")
    return booth.accounts.register.add_vehicle(PLATE, "3-2-501", "id-enroller")


def photo(kind: str = "JPEG", size: tuple[int, int] = (640, 480)) -> bytes:
    written = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(Image.new("RGB", size, "gray")).save(written)
    else:
        Image.new("RGB", size, "gray").save(written, kind)
    return written.getvalue()


def shoot(booth: Booth, client: httpx.Client, body: bytes | None = None) -> httpx.Response:
    return client.post(
        "/patrol/photo", content=photo() if body is None else body, headers={"X-CSRF-Token": booth.token(client)}
    )


def press(booth: Booth, client: httpx.Client, path: str, **form: str) -> httpx.Response:
    return client.post(path, data={"csrf": booth.token(client), **form})


def found(booth: Booth, client: httpx.Client) -> str:
    answer = shoot(booth, client)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["next"])


def opened(booth: Booth, client: httpx.Client, **form: str) -> tuple[str, str]:
    """The path of a case that is opened for the fake photo, and what came of it."""
    answer = press(booth, client, f"{found(booth, client)}/open", **{"plate": PLATE, "place": "fire_lane", **form})
    assert answer.status_code == 303, answer.text
    path, _, done = answer.headers["location"].partition("?done=")
    return path, done


def test_a_photo_is_read_and_a_volunteer_is_told_resident_and_no_more(
    booth: Booth, volunteer: httpx.Client, car: Vehicle
) -> None:
    for kind in ("PNG", "HEIF", "JPEG"):
        answer = shoot(booth, volunteer, photo(kind))
        assert answer.status_code == 200, kind
    shown = volunteer.get(answer.json()["next"]).text
    assert "识别结果：辽A12345" in shown
    assert "住户车辆" in shown
    for hidden in ("3-2-501", "张三丰", car.id):
        assert hidden not in shown
    assert volunteer.get(f"{answer.json()['next']}/0.jpg").headers["content-type"] == "image/jpeg"
    assert ("id-patrol", f"vehicle:{car.id}") in booth.watch.looked


def test_a_guard_sees_the_household(booth: Booth, guard: httpx.Client, car: Vehicle) -> None:
    shown = guard.get(found(booth, guard)).text
    assert "3-2-501" in shown
    assert "张三丰" not in shown


def test_what_cannot_be_read_or_is_too_big_is_said_in_plain_words(booth: Booth, volunteer: httpx.Client) -> None:
    booth.accounts.plates.texts = []
    wrong = {
        photo(): "patrol.no_plate",
        b"no picture": "picture.not_a_picture",
        photo(size=(12, 12)): "picture.too_small",
    }
    for body, code in wrong.items():
        answer = shoot(booth, volunteer, body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert len(answer.json()["message"]) > 8
    side = int(MAX_PIXELS**0.5) + 50
    written = io.BytesIO()
    Image.new("1", (side, side)).save(written, "PNG")
    assert shoot(booth, volunteer, written.getvalue()).json()["code"] == "picture.too_large"
    assert shoot(booth, volunteer, b"x" * (20 * 2**20 + 1)).status_code == 413


def test_of_two_plates_one_is_chosen(booth: Booth, volunteer: httpx.Client, car: Vehicle) -> None:
    booth.accounts.plates.texts = ["辽B99999", PLATE]
    path = found(booth, volunteer)
    shown = volunteer.get(path).text
    assert "照片里有 2 个车牌" in shown
    assert "停在哪里" not in shown
    press(booth, volunteer, path, number="1")
    assert "住户车辆" in volunteer.get(path).text


def test_a_reading_in_doubt_is_corrected_and_kept(booth: Booth, volunteer: httpx.Client, car: Vehicle) -> None:
    booth.accounts.plates.texts, booth.accounts.plates.sure = ["辽A1234S"], 0.4
    path = found(booth, volunteer)
    shown = volunteer.get(path).text
    assert "不太确定" in shown
    assert "没有登记" in shown
    changed = press(booth, volunteer, f"{path}/open", plate="辽A 12345", place="green")
    assert (changed.status_code, "车牌改过了" in changed.text, "住户车辆" in changed.text) == (422, True, True)
    answer = press(booth, volunteer, f"{path}/open", plate="辽A12345", place="green")
    case = booth.accounts.cases.needed(answer.headers["location"].split("/")[3].partition("?")[0])
    assert (case.plate, case.read) == (PLATE, "辽A1234S")
    assert "辽A1234S" in volunteer.get(f"/patrol/cases/{case.id}").text


def test_an_unreadable_plate_is_typed(booth: Booth, volunteer: httpx.Client, car: Vehicle) -> None:
    booth.accounts.plates.texts = [""]
    path = found(booth, volunteer)
    assert "车牌看不清" in volunteer.get(path).text
    wrong = press(booth, volunteer, path, plate="123")
    assert (wrong.status_code, 'value="123"' in wrong.text) == (422, True)
    assert press(booth, volunteer, path, plate=PLATE).status_code == 303
    assert "住户车辆" in volunteer.get(path).text


def test_a_gate_without_a_plate_model_takes_typed_plates(booth: Booth, volunteer: httpx.Client, car: Vehicle) -> None:
    booth.app.state.desk = booth.desk.__class__(
        **{name: getattr(booth.desk, name) for name in booth.desk.__slots__ if name != "patrol"},
        patrol=booth.accounts.patrol.__class__(booth.accounts.cases, booth.accounts.patrol.whose, None),
    )
    assert "没有车牌识别模型" in volunteer.get("/patrol").text
    assert shoot(booth, volunteer).json()["code"] == "patrol.no_model"
    answer = press(booth, volunteer, "/patrol/typed", plate="辽a·12345")
    assert "住户车辆" in volunteer.get(answer.headers["location"]).text
    refused = press(booth, volunteer, "/patrol/typed", plate="abc")
    assert (refused.status_code, 'value="abc"' in refused.text) == (422, True)


def test_whose_a_car_is(booth: Booth, volunteer: httpx.Client) -> None:
    staff = booth.accounts
    assert "没有登记" in volunteer.get(found(booth, volunteer)).text
    host, quota = staff.live_in(), Quota(3, 3, timedelta(days=1))
    staff.passes.add(host.id, START, START + timedelta(hours=2), plate=PLATE, note="外婆", quota=quota)
    shown = volunteer.get(found(booth, volunteer)).text
    assert "访客车辆" in shown
    assert "通行证到 2025-11-24 00:30" in shown
    assert "外婆" not in shown
    staff.listed_blocked.add(PLATE)
    assert "已禁止通行" in volunteer.get(found(booth, volunteer)).text
    assert {("id-patrol", "patrol:unknown"), ("id-patrol", "patrol:blocked")} <= set(booth.watch.looked)


def test_a_case_asks_the_household_which_answers_and_a_tick_closes_it(
    booth: Booth, volunteer: httpx.Client, car: Vehicle
) -> None:
    staff = booth.accounts
    person = staff.register.residents()[0]
    phone = booth.phone(person)
    path, done = opened(booth, volunteer, ask="yes", words="3 号楼前")
    assert done == "asked"
    asked = phone.get("/me/notices").text
    assert "请把 辽A12345 挪一下" in asked
    assert "消防通道 3 号楼前" in asked
    assert "patrol" not in asked
    assert "我看过" not in volunteer.get(path).text
    (notice,) = staff.notices.waiting(person.id)
    staff.notices.answer(notice, person.id, Answer.COMING)
    shown = volunteer.get(path).text
    assert "回复：马上来挪" in shown
    assert "张三丰" not in shown
    assert press(booth, volunteer, f"{path}/moved").headers["location"] == f"{path}?done=closed"
    assert "车主回复后已挪走" in volunteer.get("/patrol").text
    assert press(booth, volunteer, f"{path}/reopen").headers["location"] == f"{path}?done=reopened"
    assert "重新立案 1 次" in volunteer.get(path).text


def test_a_household_that_cannot_be_reached_is_named_to_the_guard_alone(
    booth: Booth, volunteer: httpx.Client, guard: httpx.Client, car: Vehicle
) -> None:
    path, done = opened(booth, volunteer, ask="yes")
    assert done == "nobody_reached"
    for client, named in ((volunteer, False), (guard, True)):
        shown = client.get(f"{path}?done={done}").text
        assert "没有人在手机上登录" in shown
        assert ("3-2-501" in shown) == named


def test_a_case_that_is_closed_by_now_asks_nobody_and_does_not_say_that_it_did_something(
    booth: Booth, volunteer: httpx.Client, car: Vehicle
) -> None:
    path, _ = opened(booth, volunteer)
    press(booth, volunteer, f"{path}/close", why="other", words="重复了")
    late = press(booth, volunteer, f"{path}/ask").headers["location"]
    assert "这件事已经结束，通知没有发出" in volunteer.get(late).text
    assert booth.accounts.notices.calls() == ()


def test_pressed_twice_it_is_one_case_and_another_photo_leads_to_it(
    booth: Booth, volunteer: httpx.Client, guard: httpx.Client, car: Vehicle
) -> None:
    path = found(booth, volunteer)
    for _ in range(2):
        answer = press(booth, volunteer, f"{path}/open", plate=PLATE, place="entrance")
        assert answer.headers["location"].startswith("/patrol/cases/")
    assert len(booth.accounts.cases.listed()) == 1
    again = found(booth, guard)
    assert "已经有一条未结束的记录" in guard.get(again).text
    refused = press(booth, guard, f"{again}/open", plate=PLATE, place="entrance")
    assert (refused.status_code, "已经有一条未结束" in refused.text) == (422, True)


def test_a_volunteer_does_not_see_what_others_have_closed_and_an_auditor_only_reads(
    booth: Booth, volunteer: httpx.Client, guard: httpx.Client, car: Vehicle
) -> None:
    path, _ = opened(booth, guard)
    assert PLATE in volunteer.get("/patrol").text
    press(booth, guard, f"{path}/close", why="handed_on")
    assert PLATE not in volunteer.get("/patrol").text
    assert volunteer.get(path).status_code == 404
    assert press(booth, volunteer, f"{path}/reopen").status_code == 404
    auditor = booth.signed_in("auditor")
    listed, shown = auditor.get("/patrol").text, auditor.get(path).text
    assert "3-2-501" in listed
    assert "拍照" not in listed
    assert "<form method" not in shown.partition("<main")[2]
    assert auditor.get(f"{path}/crop.jpg").status_code == 200
    looks = {what for who, what in booth.watch.looked if who == "id-auditor"}
    assert {"patrol_cases", f"patrol:{path.rpartition('/')[2]}"} <= looks
    assert any(what.startswith("snapshot:") for what in looks)


def test_only_a_passage_closes_a_case_as_left_and_only_an_answer_makes_a_tick_enough(
    booth: Booth, guard: httpx.Client, car: Vehicle
) -> None:
    path, _ = opened(booth, guard)
    close = press(booth, guard, f"{path}/close", why="left")
    assert close.status_code == 422
    assert press(booth, guard, f"{path}/close", why="other").status_code == 422
    assert press(booth, guard, f"{path}/moved").status_code == 422
    assert "手动结束" in guard.get(path).text


def test_anothers_photo_is_nobody_elses_and_goes_after_a_while(
    booth: Booth, volunteer: httpx.Client, guard: httpx.Client
) -> None:
    path = found(booth, volunteer)
    for late in (False, True):
        if late:
            booth.accounts.patrol.waiting.now_s = lambda: 10.0**9
        client = volunteer if late else guard
        assert client.get(path).json()["code"] == "patrol.photo_gone"
        assert client.get(f"{path}/0.jpg").status_code == 404


def test_the_resident_sees_the_note_and_who_looked_in_the_own_data(
    booth: Booth, volunteer: httpx.Client, car: Vehicle
) -> None:
    path, _ = opened(booth, volunteer, words="3 号楼前")
    person = booth.accounts.register.residents()[0]
    own = booth.accounts.lobby.own
    assert {one.name: one.count for one in own.kept(person)}["cases"] == 1
    phone = booth.phone(person)
    assert "停车巡查记录" in phone.get("/me/data").text
    packed = phone.post("/me/copy", data={"csrf": booth.resident_token(phone)}).content
    with zipfile.ZipFile(io.BytesIO(packed)) as copy:
        (case,) = json.loads(copy.read("data.json"))["cases"]
    assert (case["place"], case["place_words"]) == ("fire_lane", "3 号楼前")
    booth.accounts.register.edit_vehicle(
        car.id, VehicleForm.of(PLATE, "3-2-501", owner=person.id), "id-enroller", car.version
    )
    with writing(booth.accounts.engine) as session:
        seen = {"actor": "id-patrol", "what": f"patrol:{path.rpartition('/')[2]}"}
        append(session, START + timedelta(minutes=1), "view", seen)
    assert [(look.role, look.what) for look in own.looks(person, 9)] == [("patrol", "patrol")]
    assert "巡查员（网格员、志愿者）" in phone.get("/me/history").text


def test_every_word_of_the_patrol_is_there() -> None:
    said = {
        "patrol_place": set(Place),
        "patrol_standing": set(Standing),
        "patrol_told": set(Standing),
        "patrol_why": set(Why),
        "patrol_done": DONE,
        "patrol_unasked": UNASKED,
        "patrol_said": {*SPOKEN, "form_lost"},
    }
    for kind, wanted in said.items():
        codes = {code.partition(".")[2] for code in catalogue() if code.startswith(f"{kind}.")}
        assert codes == {str(one) for one in wanted}, kind


def _with_the_real_models(booth: Booth) -> None:
    cast = Models().cast()
    recogniser = open_plate_recogniser(cast.plate_finder, cast.plate_reader, Store(), 1)
    photos = PlatePhotos(recogniser, 0.8)
    patrol = booth.accounts.patrol
    booth.app.state.desk = booth.desk.__class__(
        **{name: getattr(booth.desk, name) for name in booth.desk.__slots__ if name != "patrol"},
        patrol=patrol.__class__(patrol.cases, patrol.whose, photos),
    )


def _read(booth: Booth, client: httpx.Client, body: bytes) -> set[str]:
    """The plates that the page shows for a photo."""
    shown = client.get(shoot(booth, client, body).json()["next"]).text
    return set(re.findall(r"识别结果：(\w+)", shown)) | set(re.findall(r"<span>(\w{7,8})</span>", shown))


def _street(*plates: Plate) -> bytes:
    """Dark tails of something like cars side by side in a street of one grey, as a phone's JPEG."""
    scene = np.full((720, 1280, 3), 120, np.uint8)
    for number, plate in enumerate(plates):
        left = 60 + 620 * number
        scene[200:560, left : left + 540] = (60, 50, 50)
        drawn = draw_plate(plate, np.random.default_rng(1), px_per_mm=40 / 140, wear=0.2)
        tall, wide = drawn.shape[:2]
        scene[430 : 430 + tall, left + 200 : left + 200 + wide] = drawn
    written = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(scene[:, :, ::-1])).save(written, "JPEG", quality=92)
    return written.getvalue()


@pytest.mark.starter
def test_drawn_cars_are_read_through_the_page(booth: Booth, volunteer: httpx.Client) -> None:
    _with_the_real_models(booth)
    two = (Plate("辽A12345", Style.BLUE), Plate("辽AD12345", Style.GREEN))
    assert _read(booth, volunteer, _street(*two[:1])) == {"辽A12345"}
    assert _read(booth, volunteer, _street(*two)) == {"辽A12345", "辽AD12345"}
    assert shoot(booth, volunteer, _street()).json()["code"] == "patrol.no_plate"


@pytest.mark.starter
def test_real_photos_are_read_through_the_page(booth: Booth, volunteer: httpx.Client, data: Path) -> None:
    _with_the_real_models(booth)
    scenes = sorted((data / "plates" / "scenes").glob("*.jpg"))
    chosen = scenes[:: max(1, len(scenes) // 8)][:8]
    assert len(chosen) == 8
    missed = [file.stem for file in chosen if normalise(file.stem) not in _read(booth, volunteer, file.read_bytes())]
    assert not missed
