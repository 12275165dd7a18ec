"""The pad at a door: keys, cards, and that nobody finds out by it which PINs there are."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from gate.reader.reader import Condition, ReaderState
from gate.reader.worker import ReaderHealth
from gate.readers import ReaderView
from gate.texts import t
from tests.gate.console.conftest import Booth
from tests.gate.console.test_accessibility import looked_over, opened, sign_in

READERS = [
    ReaderView(
        "east-outside",
        "men",
        ReaderHealth(Condition("east-outside", ReaderState.ONLINE, secure=True, model="00-16-4D model 7.1"), 1204),
    ),
    ReaderView(
        "east-inside",
        "men",
        ReaderHealth(Condition("east-inside", ReaderState.LOST, "reader.silent", (("address", 3),)), 88),
    ),
    ReaderView(
        "old-gate",
        "che",
        ReaderHealth(Condition("old-gate", ReaderState.ONLINE, tampered=True), 31, (("damaged", 1), ("parity", 2))),
    ),
]
RIGHT = {"household": "3-2-501", "pin": "135792"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.console.pad.pages.SHORTEST_REFUSAL_S", 0.0)


def attempt(booth: Booth, pad: httpx.Client, lane: str = "men", **tried: str) -> httpx.Response:
    return pad.post(f"/pinpad/{lane}/try", json=tried, headers={"X-CSRF-Token": booth.pad_token(pad)})


def test_what_is_right_opens_and_goes_to_the_pads_own_lane(booth: Booth) -> None:
    pad = booth.pad()
    for tried in (RIGHT, {"pin": "12345678"}, {"card": "04A1B2C3"}):
        assert attempt(booth, pad, **tried).json()["opened"] is True
    assert booth.accounts.pad_way.shown == [
        ("men", "3-2-501", "135792"),
        ("men", "", "12345678"),
        ("men", "card", "04A1B2C3"),
    ]
    assert attempt(booth, pad, "che", **RIGHT).status_code == 403
    assert pad.get("/pinpad/che").status_code == 403


def test_who_is_known_and_finds_the_gate_shut_is_sent_to_the_guard(booth: Booth) -> None:
    booth.accounts.pad_way.stuck = True
    pad = booth.pad()
    for _ in range(8):
        answer = attempt(booth, pad, **RIGHT).json()
        assert answer["opened"] is False
        assert answer["message"] == t("pad.say_known", "zh"), "and no wrong try is counted"


def test_every_refusal_says_the_same(booth: Booth) -> None:
    pad = booth.pad()
    tried = ({**RIGHT, "pin": "000000"}, {**RIGHT, "household": "9-9-999"}, {"pin": "00000000"}, {"card": "FFFF"})
    answers = [attempt(booth, pad, **one) for one in tried]
    assert len({answer.text for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {200}


def test_wrong_tries_lock_the_pad_for_a_while_and_not_for_long(booth: Booth) -> None:
    pad = booth.pad()
    assert [attempt(booth, pad, card=f"FF{number:02}").status_code for number in range(6)] == [200] * 5 + [429]
    assert attempt(booth, pad, **RIGHT).status_code == 429
    booth.clock.now_s += 61
    assert attempt(booth, pad, **RIGHT).json()["opened"] is True
    assert attempt(booth, pad, card="FF99").status_code == 200


def test_guessing_one_households_pin_at_several_pads_is_slowed_down(booth: Booth) -> None:
    pads = [booth.pad() for _ in range(6)]
    wrong = {**RIGHT, "pin": "000000"}
    assert [attempt(booth, pad, **wrong).status_code for pad in pads] == [200] * 5 + [429]
    assert attempt(booth, pads[-1], **{**wrong, "household": " 03-２-0501 "}).status_code == 429
    assert attempt(booth, pads[-1], card="04A1B2C3").json()["opened"] is True


def test_a_removed_pad_opens_nothing(booth: Booth) -> None:
    pad = booth.pad()
    (kept,) = booth.accounts.pads.list()
    admin = booth.signed_in("admin")
    assert admin.post(f"/pads/{kept.id}/end", data={"csrf": booth.token(admin)}).status_code == 303
    assert attempt(booth, pad, **RIGHT).json()["code"] == "pad.sign_in_needed"
    assert not booth.accounts.pad_way.shown


def test_wrong_codes_for_joining_are_slowed_down(booth: Booth) -> None:
    tablet = booth.browser()
    answers = [tablet.post("/pinpad", data={"code": f"{number:012}"}).status_code for number in range(12)]
    assert answers == [401] * 10 + [429] * 2


def press(page: Page, keys: str) -> None:
    for key in keys:
        page.locator(f'[data-key="{key}"]').click()


def test_a_pad_works_by_touch_by_keys_and_by_a_card_reader(booth: Booth, chromium: Browser) -> None:
    size = {"width": 600, "height": 900}
    context = chromium.new_context(base_url=booth.url, viewport=size, bypass_csp=True, locale="zh-CN")
    page = context.new_page()
    page.goto("/sign-in")
    sign_in(page, "admin")
    booth.watch.card_readers = READERS
    page.goto("/pads")
    page.get_by_label("名称").fill("东门")
    page.get_by_role("button", name="添加").click()
    code = page.locator(".secret").inner_text()
    seen = {"handed out": looked_over(page), **opened(page, "/pads", "/pinpad")}
    page.goto("/pinpad?lang=zh")
    page.get_by_label("12 位数字").fill(code)
    page.get_by_role("button", name="设为键盘").click()
    asked = page.locator("#asked")
    expect(asked).to_contain_text("请输入 楼栋")
    seen |= opened(page, urlsplit(page.url).path)
    page.goto(f"{urlsplit(page.url).path}?lang=zh")

    press(page, "3-2-501")
    page.get_by_role("button", name="确认").click()
    expect(asked).to_contain_text("请输入密码")
    press(page, "135792")
    expect(page.locator("#typed")).to_have_text("●●●●●●")
    page.get_by_role("button", name="确认").click()
    expect(asked).to_have_text("门已开，请进")

    page.keyboard.type("12345678", delay=120)
    page.keyboard.press("Enter", delay=10)
    expect(asked).to_have_text("门已开，请进")
    page.keyboard.press("5")
    page.wait_for_timeout(100)  # a hand on the keys, and then the reader
    page.keyboard.type("04A1B2C3")
    page.keyboard.press("Enter")
    expect(asked).to_have_text("门已开，请进")
    page.keyboard.type("04A1B2C4")
    page.keyboard.press("Enter")
    expect(asked).to_contain_text("没有打开")
    shown = booth.accounts.pad_way.shown
    assert [one[1:] for one in shown] == [
        ("3-2-501", "135792"),
        ("", "12345678"),
        ("card", "04A1B2C3"),
        ("card", "04A1B2C4"),
    ]
    assert not {where: wrong for where, wrong in seen.items() if wrong}
    context.close()


def test_the_pads_page_tells_how_each_card_reader_fares_in_both_languages(booth: Booth) -> None:
    booth.watch.card_readers = READERS
    admin = booth.signed_in("admin")
    chinese, english = (admin.get("/pads", params={"lang": language}).text for language in ("zh", "en"))
    for said in ("地址 3 的读卡器没有应答", "防拆触点断开", "校验位不对 2", "明文"):
        assert said in chinese
    for said in ("The reader at address 3 does not answer", "tamper contact open", "wrong parity 2", "encrypted"):
        assert said in english
    booth.watch.card_readers = []
    assert "There is no card reader" in admin.get("/pads", params={"lang": "en"}).text
