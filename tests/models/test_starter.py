"""The files that come with the program, as they are: whole, small enough, and good enough for the sample compound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from insightface.data import get_image

from models.catalog import STARTER, Model, catalog
from models.open import open_face_recogniser, try_out
from models.store import State, Store
from models.training.publish import MOST_BYTES

pytestmark = pytest.mark.starter


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with nothing in it and nowhere to turn to."""
    return Store(tmp_path / "store", [])


@pytest.mark.parametrize("model", catalog().pack(STARTER), ids=lambda model: model.name)
def test_every_file_is_whole_and_keeps_its_contract(model: Model, store: Store) -> None:
    assert store.state(model) is State.SHIPPED
    try_out(model, store.read(model))


def test_all_files_together_are_small() -> None:
    assert sum(Store().path(model).stat().st_size for model in catalog().pack(STARTER)) <= MOST_BYTES


def test_six_people_are_told_apart(store: Store) -> None:
    group = np.asarray(get_image("t1"), dtype=np.uint8)
    recogniser = open_face_recogniser("starter-face-finder", "starter-face-embedder", store)
    people = recogniser.embed(group, recogniser.find(group))
    smaller = np.ascontiguousarray(group[::2, ::2])
    again = recogniser.embed(smaller, recogniser.find(smaller))
    assert len(people) == len(again) == 6
    thresholds = catalog().model("starter-face-embedder").thresholds
    assert thresholds
    for face in people:
        scores = {other.box.centre: float(np.dot(face.embedding, other.embedding)) for other in again}
        x, y = face.box.centre
        same = min(scores, key=lambda centre: abs(centre[0] * 2 - x) + abs(centre[1] * 2 - y))
        assert scores.pop(same) > thresholds.accept
        assert max(scores.values()) < thresholds.accept
