from __future__ import annotations

from pathlib import Path

import pyotp
import pytest
from typer.testing import CliRunner, Result

from enrollment.errors import EntryRefused, KeyUnusable, NotEnrolled
from gate.cli.account import app
from gate.config import load_config
from gate.site import open_site

GOOD = "月亮代表我的心！2026"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text('[storage]\nfolder = "var"\n', "utf-8")
    return path


def _run(config: Path, *words: str, said: str = "") -> Result:
    return CliRunner().invoke(app, [*words, "--config", str(config)], input=said)


def _signs_in(config: Path, username: str, password: str) -> bool:
    with open_site(load_config(config)) as site:
        return site.accounts.verify(username, password) is not None


def test_an_account_is_added_with_its_password_asked_twice(config: Path) -> None:
    result = _run(config, "add", "laowang", "--role", "guard", said=f"{GOOD}\n{GOOD}\n")
    assert result.exit_code == 0, result.output
    assert "laowang（门卫）" in result.output
    assert GOOD not in result.output
    assert _signs_in(config, "laowang", GOOD)


def test_two_passwords_that_differ_are_asked_again(config: Path) -> None:
    result = _run(config, "add", "laowang", "--role", "guard", said=f"{GOOD}\nother\n{GOOD}\n{GOOD}\n")
    assert result.exit_code == 0, result.output
    assert _signs_in(config, "laowang", GOOD)


def test_the_first_line_of_standard_input_may_be_the_password(config: Path) -> None:
    assert _run(config, "add", "laowang", "--role", "admin", "--password-stdin", said=f"{GOOD}\r\n").exit_code == 0
    assert _signs_in(config, "laowang", GOOD)


@pytest.mark.parametrize(
    ("said", "code"), [("", "account.password_short"), ("1234567890\n", "account.password_common")]
)
def test_a_weak_password_adds_nobody(config: Path, said: str, code: str) -> None:
    result = _run(config, "add", "laowang", "--role", "guard", "--password-stdin", said=said)
    assert isinstance(result.exception, EntryRefused)
    assert result.exception.code == code


def test_an_unknown_role_names_the_known_ones(config: Path) -> None:
    result = _run(config, "add", "laowang", "--role", "boss", "--password-stdin", said=f"{GOOD}\n")
    assert result.exit_code == 2
    assert "auditor" in result.output


def test_accounts_are_listed_with_role_and_state(config: Path) -> None:
    _run(config, "add", "laowang", "--role", "guard", "--password-stdin", said=f"{GOOD}\n")
    assert _run(config, "disable", "laowang").exit_code == 0
    listed = _run(config, "list").output
    assert [word for word in ("laowang", "门卫", "停用") if word in listed] == ["laowang", "门卫", "停用"]
    assert "argon2" not in listed
    assert not _signs_in(config, "laowang", GOOD)
    assert _run(config, "enable", "laowang").exit_code == 0
    assert _signs_in(config, "laowang", GOOD)


def test_a_changed_password_is_the_one_that_counts(config: Path) -> None:
    _run(config, "add", "laowang", "--role", "guard", "--password-stdin", said=f"{GOOD}\n")
    assert _run(config, "passwd", "laowang", "--password-stdin", said="another-long-one\n").exit_code == 0
    assert not _signs_in(config, "laowang", GOOD)
    assert _signs_in(config, "laowang", "another-long-one")


def test_without_a_site_nothing_is_made(config: Path) -> None:
    result = _run(config, "list")
    assert isinstance(result.exception, NotEnrolled)
    assert not (config.parent / "var").exists()


def test_without_an_account_the_list_says_how_to_add_one(config: Path) -> None:
    with open_site(load_config(config), create=True):
        pass
    assert "gate account add" in _run(config, "list").output


@pytest.mark.parametrize(("words", "first"), [((), True), (("--lasting",), False)])
@pytest.mark.parametrize("command", ["add", "passwd"])
def test_a_password_typed_for_somebody_else_is_temporary(
    config: Path, command: str, words: tuple[str, ...], first: bool
) -> None:
    if command == "passwd":
        _run(config, "add", "laowang", "--role", "guard", "--password-stdin", "--lasting", said=f"{GOOD}\n")
    role = ("--role", "guard") if command == "add" else ()
    result = _run(config, command, "laowang", *role, "--password-stdin", *words, said="another-long-one\n")
    assert ("临时密码" in result.output) is first
    assert ("临时密码" in _run(config, "list").output) is first
    with open_site(load_config(config)) as site:
        assert site.accounts.find("laowang").must_change is first


def test_a_role_sign_ins_and_a_lost_phone_are_seen_to(config: Path) -> None:
    _run(config, "add", "laowang", "--role", "guard", "--password-stdin", said=f"{GOOD}\n")
    with open_site(load_config(config)) as site:
        account = site.accounts.find("laowang")
        offer = site.second_factor.offer(account)
        site.second_factor.turn_on(account.id, offer.sealed, pyotp.TOTP(offer.secret).now())
        before = site.accounts.find("laowang")
    assert "审计员" in _run(config, "role", "laowang", "auditor").output
    assert _run(config, "end-sessions", "laowang").exit_code == 0
    assert _run(config, "reset-code", "laowang").exit_code == 0
    with open_site(load_config(config)) as site:
        after = site.accounts.find("laowang")
    assert (before.second_factor, after.second_factor) == (True, False)
    assert (after.role, after.version) == ("auditor", before.version + 3)
    assert isinstance(_run(config, "reset-code", "nobody").exception, NotEnrolled)


def test_the_key_is_not_made_anew_while_a_codes_secret_is_sealed_with_it(config: Path) -> None:
    _run(config, "add", "laowang", "--role", "guard", "--password-stdin", said=f"{GOOD}\n")
    with open_site(load_config(config)) as site:
        account = site.accounts.find("laowang")
        offer = site.second_factor.offer(account)
        site.second_factor.turn_on(account.id, offer.sealed, pyotp.TOTP(offer.secret).now())
    (config.parent / "var" / "keys" / "menwei.key").unlink()
    assert isinstance(_run(config, "list").exception, KeyUnusable)
