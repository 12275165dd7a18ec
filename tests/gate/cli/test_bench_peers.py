"""`gate bench peers` with and without the peers."""

from __future__ import annotations

import json
from importlib import import_module, util
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from gate.cli import app
from models.sighting import Embedding, Picture
from tests.gate.bench.toys import FacesByShade, PlatesByShade, plate, write

COMMAND = "gate.cli.bench_peers"


def _peers(*words: str) -> Result:
    return CliRunner().invoke(app, ["bench", "peers", *words])


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of cars and one of people, recognisers that know them by their grey, and peers that see nothing."""
    write(tmp_path / "plates" / "辽A12345.png", 1)
    for person, shade, takes in (("张三", 10, 2), ("李四", 60, 2), ("王五", 110, 2), ("赵六", 160, 1)):
        for take in range(takes):
            write(tmp_path / "faces" / person / f"{take}.png", shade + take)
    ours = PlatesByShade({1: [plate("辽A12345")]})
    module = import_module(COMMAND)
    monkeypatch.setattr(module, "open_plate_recogniser", lambda *_: ours)
    monkeypatch.setattr(module, "open_face_recogniser", lambda *_: FacesByShade())
    monkeypatch.setattr(module, "open_rapidocr", lambda: lambda _picture: "")
    monkeypatch.setattr(module, "open_insightface", lambda *_: {"insightface": _faceless})
    monkeypatch.setattr(util, "find_spec", lambda _name: object())
    return tmp_path


def _faceless(_picture: Picture) -> Embedding | None:
    return np.array([1, 0], np.float32)


def test_both_are_measured_and_printed_as_one_document(toys: Path) -> None:
    done = _peers("--faces", str(toys / "faces"), "--plates", str(toys / "plates"), "--json", "--seen", "include")
    assert done.exit_code == 0, done.output
    measured = json.loads(done.stdout)
    assert measured["plates"]["sides"]["menwei"]["exact"] == 1.0
    assert measured["plates"]["models"] == ["starter-plate-finder", "starter-plate-reader"]
    assert measured["faces"]["models"] == ["scrfd-500m", "starter-face-embedder"]
    assert measured["faces"]["ratios"].keys() == {"insightface"}


@pytest.mark.parametrize(("language", "said"), [("zh", "速度是它的"), ("en", "times as fast")])
def test_a_person_reads_ratios(toys: Path, language: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_LANG", language)
    done = _peers("--faces", str(toys / "faces"), "--plates", str(toys / "plates"), "--seen", "include")
    assert done.exit_code == 0, done.output
    assert done.stdout.count(said) == 2


@pytest.mark.parametrize(
    ("missing", "measured", "said"),
    [("rapidocr", {"faces"}, "pip install --no-deps rapidocr"), ("insightface", {"plates"}, "pip install insightface")],
)
def test_where_a_peer_is_missing_it_says_what_to_install_and_measures_the_other(
    toys: Path, missing: str, measured: set[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == missing else object())
    done = _peers("--faces", str(toys / "faces"), "--plates", str(toys / "plates"), "--json", "--seen", "include")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout).keys() == measured
    assert said in " ".join(done.stderr.split())


def test_with_nothing_measured_it_fails(toys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda _name: None)
    assert _peers("--plates", str(toys / "plates")).exit_code == 1


def test_without_photographs_it_says_what_it_needs() -> None:
    done = _peers()
    assert done.exit_code == 2
    assert "--plates" in done.stderr
