from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import gate.cli.bench


def _gate(*words: str) -> Result:
    return CliRunner().invoke(gate.cli.bench.app, words)


def test_without_photographs_it_says_what_it_needs() -> None:
    done = _gate("accuracy")
    assert done.exit_code == 2
    assert "--plates" in done.stderr


@pytest.mark.parametrize("as_json", [True, False])
def test_real_plates_and_faces_are_measured(mirror: Path, data: Path, tmp_path: Path, *, as_json: bool) -> None:
    config = tmp_path / "gate.toml"
    config.write_text('[models]\npack = "base"\n', "utf-8")
    folders = ("--plates", str(data / "plates" / "scenes"), "--faces", str(data / "faces" / "lfw"))
    done = _gate(
        "accuracy", *folders, "--limit", "40", "--seed", "3", "--config", str(config), *(["--json"] if as_json else [])
    )
    assert done.exit_code == 0, done.output
    if not as_json:
        assert "40" in done.stdout
        return
    measured = json.loads(done.stdout)
    assert measured["plates"]["pictures"] == 40
    assert measured["plates"]["exact"] > 0.85
    assert measured["plates"]["found"] > 0.97
    assert measured["faces"]["pairs"] == 40
    assert measured["faces"]["accuracy"] > 0.92
    assert measured["faces"]["tar_at_far_1e-3"] > 0.9
    assert measured["faces"]["tar_at_far_1e-2"] >= measured["faces"]["tar_at_far_1e-3"]
