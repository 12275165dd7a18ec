from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from enrollment.errors import EntryRefused, NotEnrolled
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
