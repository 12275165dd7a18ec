from __future__ import annotations

import re

import httpx
import pytest

from enrollment.accounts import Role
from tests.gate.console.conftest import Booth
from tests.gate.console.staff import PASSWORD


@pytest.fixture
def admin(booth: Booth) -> httpx.Client:
    return booth.signed_in("admin")


def post(booth: Booth, client: httpx.Client, path: str, **form: str) -> httpx.Response:
    return client.post(path, data={"csrf": booth.token(client), **form})


def handed(page: str) -> str:
    found = re.search(r'class="secret large">([a-z0-9-]+)<', page)
    assert found, page
    return found[1]


def test_every_account_is_listed_with_its_state(booth: Booth, guard: httpx.Client, admin: httpx.Client) -> None:
    booth.accounts.disable("auditor", "id-admin")
    page = admin.get("/accounts").text
    for said in ("guard", "enroller", "auditor", "门卫", "已停用", "您自己", "登录中 1"):
        assert said in page
    assert "argon2" not in page


def test_a_new_account_gets_a_password_that_is_shown_once_and_changed_first(booth: Booth, admin: httpx.Client) -> None:
    answer = post(booth, admin, "/accounts", username="Laowang", role="guard")
    password = handed(answer.text)
    assert answer.headers["cache-control"] == "no-store"
    assert password not in admin.get("/accounts").text
    newcomer = booth.browser()
    signed_in = newcomer.post("/sign-in", data={"username": "laowang", "password": password})
    assert signed_in.headers["location"] == "/account/password"
    assert [(act.kind, act.actor) for act in booth.accounts.acts] == [("account.added", "id-admin")]
    assert password not in str(booth.accounts.acts)


@pytest.mark.parametrize(("username", "said"), [("guard", "已被使用"), ("x", "2 到 32"), ("<b>x</b>", "2 到 32")])
def test_a_name_that_cannot_be_had_is_said_and_kept_in_the_form(
    booth: Booth, admin: httpx.Client, username: str, said: str
) -> None:
    answer = post(booth, admin, "/accounts", username=username, role="auditor")
    assert answer.status_code == 422
    assert said in answer.text
    assert "<b>x" not in answer.text
    assert '<option value="auditor" selected>' in answer.text


@pytest.mark.parametrize(
    ("act", "form", "kind"),
    [
        ("disable", {}, "account.disabled"),
        ("role", {"role": "enroller"}, "account.role_set"),
        ("password", {}, "account.password_set"),
        ("sessions", {}, "account.sessions_ended"),
        ("code", {}, "account.second_factor_off"),
    ],
)
def test_what_takes_something_away_ends_the_sign_ins_at_once_and_is_recorded(
    booth: Booth, admin: httpx.Client, act: str, form: dict[str, str], kind: str
) -> None:
    _, codes = booth.accounts.turn_code_on("guard")
    guard = booth.browser()
    asked = guard.post("/sign-in", data={"username": "guard", "password": PASSWORD}).text
    found = re.search(r'name="ticket" value="([^"]+)"', asked)
    assert found
    assert guard.post("/sign-in/code", data={"ticket": found[1], "code": codes[0]}).status_code == 303
    assert guard.get("/now").status_code == 200
    before = len(booth.accounts.acts)
    answer = post(booth, admin, f"/accounts/id-guard/{act}", **form)
    assert answer.status_code == (200 if act == "password" else 303)
    assert booth.desk.sessions.count("id-guard") == 0
    assert guard.get("/now").status_code == 401
    [told] = booth.accounts.acts[before:]
    assert (told.kind, told.subject, told.actor) == (kind, "id-guard", "id-admin")


def test_a_disabled_account_is_enabled_again(booth: Booth, admin: httpx.Client) -> None:
    post(booth, admin, "/accounts/id-guard/disable")
    assert booth.accounts.verify("guard", PASSWORD) is None
    answer = post(booth, admin, "/accounts/id-guard/enable")
    assert "已完成" in admin.get(answer.headers["location"]).text
    assert booth.accounts.verify("guard", PASSWORD)


def test_nobody_is_left_without_an_administrator(booth: Booth, admin: httpx.Client) -> None:
    for act, form in (("disable", {}), ("role", {"role": "guard"})):
        answer = post(booth, admin, f"/accounts/id-admin/{act}", **form)
        assert answer.status_code == 409
        assert "最后一个" in answer.text
    answer = post(booth, admin, "/accounts/id-admin/password")
    assert (answer.status_code, "我的账号" in answer.text) == (409, True)
    assert booth.accounts.needed("admin").role == Role.ADMIN
    assert not booth.accounts.acts


def test_an_account_or_an_act_that_is_not_there_is_said(booth: Booth, admin: httpx.Client) -> None:
    assert post(booth, admin, "/accounts/nobody/disable").status_code == 404
    assert post(booth, admin, "/accounts/id-guard/promote").status_code == 422
    assert post(booth, admin, "/accounts/id-guard/role", role="boss").status_code == 422
