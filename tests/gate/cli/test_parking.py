"""`gate parking`, and what the rules say about parking at the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from enrollment.database import writing
from enrollment.finding import Finder
from enrollment.household import HouseholdCode
from gate.cli import app
from gate.config import load_config
from gate.decision.decide import decide
from gate.decision.moment import History, Visit
from gate.decision.parked import Parked
from gate.decision.rules import Rules
from gate.errors import GateError
from gate.holidays import moment_of
from gate.ledger.ledger import Passage, append_passage
from gate.rulebook import supposed
from gate.rulebook.recorded import Recorded, written
from gate.rulebook.versions import keep
from gate.site import Site, open_site
from models.sighting import PlateColour
from tests.gate.parking.test_settings import GOOD


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GATE_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "gate.toml").write_text(GOOD.replace("places = 2", "places = 1"), "utf-8")
    return tmp_path / "gate.toml"


@pytest.fixture
def site(config: Path) -> Iterator[Site]:
    with open_site(load_config(config), create=True) as opened:
        yield opened


def _gate(config: Path, *words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--config", str(config)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return " ".join(result.output.split())


def _came_in(site: Site, minutes_ago: float, subject: str | None, plate: str | None = None) -> None:
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    details = {"plate": plate} if plate else {}
    passage = Passage(f"p{minutes_ago}", at, "north-in", "open", "known_vehicle", subject, "v1", details)
    with writing(site.engine) as session:
        append_passage(session, passage, None)


def test_zones_are_told_a_count_is_entered_and_who_stays_too_long_is_listed(site: Site, config: Path) -> None:
    assert _gate(config, "parking", "overstays") == "No visitor stays too long"
    _came_in(site, 190, None, "苏Z20B01")
    assert "地面车位 (yard) residents and visitors 120 1 119 0 —" in _gate(config, "parking", "now")
    late = _gate(config, "parking", "overstays")
    assert "苏Z20B01 地面车位" in late
    assert late.endswith("1 h 10 min")
    assert "Entered: 7 cars in 地面车位, where the record had 1" in _gate(config, "parking", "count", "yard", "7")
    assert "120 7 113 6" in _gate(config, "parking", "now")


def test_without_a_zone_the_command_says_what_to_write(site: Site, config: Path) -> None:
    config.write_text(GOOD[GOOD.index("[[camera]]") :], "utf-8")
    with pytest.raises(GateError, match=r"parking\.not_configured"):
        _gate(config, "parking", "now")


def test_explain_tells_what_stood_there_then_and_whose_place_is_taken(site: Site, config: Path) -> None:
    first = site.register.add_vehicle("辽A12345", "3-2-501", "test")
    site.register.add_vehicle("辽A12346", "3-2-501", "test")
    _came_in(site, 60, first.id)
    explain = ("rules", "explain", "--plate", "辽A12346", "--lane", "north-in")
    told = _gate(config, *explain)
    assert "Parking: 地面车位 1/120, 车库 0/40; other cars of the household inside: 1, its places: 1" in told
    assert "15. Are the household's places taken by its other cars? → Ask the guard" in told
    earlier = (datetime.now(UTC) - timedelta(minutes=90)).isoformat()
    assert "地面车位 0/120" in _gate(config, *explain, "--at", earlier)
    home = Finder(site.engine).id_of(HouseholdCode.parse("3-2-501"))
    site.register.households.set_places(str(home), 2, "test")
    assert "its places: 2" in _gate(config, *explain)
    assert _gate(config, *explain).endswith("Open: A registered vehicle")


def test_replay_shows_whom_fewer_spaces_would_have_stopped(site: Site, config: Path) -> None:
    loaded, at, visit = load_config(config), datetime.now(UTC) - timedelta(hours=1), Visit("p1")
    rules = Rules.of(loaded, loaded.lane[0], loaded.faces.limits(site.cast(loaded.models)), households={})
    keep(site.engine, [rules], at)
    evidence = supposed.plate("辽B12345", PlateColour.BLUE, None, rules)
    moment, parked = moment_of(at, ZoneInfo("Asia/Shanghai"), rules.access), Parked((("yard", 100), ("garage", 0)), 0)
    decision = decide(evidence, rules, moment, visit=visit, parked=parked)
    rests_on = written(Recorded.of(evidence, rules, moment, History(), visit, parked))
    passage = Passage(
        "p1", at, "north-in", decision.verdict, decision.reason, None, rules.version, {"rests_on": rests_on}
    )
    with writing(site.engine) as session:
        append_passage(session, passage, None)
    replay = ("rules", "replay", "--since", (at - timedelta(hours=1)).isoformat())
    assert _gate(config, *replay).startswith("1 passages replayed, 0 would")
    config.write_text(config.read_text("utf-8").replace("spaces = 120", "spaces = 100"), "utf-8")
    assert "Open (visitor_pass) → Ask the guard (parking_full)" in _gate(config, *replay)
    config.write_text(config.read_text("utf-8").replace('id = "yard"', 'id = "square"'), "utf-8")
    assert "parking_full" not in _gate(config, *replay)


def test_parking_in_a_file_of_its_own_is_told_replayed_and_explained(site: Site, config: Path) -> None:
    file, other = config.parent / "parking.toml", config.parent / "other.toml"
    inline = GOOD[: GOOD.index("[[camera]]")]
    file.write_text(inline.replace("[parking]\n", "").replace("parking.zone", "zone"), "utf-8")
    config.write_text('[parking]\nfile = "parking.toml"\n' + GOOD[GOOD.index("[[camera]]") :], "utf-8")
    other.write_text(file.read_text("utf-8").replace("spaces = 120", "spaces = 1"), "utf-8")
    _came_in(site, 30, None, "苏Z20B01")
    assert "地面车位 (yard) residents and visitors 120 1 119 0 —" in _gate(config, "parking", "now")
    explain = ("rules", "explain", "--plate", "辽B12345", "--lane", "north-in")
    assert "地面车位 1/120" in _gate(config, *explain)
    assert "地面车位 1/1" in _gate(config, *explain, "--parking", str(other))
    replay = ("rules", "replay", "--since", "2026-01-01", "--parking", str(other))
    assert "passages replayed" in _gate(config, *replay)


def test_explain_tells_that_a_taxi_in_its_window_needs_no_space(site: Site, config: Path) -> None:
    week = '["mon", "tue", "wed", "thu", "fri", "sat", "sun"]'
    window = f'[[rules.window]]\nid = "taxis"\nplates = ["辽AT*"]\nhours = [{{ days = {week} }}]\n'
    full = config.read_text("utf-8").replace("spaces = 120", "spaces = 1") + window
    config.write_text(full, "utf-8")
    _came_in(site, 60, None, "苏Z20B01")
    explain = ("rules", "explain", "--plate", "辽AT2345", "--lane", "north-in")
    told = _gate(config, *explain)
    assert "5. Not registered: no space is free (or nobody knows), but within a window" in told
    assert told.endswith("Open: Within the hours of deliveries or taxis")
    config.write_text(full.replace("places = 1", 'places = 1\nwindow_car = "ask"'), "utf-8")
    assert _gate(config, *explain).endswith("no space for visitors is free: please confirm")
