"""The auditor's pages, looked at by axe in both languages, on a desk and on a phone."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.gate.console.audit.conftest import Office
from tests.gate.console.test_accessibility import DESK, opened, sign_in

PAGES = (
    "/audit",
    "/audit/rows",
    "/audit/charts?day=2026-11-20",
    "/audit/report?day=2026-11-20",
    "/audit/passages/p118",
    "/audit/passages/p119",
)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_axe_finds_nothing_wrong_with_a_page(office: Office, chromium: Browser) -> None:
    context = chromium.new_context(base_url=office.booth.url, viewport=DESK, bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, "auditor")
    seen = opened(page, *PAGES)
    page.goto("/audit")
    page.locator("form.search .main-button").click()
    page.wait_for_url("**/audit/found/*")
    seen |= opened(page, urlsplit(page.url).path)
    context.close()
    assert not seen
