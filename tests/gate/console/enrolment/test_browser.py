"""An enroller at a folding table: a family of four with two cars, entered in a real browser with the keyboard alone."""

from __future__ import annotations

import time

from playwright.sync_api import Browser, Page, expect

from tests.gate.console.conftest import Booth
from tests.gate.console.test_accessibility import sign_in

PEOPLE = (("李四", "13800001234", ""), ("张小五", "", "2020-02-29"), ("王奶奶", "", ""))
CARS = (("辽A12345", "蓝"), ("辽BD12345", "绿"))


def enter(page: Page, form: str, **filled: str) -> None:
    """Fill a form's fields and send it with Enter from the first one."""
    first = next(iter(filled))
    for name, words in filled.items():
        if words:
            page.locator(f"{form} [name={name}]").fill(words)
    page.locator(f"{form} [name={first}]").press("Enter")
    page.wait_for_load_state()


def test_a_family_of_four_with_two_cars_is_entered_with_the_keyboard(booth: Booth, chromium: Browser) -> None:
    context = chromium.new_context(base_url=booth.url, viewport={"width": 1280, "height": 800}, locale="zh-CN")
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto("/sign-in")
    sign_in(page, "enroller")
    began = time.monotonic()
    enter(page, "main", code="3-2-501")
    expect(page.locator("main [name=name]")).to_be_focused()
    enter(page, "main", name="张三")
    for name, phone, born in PEOPLE:
        enter(page, "form[action$='/people']", name=name, phone=phone, born=born)
        expect(page.get_by_role("heading", name=name)).to_be_visible()
    for plate, colour in CARS:
        page.locator("form[action$='/vehicles'] [name=colour]").select_option(label=colour)
        enter(page, "form[action$='/vehicles']", plate=plate)
        expect(page.get_by_role("heading", name=plate)).to_be_visible()
    enter(page, "li:has(a:text-is('李四'))", number="04A1B2C3")
    expect(page.get_by_text("卡 ··B2C3")).to_be_visible()
    print(f"a family of four with two cars and a card, without faces: {time.monotonic() - began:.1f} s")  # noqa: T201 - how long it took is told, not judged
    page.goto("/enrolment")
    expect(page.locator("#words")).to_be_focused()
    page.keyboard.type("ls 3-2")
    page.locator("#found a").wait_for()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="3-2-501")).to_be_visible()
    context.close()
    assert not wrong
    assert {one.name for one in booth.accounts.register.residents()} == {"张三", "李四", "张小五", "王奶奶"}
    assert {one.plate for one in booth.accounts.register.vehicles()} == {"辽A12345", "辽BD12345"}
