"""An enroller with a webcam: a family of four with faces and two cars, in a real browser and with the real models."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from enrollment.consent import Purpose
from gate.console.enrolment.photo_desk import PhotoDesk
from models.open import open_face_recogniser
from models.store import Store
from samples.heads import FIRST_MAN, FIRST_WOMAN, SECOND_MAN, SECOND_WOMAN, THIRD_WOMAN, Likeness
from samples.webcam import HEIGHT, RATE, WALL, WIDTH, write_webcam
from tests.gate.console.conftest import ARGUMENTS, CHROMIUM, Booth
from tests.gate.console.enrolment.test_browser import enter
from tests.gate.console.test_accessibility import sign_in

pytestmark = pytest.mark.starter

FAMILY = (
    ("张三", "", FIRST_MAN),
    ("李四", "", FIRST_WOMAN),
    ("张小五", "2020-02-29", SECOND_WOMAN),
    ("王奶奶", "", THIRD_WOMAN),
)
CARS = (("辽A12345", "蓝", "张三"), ("辽BD12345", "绿", "李四"))


@pytest.fixture
def wall() -> Callable[[], datetime]:
    return lambda: datetime.now(UTC)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the webcam shows: whoever sits down before it is drawn into this file."""
    path = tmp_path_factory.mktemp("webcam") / "webcam.mjpeg"
    write_webcam(path, FIRST_MAN, 1.0, 1)
    return path


