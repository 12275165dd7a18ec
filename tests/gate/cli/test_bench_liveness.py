"""`gate bench liveness` from the command line: what it prints, and what it says of a folder without faces."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.bench.liveness import LIVING, TOGETHER, LivenessScore, Presentation, Share
from gate.cli import app
from gate.decision.liveness import LifeDoubt
from gate.errors import GateError
from gate.texts import t

SCORE = LivenessScore(
    {
        layer: {LIVING: Share(4, 4, 0), "print": Share(4, 1, 0), "phone": Share(0, 0, 4)}
        for layer in (TOGETHER, *LifeDoubt)
    },
    7.25,
)


@pytest.fixture
def bench(made_starter: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Measures nothing; notes how many presentations it was given."""
    given: list[int] = []

    def measure(_recogniser: object, presentations: Sequence[Presentation], *_: object) -> LivenessScore:
        given.append(len(presentations))
        return SCORE

    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("gate.cli.bench_liveness.measure", measure)
    return given


def test_json_has_each_layer_with_its_counts(bench: list[int]) -> None:
    done = CliRunner().invoke(app, ["bench", "liveness", "--rounds", "2", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert set(told["layers"]) == {TOGETHER, *LifeDoubt}
    assert told["layers"][TOGETHER]["bpcer"] == 0.0
    assert told["layers"][TOGETHER]["attacks"]["print"] == {"apcer": 0.25, "judged": 4, "opened": 1, "unseen": 0}
    assert told["layers"][TOGETHER]["attacks"]["phone"]["apcer"] is None
    assert (told["model"], told["rounds"], told["embed_ms"]) == (None, 2, 7.25)
    assert bench == [14]


def test_the_table_says_that_the_attacks_are_drawn_and_what_was_not_judged(bench: list[int]) -> None:
    done = CliRunner().invoke(app, ["bench", "liveness", "--rounds", "1"])
    assert done.exit_code == 0, done.output
    assert "25.0%" in done.output
    assert "phone 4" in done.output
    assert t("bench_liveness.drawn")[:12] in done.output


def test_a_folder_without_a_usable_face_is_an_error_that_says_what_to_give(bench: list[int], tmp_path: Path) -> None:
    (tmp_path / "faces" / "p1").mkdir(parents=True)
    (tmp_path / "faces" / "p1" / "1.jpg").write_bytes(b"no picture")
    done = CliRunner().invoke(app, ["bench", "liveness", "--faces", str(tmp_path / "faces")])
    assert isinstance(done.exception, GateError)
    assert done.exception.code == "bench_liveness.no_faces"
    assert bench == []
