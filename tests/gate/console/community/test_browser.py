"""The way out in a real browser: how it stands, and a letter that is corrected, sent again and arrives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from gate.community.queue import Queue
from tests.gate.console.community.conftest import Hub
from tests.gate.console.staff import PASSWORD
from tests.gate.console.test_accessibility import DESK, opened

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def page(chromium: Browser, hub: Hub) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=hub.booth.url, viewport=DESK, bypass_csp=True, reduced_motion="reduce", locale="zh-CN"
    )
    page, wrong = context.new_page(), list[str]()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert not wrong


def sign_in(page: Page, role: str = "admin") -> None:
    page.goto("/sign-in")
    page.locator("#username").fill(role)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").click()
    page.wait_for_url(lambda address: "/sign-in" not in address)


def test_a_refused_passage_is_seen_corrected_sent_again_and_arrives(hub: Hub, page: Page) -> None:
    hub.passes("v1")
    hub.dies()
    sign_in(page)
    page.get_by_text("菜单", exact=True).click()
    page.get_by_role("link", name="社区对接").click()
    card = page.locator('[data-destination="wuye"]')
    card.get_by_role("link", name="对方不收、等人处理：1 条").click()
    page.locator(".letters a").click()
    expect(page.get_by_text("设备不存在")).to_be_visible()
    expect(page.locator("pre")).to_contain_text('"machineCode": "MC9"')
    page.get_by_label("通道 north-in 在对方的编号").fill("MC1")
    page.get_by_role("button", name="先看改后的内容").click()
    expect(page.locator("pre")).to_contain_text('"machineCode": "MC1"')
    page.get_by_role("button", name="保存并重发").click()
    expect(page.get_by_role("status")).to_contain_text("已重新排队 1 条")
    hub.deliver()
    assert [(car["machineCode"], car["carNum"]) for car in hub.peer.cars] == [("MC1", "苏Z10B88")]


def test_the_page_follows_what_happens(hub: Hub, page: Page) -> None:
    sign_in(page)
    page.goto("/community")
    card = page.locator('[data-destination="office"]')
    expect(card.locator('[data-part="state"]')).to_have_text("正常，没有积压")
    hub.passes("v1")
    why = {"address": "https://192.0.2.30", "why": "ConnectError"}
    Queue(hub.gate.site.engine, "office").say("community.unreachable", why, hub.gate.hands.wall())
    expect(card.locator('[data-part="state"]')).to_contain_text("正在重试")
    expect(card.locator('[data-part="fault"]')).to_contain_text("连不上")
    expect(card.locator('[data-part="waiting"]')).to_have_text("1")


def test_the_live_page_says_what_is_behind_until_it_has_caught_up(hub: Hub, page: Page) -> None:
    sign_in(page)
    page.goto("/")
    expect(page.locator("#late")).to_be_hidden()
    hub.booth.watch.feed.publish("community", None, hub.gate.hands.wall(), late=["office"])
    expect(page.locator("#late")).to_contain_text("office")
    hub.booth.watch.feed.publish("community", None, hub.gate.hands.wall(), late=[])
    expect(page.locator("#late")).to_be_hidden()


def test_axe_finds_nothing_wrong_with_the_pages(hub: Hub, page: Page) -> None:
    hub.agreed.add("r1")
    hub.passes("r1", lane="door")
    (seq,) = hub.dies()
    Queue(hub.gate.site.engine, "office").say(
        "community.unreachable", {"address": "x", "why": "y"}, hub.gate.hands.wall()
    )
    hub.gate.hands.now_s += 7200
    sign_in(page)
    assert not opened(page, "/community", "/connections", "/community/wuye/letters", f"/community/wuye/letters/{seq}")
