"""Residents' pages, and those that staff have for them, looked at by axe: on a phone and a desk, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser

from enrollment.credential import CredentialKind
from tests.gate.console.conftest import Booth
from tests.gate.console.staff import START
from tests.gate.console.test_accessibility import WIDTHS, faults, fits, sign_in

PAGES = ("/me", "/me/code", "/me/visitors", "/me/notices", "/me/data", "/me/history", "/me/consents", "/me/photo")


@pytest.fixture
def wall() -> Callable[[], datetime]:
    return lambda: START


@pytest.mark.parametrize(("width", "language"), [("phone", "en"), ("desk", "zh")])
def test_axe_finds_nothing_wrong_with_the_pages(booth: Booth, chromium: Browser, width: str, language: str) -> None:
    staff = booth.accounts
    person = staff.live_in(face=1)
    staff.register.add_vehicle("辽A12345", "3-2-501", "id-enroller")
    staff.register.credentials.give(person.id, CredentialKind.QR, "id-enroller")
    made = staff.passes.add(
        person.id, START, START + timedelta(hours=3), 2, code=True, note="外婆", quota=staff.lobby.quota
    )
    size = {"width": WIDTHS[width], "height": 844}
    # axe is put into the page from outside of it, which the page's own policy would forbid to anybody.
    context = chromium.new_context(base_url=booth.url, viewport=size, bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    seen: dict[str, list[str]] = {}

    def look(path: str) -> None:
        seen[path] = faults(page)
        assert fits(page), path

    page.goto(f"/me/enter?lang={language}")
    look("/me/enter")
    page.goto(f"/me/enter#{staff.phones.link(person.id, 'id-enroller').code}")
    page.locator("main form button").click()
    page.wait_for_url("**/me")
    staff.notices.call(staff.home(), "men", "id-guard")
    staff.notices.ask_to_move(staff.register.vehicles()[0].id, "id-guard", "3 号楼前消防通道")
    for path in (*PAGES, f"/me/visitors/{made.made.id}"):
        page.goto(path)
        closed = page.locator("details:not([open]) > summary")
        while closed.count():
            closed.first.click()
        look(path)
    page.goto("/me/consents")
    page.locator("form[action$='face_entry/withdraw'] [value=pin]").check()
    page.locator("form[action$='face_entry/withdraw'] button").click()
    look("withdrawn")
    page.goto("/sign-in")
    sign_in(page, "admin")
    page.goto("/passes")
    page.locator("[name=by][value=pin]").check()
    page.locator("main form button").first.click()
    look("/passes")
    staff.requests.ask(person.id)
    page.goto("/residents/requests")
    look("/residents/requests")
    page.goto("/enrolment")
    page.locator("input[name=code]").fill("3-2-501")
    page.locator("input[name=code]").press("Enter")
    page.wait_for_url("**/households/*")
    page.locator("form[action='/residents/link'] button").click()
    look("/residents/link")
    context.close()
    assert not {where: found for where, found in seen.items() if found}
