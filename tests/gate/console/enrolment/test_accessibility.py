"""The pages of an enrolment, looked at by axe in both languages, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from enrollment.consent import ConsentForm, Means, Purpose
from enrollment.rights import Right
from gate.texts import LANGUAGES
from tests.gate.console.conftest import Booth
from tests.gate.console.enrolment.conftest import Table, jpeg
from tests.gate.console.staff import START
from tests.gate.console.test_accessibility import DESK, looked_over, sign_in

Look = Callable[[str], None]


@pytest.fixture(params=LANGUAGES)
def page(request: pytest.FixtureRequest, chromium: Browser, booth: Booth) -> Iterator[Page]:
    context = chromium.new_context(base_url=booth.url, viewport=DESK, bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"/sign-in?lang={request.param}")
    sign_in(page, "admin")
    yield page
    context.close()


def test_axe_finds_nothing_wrong_on_the_way_through_an_enrolment(table: Table, page: Page) -> None:
    one, other = table.person(), table.person("Abdurahmanmuhammadtursunniyazqadirahmatjanabdulla", "5-1-101")
    child = table.person("阿卜杜热合曼·买买提艾力·托合提尼亚孜", "4-1-101", born="2020-02-29")
    table.enrolled(one, who=1)
    table.agreed(one, Purpose.CARE_ALERTS)
    table.post(f"{table.begun()}/vehicles", plate="辽A12345", colour="blue", owner=one.id)
    table.agreed(other, Purpose.FACE_ENTRY)
    register = table.booth.accounts.register
    [car] = register.vehicles()
    register.consents.give(one.id, [ConsentForm(Purpose.COMMUNITY_SHARING, Means.PAPER, START, declined=True)], "t")
    register.rights.give(car.id, Right.of(["che"], "周一至周五 07:00-19:00"), "t")
    register.block(car.id, "长期占用消防通道", "id-guard")
    home = "/enrolment/people"
    seen: dict[str, list[str]] = {}

    def look(name: str) -> None:
        seen[name] = looked_over(page)

    table.post(f"{table.begun()}/note", note="轮椅走侧门\n18:00 以后再打电话", version="1")
    page.goto(table.begun())
    page.locator("#note-title ~ details summary").click()
    look("household")
    page.goto(f"{home}/{one.id}")
    while (closed := page.locator("details:not([open]) > summary")).count():
        closed.first.click()
    look("person")
    table.post(f"{home}/{one.id}/edit", name="张三", household="3-2-501", version=str(table.now(one).version))
    page.locator("form[action$='/edit'] [name=notes]").fill("爱下棋")
    page.locator("form[action$='/edit'] button").click()
    page.locator(".conflict").wait_for()
    look("conflict")
    page.goto(f"{home}/{child.id}/consent")
    look("consent of a child")
    page.locator("[name=means][value=paper]").check()
    page.locator("[name=agreed]").first.check()
    page.locator("#record").click()
    page.locator("#fault").wait_for()
    look("consent on paper, refused")
    page.goto(f"{home}/{child.id}/sheet")
    look("sheet")
    page.goto(f"{home}/{child.id}/photo")
    look("photo without a consent")
    page.goto(f"{home}/{other.id}/photo")
    look("photo")
    page.locator("#file").set_input_files({"name": "li-si.jpg", "mimeType": "image/jpeg", "buffer": jpeg()})
    page.wait_for_url("**/likeness/*")
    look("likeness")
    page.goto(f"/enrolment/vehicles/{car.id}")
    look("vehicle")
    page.locator("#block button").click()
    page.locator("#right [name=hours]").fill("白天")
    page.locator("#right button").click()
    page.locator("p.fault:visible").wait_for()
    look("vehicle with a right refused")
    page.goto(f"/enrolment/erase/{car.id}")
    look("erasure")
    page.locator("[name=sure]").check()
    page.locator("form[action^='/enrolment/erase'] button").click()
    page.locator(".certificate").wait_for()
    look("certificate")
    with page.expect_download() as saved:
        page.locator("a[download]").click()
    assert car.id in saved.value.path().read_text("utf-8")
    assert not {where: found for where, found in seen.items() if found}
