from __future__ import annotations

import re

import httpx
import pytest

from tests.gate.console.conftest import Booth
from tests.gate.console.staff import PASSWORD

NEW = "four-unrelated-words"


def post(booth: Booth, client: httpx.Client, path: str, **form: str) -> httpx.Response:
    return client.post(path, data={"csrf": booth.token(client), **form})


def change(booth: Booth, client: httpx.Client, old: str = PASSWORD, new: str = NEW, again: str = NEW) -> httpx.Response:
    return post(booth, client, "/account/password", old=old, new=new, again=again)


def sign_in(booth: Booth, client: httpx.Client, password: str = PASSWORD, username: str = "guard") -> httpx.Response:
    return client.post("/sign-in", data={"username": username, "password": password})


def ticket(page: str) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', page)
    assert found, page
    return found[1]


def enter(client: httpx.Client, page: str, code: str) -> httpx.Response:
    return client.post("/sign-in/code", data={"ticket": ticket(page), "code": code})


class TestPassword:
    def test_a_changed_password_ends_every_other_sign_in_and_keeps_this_one(
        self, booth: Booth, guard: httpx.Client
    ) -> None:
        elsewhere = booth.signed_in("guard")
        before = guard.cookies["menwei_session"]
        answer = change(booth, guard)
        assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=password")
        assert guard.cookies["menwei_session"] != before
        assert "密码已修改" in guard.get("/account?done=password").text
        assert elsewhere.get("/now").status_code == 401
        thief = booth.browser()
        thief.cookies.set("menwei_session", before)
        assert thief.get("/now").status_code == 401
        assert sign_in(booth, booth.browser()).status_code == 401
        assert sign_in(booth, booth.browser(), NEW).status_code == 303
        assert [(act.kind, act.actor) for act in booth.accounts.acts] == [("account.password_set", "id-guard")]

    @pytest.mark.parametrize(
        ("old", "new", "again", "said"),
        [
            ("wrong", NEW, NEW, "现在的密码不对"),
            (PASSWORD, NEW, NEW + "x", "不一样"),
            (PASSWORD, PASSWORD, PASSWORD, "和现在的一样"),
            (PASSWORD, "short", "short", "太短"),
            (PASSWORD, "1234567890", "1234567890", "太常见"),
            ("", "", "", "和现在的一样"),
        ],
    )
    def test_what_is_wrong_is_said_and_changes_nothing(
        self, booth: Booth, guard: httpx.Client, old: str, new: str, again: str, said: str
    ) -> None:
        answer = change(booth, guard, old, new, again)
        assert answer.status_code == 422
        assert said in answer.text
        assert NEW not in answer.text
        assert guard.get("/now").status_code == 200
        assert not booth.accounts.acts

    def test_guessing_the_old_one_at_a_desk_left_open_has_to_wait(self, booth: Booth, guard: httpx.Client) -> None:
        said = [change(booth, guard, f"guess-{number}").status_code for number in range(7)]
        assert said == [422] * 5 + [429] * 2
        assert change(booth, guard).status_code == 429

    def test_a_temporary_password_leads_to_the_change_and_then_on(self, booth: Booth) -> None:
        booth.accounts.set_password("guard", PASSWORD, "id-admin", temporary=True)
        client = booth.browser()
        assert sign_in(booth, client).headers["location"] == "/account/password"
        for path in ("/", "/account", "/barriers"):
            led = client.get(path, headers={"Accept": "text/html"})
            assert (led.status_code, led.headers["location"]) == (303, "/account/password")
        page = client.get("/account/password").text
        assert "别人设的" in page
        assert 'href="/barriers"' not in page
        assert booth.open_lane(client).json()["code"] == "console.password_first"
        assert not booth.watch.opened
        assert change(booth, client).headers["location"] == "/"
        assert client.get("/now").status_code == 200


def test_the_other_sign_ins_end_at_once(booth: Booth, guard: httpx.Client) -> None:
    elsewhere = booth.signed_in("guard")
    admin = booth.signed_in("admin")
    assert "1 处" in guard.get("/account").text
    assert post(booth, guard, "/account/sessions").status_code == 303
    assert elsewhere.get("/now").status_code == 401
    assert guard.get("/now").status_code == admin.get("/now").status_code == 200
    assert "0 处" in guard.get("/account").text


