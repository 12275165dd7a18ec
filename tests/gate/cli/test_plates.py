"""`gate plates neighbours`, as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from enrollment.errors import EntryRefused
from gate.cli import app
from gate.config import load_config
from gate.site import open_site
from models.sighting import PlateColour

CONFIG = """
[storage]
folder = "var"
"""


def _neighbours(*words: str) -> str:
    ran = CliRunner().invoke(app, ["plates", "neighbours", *words], catch_exceptions=False)
    assert ran.exit_code == 0
    return ran.output


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "gate.toml"
    file.write_text(CONFIG, "utf-8")
    with open_site(load_config(file), create=True) as site:
        site.register.add_vehicle("辽A12B45", "1-1-101", "test", PlateColour.BLUE)
        site.register.add_vehicle("辽A12845", "1-1-102", "test", PlateColour.BLUE)
        site.register.add_vehicle("辽AD12345", "1-1-103", "test", PlateColour.GREEN)
    return file


def test_without_a_register_it_lists_what_the_table_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = _neighbours("辽a·12345")
    for text in ("宁A12345", "辽A72345", "辽AL2345", "辽A1Z345", "辽A1234S"):
        assert text in said
    assert "辽A12346" not in said


def test_enrolled_neighbours_are_warned_of_and_not_listed_as_accepted(config: Path) -> None:
    said = _neighbours("辽A12B45", "--config", str(config))
    assert "辽A12845 也已登记" in said
    listed = [line.split()[0] for line in said.splitlines() if "→" in line]
    assert "辽A12845" not in listed
    assert "宁A12B45" in listed


def test_an_unknown_plate_next_to_an_enrolled_one_is_warned_of(config: Path) -> None:
    said = _neighbours("辽A12645", "--config", str(config))
    assert "没有登记" in said
    assert "辽A12845 也已登记" in said


def test_without_a_plate_the_pairs_of_the_register_are_listed(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "有 1 对" in _neighbours("--config", str(config))
    monkeypatch.setenv("GATE_LANG", "en")
    assert "Of 3 enrolled plates, 1 pairs" in _neighbours("--config", str(config))


def test_what_is_no_plate_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EntryRefused, match=r"register\.not_a_plate"):
        CliRunner().invoke(app, ["plates", "neighbours", "甘HHHHHW"], catch_exceptions=False)
