"""What shows above a mask is taken to where the whole face would lie, by a map that belongs to its embedder."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest

from models.catalog import catalog
from models.errors import ModelCorrupt
from models.face.behind_mask import UpperFace, painted_over, read_map
from models.sighting import Embedding, Picture
from models.store import Store

FACE = np.random.default_rng(1).integers(0, 255, (112, 112, 3), np.uint8)
NEITHER, WHOLE, ABOVE = np.zeros((5, 2)), np.eye(5, 2), np.eye(5, 2, -2)


class _Embedder:
    """Gives every face one direction, and keeps what it was shown."""

    model_id = "toy@00000000"
    size = 2

    def __init__(self) -> None:
        self.shown: list[Picture] = []

    def embed(self, aligned: Sequence[Picture]) -> Sequence[Embedding]:
        self.shown += aligned
        return [np.array([0.6, 0.8], np.float32) for _ in aligned]


def test_nothing_below_the_bridge_of_the_nose_is_left_and_the_eyes_stay() -> None:
    other = FACE.copy()
    other[74:] = 0
    assert np.array_equal(painted_over(FACE), painted_over(other))
    assert np.array_equal(painted_over(FACE)[:58], FACE[:58])


@pytest.mark.parametrize(("mapped", "embedding"), [(WHOLE, [1, 0]), (ABOVE, [0.6, 0.8])], ids=["whole", "above"])
def test_both_looks_go_through_the_map_and_come_out_with_unit_length(
    mapped: np.ndarray, embedding: Sequence[float]
) -> None:
    embedder = _Embedder()
    row = UpperFace(embedder, 3 * mapped).embed(FACE, np.array([1, 0], np.float32))
    assert row.tolist() == pytest.approx(embedding)
    assert row.dtype == np.float32
    (shown,) = embedder.shown
    assert np.array_equal(shown, painted_over(FACE))


def test_what_every_masked_face_has_in_common_is_taken_off() -> None:
    mapped = WHOLE.copy()
    mapped[-1] = [-1, 1]
    assert UpperFace(_Embedder(), mapped).embed(FACE, np.array([1, 0], np.float32)).tolist() == [0, 1]


def test_a_map_that_leaves_nothing_of_a_face_is_like_nobody() -> None:
    assert UpperFace(_Embedder(), NEITHER).embed(FACE, np.array([1, 0], np.float32)).tolist() == [0, 0]


@pytest.mark.parametrize("stored", [b"", b"not a map", b"\x93NUMPY\x01\x00"])
def test_a_file_that_is_no_map_is_a_fault(stored: bytes) -> None:
    with pytest.raises(ModelCorrupt):
        read_map(stored, "toy")


def test_another_embedders_map_is_a_fault() -> None:
    kept = io.BytesIO()
    np.save(kept, np.zeros((257, 128), np.float16))
    with pytest.raises(ModelCorrupt):
        UpperFace(_Embedder(), read_map(kept.getvalue(), "toy"))


@pytest.mark.parametrize("name", [model.name for model in catalog().models if model.behind_mask])
def test_every_map_of_the_catalogue_comes_with_the_program(name: str) -> None:
    mapped = Store().read_map(catalog().model(name))
    assert mapped is not None
    assert mapped.shape == (2 * mapped.shape[1] + 1, mapped.shape[1])
    assert np.isfinite(mapped).all()
