"""The auditor's pages, looked at by axe in both languages, on a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.gate.console.audit.conftest import Office
from tests.gate.console.test_accessibility import WIDTHS, faults, sign_in

PAGES = ("/audit", "/audit/rows", "/audit/charts", "/audit/report", "/audit/passages/p118")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_nothing_wrong_with_a_page(office: Office, chromium: Browser, width: str, language: str) -> None:
    size = {"width": WIDTHS[width], "height": 800}
    context = chromium.new_context(base_url=office.booth.url, viewport=size, bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"/sign-in?lang={language}")
    sign_in(page, "auditor")
    seen = {}
    for path in PAGES:
        page.goto(path)
        seen[path] = faults(page)
    context.close()
    assert not {where: found for where, found in seen.items() if found}
