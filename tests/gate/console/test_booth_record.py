"""The booth over a real gate, in a real browser: who rings, what the guard does, and what the record keeps of it."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from enrollment.accounts import Role
from enrollment.database import reading
from gate.config import Config, load_config
from gate.ledger.tables import LedgerRow, RemarkRow
from gate.ledger.verify import verify
from gate.running import RunningGate
from gate.serving import serving
from gate.site import Site, open_site
from models.store import Store
from tests.gate.console.staff import PASSWORD

TOML = """
[console]
port = 0
[[camera]]
id = "gone"
url = "file:missing.mp4"
[[barrier]]
id = "door"
[[lane]]
id = "walk"
name = "人行"
kind = "pedestrian"
camera = "gone"
barrier = "door"
"""


def sign_in(page: Page) -> None:
    page.get_by_label("用户名").fill("laowang")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.locator("#link-words")).to_have_text("实时")


def ring(site: Site, url: str) -> None:
    """Join as a pad of the lane, and ring: a pad of its own each time, since one is heard once in a while."""
    with httpx.Client(base_url=url, headers={"Origin": url}, trust_env=False) as pad:
        pad.post("/pinpad", data={"code": site.pads.add("walk", "东门", "staff").code})
        html = pad.get("/pinpad/walk").text
        token = json.loads(html.partition('id="page-data">')[2].partition("</script>")[0])["csrf"]
        assert pad.post("/pinpad/walk/ring", json={}, headers={"X-CSRF-Token": token}).status_code == 200


def rows(site: Site, *kinds: str) -> list[dict[str, str]]:
    with reading(site.engine) as session:
        found = select(LedgerRow.body).where(LedgerRow.kind.in_(kinds)).order_by(LedgerRow.seq)
        return [json.loads(body) for body in session.scalars(found)]


def test_who_rings_is_let_in_or_refused_on_record_and_does_not_come_back_after_a_restart(
    chromium: Browser, tmp_path: Path, made_starter: Path
) -> None:
    (tmp_path / "gate.toml").write_text(TOML, "utf-8")
    config: Config = load_config(tmp_path / "gate.toml")
    with open_site(config, create=True) as site:
        guard = site.accounts.add("laowang", PASSWORD, Role.GUARD, "staff")
        page = chromium.new_context(locale="zh-CN").new_page()
        with serving(RunningGate(config, site, Store())) as url:
            page.goto(url)
            sign_in(page)
            ring(site, url.rstrip("/"))
            waiting = page.locator("#attention-list > li")
            expect(waiting).to_contain_text("按了呼叫门卫")
            waiting.get_by_role("button", name="开闸").click()
            page.get_by_role("radio", name="快递、外卖、送货").check()
            page.get_by_label("补充说明").fill("送桶装水")
            page.get_by_role("button", name="确认开闸").click()
            expect(page.locator("#attention")).to_be_hidden()
            expect(page.locator('[data-lane="walk"] [data-part="barrier"]')).to_have_attribute("data-state", "open")
            ring(site, url.rstrip("/"))
            expect(waiting).to_have_count(1)
            expect(page.locator("body")).not_to_have_attribute("data-settling", "")
            page.keyboard.press("x")
            page.keyboard.press("1")
            expect(page.locator("#attention")).to_be_hidden()
        expect(page.locator("#lost")).to_be_visible()
        came_up: list[str] = []
        page.on("framenavigated", lambda frame: came_up.append(frame.url))

        port = int(url.rstrip("/").rpartition(":")[2])
        again = config.model_copy(update={"console": config.console.model_copy(update={"port": port})})
        with serving(RunningGate(again, site, Store())):
            # The page that was open goes on with the sign-in of before: no form comes up.
            expect(page.locator("#lost")).to_be_hidden(timeout=30_000)
            expect(page.locator("#link-words")).to_have_text("实时")
            expect(page.locator("#attention")).to_be_hidden()
            assert came_up == []
        page.context.close()

        rings = [body["passage"] for body in rows(site, "ring")]
        opened, refused = rows(site, "manual.open", "manual.refuse")
        assert [opened["passage"], refused["passage"]] == rings
        assert (opened["actor"], opened["reason"], opened["lane"]) == (guard.id, "delivery", "walk")
        assert (refused["actor"], refused["reason"], refused["lane"]) == (guard.id, "gone", "walk")
        with reading(site.engine) as session:
            assert session.scalars(select(RemarkRow.words)).all() == ["送桶装水"]
        assert verify(site.engine).first_broken is None
