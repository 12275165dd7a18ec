"""The whole page in a real browser: what a guard does in a shift."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from gate.camera.frame import CameraState
from gate.console.desk import Bounds
from gate.decision.decision import Reason, Verdict
from gate.feed import Feed
from tests.gate.console.conftest import Booth
from tests.gate.console.fake_watch import barrier_fault, passage
from tests.gate.console.staff import PASSWORD


@pytest.fixture
def wall() -> Callable[[], datetime]:
    return lambda: datetime.now(UTC)


@pytest.fixture
def page(chromium: Browser, booth: Booth) -> Iterator[Page]:
    """A page that fails the test when a request leaves the origin or the script stumbles."""
    wrong: list[str] = []

    def see(request: Request) -> None:
        if not request.url.startswith((f"{booth.url}/", "data:")):
            wrong.append(request.url)

    context = chromium.new_context(base_url=booth.url, viewport={"width": 1280, "height": 800}, locale="zh-CN")
    context.on("request", see)
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    context.close()
    assert not wrong


def sign_in(page: Page, role: str = "guard") -> None:
    page.goto("/")
    page.get_by_label("用户名").fill(role)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.locator("#link-words")).to_have_text("实时")


def now() -> datetime:
    return datetime.now(UTC)


def test_a_guard_signs_in_and_sees_a_passage_as_it_happens(booth: Booth, page: Page) -> None:
    page.goto("/")
    page.get_by_label("用户名").fill("guard")
    page.get_by_label("密码").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("用户名或密码不对")
    sign_in(page)
    expect(page.get_by_text("还没有人通过")).to_be_visible()
    expect(page.get_by_alt_text("东门行人 的实时画面")).to_be_visible()

    booth.watch.pass_by(passage(5, snapshot="face-1"))
    entry = page.locator("#passages > li")
    expect(entry).to_have_count(1)
    for words in ("张三", "放行", "已登记的住户", "得分 0.83", "11月23日 22:30:05", "东门行人"):
        expect(entry).to_contain_text(words)
    expect(page.locator("#spoken")).to_have_text("东门行人：张三，放行，已登记的住户")
    expect(entry.get_by_alt_text("抓拍")).to_have_js_property("naturalWidth", 160)
    expect(page.get_by_text("还没有人通过")).to_be_hidden()


def test_recent_passages_are_there_at_once_and_new_ones_go_on_top(booth: Booth, page: Page) -> None:
    booth.watch.pass_by(passage(1, label="李四"))
    booth.watch.pass_by(passage(2, Verdict.REFUSE, Reason.BLOCKED, label="辽A12345", lane="che"))
    sign_in(page)
    booth.watch.pass_by(passage(3, label="王五"))
    expect(page.locator("#passages .subject")).to_have_text(["王五", "辽A12345", "李四"])


def test_the_list_stays_bounded(booth: Booth, page: Page) -> None:
    for number in range(105):
        booth.watch.pass_by(passage(number, label=f"住户{number}"))
    sign_in(page)
    booth.watch.pass_by(passage(200, label="最新"))
    expect(page.locator("#passages .subject").first).to_have_text("最新")
    expect(page.locator("#passages > li")).to_have_count(100)


def test_a_question_stands_out_until_the_guard_opens_with_a_reason(booth: Booth, page: Page) -> None:
    sign_in(page)
    booth.watch.pass_by(passage(1, Verdict.ASK, Reason.UNKNOWN_VEHICLE, lane="che", label="辽B67890", at=now()))
    waiting = page.locator("#attention-list > li")
    expect(waiting).to_contain_text("辽B67890")
    expect(page.locator("#spoken-now")).to_contain_text("请门卫确认")
    expect(page).to_have_title(re.compile("1 件待处理"))

    waiting.get_by_role("button", name="打开 东门车道").click()
    dialog = page.get_by_role("dialog", name="打开 东门车道")
    dialog.get_by_role("button", name="确认开闸").click()
    assert not booth.watch.opened  # the browser asks for a reason first
    dialog.get_by_label("快递、外卖、送货").check()
    dialog.get_by_label("补充说明").fill("送桶装水")
    dialog.get_by_role("button", name="确认开闸").click()

    expect(dialog).to_be_hidden()
    expect(page.get_by_text("已发出开闸指令：东门车道")).to_be_visible()
    expect(page.locator('[data-lane="che"]')).to_contain_text("正在打开")
    expect(waiting).to_have_count(0)
    expect(page).not_to_have_title(re.compile("待处理"))
    [(lane, actor, reason, _)] = booth.watch.opened
    assert (lane, actor, reason) == ("che", "id-guard", "delivery: 送桶装水")


def test_other_needs_words(booth: Booth, page: Page) -> None:
    sign_in(page)
    page.get_by_role("button", name="打开 东门行人").click()
    page.get_by_label("其他", exact=True).check()
    page.get_by_role("button", name="确认开闸").click()
    expect(page.get_by_label("补充说明")).to_be_focused()
    assert not booth.watch.opened
    page.get_by_label("补充说明").fill("搬家")
    page.get_by_role("button", name="确认开闸").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert booth.watch.opened[0][2] == "other: 搬家"


def test_a_barrier_that_fails_says_so_and_the_same_order_can_be_sent_again(booth: Booth, page: Page) -> None:
    sign_in(page)
    booth.watch.fault = barrier_fault()
    page.get_by_role("button", name="打开 东门行人").click()
    page.get_by_label("访客，已确认").check()
    page.get_by_role("button", name="确认开闸").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    booth.watch.fault = None
    page.get_by_role("button", name="确认开闸").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    first, second = booth.watch.opened
    assert first == second


def test_a_question_goes_when_somebody_else_opens_or_it_is_marked_as_done(booth: Booth, page: Page) -> None:
    sign_in(page)
    booth.watch.pass_by(passage(1, Verdict.ASK, Reason.STRANGER, label=None, at=now()))
    booth.watch.pass_by(passage(2, Verdict.ASK, Reason.UNREADABLE_PLATE, lane="che", label=None, at=now()))
    waiting = page.locator("#attention-list > li")
    expect(waiting).to_have_count(2)
    booth.watch.turn_barrier("men", "opening")
    expect(waiting).to_have_count(1)
    waiting.get_by_role("button", name="已处理").click()
    expect(page.locator("#attention")).to_be_hidden()


def test_a_question_stays_when_the_gate_opens_by_itself_for_the_next_comer(booth: Booth, page: Page) -> None:
    sign_in(page)
    booth.watch.pass_by(passage(1, Verdict.ASK, Reason.TOO_CLOSE_TO_CALL, label=None, at=now()))
    booth.watch.turn_barrier("men", "opening", raised_by="passage")
    booth.watch.turn_barrier("men", "open", raised_by="passage")
    booth.watch.turn_barrier("che", "opening", raised_by="guard")
    expect(page.locator("[data-lane=che]")).to_contain_text("正在打开")
    expect(page.locator("#attention-list > li")).to_have_count(1)
    booth.watch.turn_barrier("men", "open", raised_by="guard")
    expect(page.locator("#attention-list > li")).to_have_count(0)


def test_an_old_question_is_not_put_again(booth: Booth, page: Page) -> None:
    booth.watch.pass_by(passage(1, Verdict.ASK, Reason.STRANGER, at=now() - timedelta(seconds=61)))
    booth.watch.pass_by(passage(2, Verdict.ASK, Reason.STRANGER, label="新来的", at=now()))
    sign_in(page)
    expect(page.locator("#attention-list .subject")).to_have_text(["新来的"])
    expect(page.locator("#passages > li")).to_have_count(2)


def test_a_question_leaves_by_itself_after_a_minute(booth: Booth, page: Page) -> None:
    page.clock.install()
    sign_in(page)
    booth.watch.pass_by(passage(1, Verdict.ASK, Reason.STRANGER, at=now()))
    expect(page.locator("#attention-list > li")).to_have_count(1)
    page.clock.fast_forward(61_000)
    expect(page.locator("#attention-list > li")).to_have_count(0)


def test_states_change_as_they_happen(booth: Booth, page: Page) -> None:
    sign_in(page)
    card = page.locator('[data-lane="men"]')
    booth.watch.turn_camera("men", CameraState.LOST, "camera.unreachable")
    expect(card.locator('[data-part="camera"]')).to_contain_text("已断开，正在重连 camera.unreachable")
    expect(card.locator('[data-part="picture-words"]')).to_have_text("已断开，正在重连")
    booth.watch.turn_camera("men", CameraState.LIVE)
    expect(card.locator('[data-part="picture-words"]')).to_be_hidden()
    booth.watch.turn_barrier("men", "fault", "barrier.not_answering")
    expect(card.locator('[data-part="barrier"]')).to_contain_text("故障，请到现场查看")


class TestRestart:
    @pytest.fixture
    def bounds(self) -> Bounds:
        return Bounds(beat_s=1.0)

    def test_a_cut_is_shown_and_what_was_missed_is_filled_in(self, booth: Booth, page: Page) -> None:
        sign_in(page)
        booth.watch.pass_by(passage(1, label="之前"))
        expect(page.locator("#passages .subject")).to_have_text(["之前"])
        page.context.set_offline(True)
        booth.cut()
        expect(page.locator("#lost")).to_be_visible()
        expect(page.locator("#link-words")).to_have_text("连接中断")
        booth.watch.pass_by(passage(2, label="断线时"))
        page.context.set_offline(False)
        expect(page.locator("#lost")).to_be_hidden(timeout=20_000)
        expect(page.locator("#passages .subject")).to_have_text(["断线时", "之前"])

    def test_a_gate_that_is_started_again_is_found_again(self, booth: Booth, page: Page) -> None:
        sign_in(page)
        booth.watch.pass_by(passage(1, label="重启前"))
        expect(page.locator("#passages .subject")).to_have_text(["重启前"])
        booth.server.stop()
        expect(page.locator("#lost")).to_be_visible()
        booth.watch.feed = Feed()
        booth.watch.pass_by(passage(2, label="重启后"))
        booth.start_again()
        expect(page.locator("#lost")).to_be_hidden(timeout=20_000)
        expect(page.locator("#passages .subject")).to_have_text(["重启后", "重启前"])

    def test_a_gate_that_forgot_the_session_leads_to_the_form(self, booth: Booth, page: Page) -> None:
        sign_in(page)
        for key in list(booth.desk.sessions._open):
            booth.desk.sessions.close(key)
        expect(page.get_by_label("用户名")).to_be_visible(timeout=20_000)

    def test_missed_news_are_read_from_the_database(self, booth: Booth, page: Page) -> None:
        sign_in(page)
        booth.watch.pass_by(passage(3, label="听到的"))
        expect(page.locator("#passages .subject")).to_have_text(["听到的"])
        booth.watch.pass_by(passage(2, label="没听到的"), unheard=True)
        page.evaluate("reload()")
        expect(page.locator("#passages .subject")).to_have_text(["听到的", "没听到的"])


def test_a_crop_that_is_gone_leaves_a_dash(booth: Booth, page: Page) -> None:
    booth.watch.pass_by(passage(1, snapshot="long-gone"))
    sign_in(page)
    expect(page.locator("#passages .crop")).to_have_text("—")


def test_everything_can_be_reached_and_done_with_the_keyboard(booth: Booth, page: Page) -> None:
    sign_in(page)
    page.keyboard.press("Tab")
    expect(page.get_by_text("跳到主要内容")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="打开 东门行人")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("住户，未识别出")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("访客，已确认")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert booth.watch.opened[0][2] == "visitor"


def test_the_language_switch_works_and_is_remembered(booth: Booth, page: Page) -> None:
    booth.watch.pass_by(passage(5))
    sign_in(page)
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Lanes")).to_be_visible()
    expect(page.locator("#passages > li")).to_contain_text("23 Nov 22:30:05")
    page.goto("/")
    expect(page.locator("#link-words")).to_have_text("Live")


def test_signing_out_leads_to_the_form(page: Page) -> None:
    sign_in(page)
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("heading", name="登录")).to_be_visible()


def test_an_auditor_watches_and_cannot_open(booth: Booth, page: Page) -> None:
    sign_in(page, "auditor")
    booth.watch.pass_by(passage(1, Verdict.ASK, Reason.STRANGER, at=now()))
    expect(page.locator("#attention-list > li")).to_have_count(1)
    expect(page.get_by_role("button", name="打开")).to_have_count(0)


def test_a_phone_shows_everything_without_scrolling_sideways(booth: Booth, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    booth.watch.pass_by(passage(1, Verdict.ASK, Reason.TOO_CLOSE_TO_CALL, label="一个特别特别长的名字" * 4, at=now()))
    sign_in(page)
    expect(page.locator("#attention-list > li")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_lockdown_wants_a_reason_and_a_second_word(booth: Booth, page: Page) -> None:
    sign_in(page)
    page.get_by_role("link", name="道闸和门").click()
    card = page.locator('[data-barrier-card="arm"]')
    expect(card.locator('[data-part="state-words"]')).to_have_text("正在打开")
    expect(card.locator("svg .car")).to_have_count(1)
    expect(card.locator("svg .person")).to_have_count(1)
    expect(card.locator('[data-part="modes"] li')).to_have_count(2)
    card.get_by_role("button", name="封闭", exact=True).click()
    page.get_by_label("治安").check()
    page.get_by_role("button", name="确定", exact=True).click()
    expect(page.locator("#sure-words")).to_contain_text("任何人都不能打开")
    assert booth.watch.ordered == []
    page.get_by_role("button", name="我已确认，执行").click()
    expect(page.locator("#toast")).to_contain_text("东门车道：封闭")
    assert [given[:2] for given in booth.watch.ordered] == [("arm", "lockdown")]


def test_the_drawing_follows_the_barrier(booth: Booth, page: Page) -> None:
    sign_in(page)
    page.goto("/barriers")
    arm = page.locator('[data-barrier-card="arm"] svg .arm')
    expect(arm).to_have_attribute("transform", re.compile(r"rotate\(-51"))
    view = booth.watch.barrier_views["arm"]
    scene = {"position": 1.0, "vehicles": [], "people": []}
    booth.watch.barrier_views["arm"] = dataclasses.replace(view, state="open", scene=scene)
    expect(arm).to_have_attribute("transform", re.compile(r"rotate\(-86"))
    expect(page.locator('[data-barrier-card="door"] [data-part="board-words"]')).to_have_text("没有应答")


def test_a_guard_at_the_live_page_hears_of_a_forced_door(booth: Booth, page: Page) -> None:
    sign_in(page)
    news = {"state": "forced", "fault": None, "raised_by": None, "alarm": "barrier.door_forced"}
    booth.watch.feed.publish("barrier", "men", now(), **news)
    expect(page.locator("#alarm-words")).to_contain_text("东门行人: 门未经允许被打开")
    page.get_by_role("link", name="道闸和门").first.click()
    expect(page.locator('[data-barrier-card="door"]')).to_be_visible()
