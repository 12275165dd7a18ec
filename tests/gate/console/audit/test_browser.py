"""The auditor's pages in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.gate.console.audit.conftest import Office
from tests.gate.console.staff import PASSWORD


@pytest.fixture
def page(chromium: Browser, office: Office) -> Iterator[Page]:
    context = chromium.new_context(base_url=office.booth.url, viewport={"width": 1280, "height": 800}, locale="zh-CN")
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto("/")
    page.get_by_label("用户名").fill("auditor")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_text("菜单", exact=True).click()
    page.get_by_role("link", name="查档").click()
    yield page
    context.close()
    assert not wrong


def test_an_auditor_finds_somebody_reads_a_story_and_takes_a_bundle(page: Page, tmp_path: Path) -> None:
    page.get_by_label("姓名").fill("张三")
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_role("alert")).to_contain_text("请选择用途")
    expect(page.get_by_label("姓名")).to_have_value("张三")
    page.locator("form.search [name=purpose]").select_option("incident")
    page.get_by_role("button", name="查询").click()
    expect(page.locator("tbody tr")).to_have_count(40)
    page.get_by_role("link", name="详情").first.click()
    expect(page.get_by_text("道闸收到指令")).to_be_visible()
    page.go_back()
    page.get_by_text("导出", exact=True).first.click()
    page.locator("details [name=purpose]").select_option("police")
    with page.expect_download() as taken:
        page.get_by_role("button", name="导出").click()
    assert taken.value.suggested_filename.endswith(".zip")
