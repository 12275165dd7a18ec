from __future__ import annotations

import copy
import hashlib
import tomllib
from pathlib import Path
from typing import Any

import pytest
from insightface.utils.storage import model_zoo_download_url

from models.catalog import BASE, Commercial, Program, catalog, parse
from models.errors import ModelUnavailable
from models.roles import Role

RAW = tomllib.loads((Path(__file__).parents[2] / "models" / "catalog.toml").read_text("utf-8"))

BEHIND = {"file": "m.npy", "bytes": 1, "sha256": "0" * 64, "accept": 0.5, "far_1e_3": 0.3, "far_1e_4": 0.4}


def _changed(changes: dict[str, Any], name: str = "yunet-s") -> dict[str, Any]:
    """The catalogue with one model changed; None takes a key away."""
    raw = copy.deepcopy(RAW)
    (model,) = (entry for entry in raw["model"] if entry["name"] == name)
    for key, value in changes.items():
        if value is None:
            del model[key]
        else:
            model[key] = value
    return raw


def test_the_pack_that_is_pulled_plays_every_role_that_the_gate_needs() -> None:
    base = {model.name: model.role for model in catalog().pack(BASE)}
    assert base == {
        "yunet-s": Role.FACE_FINDER,
        "mobilefacenet": Role.FACE_EMBEDDER,
        "plate-detect": Role.PLATE_FINDER,
        "plate-rec-color": Role.PLATE_READER,
    }


def test_every_file_is_what_the_folder_of_weights_holds(mirror: Path) -> None:
    held = {hashlib.sha256(file.read_bytes()).hexdigest(): file.stat().st_size for file in mirror.rglob("*.*")}
    listed = {model.content.sha256: model.content.bytes for model in catalog().models}
    assert len(held.keys() & listed.keys()) >= 12
    assert all(held[digest] == listed[digest] for digest in held.keys() & listed.keys())


@pytest.mark.parametrize("pack", ["buffalo_s", "buffalo_l"])
def test_an_insightface_pack_comes_from_where_the_insightface_package_takes_it(pack: str) -> None:
    models = catalog().pack(pack)
    archives = {model.archive.address for model in models if model.archive}
    assert archives == {model_zoo_download_url(f"{pack}.zip")}
    assert {model.role for model in models} == {Role.FACE_FINDER, Role.FACE_EMBEDDER}
    assert all(model.needs_acceptance for model in models)


def test_no_two_models_share_an_id() -> None:
    ids = [model.model_id for model in catalog().models]
    assert len(set(ids)) == len(ids)
    assert catalog().model("mobilefacenet").model_id == "mobilefacenet@b7120c09"


def test_only_liveness_waits_for_its_program() -> None:
    waiting = {model.role for model in catalog().models if model.program is Program.NONE}
    assert waiting == {Role.FACE_LIVENESS}


def test_a_name_that_is_not_there_gets_the_nearest_one() -> None:
    with pytest.raises(ModelUnavailable) as unknown:
        catalog().model("mobilefacnet")
    assert unknown.value.code == "models.unknown"
    assert unknown.value.facts == {"name": "mobilefacnet", "near": "mobilefacenet"}
    with pytest.raises(ModelUnavailable) as unknown:
        catalog().pack("buffalo")
    assert unknown.value.code == "models.unknown_pack"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sha": "0"}, "unknown keys"),
        ({"licence": None}, "missing keys"),
        ({"sha256": "ABC"}, "sha256"),
        ({"bytes": 0}, "bytes"),
        ({"role": "cook"}, "cook"),
        ({"program": "yolo"}, "yolo"),
        ({"commercial": "maybe"}, "maybe"),
        ({"commercial": "no"}, "condition"),
        ({"condition": "copyleft"}, "condition"),
        ({"address": None}, "either shipped"),
        ({"archive": "buffalo_l", "member": "x.onnx"}, "either shipped"),
        ({"address": "http://models.invalid/x"}, "https"),
        ({"shipped": True}, "either shipped"),
        ({"thresholds": {"accept": 0.4, "similar": 0.5}}, "thresholds"),
        ({"thresholds": {"accept": 0.4, "similar": 0.5, "far_1e_3": 0.3}}, "both rates"),
        ({"thresholds": {"accept": 0.4, "similar": 0.5, "far_1e_3": 0.4, "far_1e_4": 0.3}}, "both rates"),
        ({"behind_mask": BEHIND}, "only an embedder"),
        ({"packs": []}, "packs"),
        ({"file": "../x.onnx"}, "plain file name"),
        ({"name": "Yu Net"}, "name"),
        ({"name": "yunet-n"}, "given twice"),
        ({"input": {"shape": "1", "channels": "bgr", "mean": [0, 0, 0], "deviation": [0, 1, 1]}}, "above zero"),
        ({"input": {"shape": "1", "channels": "bgr", "mean": [0, 0, 0], "deviation": [1, 1, 1], "gain": 2}}, "gain"),
    ],
)
def test_a_wrong_entry_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(_changed(changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"file": "../m.npy"}, "plain file name"),
        ({"sha256": "0"}, "sha256"),
        ({"far": 0.1}, "unknown keys"),
        ({"accept": 0.35}, "no thresholds"),
        ({"far_1e_3": 0.45}, "no thresholds"),
        ({"accept": 1.5}, "no thresholds"),
    ],
)
def test_a_wrong_map_for_masked_faces_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(_changed({"behind_mask": BEHIND | changes}, "mobilefacenet"))


@pytest.mark.parametrize(
    ("thresholds", "said"),
    [
        (None, "thresholds"),
        ({"accept": 0.4}, "missing keys"),
        ({"accept": 0.4, "similar": 0.5, "far": 0.3}, "unknown keys"),
        ({"accept": 0.6, "similar": 0.5}, "at least as alike"),
        ({"accept": 0.4, "similar": 55}, "no cosines"),
        ({"accept": 0.4, "similar": 0.5, "far_1e_4": 3}, "no cosines"),
    ],
)
def test_an_embedder_has_thresholds_that_can_be(thresholds: dict[str, float] | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(_changed({"thresholds": thresholds}, "mobilefacenet"))


def test_a_model_is_found_by_its_whole_id_only() -> None:
    assert catalog().by_id("mobilefacenet@b7120c09") is catalog().model("mobilefacenet")
    assert catalog().by_id("mobilefacenet@00000000") is None


def test_only_the_starter_comes_with_the_program() -> None:
    assert {model.packs for model in catalog().models if model.shipped} == {("starter",)}
    assert all(model.shipped for model in catalog().pack("starter"))


def test_a_table_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="modell"):
        parse(RAW | {"modell": []})


def test_what_is_free_for_commerce_needs_no_condition() -> None:
    assert parse(_changed({})).model("yunet-s").commercial is Commercial.YES
