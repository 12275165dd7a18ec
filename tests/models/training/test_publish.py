from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import models.training.publish
from models.errors import ModelCorrupt, ModelUnavailable
from models.training.publish import main, publish
from tests.models import made

READER = "starter-plate-reader"


@pytest.fixture
def network(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(weights: bytes) -> Path:
        path = tmp_path / "trained.onnx"
        path.write_bytes(weights)
        return path

    return write


def _lines(home: Path) -> list[str]:
    return (home / "catalog.toml").read_text("utf-8").splitlines()


def test_a_published_file_is_in_its_place_and_its_entry_knows_it(
    made_starter: Path, network: Callable[[bytes], Path]
) -> None:
    before, weights = _lines(made_starter), made.plate_reader("辽A12345")
    model = publish(READER, network(weights), made_starter)
    assert (made_starter / "weights" / model.file).read_bytes() == weights
    assert model.content.sha256 == hashlib.sha256(weights).hexdigest()
    changed = [new for old, new in zip(before, _lines(made_starter), strict=True) if old != new]
    assert changed[-1] == f'sha256 = "{model.content.sha256}"'
    assert {line.partition(" =")[0] for line in changed} <= {"bytes", "sha256"}


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        (READER, b"no network"),
        (READER, made.plate_finder()),
        (READER, made.constant_network({"a": np.zeros((8, 77), np.float32), "b": np.zeros(6, np.float32)}, None)),
        ("starter-plate-finder", made.constant_network({"rows": np.zeros(14, np.float32)}, 32)),
        ("starter-face-finder", made.plate_finder()),
        ("starter-face-embedder", made.constant_network({"embedding": np.zeros(128, np.float32)}, None)),
    ],
)
def test_what_breaks_its_contract_leaves_everything_as_it_was(
    name: str, weights: bytes, made_starter: Path, network: Callable[[bytes], Path]
) -> None:
    def kept() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in made_starter.rglob("*.*")}

    before = kept()
    with pytest.raises(ModelCorrupt):
        publish(name, network(weights), made_starter)
    assert kept() == before


def test_only_what_comes_with_the_program_is_published(made_starter: Path, network: Callable[[bytes], Path]) -> None:
    with pytest.raises(ValueError, match="plate-rec-color"):
        publish("plate-rec-color", network(made.plate_reader()), made_starter)
    with pytest.raises(ModelUnavailable):
        publish("starter-plate-raeder", network(made.plate_reader()), made_starter)


def test_files_that_grow_too_large_are_refused(
    made_starter: Path, network: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models.training.publish, "MOST_BYTES", 10_000)
    with pytest.raises(ValueError, match="more than 10000"):
        publish(READER, network(made.plate_reader("辽A12345")), made_starter)


def test_the_command_says_what_it_published(
    made_starter: Path,
    network: Callable[[bytes], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(publish, "__defaults__", (made_starter,))
    monkeypatch.setattr(sys, "argv", ["publish", READER, str(network(made.plate_reader("辽A12345")))])
    main()
    assert capsys.readouterr().out.startswith(f"{READER}@")