@pytest.fixture(scope="module")
def with_webcam(film: Path) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: install Chromium to try the pages in a browser")
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with sync_playwright() as playwright:
        arguments = [*ARGUMENTS, *fake, f"--use-file-for-fake-video-capture={film}"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(with_webcam: Browser, booth: Booth) -> Iterator[Page]:
    """Signed in as an enroller; a script that stumbles or a policy that is broken fails the test."""
    desk, office = booth.desk, booth.desk.office
    assert office is not None
    recogniser = open_face_recogniser("starter-face-finder", "starter-face-embedder", Store())
    booth.app.state.desk = dataclasses.replace(desk, office=dataclasses.replace(office, photos=PhotoDesk(recogniser)))
    # The register's clock goes with the console's here: a consent is signed now.
    booth.accounts.register._changes.now = lambda: datetime.now(UTC)
    wrong: list[str] = []
    context = with_webcam.new_context(base_url=booth.url, viewport={"width": 1280, "height": 900}, locale="zh-CN")
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Policy" in said.text else None)
    page.goto("/sign-in")
    sign_in(page, "enroller")
    yield page
    context.close()
    assert not wrong


def sit_down(film: Path, likeness: Likeness) -> None:
    write_webcam(film, likeness, 1.0, 1)


def stand_up(film: Path) -> None:
    """Nobody sits before the webcam."""
    _, wall_only = cv2.imencode(".jpg", np.full((HEIGHT, WIDTH, 3), WALL, np.uint8))
    film.write_bytes(wall_only.tobytes() * RATE)


def sign(page: Page) -> None:
    """Draw something like a name."""
    page.locator("#drawing").scroll_into_view_if_needed()
    box = page.locator("#drawing").bounding_box()
    assert box is not None
    x, y = box["x"], box["y"]
    page.mouse.move(x + 60, y + 50)
    page.mouse.down()
    for across, down in ((140, 90), (90, 120), (200, 60), (260, 110), (330, 70)):
        page.mouse.move(x + across, y + down)
    page.mouse.up()


def agree(page: Page, *purposes: Purpose, guardian: tuple[str, str] | None = None) -> None:
    for purpose in purposes:
        page.locator(f"[name=agreed][value={purpose}]").press("Space")
    if guardian:
        page.locator("#guardian").fill(guardian[0])
        page.locator("#relation").fill(guardian[1])
    sign(page)
    page.locator("#record").press("Enter")


def take(page: Page) -> None:
    """Wait until the page says that the picture is good, and press Enter on the button that has the focus."""
    page.wait_for_url("**/photo")
    expect(page.locator("#verdict")).to_have_attribute("data-verdict", "good", timeout=20_000)
    expect(page.locator("#take")).to_be_focused()
    page.keyboard.press("Enter")


def test_a_family_of_four_with_faces_and_two_cars_is_enrolled(booth: Booth, page: Page, film: Path) -> None:
    began = time.monotonic()
    enter(page, "main", code="3-2-501")
    for number, (name, born, _) in enumerate(FAMILY):
        enter(page, "form[action$='/people']" if number else "main", name=name, born=born)
        expect(page.get_by_role("heading", name=name)).to_be_visible()
        expect(page.locator("form[action$='/people'] [name=name]")).to_be_focused()
    for plate, colour, owner in CARS:
        page.locator("form[action$='/vehicles'] [name=colour]").select_option(label=colour)
        page.locator("form[action$='/vehicles'] [name=owner]").select_option(label=owner)
        enter(page, "form[action$='/vehicles']", plate=plate)
        expect(page.get_by_role("heading", name=plate)).to_be_visible()
    for name, born, likeness in FAMILY:
        sit_down(film, likeness)
        page.get_by_role("link", name=f"征求同意 {name}").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text(name)
        agree(page, Purpose.FACE_ENTRY, Purpose.PLATE_ENTRY, guardian=("张三", "父亲") if born else None)
        take(page)
        page.wait_for_url("**/enrolment/households/*")
    spent = time.monotonic() - began
    print(f"a family of four with faces, consents and two cars: {spent:.1f} s of scripted steps")  # noqa: T201 - how long it took is told, not judged
    expect(page.get_by_text("已完成")).to_have_count(4)
    register = booth.accounts.register
    people = {one.name: one for one in register.residents()}
    assert {name: one.templates for name, one in people.items()} == {name: 1 for name, _, _ in FAMILY}
    child = register.consents.of(people["张小五"].id)
    assert all(one.guardian and one.guardian.name == "张三" and one.signed for one in child)
    assert {car.plate: car.owner for car in register.vehicles()} == {p: people[o].id for p, _, o in CARS}


def test_what_is_wrong_is_said_while_one_sits_there_and_a_face_known_already_is_decided_about(
    booth: Booth, page: Page, film: Path
) -> None:
    stand_up(film)
    enter(page, "main", code="3-2-501")
    enter(page, "main", name="张三")
    page.get_by_role("link", name="征求同意 张三").press("Enter")
    page.locator("[name=agreed][value=face_entry]").press("Space")
    page.locator("#record").press("Enter")
    expect(page.locator("#fault")).to_contain_text("屏幕签字是空的")
    expect(page.locator("[name=agreed][value=face_entry]")).to_be_checked()
    page.locator("#keep").press("Space")
    sign(page)
    page.locator("#record").press("Enter")
    page.wait_for_url("**/photo")
    expect(page.locator("#verdict")).to_have_attribute("data-verdict", "bad", timeout=20_000)
    expect(page.locator("#verdict")).to_contain_text("没有找到人脸")
    page.keyboard.press("Enter")
    expect(page.locator("#fault")).to_contain_text("没有找到人脸")
    sit_down(film, FIRST_MAN)
    page.reload()
    take(page)
    page.wait_for_url("**/enrolment/households/*")
    page.goto("/enrolment")
    enter(page, "main", code="4-1-101")
    enter(page, "main", name="李四")
    page.get_by_role("link", name="征求同意 李四").press("Enter")
    agree(page, Purpose.FACE_ENTRY)
    take(page)
    page.wait_for_url("**/enrolment/likeness/*")
    expect(page.get_by_text("几乎可以肯定是同一个人")).to_be_visible()
    for shown in page.locator(".two-faces img").all():
        expect(shown).not_to_have_js_property("naturalWidth", 0)
    page.get_by_role("button", name="取消，重新拍").press("Enter")
    page.wait_for_url("**/photo")
    sit_down(film, SECOND_MAN)
    page.reload()
    take(page)
    page.wait_for_url("**/enrolment/households/*")
    assert {one.name: one.templates for one in booth.accounts.register.residents()} == {"张三": 1, "李四": 1}


def test_whoever_declines_the_face_gets_a_card_in_the_same_flow(booth: Booth, page: Page) -> None:
    enter(page, "main", code="3-2-501")
    enter(page, "main", name="王奶奶")
    page.get_by_role("link", name="征求同意 王奶奶").press("Enter")
    page.get_by_role("button", name="都不同意").press("Enter")
    page.wait_for_url("**/enrolment/people/*")
    card = page.locator("#ways [name=number]")
    expect(card).to_be_focused()
    card.fill("04A1B2C3")
    card.press("Enter")
    expect(page.get_by_text("已完成")).to_be_visible()
    [person] = booth.accounts.register.residents()
    asked = booth.accounts.register.consents.of(person.id)
    assert {one.purpose for one in asked} == set(Purpose)
    assert all(one.declined for one in asked), "that she was asked, and said no"
    assert booth.accounts.register.credentials.find_card("04A1B2C3") == person.id


def test_a_photo_from_a_file_is_taken_and_a_poor_one_said(booth: Booth, page: Page, tmp_path: Path) -> None:
    enter(page, "main", code="3-2-501")
    enter(page, "main", name="张三")
    page.get_by_role("link", name="征求同意 张三").press("Enter")
    agree(page, Purpose.FACE_ENTRY)
    page.wait_for_url("**/photo")
    (tmp_path / "none.jpg").write_bytes(b"no picture")
    page.locator("#file").set_input_files(tmp_path / "none.jpg")
    expect(page.locator("#fault")).to_contain_text("不是图片")
    write_webcam(tmp_path / "good.jpg", FIRST_MAN, 0.1, 1)
    page.locator("#file").set_input_files(tmp_path / "good.jpg")
    page.wait_for_url("**/enrolment/households/*")
    assert [one.templates for one in booth.accounts.register.residents()] == [1]
