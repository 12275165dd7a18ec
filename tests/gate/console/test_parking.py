"""The parking page: what it lists, whom it lets count, and how it looks in a real browser."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from gate.config import Console, parse_config
from gate.console.parking import EXAMPLE
from gate.console.serving import ConsoleServer
from gate.parking.settings import Parking
from tests.databases import SqliteDatabase
from tests.gate.console.conftest import Booth, Clock
from tests.gate.console.fake_watch import FakeWatch
from tests.gate.console.made_app import console_app
from tests.gate.console.staff import Staff
from tests.gate.console.test_accessibility import opened, sign_in
from tests.gate.parking.conftest import NOW, PARKING, Box


@dataclass
class Lot:
    """A served console over a record of who came in."""

    booth: Booth
    box: Box

    def count(self, client: httpx.Client, **form: str) -> httpx.Response:
        return client.post("/parking/count", data={"csrf": self.booth.token(client), **form})


@pytest.fixture
def wall() -> Callable[[], datetime]:
    return lambda: NOW


@pytest.fixture
def serve(
    tmp_path: Path,
    migrated: Path,
    watch: FakeWatch,
    settings: Console,
    wall: Callable[[], datetime],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[Parking], Lot]]:
    monkeypatch.setattr("gate.console.listeners.WAIT_S", 0.02)
    database, stack = SqliteDatabase(tmp_path, migrated), list[Booth]()

    def made(parking: Parking) -> Lot:
        box = Box(database.open(), parking)
        box.begin()
        clock, accounts = Clock(), Staff()
        app = console_app(watch, accounts, settings, parking=box.room, clock=clock, wall=wall)
        server = ConsoleServer(app, settings)
        server.start()
        stack.append(Booth(watch, accounts, clock, app, server))
        return Lot(stack[-1], box)

    yield made
    for booth in stack:
        booth.browsers.close()
        booth.server.stop()
    database.close()


@pytest.fixture
def lot(serve: Callable[[Parking], Lot]) -> Lot:
    """Two cars of one household, a guest who stays too long, one that left unseen, and a full yard."""
    lot = serve(PARKING)
    for minutes, subject in ((300, "v1"), (200, "v2")):
        lot.box.passed("in", minutes, subject)
    lot.box.passed("in", 190, plate="苏Z20B01", reason="service_window")
    lot.box.passed("out", 60, "v3")
    lot.box.book.refresh(NOW)
    return lot


def test_the_page_tells_what_is_inside_and_who_looked(lot: Lot) -> None:
    told = lot.booth.signed_in("auditor").get("/parking").text
    for said in ("地面车位", "已满", "苏Z20B01", "1 小时 10 分", "3-2-501", "苏Z10001", "苏Z10002", "苏Z10003"):
        assert said in told, said
    assert "登记清点" not in told
    assert "/enrolment/households/" not in told
    assert lot.booth.watch.looked[-1] == ("id-auditor", "parking")


def test_a_guard_enters_a_count_and_it_holds(lot: Lot) -> None:
    guard = lot.booth.signed_in("guard")
    answer = lot.count(guard, zone="yard", cars="2", at="2026-03-04T11:50")
    assert answer.headers["location"].startswith("/parking?counted=yes")
    told = guard.get("/parking?counted=yes").text
    assert "已登记清点" in told
    assert "清点比记录少 1 辆" in told
    assert "2026-03-04 11:50:00 id-guard 清点 2 辆，当时记录 3 辆" in told


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"zone": "yard", "cars": ""}, "请填写清点到的车数"),
        ({"zone": "yard", "cars": "-2"}, "请填写清点到的车数"),
        ({"zone": "yard", "cars": "100001"}, "应在 0 到 100000 之间"),
        ({"zone": "garage", "cars": "2"}, "没有车位区 garage"),
        ({"zone": "yard", "cars": "2", "at": "2026-03-01T11:50"}, "最近 24 小时内"),
        ({"zone": "yard", "cars": "2", "at": "half past"}, "最近 24 小时内"),
    ],
)
def test_a_count_that_cannot_be_is_said_and_what_was_typed_stays(lot: Lot, form: dict[str, str], said: str) -> None:
    answer = lot.count(lot.booth.signed_in("guard"), **form)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{form["cars"]}"' in answer.text


def test_a_day_that_is_none_or_still_to_come_is_today(lot: Lot) -> None:
    guard = lot.booth.signed_in("guard")
    for day in ("2030-01-01", "tomorrow", ""):
        assert "2026-03-04 每小时" in guard.get("/parking", params={"day": day}).text
    assert "2026-03-03 每小时" in guard.get("/parking?day=2026-03-03").text


def test_where_nothing_is_configured_the_page_says_what_to_write(
    serve: Callable[[Parking], Lot], tmp_path: Path
) -> None:
    lot = serve(Parking())
    guard = lot.booth.signed_in("guard")
    assert "还没有设置车位" in guard.get("/parking").text
    assert not any(what == "parking" for _, what in lot.booth.watch.looked)
    assert lot.count(guard, zone="yard", cars="2").status_code == 422
    ways = {"in": "b1", "out": "b2"}
    lane = {"name": "北门", "kind": "vehicle", "camera": "c"}
    parts = {
        "camera": [{"id": "c", "url": "usb:0"}],
        "barrier": [{"id": barrier} for barrier in ways.values()],
        "lane": [{"id": f"north-{way}", "barrier": barrier, **lane} for way, barrier in ways.items()],
    }
    config = parse_config({**tomllib.loads(EXAMPLE), **parts}, tmp_path / "gate.toml")
    assert config.parking.zone[0].spaces == 120


@pytest.fixture
def page(chromium: Browser, lot: Lot) -> Iterator[Page]:
    context = chromium.new_context(base_url=lot.booth.url, bypass_csp=True, reduced_motion="reduce", locale="zh-CN")
    page, wrong = context.new_page(), list[str]()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    context.close()
    assert not wrong


def test_a_guard_counts_in_a_browser_and_axe_finds_nothing_wrong(page: Page, lot: Lot) -> None:
    page.goto("/sign-in?lang=zh")
    sign_in(page, "guard")
    page.get_by_role("link", name="车位").click()
    yard = page.locator('[data-zone="yard"]')
    expect(yard.locator('[data-part="occupied"]')).to_have_text("3")
    expect(yard.get_by_text("已满")).to_be_visible()
    page.get_by_label("数到几辆").fill("1")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已登记清点")
    expect(yard.locator('[data-part="free"]')).to_have_text("2")
    assert not opened(page, "/parking")


def test_counts_are_refused_to_whoever_only_reads(lot: Lot) -> None:
    assert lot.count(lot.booth.signed_in("auditor"), zone="yard", cars="2").status_code == 403
    assert lot.box.room.view(NOW).zones[0].count is None
