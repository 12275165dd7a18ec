"""`gate pass` from making to ending."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from enrollment.errors import NotEnrolled
from gate.cli import app
from gate.config import load_config
from gate.errors import GateError
from gate.site import open_site


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GATE_LANG", "en")
    (tmp_path / "gate.toml").write_text("", "utf-8")
    with open_site(load_config(tmp_path / "gate.toml"), create=True):
        return tmp_path / "gate.toml"


def _gate(config: Path, *words: str) -> str:
    result = CliRunner().invoke(app, ["pass", *words, "--config", str(config)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return " ".join(result.output.split())


def test_a_pass_is_made_listed_and_ended(config: Path) -> None:
    assert _gate(config, "list") == "There are no passes"
    told = _gate(config, "add", "--plate", "辽C12345", "--uses", "2")
    made = re.search(r"[0-9a-f]{32}", told)
    assert made
    assert "for 2 entries" in told
    assert re.search(r"辽C12345 .* 0/2 holds", _gate(config, "list"))
    assert "may still leave" in _gate(config, "end", made[0])
    assert re.search(r"辽C12345 .* 0/2 over", _gate(config, "list"))
    with pytest.raises(NotEnrolled):
        _gate(config, "end", made[0])


def test_a_pin_is_told_once(config: Path) -> None:
    pin = re.search(r"PIN: (\d{4} \d{4})", _gate(config, "add", "--pin"))
    assert pin
    told = _gate(config, "list")
    assert pin[1] not in told
    assert pin[1].replace(" ", "") not in told
    assert "PIN" in told


def test_a_lane_that_is_not_there_is_refused(config: Path) -> None:
    with pytest.raises(GateError, match=r"rules\.no_such_lane"):
        _gate(config, "add", "--pin", "--lane", "north-inn")
