from __future__ import annotations

import httpx
import pytest

from enrollment.errors import StoreBusy
from gate.config import Console
from gate.errors import LedgerUnwritable
from tests.gate.console.conftest import Booth
from tests.gate.console.staff import PASSWORD


def attempt(client: httpx.Client, username: str = "guard", password: str = PASSWORD) -> httpx.Response:
    return client.post("/sign-in", data={"username": username, "password": password})


def test_a_page_sends_whoever_is_not_signed_in_to_the_form(booth: Booth) -> None:
    answer = booth.browser().get("/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_a_script_that_is_not_signed_in_gets_401_and_a_sentence(booth: Booth) -> None:
    answer = booth.browser().get("/now")
    assert (answer.status_code, answer.json()["code"]) == (401, "console.sign_in_needed")


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(booth: Booth) -> None:
    cookie = attempt(booth.browser()).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "max-age=43200" in cookie
    assert "secure" not in cookie


class TestBehindTls:
    @pytest.fixture
    def settings(self) -> Console:
        return Console(port=0, secure_cookie=True)

    def test_the_cookies_are_for_https_only(self, booth: Booth) -> None:
        client = booth.browser()
        assert "secure" in attempt(client).headers["set-cookie"].lower()
        assert "secure" in client.get("/sign-in?lang=en").headers["set-cookie"].lower()


def test_every_attempt_is_recorded_with_its_address(booth: Booth) -> None:
    client = booth.browser()
    attempt(client, password="wrong")
    attempt(client)
    assert booth.watch.signed_in == [("guard", False, "127.0.0.1"), ("guard", True, "127.0.0.1")]


@pytest.mark.parametrize(
    ("username", "password", "status", "said"),
    [
        ("guard", "wrong", 401, "用户名或密码不对"),
        ("nobody", PASSWORD, 401, "用户名或密码不对"),
        ("guard", "", 422, "请填写"),
        ("  ", PASSWORD, 422, "请填写"),
        ("g" * 65, PASSWORD, 401, "用户名或密码不对"),
        ("guard", "x" * 257, 401, "用户名或密码不对"),
    ],
)
def test_a_wrong_attempt_says_plainly_what_to_do(
    booth: Booth, username: str, password: str, status: int, said: str
) -> None:
    answer = attempt(booth.browser(), username, password)
    assert answer.status_code == status
    assert said in answer.text
    assert "set-cookie" not in answer.headers


def test_what_was_typed_comes_back_as_text_and_the_password_never(booth: Booth) -> None:
    answer = attempt(booth.browser(), '"><script>x</script>', "my-secret-typo")
    assert "<script>x" not in answer.text
    assert "&lt;script&gt;x" in answer.text
    assert "my-secret-typo" not in answer.text


def test_five_failures_are_free_and_then_the_wait_doubles(booth: Booth) -> None:
    client = booth.browser()
    assert [attempt(client, password="wrong").status_code for _ in range(6)] == [401] * 5 + [429]
    refused = attempt(client)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3")
    assert "请等 3 秒" in refused.text
    booth.clock.now_s += 2.1
    assert attempt(client, password="wrong").status_code == 401
    assert attempt(client).headers["retry-after"] == "5"
    booth.clock.now_s += 4.1
    assert attempt(client).status_code == 303
    assert attempt(client, password="wrong").status_code == 401


def test_no_password_is_checked_while_somebody_has_to_wait(booth: Booth) -> None:
    client = booth.browser()
    for _ in range(9):
        attempt(client, password="wrong")
    assert booth.accounts.tried == 5


def test_other_names_do_not_wait_for_a_guessed_one(booth: Booth) -> None:
    client = booth.browser()
    for _ in range(6):
        attempt(client, "admin", "wrong")
    assert attempt(client, "guard").status_code == 303


def test_one_address_cannot_try_names_without_end(booth: Booth) -> None:
    client = booth.browser()
    statuses = [attempt(client, f"name-{number}", "wrong").status_code for number in range(32)]
    assert statuses == [401] * 30 + [429] * 2


def test_signing_in_again_gives_a_new_token_and_ends_the_old_session(booth: Booth) -> None:
    client = booth.signed_in()
    before = client.cookies["menwei_session"]
    attempt(client)
    after = client.cookies["menwei_session"]
    assert before != after
    stolen = booth.browser()
    stolen.cookies.set("menwei_session", before)
    assert stolen.get("/now").status_code == 401


def test_a_token_that_was_planted_is_not_taken_over(booth: Booth) -> None:
    client = booth.browser()
    client.cookies.set("menwei_session", "planted")
    answer = attempt(client)
    assert "planted" not in answer.headers["set-cookie"]


def test_signing_out_ends_the_session_on_the_server(booth: Booth, guard: httpx.Client) -> None:
    kept = guard.cookies["menwei_session"]
    answer = guard.post("/sign-out", data={"csrf": booth.token(guard)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    again = booth.browser()
    again.cookies.set("menwei_session", kept)
    assert again.get("/now").status_code == 401


def test_signing_out_of_an_ended_session_leads_to_the_form(booth: Booth, guard: httpx.Client) -> None:
    booth.clock.now_s += 3600
    answer = guard.post("/sign-out", data={"csrf": "x"}, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_a_record_that_cannot_be_written_keeps_everybody_out_with_a_page_that_says_so(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_attempt: object) -> None:
        raise LedgerUnwritable("ledger.without_a_sentence")

    monkeypatch.setattr(booth.watch, "record_sign_in", refuse)
    form = {"username": "guard", "password": PASSWORD}
    answer = booth.browser().post("/sign-in", data=form, headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert "<h1>" in answer.text
    assert "set-cookie" not in answer.headers


def test_signing_out_needs_the_forms_token(guard: httpx.Client) -> None:
    assert guard.post("/sign-out", data={"csrf": "other"}).status_code == 403
    assert guard.get("/now").status_code == 200


@pytest.mark.parametrize(("after_s", "status"), [(1799, 200), (1801, 401)])
def test_a_session_ends_when_no_page_has_been_open_for_long(
    booth: Booth, guard: httpx.Client, after_s: float, status: int
) -> None:
    booth.clock.now_s += after_s
    assert guard.get("/now").status_code == status


def test_a_session_ends_after_its_hours_even_in_use(booth: Booth, guard: httpx.Client) -> None:
    for _ in range(12 * 3):
        booth.clock.now_s += 1200 - 0.1
        assert guard.get("/now").status_code == 200
    booth.clock.now_s += 1200
    assert guard.get("/now").status_code == 401


def test_an_account_disabled_on_another_box_is_out_with_its_next_request(booth: Booth, guard: httpx.Client) -> None:
    booth.accounts.disable("guard", "id-admin")
    assert guard.get("/now").status_code == 401


def test_a_database_that_does_not_answer_throws_nobody_out(
    booth: Booth, guard: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def busy(account_id: str) -> None:
        asked.append(account_id)
        raise StoreBusy("store.locked", path="x")

    monkeypatch.setattr(booth.accounts, "of_id", busy)
    assert [guard.get("/now").status_code for _ in range(3)] == [200] * 3
    assert len(asked) == 1
    booth.clock.now_s += 31
    assert guard.get("/now").status_code == 200
    assert len(asked) == 2


def test_a_cookie_kept_from_before_signing_out_is_worth_nothing(booth: Booth, guard: httpx.Client) -> None:
    stolen = guard.cookies["menwei_session"]
    thief = booth.browser()
    thief.cookies.set("menwei_session", stolen)
    assert thief.get("/now").status_code == 200
    assert guard.post("/sign-out", data={"csrf": booth.token(guard)}).status_code == 303
    thief.cookies.set("menwei_session", stolen)
    assert thief.get("/now").status_code == 401
    order = {"choice": "visitor", "words": "", "request_id": "request-0001"}
    assert thief.post("/lanes/men/open", json=order).status_code == 401
    assert not booth.watch.opened


def test_whoever_is_signed_in_is_led_from_the_form_to_the_page(guard: httpx.Client) -> None:
    assert guard.get("/sign-in").headers["location"] == "/"
