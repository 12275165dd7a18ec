from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import gate.cli.models
from gate.texts import t
from models.catalog import catalog
from models.errors import LicenceNotAccepted, ModelCorrupt, ModelUnavailable


def _gate(*words: str) -> Result:
    return CliRunner().invoke(gate.cli.models.app, words)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of its own, with no mirror."""
    monkeypatch.setenv("GATE_MODELS_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.delenv("GATE_MODELS_MIRROR", raising=False)
    return tmp_path / "store"


@pytest.fixture
def mirrored(store: Path, monkeypatch: pytest.MonkeyPatch, mirror: Path) -> Path:
    """The same store with the folder of real weights as its mirror."""
    monkeypatch.setenv("GATE_MODELS_MIRROR", str(mirror))
    return store


def test_the_list_names_every_model_and_asks_no_network(store: Path, made_starter: Path) -> None:
    done = _gate("list")
    assert done.exit_code == 0
    for model in catalog().models:
        assert model.name in done.stdout
    pulled = [model for model in catalog().models if not model.shipped]
    assert done.stdout.count(f" {t('models.state.missing')} ") == len(pulled)
    assert done.stdout.count(f" {t('models.state.shipped')} ") == 4
    assert f"{t('models.condition.for_trying_out')}：starter-face-finder, starter-face-embedder" in done.stdout


def test_a_pull_brings_base_says_how_to_use_it_and_verify_proves_it(mirrored: Path, made_starter: Path) -> None:
    pulled = _gate("pull")
    assert pulled.exit_code == 0, pulled.output
    assert '[models]\npack = "base"\n' in pulled.stdout
    assert sorted(path.name for path in mirrored.iterdir() if path.suffix == ".onnx") == sorted(
        model.file for model in catalog().pack("base")
    )
    assert t("models.condition.copyleft") in pulled.stdout
    verified = _gate("verify")
    assert verified.exit_code == 0
    assert t("models.verified", files=8) in verified.stdout


def test_verify_names_a_wrong_file_and_a_pull_mends_it(mirrored: Path, made_starter: Path) -> None:
    _gate("pull")
    wrong = mirrored / catalog().model("plate-detect").file
    wrong.write_bytes(b"altered")
    verified = _gate("verify")
    assert verified.exit_code == 1
    assert str(wrong) in verified.stderr
    assert t("models.state.corrupt") in _gate("list").stdout
    assert _gate("pull").exit_code == 0
    assert _gate("verify").exit_code == 0


def test_verify_of_an_empty_store_proves_what_comes_with_the_program(store: Path, made_starter: Path) -> None:
    done = _gate("verify")
    assert done.exit_code == 0
    assert t("models.verified", files=4) in done.stdout


@pytest.mark.parametrize("spoil", [Path.unlink, lambda file: file.write_bytes(b"altered")])
def test_a_spoilt_file_of_the_program_is_named_and_a_pull_does_not_hide_it(
    store: Path, made_starter: Path, spoil: Callable[[Path], object]
) -> None:
    file = made_starter / "weights" / catalog().model("starter-plate-reader").file
    spoil(file)
    verified = _gate("verify")
    assert verified.exit_code == 1
    assert t("models.shipped_broken", path=file) in verified.stderr
    refused = _gate("pull", "starter")
    assert isinstance(refused.exception, ModelCorrupt)
    assert refused.exception.code == "models.shipped_broken"


def test_the_starter_is_ready_without_a_pull(store: Path, made_starter: Path) -> None:
    done = _gate("pull", "starter")
    assert done.exit_code == 0
    assert t("models.pulled", pack="starter", files=4) in done.stdout
    assert not store.exists()


def test_a_pack_that_is_not_for_commerce_asks_for_its_licence(mirrored: Path) -> None:
    refused = _gate("pull", "scrfd")
    assert isinstance(refused.exception, LicenceNotAccepted)
    assert refused.exception.facts["pack"] == "scrfd"
    assert t("models.condition.research_only") in refused.stdout
    assert not mirrored.exists()
    accepted = _gate("pull", "scrfd", "--accept-licence")
    assert accepted.exit_code == 0, accepted.output
    assert len(list(mirrored.glob("*.onnx"))) == 2


@pytest.mark.parametrize("pack", ["buffalo_l", "buffalo_s"])
def test_an_insightface_pack_asks_for_its_licence_before_anything_is_fetched(store: Path, pack: str) -> None:
    refused = _gate("pull", pack)
    assert isinstance(refused.exception, LicenceNotAccepted)
    assert refused.exception.facts["pack"] == pack


def test_a_pack_with_a_typo_gets_the_nearest_name(store: Path) -> None:
    refused = _gate("pull", "buffalo_xl")
    assert isinstance(refused.exception, ModelUnavailable)
    assert refused.exception.code == "models.unknown_pack"
