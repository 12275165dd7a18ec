"""Every page of the console, looked at by axe in both languages, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

from gate.console.watch import MeantView
from gate.decision.decision import Reason, Verdict
from gate.texts import LANGUAGES
from tests.gate.console.conftest import Booth
from tests.gate.console.fake_watch import passage
from tests.gate.console.staff import PASSWORD

WIDTHS = {"desk": 1280, "phone": 390}
DESK = ViewportSize(width=WIDTHS["desk"], height=800)
WANTED = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "guard": ("/", "/shift", "/barriers", "/account", "/account/password", "/account/code"),
    "admin": ("/accounts", "/enrolment"),
    "auditor": ("/privacy", "/privacy/assessment", "/no-such-page"),
}


AXE = Axe().axe_script
RUN = """options => axe.run(document, options).then(found => found.violations.flatMap(
  one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 150)} ${node.failureSummary}`)))"""


@pytest.fixture
def page(chromium: Browser, booth: Booth) -> Iterator[Page]:
    context = chromium.new_context(base_url=booth.url, viewport=DESK, bypass_csp=True, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def faults(page: Page) -> list[str]:
    """What axe finds wrong with a page as it stands.

    axe is put into the page from outside of it, which the page's own policy would forbid to anybody: `bypass_csp`.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[str] = page.evaluate(RUN, {"runOnly": WANTED, "resultTypes": ["violations"]})
    return found


def looked_over(page: Page) -> list[str]:
    """The same on a desk and on a phone, and whether the page scrolls sideways; it is left as wide as it was."""
    before, wrong = page.viewport_size, []
    for name, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 800})
        wrong += [f"{name}: {fault}" for fault in faults(page)]
        wrong += [] if fits(page) else [f"{name}: scrolls sideways"]
    page.set_viewport_size(before or DESK)
    return wrong


def opened(page: Page, *paths: str) -> dict[str, list[str]]:
    """What is wrong with pages by their addresses, in both languages, on a desk and on a phone, with all unfolded."""
    seen: dict[str, list[str]] = {}
    for path in paths:
        for language in LANGUAGES:
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
            closed = page.locator("details:not([open]) > summary")
            while closed.count():
                closed.first.click()
            if wrong := looked_over(page):
                seen[f"{path} {language}"] = wrong
    return seen


def sign_in(page: Page, role: str) -> None:
    page.goto("/sign-in")
    page.locator("#username").fill(role)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").click()
    page.wait_for_url(lambda address: not address.endswith("/sign-in"))


def fits(page: Page) -> bool:
    """Whether nothing makes the page scroll sideways."""
    fitting: bool = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    return fitting


@pytest.mark.parametrize("role", PAGES)
def test_axe_finds_nothing_wrong_with_a_page(booth: Booth, page: Page, role: str) -> None:
    booth.watch.pass_by(passage(1, snapshot="face-1"))
    booth.watch.pass_by(passage(2, Verdict.ASK, Reason.OUTSIDE_HOURS, lane="che", snapshot="plate-1"))
    booth.watch.may_be["passage-2"] = MeantView("v1", "vehicle", "辽A12345", "3-2-501", read="辽A1234S")
    booth.watch.now = booth.desk.wall
    booth.watch.ring("men")
    booth.desk.shift_notes.write("北门地锁坏了", "id-admin")
    booth.accounts.turn_code_on("enroller")
    seen = opened(page, "/sign-in")
    sign_in(page, role)
    seen |= opened(page, *PAGES[role])
    if role == "guard":
        page.goto("/")
        for deed, dialog in (("refuse", "#ask"), ("call", "#call")):
            page.locator(f'[data-first] [data-deed="{deed}"]').click()
            page.locator(dialog).wait_for()
            seen[deed] = looked_over(page)
            page.keyboard.press("Escape")
    assert not {where: found for where, found in seen.items() if found}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_nothing_wrong_on_the_way_through_a_form(booth: Booth, page: Page, language: str) -> None:
    page.goto(f"/sign-in?lang={language}")
    sign_in(page, "guard")
    seen: dict[str, list[str]] = {}

    def look(name: str) -> None:
        seen[name] = looked_over(page)

    page.goto("/account/code")
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").click()
    page.locator("#code").fill("12")
    page.locator("main form button").click()
    look("offer")
    assert page.locator(".qr svg").is_visible()
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.locator("#code").fill(booth.accounts.code(secret))
    page.locator("main form button").click()
    look("recovery")
    page.locator(".bar form button").click()
    page.locator("#username").fill("guard")
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").click()
    look("code")
    page.goto("/sign-in")
    sign_in(page, "admin")
    page.goto("/accounts")
    page.locator("input[name=username]").fill("laowang")
    page.locator("section.panel form button").click()
    look("handed")
    page.goto("/enrolment")
    page.locator("input[name=code]").fill("3-2-501")
    page.locator("input[name=code]").press("Enter")
    page.locator("input[name=name]").fill("张三")
    look("begin")
    page.locator("input[name=name]").press("Enter")
    look("household")
    page.locator("button", has_text="PIN" if language == "en" else "开门密码").first.click()
    look("pin")
    page.goto("/enrolment")
    page.locator("#words").press_sequentially("zs")
    page.locator("#found a").wait_for()
    look("found")
    page.locator("#words").press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/enrolment/households/*")
    assert not {where: found for where, found in seen.items() if found}
