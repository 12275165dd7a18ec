"""The gate's bench: how openings are counted, and a dozen drawn passages through a whole gate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from enrollment.candidate import Subject, SubjectKind
from gate.bench.gate import Times, bench, score
from gate.bench.passages import PEDESTRIAN, VEHICLE, Labelled
from gate.bench.stage import Played, StageClock
from gate.cli import app
from gate.config import Config
from gate.decision.decision import Decision, PlateEvidence, Reason, Verdict
from gate.lane.lane import Outcome
from gate.ledger.ledger import Passage
from models.sighting import PlateColour, PlateKind
from samples.passages import staging

NAMES = {"r1": "张三", "r2": "李四", "v1": "辽A12345", "v2": "辽B67890"}


@dataclass(frozen=True)
class _Came:
    """What came, and the ids that the gate opened for; `instead` is a verdict beside them."""

    lane: str
    there: tuple[str, ...]
    opens: tuple[str, ...]
    opened: tuple[str, ...]
    strangers: int = 0
    instead: Verdict | None = None


def _outcome(verdict: Verdict, subject: str | None) -> Outcome:
    whom = Subject(subject, SubjectKind.RESIDENT, "h") if subject else None
    evidence = PlateEvidence(3, "辽A12345", (0.9,) * 7, PlateColour.BLUE, PlateKind.CAR, whom, 0.2, 3)
    decision = Decision(verdict, Reason.KNOWN_VEHICLE, whom, evidence, "v")
    passage = Passage("p", datetime(2026, 1, 1, tzinfo=UTC), "lane", verdict, "known_vehicle", subject, "v", {})
    return Outcome(passage, decision, None, 0.05, moved=True, opened=True)


def _played(came: Sequence[_Came]) -> list[Played]:
    played = []
    for one in came:
        outcomes = [_outcome(Verdict.OPEN, subject) for subject in one.opened]
        outcomes += [_outcome(one.instead, None)] if one.instead else []
        labelled = Labelled("p", one.lane, "day", "scene", one.there, one.strangers, one.opens, list)
        played.append(Played(labelled, outcomes, cpu_s=0.5, film_s=5.0))
    return played


@pytest.mark.parametrize(
    ("came", "counts"),
    [
        (_Came(PEDESTRIAN, ("张三",), ("张三",), ("r1",)), {"right": 1, "residents_opened": 1.0}),
        (_Came(PEDESTRIAN, (), (), ("r1",), 1), {"right": 0, "strangers_opened": 1}),
        (_Came(PEDESTRIAN, ("张三",), ("张三",), ("r1", "r1"), 1), {"right": 0, "strangers_opened": 1}),
        (_Came(PEDESTRIAN, ("张三",), ("张三",), ("r1", "r1")), {"right": 0, "strangers_opened": 0, "needless": 1}),
        (_Came(PEDESTRIAN, ("张三",), ("张三",), ("r2",)), {"strangers_opened": 1, "residents_opened": 0.0}),
        (_Came(PEDESTRIAN, (), (), (), 1), {"right": 1, "residents": 0, "residents_opened": None, "asked": 0}),
        (_Came(VEHICLE, (), (), ("v1",), 1), {"right": 0, "wrong_vehicles_opened": 1, "needless": 0}),
        (_Came(VEHICLE, ("辽A12345",), (), ("v1",)), {"right": 0, "wrong_vehicles_opened": 0, "needless": 1}),
        (_Came(VEHICLE, ("辽A12345",), ("辽A12345",), (), instead=Verdict.ASK), {"asked": 1, "vehicles_opened": 0.0}),
        (_Came(VEHICLE, ("辽A12345",), ("辽A12345",), (), instead=Verdict.REFUSE), {"refused": 1}),
        (_Came(VEHICLE, ("辽A12345",), ("辽A12345",), ()), {"unseen": 1, "right": 0}),
        (_Came(VEHICLE, ("辽A12345", "辽B67890"), ("辽A12345", "辽B67890"), ("v1",)), {"vehicles_opened": 0.5}),
    ],
)
def test_what_an_opening_counts_as(came: _Came, counts: dict[str, object]) -> None:
    measured = score(_played([came]), NAMES)
    assert {name: getattr(measured, name) for name in counts} == counts


def test_delays_run_from_the_first_usable_sight() -> None:
    measured = score(_played([_Came(VEHICLE, ("辽A12345",), ("辽A12345",), ("v1",))]), NAMES)
    assert measured.first_sight_to_decision_ms.p50 == pytest.approx(200)
    assert measured.first_sight_to_command_ms.p99 == pytest.approx(250)
    assert measured.frame_to_command_ms.p95 == pytest.approx(50)
    assert measured.cpu_s_per_lane_s == pytest.approx(0.1)


def test_ranks_are_the_nearest() -> None:
    assert Times.of([]) == Times(None, None, None)
    assert Times.of(range(1, 101)) == Times(50, 95, 99)


def test_the_stage_stands_still_between_pictures() -> None:
    clock = StageClock()
    clock.begin(5.0)
    assert clock() >= 5.0
    clock.rest(9.0)
    assert clock() == clock() == 9.0


def test_the_same_seed_stages_the_same_passages() -> None:
    one, other = staging(40, 5), staging(40, 5)
    facts = [(p.lane, p.light, p.scene, p.there, p.opens) for p in one.passages]
    assert facts == [(p.lane, p.light, p.scene, p.there, p.opens) for p in other.passages]
    assert facts != [(p.lane, p.light, p.scene, p.there, p.opens) for p in staging(40, 6).passages]
    assert {p.light for p in one.passages} == {"day", "dusk", "rain", "night"}
    assert all(set(p.opens) <= set(p.there) for p in one.passages)


@pytest.mark.timeout(900)
def test_a_dozen_drawn_passages_open_for_nobody_wrong(tmp_path: Path) -> None:
    heard: list[int] = []
    measured = bench(tmp_path, staging(12, 3), Config(), None, lambda done, _whole: heard.append(done))
    assert heard == list(range(1, 13))
    assert measured.whole.passages == 12
    assert measured.whole.strangers_opened == 0
    assert measured.whole.wrong_vehicles_opened == 0
    assert measured.by_light["day"].residents_opened == 1.0
    assert measured.by_light["day"].vehicles_opened == 1.0
    assert {failure.light for failure in measured.failures}.isdisjoint({"day"})


def test_a_written_folder_is_measured_as_json(tmp_path: Path) -> None:
    films = tmp_path / "films"
    written = CliRunner().invoke(app, ["bench", "gate", "--passages", "1", "--seed", "3", "--write", str(films)])
    assert written.exit_code == 0
    ran = CliRunner().invoke(app, ["bench", "gate", str(films), "--json"], catch_exceptions=False)
    measured = json.loads(ran.stdout)
    assert measured["passages"] == 1
    assert measured["strangers_opened"] == measured["wrong_vehicles_opened"] == 0
    assert {"residents_opened", "vehicles_opened", "by_light", "failures"} <= set(measured)
    assert {"p50", "p99"} <= set(measured["first_sight_to_command_ms"])
    assert {"code": "strangers_opened", "light": "", "measured": 0.0, "asked": 0, "met": True} in measured["acceptance"]