class TestCode:
    def offered(self, booth: Booth, client: httpx.Client) -> tuple[str, str]:
        page = post(booth, client, "/account/code", password=PASSWORD).text
        assert "<svg" in page
        secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
        sealed = re.search(r'name="sealed" value="([^"]+)"', page)
        assert secret
        assert sealed
        return secret[1].replace(" ", ""), sealed[1]

    def test_it_is_turned_on_with_a_right_code_and_ends_the_other_sign_ins(
        self, booth: Booth, guard: httpx.Client
    ) -> None:
        elsewhere = booth.signed_in("guard")
        secret, sealed = self.offered(booth, guard)
        wrong = post(booth, guard, "/account/code/confirm", sealed=sealed, code="12")
        assert wrong.status_code == 422
        assert "验证码不对" in wrong.text
        assert sealed in wrong.text
        done = post(booth, guard, "/account/code/confirm", sealed=sealed, code=booth.accounts.code(secret))
        codes = re.findall(r'class="secret">([a-z2-7-]{19})<', done.text)
        assert len(codes) == 10
        assert guard.get("/account").status_code == 200
        assert elsewhere.get("/now").status_code == 401
        assert "还剩 10 个" in guard.get("/account").text
        assert post(booth, guard, "/account/code", password=PASSWORD).status_code == 409

    def test_turning_it_on_or_off_needs_the_password(self, booth: Booth, guard: httpx.Client) -> None:
        for path in ("/account/code", "/account/code/off"):
            answer = post(booth, guard, path, password="wrong")
            assert (answer.status_code, "现在的密码不对" in answer.text) == (422, True)

    def test_signing_in_takes_the_code_after_the_password(self, booth: Booth) -> None:
        secret, _ = booth.accounts.turn_code_on("guard")
        client = booth.browser()
        asked = sign_in(booth, client)
        assert asked.status_code == 200
        assert "menwei_session" not in client.cookies
        assert client.get("/now").status_code == 401
        refused = enter(client, asked.text, booth.accounts.code(secret))  # it was used to turn codes on
        assert refused.status_code == 401
        assert "已经用过" in refused.text
        assert enter(client, refused.text, booth.accounts.code(secret, 1)).headers["location"] == "/"
        assert client.get("/now").status_code == 200
        steps = [(ok, step) for (_, ok, _), step in zip(booth.watch.signed_in, booth.watch.steps, strict=True)]
        assert steps == [(False, "code_asked"), (False, "code"), (True, "code")]

    def test_a_code_lets_one_browser_in(self, booth: Booth) -> None:
        secret, codes = booth.accounts.turn_code_on("guard")
        for code in (booth.accounts.code(secret, 1), codes[0]):
            one, two = booth.browser(), booth.browser()
            asked, asked_too = sign_in(booth, one).text, sign_in(booth, two).text
            assert enter(one, asked, code).status_code == 303
            assert enter(two, asked_too, code).status_code == 401

    def test_a_ticket_is_good_once_and_for_five_minutes(self, booth: Booth) -> None:
        secret, codes = booth.accounts.turn_code_on("guard")
        asked = sign_in(booth, booth.browser()).text
        booth.clock.now_s += 301
        late = enter(booth.browser(), asked, booth.accounts.code(secret, 1))
        assert (late.status_code, "等得太久" in late.text) == (401, True)
        asked = sign_in(booth, booth.browser()).text
        assert enter(booth.browser(), asked, codes[0]).status_code == 303
        assert "等得太久" in enter(booth.browser(), asked, codes[1]).text

    def test_a_password_changed_meanwhile_makes_the_ticket_worthless(self, booth: Booth) -> None:
        _, codes = booth.accounts.turn_code_on("guard")
        asked = sign_in(booth, booth.browser()).text
        booth.accounts.set_password("guard", NEW, "id-admin")
        assert enter(booth.browser(), asked, codes[0]).status_code == 401

    def test_guessing_codes_has_to_wait_whatever_ticket_it_is_for(self, booth: Booth) -> None:
        booth.accounts.turn_code_on("guard")
        said = [enter(booth.browser(), sign_in(booth, booth.browser()).text, "12").status_code for _ in range(7)]
        assert said == [401] * 5 + [429] * 2

    def test_it_is_turned_off_with_the_password(self, booth: Booth) -> None:
        _, codes = booth.accounts.turn_code_on("guard")
        client = booth.browser()
        enter(client, sign_in(booth, client).text, codes[0])
        assert post(booth, client, "/account/code/off", password=PASSWORD).status_code == 303
        assert sign_in(booth, booth.browser()).status_code == 303


class TestGuessingFromEverywhere:
    """The console takes the address from a proxy on this machine; each guess comes from another one here."""

    def guess(self, booth: Booth, number: int, username: str = "guard") -> int:
        client = booth.browser()
        far = {"X-Forwarded-For": f"198.51.100.{number}"}
        data = {"username": username, "password": "wrong"}
        return client.post("/sign-in", data=data, headers=far).status_code

    def test_an_account_is_guarded_whatever_address_guesses(self, booth: Booth) -> None:
        assert [self.guess(booth, number) for number in range(20)] == [401] * 20
        assert [self.guess(booth, 20), self.guess(booth, 21)] == [429, 429]
        assert self.guess(booth, 22, "ＧＵＡＲＤ ") == 429
        assert self.guess(booth, 23, "admin") == 401

    def test_the_booths_own_browser_does_not_wait_for_it(self, booth: Booth, guard: httpx.Client) -> None:
        for number in range(30):
            self.guess(booth, number)
        assert sign_in(booth, booth.browser()).status_code == 429
        assert sign_in(booth, guard).status_code == 303

    def test_anybody_else_waits_for_a_minute_at_most(self, booth: Booth) -> None:
        for number in range(60):
            self.guess(booth, number)
            booth.clock.now_s += 61
        self.guess(booth, 61)
        booth.clock.now_s += 60.5
        assert sign_in(booth, booth.browser()).status_code == 303

    def test_a_stolen_browser_has_to_wait_like_any_other(self, booth: Booth, guard: httpx.Client) -> None:
        said = [sign_in(booth, guard, f"guess-{number}").status_code for number in range(7)]
        assert said == [401] * 5 + [429] * 2
        assert sign_in(booth, booth.browser()).status_code == 303


def test_nothing_secret_stands_in_an_address_or_is_stored_by_the_browser(booth: Booth, guard: httpx.Client) -> None:
    for path in ("/account", "/account/password", "/account/code"):
        answer = guard.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert "<h1>" in answer.text
