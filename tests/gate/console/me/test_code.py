"""A resident's own QR code: what the page shows is what the gate reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import cv2
import numpy as np
import pytest
import zxingcpp
from playwright.sync_api import Browser

from enrollment.credential import CredentialKind
from enrollment.gate_code import GateCode, Holder, step_of
from gate.console.me.code import AHEAD
from tests.gate.console.conftest import Booth
from tests.gate.console.staff import START


@pytest.fixture
def wall() -> Callable[[], datetime]:
    return lambda: START + timedelta(seconds=7)


def test_a_code_is_got_once_and_then_shown(booth: Booth) -> None:
    person = booth.accounts.live_in()
    phone = booth.phone(person)
    assert "领二维码" in phone.get("/me/code").text
    assert phone.get("/me/code/next").status_code == 404
    for _ in range(2):
        assert phone.post("/me/code", data={"csrf": booth.resident_token(phone)}).status_code == 303
    assert [one.kind for one in booth.accounts.register.credentials.of(person.id)] == [CredentialKind.QR]
    told = phone.get("/me/code/next").json()
    assert (len(told["codes"]), told["step_ms"], told["into_ms"]) == (AHEAD, 30_000, 7_000)
    assert len(set(told["codes"])) == AHEAD
    assert phone.get("/me/code/next").headers["cache-control"] == "no-store"


def read(png: bytes) -> list[str]:
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    return [one.text for one in zxingcpp.read_barcodes(picture)]


def test_withdrawing_the_face_leads_to_a_code_that_the_gate_takes_and_that_outlives_the_network(
    booth: Booth, chromium: Browser
) -> None:
    person = booth.accounts.live_in(face=1)
    context = chromium.new_context(base_url=booth.url, viewport={"width": 390, "height": 844}, locale="zh-CN")
    page = context.new_page()
    page.goto(f"/me/enter#{booth.accounts.phones.link(person.id, 'id-enroller').code}")
    assert not page.evaluate("location.hash")
    page.get_by_role("button", name="进入").click()
    page.get_by_role("link", name="同意与撤回").click()
    page.get_by_role("button", name="撤回同意 人脸通行").click()
    page.get_by_text("人脸特征和照片已删除").wait_for()
    page.clock.install()
    page.get_by_role("link", name="我的通行码").click()
    page.locator("#drawing svg").wait_for()
    (held,) = booth.accounts.register.credentials.of(person.id)
    (text,) = read(page.screenshot())
    assert booth.accounts.lobby.codes.read(text, START) == GateCode(Holder.RESIDENT, held.id, step_of(START))
    context.set_offline(True)
    page.clock.run_for(30_000)
    (later,) = read(page.screenshot())
    told = booth.accounts.lobby.codes.read(later, START + timedelta(seconds=30))
    assert told == GateCode(Holder.RESIDENT, held.id, step_of(START) + 1)
    page.clock.run_for(AHEAD * 30_000)
    page.get_by_text("二维码已用完").wait_for()
    assert not read(page.screenshot())
    context.close()
