"""Every page of the console, looked at by axe in both languages, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from gate.console.watch import MeantView
from gate.decision.decision import Reason, Verdict
from tests.gate.console.conftest import Booth
from tests.gate.console.fake_watch import passage
from tests.gate.console.staff import PASSWORD

WIDTHS = {"desk": 1280, "phone": 390}
WANTED = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "guard": ("/", "/shift", "/barriers", "/account", "/account/password", "/account/code"),
    "admin": ("/accounts", "/enrolment"),
    "auditor": ("/privacy", "/privacy/assessment", "/no-such-page"),
}


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, chromium: Browser, booth: Booth) -> Iterator[Page]:
    size = {"width": WIDTHS[request.param], "height": 800}
    # axe is put into the page from outside of it, which the page's own policy would forbid to anybody.
    context = chromium.new_context(base_url=booth.url, viewport=size, bypass_csp=True, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def faults(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": WANTED, "resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {node['html'][:150]} {node['failureSummary']}" for one in found for node in one["nodes"]]


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


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("role", PAGES)
def test_axe_finds_nothing_wrong_with_a_page(booth: Booth, page: Page, role: str, language: str) -> None:
    booth.watch.pass_by(passage(1, snapshot="face-1"))
    booth.watch.pass_by(passage(2, Verdict.ASK, Reason.OUTSIDE_HOURS, lane="che", snapshot="plate-1"))
    booth.watch.may_be["passage-2"] = MeantView("v1", "vehicle", "辽A12345", "3-2-501", read="辽A1234S")
    booth.watch.now = booth.desk.wall
    booth.watch.ring("men")
    booth.desk.shift_notes.write("北门地锁坏了", "id-admin")
    booth.accounts.turn_code_on("enroller")
    page.goto(f"/sign-in?lang={language}")
    seen = {"/sign-in": faults(page)}
    sign_in(page, role)
    for path in PAGES[role]:
        page.goto(path)
        seen[path] = faults(page)
        assert fits(page), path
        closed = page.locator("details:not([open]) > summary")
        while closed.count():
            closed.first.click()
        seen[f"{path} opened"] = faults(page)
    if role == "guard":
        page.goto("/")
        for deed, dialog in (("refuse", "#ask"), ("call", "#call")):
            page.locator(f'[data-first] [data-deed="{deed}"]').click()
            page.locator(dialog).wait_for()
            seen[deed] = faults(page)
            assert fits(page), deed
            page.keyboard.press("Escape")
    assert not {where: found for where, found in seen.items() if found}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_nothing_wrong_on_the_way_through_a_form(booth: Booth, page: Page, language: str) -> None:
    page.goto(f"/sign-in?lang={language}")
    sign_in(page, "guard")
    seen: dict[str, list[str]] = {}

    def look(name: str) -> None:
        seen[name] = faults(page)
        assert fits(page), name

    page.goto("/account/code")
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").click()
    page.locator("#code").fill("12")
    page.locator("main form button").click()
    look("offer")
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
