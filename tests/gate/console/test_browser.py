"""The whole page in a real browser: what a guard does in a shift."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from enrollment.notice import Answer
from gate.camera.frame import CameraState
from gate.console.desk import Bounds
from gate.decision.decision import Reason, Verdict
from gate.feed import Feed
from tests.gate.console.conftest import Booth
from tests.gate.console.fake_watch import barrier_fault, passage
from tests.gate.console.staff import PASSWORD

NOT_NEEDED = {"image", "fetch", "xhr", "eventsource"}
"""What a page may ask for once it stands."""


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


def test_the_page_shows_everything_before_anything_is_fetched(booth: Booth, page: Page) -> None:
    for number in range(30):
        booth.watch.pass_by(passage(number, label=f"住户{number}"))
    booth.watch.pass_by(passage(40, Verdict.ASK, Reason.STRANGER, label=None, at=now()))
    sign_in(page)
    asked_for: list[str] = []
    page.route("**/*", lambda route: route.abort() if route.request.resource_type in NOT_NEEDED else route.continue_())
    page.on("request", lambda request: asked_for.append(request.resource_type))
    page.reload()
    expect(page.locator("#passages > li")).to_have_count(31)
    expect(page.locator("#attention-list > li")).to_have_count(1)
    expect(page.locator(".lane")).to_have_count(2)
    expect(page.locator("body")).not_to_have_attribute("data-settling", "")
    page.keyboard.press("o")
    expect(page.locator("#ask")).to_be_visible()
    assert [kind for kind in asked_for if kind not in NOT_NEEDED].count("script") == 1


def test_who_was_to_be_let_in_and_stands_before_a_shut_barrier_is_the_guards_to_see_to(
    booth: Booth, page: Page
) -> None:
    sign_in(page)
    known = passage(1, label="张三", at=now())
    booth.watch.pass_by(dataclasses.replace(known, kept_shut="barrier.in_fault"))
    waiting, entry = page.locator("#attention-list > li"), page.locator("#passages > li")
    expect(waiting).to_contain_text("认出来了，可以放行，但道闸没有打开")
    expect(waiting).to_contain_text("还不动就人工放行")
    expect(entry).to_contain_text("该放行，没有打开")
    expect(page.locator("#spoken")).to_contain_text("没有打开")
    booth.watch.pass_by(dataclasses.replace(known, id="passage-2", at=now()))
    expect(waiting).to_have_count(0)
    expect(entry.first).to_contain_text("放行")
    expect(entry.first).to_have_attribute("data-verdict", "open")


def test_a_question_that_is_scrolled_away_costs_no_drawing_until_it_is_looked_at(booth: Booth, page: Page) -> None:
    for number in range(20):
        booth.watch.pass_by(
            passage(number, Verdict.ASK, Reason.UNKNOWN_VEHICLE, lane="che", label=f"辽B6{number:04}", at=now())
        )
    sign_in(page)
    live = page.locator("#attention-list canvas")
    expect(live).to_have_count(20)
    expect(live.first).to_have_js_property("width", 960)
    expect(live.last).to_have_js_property("width", 300)  # a canvas that was never drawn in
    live.last.scroll_into_view_if_needed()
    expect(live.last).to_have_js_property("width", 960)


def test_the_list_stays_bounded(booth: Booth, page: Page) -> None:
    for number in range(105):
        booth.watch.pass_by(passage(number, label=f"住户{number}"))
    sign_in(page)
    booth.watch.pass_by(passage(200, label="最新"))
    expect(page.locator("#passages .subject").first).to_have_text("最新")
    expect(page.locator("#passages > li")).to_have_count(100)


def test_a_stranger_rings_and_the_guard_opens_or_refuses_with_a_reason(booth: Booth, page: Page) -> None:
    """By the buttons and then by the keys; what was answered does not come back."""
    sign_in(page)
    booth.watch.pass_by(passage(1, Verdict.REFUSE, Reason.STRANGER, label=None, at=now()))
    booth.watch.ring("men")
    waiting = page.locator("#attention-list > li")
    expect(waiting).to_have_count(1)
    for words in ("未识别", "不在名册上的人", "按了呼叫", "先与住户确认"):
        expect(waiting).to_contain_text(words)
    expect(page.locator("#spoken-now")).to_contain_text("不在名册上的人")
    expect(page).to_have_title(re.compile("1 件待处理"))
    live = waiting.locator("canvas")
    expect(live).to_have_js_property("width", 960)

    waiting.get_by_role("button", name="开闸").click()
    dialog = page.get_by_role("dialog", name="打开 东门行人")
    dialog.get_by_role("button", name="确认开闸").click()
    assert not booth.watch.opened  # the browser asks for a reason first
    dialog.get_by_label("快递、外卖、送货").check()
    dialog.get_by_label("补充说明").fill("送桶装水")
    dialog.get_by_role("button", name="确认开闸").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("已发出开闸指令")).to_be_visible()
    expect(page.locator('[data-lane="men"]')).to_contain_text("正在打开")
    expect(page.locator("#attention")).to_be_hidden()
    expect(page).not_to_have_title(re.compile("待处理"))
    [(lane, actor, reason, _)] = booth.watch.opened
    assert (lane, actor, reason) == ("men", "id-guard", "delivery: 送桶装水")

    booth.watch.pass_by(passage(2, Verdict.ASK, Reason.UNKNOWN_VEHICLE, lane="che", label="辽B67890", at=now()))
    expect(waiting).to_contain_text("辽B67890")
    expect(page.locator("body")).not_to_have_attribute("data-settling", "")
    page.keyboard.press("x")
    page.get_by_role("dialog", name="不放行：东门车道").wait_for()
    page.keyboard.press("2")
    expect(page.locator("#attention")).to_be_hidden()
    assert booth.watch.refused == [("che", "id-guard", "unknown", "passage-2")]

    page.reload()
    expect(page.locator("#link-words")).to_have_text("实时")
    expect(page.locator("#passages > li")).to_have_count(2)
    expect(page.locator("#attention")).to_be_hidden()


def test_the_first_press_of_a_button_counts_although_it_wakes_the_sound(booth: Booth, page: Page) -> None:
    sign_in(page)
    booth.watch.pass_by(passage(1, Verdict.ASK, Reason.OUTSIDE_HOURS, at=now()))
    untouched = page.context.new_page()
    untouched.goto("/")
    refuse = untouched.locator('[data-first] [data-deed="refuse"]')
    expect(untouched.locator("#silent")).to_be_visible()
    untouched.evaluate("() => { window.woke = new Promise(done => speaker.addEventListener('statechange', done)); }")
    refuse.hover()
    before = refuse.bounding_box()
    untouched.mouse.down()
    untouched.evaluate("async () => { await window.woke; }")
    assert refuse.bounding_box() == before
    untouched.mouse.up()
    expect(untouched.locator("#ask")).to_be_visible()
    expect(untouched.locator("#silent")).to_be_hidden()


def test_a_key_acts_on_what_was_shown_and_never_while_somebody_types(booth: Booth, page: Page) -> None:
    sign_in(page)
    for number, plate in ((1, "辽B67891"), (2, "辽B67892")):
        booth.watch.pass_by(passage(number, Verdict.ASK, Reason.UNKNOWN_VEHICLE, lane="che", label=plate, at=now()))
    waiting, about = page.locator("#attention-list > li"), page.locator("#ask-about")
    expect(waiting.locator(".subject")).to_have_text(["辽B67891", "辽B67892"])
    expect(page.locator("body")).not_to_have_attribute("data-settling", "")

    page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'o', repeat: true }))")
    page.keyboard.press("Control+x")
    expect(page.locator("#ask")).to_be_hidden()
    page.keyboard.press("2")
    page.keyboard.press("o")
    expect(about).to_contain_text("辽B67892")
    page.locator("#ask-words").press_sequentially("x1o2")  # typed, and nothing is chosen by it
    expect(page.locator("#ask-words")).to_have_value("x1o2")

    # Somebody else answers meanwhile: the guard reads so, keeps what was typed, and nothing is opened.
    other = booth.signed_in("admin")
    body = {"verdict": "refuse", "choice": "gone", "request_id": "request-0001"}
    other.post("/questions/passage-2/answer", json=body, headers={"X-CSRF-Token": booth.token(other)})
    expect(page.locator("#ask-fault")).to_contain_text("已经不在等候")
    expect(page.get_by_role("button", name="确认开闸")).to_be_disabled()
    expect(page.locator("#ask-words")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_text("admin 已拒绝放行")).to_be_visible()
    expect(waiting).to_have_count(1)
    # The list has just changed under the guard's fingers, so a key counts only after a moment.
    page.evaluate("choose(first)")
    page.keyboard.press("o")
    expect(page.locator("#ask")).to_be_hidden()
    assert not booth.watch.opened


def test_a_call_asks_the_household_and_the_answer_appears(booth: Booth, page: Page) -> None:
    person = booth.accounts.live_in()
    booth.phone(person)
    booth.accounts.notices_now = now()
    sign_in(page)
    booth.watch.pass_by(passage(1, Verdict.REFUSE, Reason.STRANGER, label=None, at=now() - timedelta(seconds=1)))
    booth.accounts.notices_now = now()
    expect(page.locator("#attention-list > li")).to_have_count(1)
    expect(page.locator("body")).not_to_have_attribute("data-settling", "")
    page.keyboard.press("c")
    page.locator("#call-room").press_sequentially("3-2")
    expect(page.locator("#call-rooms option")).to_have_attribute("value", "3-2-501")
    page.locator("#call-room").fill("3-2-501")
    page.keyboard.press("Enter")
    expect(page.locator(".call")).to_contain_text("已呼叫，等回答")
    [notice] = booth.accounts.notices.calls()
    booth.accounts.notices.answer(notice.id, person.id, Answer.LET_IN)
    booth.watch.feed.publish("notice", "men", now(), id=notice.id, answer="let_in")
    expect(page.locator(".call")).to_contain_text("请放行")
    assert not booth.watch.opened


def test_a_shift_is_handed_over(booth: Booth, page: Page) -> None:
    sign_in(page)
    page.get_by_role("link", name="交接班").click()
    page.get_by_label("给下一班的留言").fill("北门地锁坏了，已报修")
    page.get_by_role("button", name="交班并退出").click()
    expect(page.get_by_text("接班人请用自己的账号登录")).to_be_visible()
    sign_in(page, "admin")
    expect(page.locator("#notes")).to_contain_text("北门地锁坏了")
    page.get_by_role("button", name="已阅").click()
    expect(page.locator("#notes")).to_be_hidden()
    page.get_by_role("button", name="声音：开").click()
    page.reload()
    expect(page.get_by_role("button", name="声音：关")).to_be_visible()


def test_other_needs_words(booth: Booth, page: Page) -> None:
    sign_in(page)
    page.get_by_role("button", name="打开 东门行人").click()
    page.get_by_role("radio", name="其他").check()
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


def test_states_change_as_they_happen(booth: Booth, page: Page) -> None:
    sign_in(page)
    card = page.locator('[data-lane="men"]')
    booth.watch.turn_camera("men", CameraState.LOST, "camera.unreachable")
    expect(card.locator('[data-part="camera"]')).to_contain_text("已断开，正在重连 camera.unreachable")
    expect(card.locator('[data-part="picture-words"]')).to_have_text("已断开，正在重连")
    booth.watch.turn_camera("men", CameraState.LIVE)
    expect(card.locator('[data-part="picture-words"]')).to_be_hidden()
    booth.watch.turn_barrier("men", "fault", "barrier.not_answering")
    page.evaluate("lookAtStanding()")
    expect(page.locator('#standing [data-level="bad"]')).to_contain_text("到现场看")
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
        expect(page.locator("#lost-for")).to_contain_text("已断开")
        booth.watch.pass_by(passage(2, Verdict.ASK, Reason.UNKNOWN_VEHICLE, lane="che", label="断线时", at=now()))
        page.context.set_offline(False)
        expect(page.locator("#lost")).to_be_hidden(timeout=20_000)
        expect(page.locator("#passages .subject")).to_have_text(["断线时", "之前"])
        expect(page.locator("#attention-list .subject")).to_have_text(["断线时"])

    def test_a_gate_that_is_started_again_is_found_again(self, booth: Booth, page: Page) -> None:
        sign_in(page)
        booth.watch.pass_by(passage(1, Verdict.ASK, Reason.STRANGER, label="重启前", at=now()))
        expect(page.locator("#attention-list .subject")).to_have_text(["重启前"])
        before, opened = page.context.cookies(), []
        page.on("framenavigated", lambda frame: opened.append(frame.url))
        booth.server.stop()
        expect(page.locator("#lost")).to_be_visible()
        booth.watch.feed = Feed()
        booth.watch.pass_by(passage(2, label="重启后", at=now()))
        booth.start_again()
        expect(page.locator("#lost")).to_be_hidden(timeout=20_000)
        expect(page.locator("#passages .subject")).to_have_text(["重启后", "重启前"])
        expect(page.locator("#attention-list .subject")).to_have_text(["重启前"])
        # With the same sign-in and the page as it was: no form came up, and its orders are taken.
        expect(page.locator("body")).not_to_have_attribute("data-settling", "")
        page.keyboard.press("x")
        page.keyboard.press("2")
        expect(page.locator("#attention")).to_be_hidden()
        assert booth.watch.refused == [("men", "id-guard", "unknown", "passage-1")]
        assert (opened, page.context.cookies()) == ([], before)

    def test_whoever_signed_out_is_not_signed_in_by_a_restart(self, booth: Booth, page: Page) -> None:
        sign_in(page)
        cookies = page.context.cookies()
        page.get_by_role("button", name="退出登录").click()
        expect(page.get_by_role("heading", name="登录")).to_be_visible()
        booth.server.stop()
        booth.start_again()
        page.context.add_cookies(cookies)
        page.goto("/")
        expect(page.get_by_role("heading", name="登录")).to_be_visible()

    def test_a_gate_that_forgot_the_session_leads_to_the_form(self, booth: Booth, page: Page) -> None:
        sign_in(page)
        for key in list(booth.desk.sessions._open):
            booth.desk.sessions.close(key)
        expect(page.get_by_label("用户名")).to_be_visible(timeout=20_000)
        expect(page.get_by_text("待处理的事项都还在")).to_be_visible()

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
