from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from insightface.data import get_image

from models.catalog import catalog
from models.errors import LicenceNotAccepted, ModelCorrupt, ModelIncompatible, ModelUnavailable
from models.mirror import FolderMirror
from models.open import open_face_recogniser, open_plate_recogniser
from models.sighting import Picture
from models.store import Store


@pytest.fixture(scope="module")
def group() -> Picture:
    return np.asarray(get_image("t1"), dtype=np.uint8)


def test_faces_are_told_apart(group: Picture, mirror: Path) -> None:
    recogniser = open_face_recogniser("yunet-s", "mobilefacenet", Store())
    assert recogniser.model_id == "mobilefacenet@b7120c09"
    people = recogniser.embed(group, recogniser.find(group))
    smaller = np.ascontiguousarray(group[::2, ::2])
    again = recogniser.embed(smaller, recogniser.find(smaller))
    assert len(people) == len(again) == 6
    for face in people:
        assert face.embedding is not None
        assert np.linalg.norm(face.embedding) == pytest.approx(1, abs=1e-5)
        scores = {other.box.centre: float(face.embedding @ other.embedding) for other in again}
        x, y = face.box.centre
        same = min(scores, key=lambda centre: abs(centre[0] * 2 - x) + abs(centre[1] * 2 - y))
        assert scores.pop(same) > 0.7
        assert max(scores.values()) < 0.4


def test_another_finder_serves_the_same_embedder(group: Picture, mirror: Path) -> None:
    store = Store()
    store.pull([catalog().model("scrfd-500m")], accepted=True)
    by_scrfd, by_yunet = (open_face_recogniser(name, "mobilefacenet", store) for name in ("scrfd-500m", "yunet-s"))
    assert by_scrfd.model_id == by_yunet.model_id
    ours = [face.embedding for face in by_scrfd.embed(group, by_scrfd.find(group))]
    theirs = [face.embedding for face in by_yunet.embed(group, by_yunet.find(group))]
    assert len(ours) == len(theirs) == 6
    for one in ours:
        assert max(float(one @ other) for other in theirs) > 0.6


@pytest.mark.parametrize(
    ("finder", "embedder", "named"),
    [("mobilefacenet", "mobilefacenet", "mobilefacenet"), ("yunet-s", "plate-detect", "plate-detect")],
)
def test_a_model_in_the_wrong_role_is_named(finder: str, embedder: str, named: str, tmp_path: Path) -> None:
    with pytest.raises(ModelIncompatible) as refused:
        open_face_recogniser(finder, embedder, Store(tmp_path, []))
    assert refused.value.code == "models.wrong_role"
    assert refused.value.facts["name"] == named


def test_liveness_has_no_program_yet_and_cannot_find_plates(tmp_path: Path) -> None:
    with pytest.raises(ModelIncompatible):
        open_plate_recogniser("minifasnet-v2", "plate-rec-color", Store(tmp_path, []))


def test_a_name_with_a_typo_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as refused:
        open_plate_recogniser("plate-detekt", "plate-rec-color", Store(tmp_path, []))
    assert refused.value.facts["near"] == "plate-detect"


def test_a_wrong_hash_in_the_store_stops_the_opening(tmp_path: Path, mirror: Path) -> None:
    store = Store(tmp_path, [FolderMirror(mirror)])
    open_plate_recogniser("plate-detect", "plate-rec-color", store)
    with store.path(catalog().model("plate-detect")).open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\0\1\2\3")
    with pytest.raises(ModelCorrupt) as refused:
        open_plate_recogniser("plate-detect", "plate-rec-color", store)
    assert refused.value.code == "models.corrupt"


def test_a_model_that_is_not_for_commerce_is_not_brought_here_unasked(tmp_path: Path, mirror: Path) -> None:
    with pytest.raises(LicenceNotAccepted):
        open_face_recogniser("scrfd-2.5g", "mobilefacenet", Store(tmp_path, [FolderMirror(mirror)]))
