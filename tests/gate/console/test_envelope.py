from __future__ import annotations

import httpx
import pytest

from gate.console.envelope import HEADERS, LARGEST_BODY
from tests.gate.console.conftest import Booth


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/now", "/nothing", "/healthz", "/static/console.css", "/lanes/x/picture.jpg"]
)
def test_every_answer_is_in_its_envelope(guard: httpx.Client, path: str) -> None:
    headers = guard.get(path).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert "server" not in headers


def test_the_policy_lets_nothing_in_from_elsewhere_or_inline(booth: Booth) -> None:
    policy = booth.browser().get("/sign-in").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("path", ["/", "/sign-in", "/?lang=en"])
def test_pages_have_no_inline_script_or_style_and_no_address_elsewhere(guard: httpx.Client, path: str) -> None:
    html = guard.get(path, follow_redirects=True).text
    assert "<style" not in html
    assert " style=" not in html
    assert " onclick=" not in html
    assert "http://" not in html
    assert "https://" not in html


def test_what_a_page_shows_is_not_stored_and_our_own_files_are(guard: httpx.Client) -> None:
    assert guard.get("/").headers["cache-control"] == "no-store"
    assert guard.get("/now").headers["cache-control"] == "no-store"
    assert "immutable" in guard.get("/static/live.js").headers["cache-control"]


def test_a_large_body_is_refused_unread(booth: Booth) -> None:
    body = b"username=guard&password=" + b"x" * LARGEST_BODY
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = booth.browser().post("/sign-in", content=body, headers=form)
    assert answer.status_code == 413
    assert booth.accounts.tried == 0


def test_a_large_body_without_a_length_is_refused_too(booth: Booth) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = booth.browser().post("/sign-in", content=iter([b"x" * 1024] * 32), headers=form)
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_the_interface_is_not_published(guard: httpx.Client, path: str) -> None:
    assert guard.get(path).status_code == 404


def test_a_body_that_is_no_json_is_refused_with_a_sentence(booth: Booth, guard: httpx.Client) -> None:
    headers = {"Content-Type": "application/json", "X-CSRF-Token": booth.token(guard)}
    answer = guard.post("/lanes/men/open", content=b"{", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "console.bad_request")


def test_a_method_that_is_not_there_is_refused_with_a_sentence(guard: httpx.Client) -> None:
    answer = guard.put("/now")
    assert (answer.status_code, answer.json()["code"]) == (405, "console.not_allowed")
