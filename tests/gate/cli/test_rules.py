"""`gate rules` and `gate bench rules` on a small compound."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete
from typer.testing import CliRunner

from enrollment.database import writing
from enrollment.errors import NotEnrolled
from enrollment.form import PersonForm
from enrollment.gallery import load_plate_book
from enrollment.hours import parse_hours
from enrollment.household import HouseholdCode
from enrollment.rights import Right
from gate.cli import app
from gate.config import load_config
from gate.decision.decide import decide
from gate.decision.moment import History
from gate.decision.rules import Rules
from gate.errors import ConfigRefused, GateError
from gate.holidays import moment_of
from gate.ledger.ledger import Passage, append_passage
from gate.ledger.tables import RulesVersionRow
from gate.rulebook.recorded import Recorded, written
from gate.rulebook.supposed import plate as plate_evidence
from gate.rulebook.versions import keep
from gate.rulebook.whereabouts import before
from gate.site import Site, open_site
from models.sighting import PlateColour

TOML = """
[rules]
passback = "hard"
emergency_plates = ["辽A120*"]
[rules.lane_hours]
north-in = [{ days = ["workday"], from = "06:00", until = "22:00" }, { days = ["holiday"] }]
[[rules.blocked_plate]]
plate = "辽B00001"
reason = "撞坏栏杆后逃走"
[[camera]]
id = "c"
url = "usb:0"
[[barrier]]
id = "a"
[[lane]]
id = "north-in"
name = "北门入口"
kind = "vehicle"
camera = "c"
barrier = "a"
"""
NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_LANG", "en")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "gate.toml").write_text(TOML, "utf-8")
    return tmp_path / "gate.toml"


@pytest.fixture
def site(config: Path) -> Iterator[Site]:
    with open_site(load_config(config), create=True) as opened:
        opened.register.add_vehicle("辽A12345", "3-2-501", "test")
        yield opened


def _gate(*words: str, config: Path) -> str:
    result = CliRunner().invoke(app, [*words, "--config", str(config)], catch_exceptions=True)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return " ".join(result.output.split())


def _pass(site: Site, config: Path, at: datetime, plate: str) -> str:
    """Record a passage as a lane would."""
    loaded = load_config(config)
    limits = loaded.faces.limits(site.cast(loaded.models))
    rules = Rules.of(loaded, loaded.lane[0], limits, households={})
    keep(site.engine, [rules], at)
    subject = load_plate_book(site.engine).find(plate)
    evidence = plate_evidence(plate, PlateColour.BLUE, subject, rules)
    moment = moment_of(at, ZoneInfo("Asia/Shanghai"), rules.access)
    history = before(site.engine, subject.id, at, {"north-in": "in"}) if subject else History()
    decision = decide(evidence, rules, moment, history=history)
    details = {"rests_on": written(Recorded.of(evidence, rules, moment, history, None))}
    passage = Passage(
        f"{at.timestamp():.0f}{plate}",
        at,
        "north-in",
        decision.verdict.value,
        decision.reason.value,
        subject.id if subject else None,
        rules.version,
        json.loads(json.dumps(details)),
    )
    with writing(site.engine) as session:
        append_passage(session, passage, None)
    return decision.reason.value


@pytest.mark.parametrize(
    ("plate", "at", "said"),
    [
        ("辽A12345", "2026-03-04 12:00", "13. Everything else: enrolled, with a right → Open"),
        ("辽A12345", "2026-02-17 23:10", "Open: A registered vehicle"),
        ("辽A12345", "2026-02-14 12:00", "Sat make-up workday"),
        ("辽A12345", "2026-03-07 12:00", "11. Outside the hours? → Ask the guard"),
        ("辽B00001", "2026-03-04 12:00", "Refused: This plate is on the list"),
        ("辽A12088", "2026-03-07 03:00", "Open: An emergency vehicle"),
        ("辽A1234警", "2026-03-07 03:00", "Open: An emergency vehicle"),
        ("辽C12345", "2026-03-04 12:00", "Ask the guard: The vehicle is not registered"),
        ("辽A12345", "2031-05-01 12:00", "holidays not known, by the week"),
    ],
)
def test_explain_tells_the_way_to_the_verdict(site: Site, config: Path, plate: str, at: str, said: str) -> None:
    told = _gate("rules", "explain", "--plate", plate, "--lane", "north-in", "--at", at, config=config)
    assert said in told


def test_explain_speaks_chinese(site: Site, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_LANG", "zh")
    told = _gate("rules", "explain", "--plate", "辽B00001", "--lane", "north-in", config=config)
    assert "1. 车牌在禁止通行名单上？ → 不放行" in told


def test_explain_tells_whose_hours_hold(site: Site, config: Path) -> None:
    asked = ("rules", "explain", "--lane", "north-in", "--at", "2026-03-04 23:30")
    car = site.register.find_plate("辽A12345")
    assert car is not None
    assert "Hours of the lane" in _gate(*asked, "--plate", car.plate, config=config)
    site.register.rights.give_home(HouseholdCode.parse("3-2-501"), Right.of([], "mon-fri 07:00-19:00"), "t")
    told = _gate(*asked, "--plate", car.plate, config=config)
    assert "Hours of the household's right in the register: Mon-Fri 07:00-19:00" in told
    person = site.register.enrol(PersonForm.of("张三", "3-2-501", hours=parse_hours("22:00-24:00")), "t")
    told = _gate(*asked, "--resident", person.id, config=config)
    assert "Hours of the own right in the register: 22:00-00:00" in told
    with pytest.raises(NotEnrolled, match=r"rules\.no_resident"):
        _gate(*asked, "--resident", "none", config=config)


def test_a_decision_is_made_again_with_the_right_that_held_then(site: Site, config: Path) -> None:
    car = site.register.find_plate("辽A12345")
    assert car is not None
    site.register.rights.give(car.id, Right.of([], "mon-fri 07:00-10:00"), "t")
    assert _pass(site, config, NOON, "辽A12345") == "outside_hours"
    site.register.rights.give(car.id, Right.of([], "mon-sun"), "t")
    told = _gate("rules", "replay", "--since", "2026-03-01", config=config)
    assert "1 passages replayed, 0 would come out differently" in told


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--lane", "north"], "rules.no_such_lane"),
        (["--lane", "north-in"], "rules.one_of_two"),
        (["--lane", "north-in", "--plate", "辽A12345", "--at", "yesterday"], "rules.bad_time"),
    ],
)
def test_what_cannot_be_asked_is_said(site: Site, config: Path, words: list[str], code: str) -> None:
    with pytest.raises(GateError, match=code):
        _gate("rules", "explain", *words, config=config)


def test_explain_knows_who_went_in_last(site: Site, config: Path) -> None:
    _pass(site, config, NOON, "辽A12345")
    told = _gate(
        "rules", "explain", "--plate", "辽A12345", "--lane", "north-in", "--at", "2026-03-04 15:00", config=config
    )
    assert "Let through last: 2026-03-04 12:00, in" in told
    assert "Ask the guard: By the record it went this way last time" in told


def test_replay_changes_nothing_under_the_same_rules(site: Site, config: Path) -> None:
    reasons = [_pass(site, config, NOON.replace(hour=hour), "辽A12345") for hour in (4, 5, 18)]
    reasons.append(_pass(site, config, NOON, "辽C12345"))
    assert reasons == ["known_vehicle", "passed_already", "outside_hours", "unknown_vehicle"]
    told = _gate("rules", "replay", "--since", "2026-03-01", config=config)
    assert told == "4 passages replayed, 0 would come out differently"


def test_replay_lists_what_a_changed_rule_would_change(site: Site, config: Path, tmp_path: Path) -> None:
    for hour in (4, 5, 18):
        _pass(site, config, NOON.replace(hour=hour), "辽A12345")
    _pass(site, config, NOON, "辽C12345")
    changed = tmp_path / "new.toml"
    changed.write_text('passback = "soft"\n[[blocked_plate]]\nplate = "辽C12345"\nreason = "测试"\n', "utf-8")
    told = _gate("rules", "replay", "--since", "2026-03-01", "--rules", str(changed), config=config)
    assert "Ask the guard (passed_already) → Open (passback_warned)" in told
    assert "Ask the guard (outside_hours) → Open (passback_warned)" in told
    assert "Ask the guard (unknown_vehicle) → Refused (blocked_plate)" in told
    assert told.endswith("4 passages replayed, 3 would come out differently")
    assert "辽A12345" not in told


def test_replay_says_what_it_cannot_make_again(site: Site, config: Path) -> None:
    _pass(site, config, NOON, "辽A12345")
    entry = site.register.find_plate("辽A12345")
    assert entry
    site.register.remove(entry.id, "test")
    told = _gate("rules", "replay", "--since", "2026-03-01", config=config)
    assert told.startswith("0 passages replayed")
    assert "1 cannot be replayed" in told


def test_replay_says_when_the_recorded_rules_are_not_kept(site: Site, config: Path) -> None:
    _pass(site, config, NOON, "辽C12345")
    with writing(site.engine) as session:
        session.execute(delete(RulesVersionRow))
    assert "1 differ from the record" in _gate("rules", "replay", "--since", "2026-03-01", config=config)


def test_broken_rules_are_refused_before_they_are_played(site: Site, config: Path, tmp_path: Path) -> None:
    (tmp_path / "new.toml").write_text("grace_days = -1\n", "utf-8")
    with pytest.raises(ConfigRefused):
        _gate("rules", "replay", "--since", "2026-03-01", "--rules", str(tmp_path / "new.toml"), config=config)


def test_show_prints_the_week_and_who_is_blocked(site: Site, config: Path) -> None:
    told = _gate("rules", "show", config=config)
    assert "06:00–22:00" in told
    assert "Blocked: 辽B00001 (撞坏栏杆后逃走), until no end" in told


def test_the_bench_decides_in_every_way() -> None:
    result = CliRunner().invoke(app, ["bench", "rules", "--decisions", "2000", "--json"])
    score = json.loads(result.output)
    assert score["decisions"] == 2000
    assert set(score["verdicts"]) == {"open", "ask", "refuse"}
    assert score["per_s"] > 0
