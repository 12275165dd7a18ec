"""Visitors' passes on the pages: made by residents within a quota and by staff, shown at a lane, and told of."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import cv2
import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser
from sqlalchemy import text

from enrollment.entry import Resident
from gate.camera.frame import Frame
from gate.decision.decision import Verdict
from gate.lane.code_reader import AGAIN_S, CodeReader
from gate.lane.lane import Facts
from gate.lane.showing import Showing
from gate.rulebook.pass_book import PassBook
from models.sighting import Picture
from tests.gate.console.conftest import Booth
from tests.gate.console.staff import START
from tests.gate.lane.test_lane import _World


@pytest.fixture
def wall() -> Callable[[], datetime]:
    return lambda: START


@pytest.fixture
def person(booth: Booth) -> Resident:
    return booth.accounts.live_in()


@pytest.fixture
def phone(booth: Booth, person: Resident) -> httpx.Client:
    return booth.phone(person)


def announce(booth: Booth, phone: httpx.Client, **form: str) -> httpx.Response:
    return phone.post("/me/visitors", data={"csrf": booth.resident_token(phone), **form})


def frame_of(png: bytes | None) -> Picture:
    """A picture on a phone that is held to the camera, or nobody."""
    scene = np.full((720, 1280, 3), 110, np.uint8)
    if png is not None:
        picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
        scene[220:480, 500:760] = cv2.resize(picture, (260, 260), interpolation=cv2.INTER_AREA)
    return scene


def passed(booth: Booth, pictures: list[bytes | None]) -> list[Verdict]:
    """What a lane decides about what is held to its camera, one after the other and gone in between."""
    world, staff = _World(), booth.accounts
    lane = world.lane([], [[] for _ in range(2 * len(pictures))])
    reader, book = CodeReader(), PassBook(staff.passes)
    showing = Showing(staff.lobby.codes, staff.register.credentials, staff.passes, dict)

    def shown(frame: Frame) -> list:
        found = [showing.qr(code, frame.at, "in") for code in reader.read(frame.luma, frame.taken_s)]
        return [one for one in found if one is not None]

    lane._codes = shown
    lane._facts = Facts(use=lambda visit, at, passage: book.use(visit, at, "in", passage))
    frames = [frame_of(one) for png in pictures for one in (png, png, None)]
    lane._camera._frames = [
        Frame("south", number, START, number * AGAIN_S / 2, picture) for number, picture in enumerate(frames, 1)
    ]
    lane._watcher.cases = [[] for _ in frames]
    while lane.step():
        continue
    return [one.decision.verdict for one in world.outcomes]


def test_a_visitors_picture_from_the_page_opens_twice_and_not_a_third_time(
    booth: Booth, person: Resident, chromium: Browser
) -> None:
    context = chromium.new_context(base_url=booth.url, viewport={"width": 390, "height": 844}, locale="zh-CN")
    page = context.new_page()
    page.goto(f"/me/enter#{booth.accounts.phones.link(person.id, 'id-enroller').code}")
    page.get_by_role("button", name="进入").click()
    page.get_by_role("link", name="我的访客").click()
    page.get_by_label("谁来").fill("外婆")
    page.get_by_label("可以进几次").fill("2")
    page.get_by_role("button", name="生成通行证").click()
    page.get_by_role("heading", name="外婆").wait_for()
    with page.expect_download() as saving:
        page.get_by_role("link", name="保存图片").click()
    png = saving.value.path().read_bytes()
    assert passed(booth, [png, png, png]) == [Verdict.OPEN, Verdict.OPEN, Verdict.ASK]
    page.goto("/me")
    page.get_by_text("2 位访客到了").wait_for()
    page.get_by_role("link", name="我的访客").click()
    page.get_by_text("新到 2 次").wait_for()
    page.goto("/me")
    assert not page.get_by_text("位访客到了").count()
    context.close()


def test_each_way_in_is_made_and_a_pin_is_told_once(booth: Booth, phone: httpx.Client, person: Resident) -> None:
    assert announce(booth, phone, by="plate", plate="辽c·12345").status_code == 303
    told = announce(booth, phone, by="pin", note="快递")
    pin = re.search(r'class="secret large">(\d{4} \d{4})<', told.text)
    assert pin
    found = booth.accounts.passes.by_pin(pin[1])
    assert found is not None
    assert (found.host, found.note) == (person.id, "快递")
    assert pin[1] not in phone.get("/me/visitors").text
    assert announce(booth, phone, by="qr").headers["location"].startswith("/me/visitors/")


def test_a_household_has_its_quota_together(booth: Booth, phone: httpx.Client) -> None:
    other = booth.phone(booth.accounts.live_in("李四"))
    elsewhere = booth.phone(booth.accounts.live_in("王五", "4-1-101"))
    assert [announce(booth, one, by="qr").status_code for one in (phone, other, phone, other)] == [303, 303, 303, 422]
    assert announce(booth, elsewhere, by="qr").status_code == 303
    for _ in range(2):
        (living, *_) = (one for one in booth.accounts.passes.kept() if one.lets_in(START) and one.household)
        booth.accounts.passes.end(living.id, "staff")
    answers = [announce(booth, phone, by="qr") for _ in range(3)]
    assert answers[-1].status_code == 422


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"by": "plate", "plate": "ABC"}, "车牌"),
        ({"by": "plate"}, "车牌"),
        ({"by": "qr", "uses": "11"}, "10"),
        ({"by": "qr", "hours": "700"}, "3"),
        ({"by": "qr", "begins": "yesterday"}, "开始时间不对"),
        ({"by": "qr", "begins": "2020-01-01T10:00"}, ""),
        ({"by": "qr", "begins": "9999-12-31T23:59"}, ""),
        ({"by": "qr", "note": "长" * 41}, "40"),
    ],
)
def test_what_is_wrong_with_a_pass_is_said(booth: Booth, phone: httpx.Client, form: dict[str, str], said: str) -> None:
    answer = announce(booth, phone, **form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert said in answer.text
    assert not booth.accounts.passes.kept()


def test_a_resident_sees_and_ends_no_passes_of_others(booth: Booth, phone: httpx.Client) -> None:
    other = booth.phone(booth.accounts.live_in("李四", "4-1-101"))
    made = announce(booth, other, by="qr", note="秘密").headers["location"]
    assert "秘密" not in phone.get("/me/visitors").text
    for path in (made, f"{made}/code.png"):
        assert phone.get(path).status_code == 404
    ended = phone.post(f"{made}/end", data={"csrf": booth.resident_token(phone)})
    assert ended.status_code == 404
    (kept,) = booth.accounts.passes.kept()
    assert kept.lets_in(START)
    assert other.post(f"{made}/end", data={"csrf": booth.resident_token(other)}).status_code == 303
    (kept,) = booth.accounts.passes.kept()
    assert not kept.lets_in(START)


def test_whoever_is_erased_has_no_guests_left(booth: Booth, phone: httpx.Client, person: Resident) -> None:
    announce(booth, phone, by="plate", plate="辽C12345", note="外婆")
    gone = booth.accounts.register.remove(person.id, "id-admin").gone
    assert gone["passes"] == 1
    assert not booth.accounts.passes.kept()
    with booth.accounts.engine.connect() as connection:
        rows = connection.execute(text("SELECT plate, note, host_id, household_id, used FROM visitor_pass")).all()
    assert rows == [(None, None, None, None, 0)]


def test_staff_make_see_and_end_passes_and_looking_is_recorded(booth: Booth, phone: httpx.Client) -> None:
    announce(booth, phone, by="qr", note="外婆")
    guard = booth.signed_in("guard")
    made = guard.post("/passes", data={"csrf": booth.token(guard), "by": "pin", "note": "送货", "uses": "1"})
    assert re.search(r'class="secret large">\d{4} \d{4}<', made.text)
    page = guard.get("/passes").text
    for said in ("外婆", "3-2-501", "送货", "门岗或物业"):
        assert said in page
    assert ("id-guard", "passes") in booth.watch.looked
    (own,) = (one for one in booth.accounts.passes.kept() if one.host is None)
    (theirs,) = (one for one in booth.accounts.passes.kept() if one.host is not None)
    assert guard.get(f"/passes/{theirs.id}/code.png").headers["content-type"] == "image/png"
    assert guard.get(f"/passes/{own.id}/code.png").status_code == 404
    for one in (own, theirs):
        assert guard.post(f"/passes/{one.id}/end", data={"csrf": booth.token(guard)}).status_code == 303
    again = guard.post(f"/passes/{own.id}/end", data={"csrf": booth.token(guard)})
    assert again.status_code == 422
    later = booth.accounts.passes
    later._now = lambda: datetime.now(UTC) + timedelta(days=3650)
    later.forget()
    assert "外婆" not in guard.get("/passes").text
