"""`gate api-key` from making to revoking, and `gate openapi`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from enrollment.errors import EntryRefused, NotEnrolled
from gate.cli import app
from gate.cli.api_key import keys_of
from gate.config import load_config
from gate.site import open_site


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GATE_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "gate.toml").write_text("", "utf-8")
    with open_site(load_config(tmp_path / "gate.toml"), create=True):
        return tmp_path / "gate.toml"


def _gate(config: Path, *words: str) -> str:
    result = CliRunner().invoke(app, ["api-key", *words, "--config", str(config)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_a_key_is_made_listed_and_revoked(config: Path) -> None:
    assert _gate(config, "list") == "There are no keys\n"
    told = _gate(config, "add", "office", "--scope", "lanes:read", "--scope", "lanes:open", "--until", "2027-12-31")
    key = told.splitlines()[-1]
    with open_site(load_config(config)) as site:
        found = keys_of(site).find(key)
    assert found is not None
    assert f"{found.until:%Y-%m-%d %H:%M}" == "2027-12-30 16:00"
    listed = _gate(config, "list")
    assert re.search(rf"office +{found.prefix} +lanes:open, lanes:read +2027-12-31 00:00 +never +valid", listed)
    assert key not in listed
    assert "Revoked" in _gate(config, "revoke", "office")
    assert "revoked" in _gate(config, "list")
    with pytest.raises(NotEnrolled):
        _gate(config, "revoke", "office")


def test_a_key_ends_after_a_year_where_nobody_says_when(config: Path) -> None:
    _gate(config, "add", "office", "--scope", "lanes:read")
    with open_site(load_config(config)) as site:
        (key,) = keys_of(site).list()
    assert 364 <= (key.until - key.created_at).days <= 366


def test_what_makes_no_key_is_refused(config: Path) -> None:
    with pytest.raises(EntryRefused, match=r"api_key\.name"):
        _gate(config, "add", "The Office", "--scope", "lanes:read")
    with pytest.raises(EntryRefused, match=r"api_key\.bad_end"):
        _gate(config, "add", "office", "--scope", "lanes:read", "--until", "2020-01-01")
    assert "moon:read" in CliRunner().invoke(app, ["api-key", "add", "office", "--scope", "moon:read"]).output


def test_the_description_is_printed() -> None:
    told = json.loads(CliRunner().invoke(app, ["openapi"]).output)
    assert "/passages" in told["paths"]
