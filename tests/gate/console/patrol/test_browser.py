"""The patrol page in a real browser on a phone: a photo, a network that is lost, the case; and looked at by axe."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime

import pytest
from PIL import Image
from playwright.sync_api import Browser, ViewportSize, expect

from tests.gate.console.conftest import Booth
from tests.gate.console.staff import START
from tests.gate.console.test_accessibility import WIDTHS, looked_over, opened, sign_in

PHONE = ViewportSize(width=WIDTHS["phone"], height=844)


@pytest.fixture
def wall() -> Callable[[], datetime]:
    return lambda: START


def _photo() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (3200, 2400), "gray").save(written, "JPEG")
    return written.getvalue()


def test_nothing_is_lost_with_the_network(booth: Booth, chromium: Browser) -> None:
    staff = booth.accounts
    person = staff.live_in()
    staff.phones.enter(staff.phones.link(person.id, "id-enroller").code)
    staff.register.add_vehicle("辽A12345", "3-2-501", "id-enroller")
    staff.plates.texts = ["辽B99999", "辽A1234S"]
    # axe is put into the page from outside of it, which the page's own policy would forbid to anybody.
    context = chromium.new_context(base_url=booth.url, viewport=PHONE, bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    seen: dict[str, list[str]] = {}

    def look(name: str) -> None:
        seen[name] = looked_over(page)

    page.goto("/sign-in?lang=zh")
    sign_in(page, "patrol")
    page.goto("/patrol")
    expect(page.locator("#photo")).to_have_attribute("capture", "environment")
    context.set_offline(True)
    page.set_input_files("#photo", {"name": "car.jpg", "mimeType": "image/jpeg", "buffer": _photo()})
    expect(page.locator("#photo-fault")).to_be_visible()
    look("lost")
    page.locator("#again").click()
    expect(page.locator("#photo-fault")).to_be_visible()
    context.set_offline(False)
    page.reload()
    expect(page.locator("#unsent")).to_be_visible()
    page.locator("#again").click()
    page.wait_for_url("**/patrol/found/*")
    look("two plates")
    page.locator(".pick").nth(1).click()
    page.locator("#case-form").wait_for()
    look("found")
    page.locator(".plate-typed").fill("辽A12345")
    page.locator("[formaction]").click()
    expect(page.locator(".standing.resident")).to_be_visible()
    page.locator("[name=place][value=fire_lane]").check()
    context.set_offline(True)
    page.locator("[name=ask]").click()
    expect(page.locator("#form-fault")).to_be_visible()
    expect(page.locator("[name=place][value=fire_lane]")).to_be_checked()
    context.set_offline(False)
    page.locator("[name=ask]").click()
    page.wait_for_url("**/patrol/cases/*done=asked")
    (case,) = staff.cases.listed()
    assert (case.plate, case.read, case.notice is not None) == ("辽A12345", "辽A1234S", True)
    page.locator("details summary").click()
    look("case")
    page.goto("/patrol")
    expect(page.locator("#unsent")).to_be_hidden()
    seen |= opened(page, "/patrol", f"/patrol/cases/{case.id}")
    context.close()
    assert not {where: found for where, found in seen.items() if found}
