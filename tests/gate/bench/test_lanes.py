"""Two lanes in real time, on films of a moment: what is counted, and that a whole gate is behind it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from gate.bench.lanes import Casting, LanesScore, measure, rest
from gate.bench.passages import PEDESTRIAN, VEHICLE
from gate.cli import app
from gate.config import Config
from samples.film import CONSTANT, VARIABLE, write_film
from samples.footage import Footage, draw_footage

NOBODY = Casting((), (), Config())


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of a grey yard."""
    path = tmp_path_factory.mktemp("films") / "empty.mp4"
    rng = np.random.default_rng(1)
    pictures = (rng.integers(90, 110, (180, 320, 3)).astype(np.uint8) for _ in range(25))
    write_film(path, pictures, 25, CONSTANT)
    return path


def test_a_film_of_nobody_opens_nothing_and_every_picture_of_it_is_counted(tmp_path: Path, empty: Path) -> None:
    score = measure(
        tmp_path / "site", {PEDESTRIAN: empty, VEHICLE: empty}, {PEDESTRIAN: ("张三",), VEHICLE: ()}, NOBODY
    )
    assert [(lane.wanted, lane.opened, lane.wrong) for lane in score.lanes.values()] == [(1, 0, 0), (0, 0, 0)]
    assert all(lane.pictures == 25 for lane in score.lanes.values())
    assert all(lane.camera > 0 and lane.lane > 0 for lane in score.lanes.values())
    assert score.process >= sum(lane.camera + lane.lane for lane in score.lanes.values()) / 2
    assert score.openings == ()
    assert score.first_sight_to_command_ms.p50 is None


def test_a_lane_at_rest_goes_on_for_as_long_as_it_is_measured(tmp_path: Path, empty: Path) -> None:
    score = rest(tmp_path / "site", VEHICLE, empty, NOBODY, 0.5)
    assert score.seconds >= 0.5
    assert score.process > 0
    assert score.camera > 0


def test_who_is_drawn_is_let_in_and_the_films_are_kept(tmp_path: Path) -> None:
    footage = draw_footage(tmp_path / "films", 1, 1, (640, 360), 1.0)
    drawn = {path: path.stat().st_mtime_ns for path in footage.films.values()}
    casting = Casting(footage.people, footage.vehicles, Config())
    score: LanesScore = measure(tmp_path / "site", footage.films, footage.opens, casting)
    assert all(lane.wrong == 0 for lane in score.lanes.values())
    assert {one.name for one in score.openings} <= {name for names in footage.opens.values() for name in names}
    assert score.openings
    again = draw_footage(tmp_path / "films", 1, 1, (640, 360), 1.0)
    assert {path: path.stat().st_mtime_ns for path in again.films.values()} == drawn
    assert footage.resting["variable"].stat().st_size < footage.resting["constant"].stat().st_size


def test_the_command_tells_both_lanes_and_the_rest(
    tmp_path: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody: dict[str, tuple[str, ...]] = {PEDESTRIAN: (), VEHICLE: ()}
    footage = Footage({PEDESTRIAN: empty, VEHICLE: empty}, {"constant": empty}, empty, (), (), nobody)
    monkeypatch.setattr("gate.bench.lanes.SETTLE_S", 0.5)
    monkeypatch.setattr("samples.footage.draw_footage", lambda *_given: footage)
    ran = CliRunner().invoke(app, ["bench", "lanes", "--folder", str(tmp_path), "--rest-s", "1", "--json"])
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout[ran.stdout.index("{\n") :])
    assert set(told["lanes"]) == {PEDESTRIAN, VEHICLE}
    assert set(told["rest"]) == {"constant", "watched"}
    assert all(rested["seconds"] >= 1 for rested in told["rest"].values())
    assert VARIABLE != CONSTANT
