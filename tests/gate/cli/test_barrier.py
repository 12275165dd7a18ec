"""`gate barrier test` at a terminal, and `gate bench barrier` on a peer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.bench.barrier import measure
from gate.bench.barrier_peers import modbus_tcp, simulated
from gate.cli import app
from gate.errors import ConfigRefused

TOML = """
[[camera]]
id = "north"
url = "usb:0"
[[barrier]]
id = "arm"
url = "sim://?travel_s=0.1&unwired=open_limit,closed_limit,presence,arm_off,fire,tamper,power_lost,manual_key"
travel_s = 0.1
hold_open_s = 0
clear_s = 0
[[lane]]
id = "north-in"
name = "北门"
kind = "vehicle"
camera = "north"
barrier = "arm"
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GATE_LANG", "en")
    path = tmp_path / "gate.toml"
    path.write_text(TOML, "utf-8")
    return path


def run(config: Path, lane: str, answers: str, name: str = "report.md") -> tuple[int, str, str]:
    report = config.parent / name
    arguments = ["barrier", "test", lane, "--config", str(config), "--report", str(report), "--wait-s", "1"]
    result = CliRunner().invoke(app, arguments, input=answers)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output, report.read_text("utf-8") if report.exists() else ""


def test_the_walk_asks_tells_and_writes_a_report(config: Path) -> None:
    # Begin; open, seen; close, seen; two questions for hands.
    code, said, report = run(config, "north-in", "y\ny\ny\ny\ny\ny\ny\n")
    assert code == 0, said
    assert "The board answers · passed" in said
    assert report.startswith("# Commissioning report: north-in")
    assert "Loop or photocell · not wired" in report
    assert "Open · passed" in report
    assert "0 failed" in report


def test_a_no_makes_the_command_fail_and_is_in_the_report(config: Path) -> None:
    code, _, report = run(config, "arm", "y\ny\ny\ny\ny\nn\ny\n")
    assert code == 1
    assert "1 failed" in report


def test_a_walk_that_is_cut_short_keeps_what_was_found_and_says_so(config: Path) -> None:
    code, _, report = run(config, "north-in", "y\ny\ny\n")
    assert code == 1
    assert "Open · passed" in report
    assert "Cut short: what follows was not tried." in report


def test_a_report_that_cannot_be_written_is_said_before_anything_is_asked(config: Path) -> None:
    with pytest.raises(ConfigRefused) as refused:
        run(config, "north-in", "", "no-folder/report.md")
    assert refused.value.code == "commission.report_unwritable"


def test_nothing_moves_without_a_yes(config: Path) -> None:
    code, _, report = run(config, "north-in", "n\n")
    assert (code, report) == (1, "")
    assert not (config.parent / "report.md").exists()


def test_a_lane_that_is_not_there_is_named_with_those_that_are(config: Path) -> None:
    with pytest.raises(ConfigRefused) as refused:
        run(config, "south", "")
    assert refused.value.facts == {"lane": "south", "known": "north-in, arm"}


def test_the_bench_measures_each_driver_it_can_have() -> None:
    measured = dict(measure(10, {"sim": simulated, "modbus-tcp": modbus_tcp}))
    for score in measured.values():
        assert score is not None
        assert 0 <= score.p50_ms <= score.p99_ms
        assert score.rounds == 10


def test_the_bench_prints_json_by_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.bench.barrier.PEERS", {"sim": simulated})
    result = CliRunner().invoke(app, ["bench", "barrier", "--rounds", "10", "--json"])
    assert set(json.loads(result.output)["sim"]) == {"p50_ms", "p99_ms", "rounds"}
