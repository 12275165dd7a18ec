from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import gate.cli.models
from gate.texts import t
from models.catalog import catalog
from models.errors import LicenceNotAccepted, ModelUnavailable


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


def test_the_list_names_every_model_and_asks_no_network(store: Path) -> None:
    done = _gate("list")
    assert done.exit_code == 0
    for model in catalog().models:
        assert model.name in done.stdout
    assert done.stdout.count(f" {t('models.state.missing')} ") == len(catalog().models)


def test_a_pull_brings_the_default_pack_and_verify_proves_it(mirrored: Path) -> None:
    pulled = _gate("pull")
    assert pulled.exit_code == 0, pulled.output
    assert sorted(path.name for path in mirrored.iterdir() if path.suffix == ".onnx") == sorted(
        model.file for model in catalog().pack("base")
    )
    assert t("models.condition.copyleft") in pulled.stdout
    verified = _gate("verify")
    assert verified.exit_code == 0
    assert t("models.verified", files=4) in verified.stdout


def test_verify_names_a_wrong_file_and_a_pull_mends_it(mirrored: Path) -> None:
    _gate("pull")
    wrong = mirrored / catalog().model("plate-detect").file
    wrong.write_bytes(b"altered")
    verified = _gate("verify")
    assert verified.exit_code == 1
    assert str(wrong) in verified.stderr
    assert t("models.state.corrupt") in _gate("list").stdout
    assert _gate("pull").exit_code == 0
    assert _gate("verify").exit_code == 0


def test_verify_of_an_empty_store_says_how_to_fill_it(store: Path) -> None:
    done = _gate("verify")
    assert done.exit_code == 0
    assert "gate models pull" in done.stdout


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
