"""The pages of an enrolment, looked at by axe: in Chinese on a desk, in English on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from enrollment.consent import Purpose
from tests.gate.console.conftest import Booth
from tests.gate.console.enrolment.conftest import Table, jpeg
from tests.gate.console.test_accessibility import faults, fits, sign_in

Look = Callable[[str], None]


@pytest.fixture(params=[("zh", 1280), ("en", 390)], ids=["zh-desk", "en-phone"])
def page(request: pytest.FixtureRequest, chromium: Browser, booth: Booth) -> Iterator[Page]:
    language, width = request.param
    size = {"width": width, "height": 800}
    # axe is put into the page from outside of it, which the page's own policy would forbid to anybody.
    context = chromium.new_context(base_url=booth.url, viewport=size, bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"/sign-in?lang={language}")
    sign_in(page, "admin")
    yield page
    context.close()


def test_axe_finds_nothing_wrong_on_the_way_through_an_enrolment(table: Table, page: Page) -> None:
    one, other = table.person(), table.person("李四", "5-1-101")
    child = table.person("张小五", "4-1-101", born="2020-02-29")
    table.enrolled(one, who=1)
    table.agreed(one, Purpose.CARE_ALERTS)
    table.post(f"{table.begun()}/vehicles", plate="辽A12345", colour="blue", owner=one.id)
    table.agreed(other, Purpose.FACE_ENTRY)
    [car] = table.booth.accounts.register.vehicles()
    home = "/enrolment/people"
    seen: dict[str, list[str]] = {}

    def look(name: str) -> None:
        seen[name] = faults(page)
        assert fits(page), name

    page.goto(table.begun())
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
