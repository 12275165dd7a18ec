from __future__ import annotations

import numpy as np
import pytest

from models.errors import ModelCorrupt
from models.face.embedder import Embedder
from models.preprocess import Normalisation
from models.session import Session

PLAIN = Normalisation("rgb", (0, 0, 0), (1, 1, 1))


def test_embeddings_have_unit_length_and_the_order_of_the_faces(mean_network: bytes) -> None:
    embedder = Embedder(Session(mean_network, "means"), PLAIN, "means@00000000")
    assert embedder.size == 3
    assert embedder.model_id == "means@00000000"
    faces = [np.zeros((112, 112, 3), np.uint8) for _ in range(2)]
    faces[0][:, :, 0], faces[1][:, :, 2] = 200, 90
    blue, red = embedder.embed(faces)
    assert blue.tolist() == [0, 0, 1]
    assert red.tolist() == [1, 0, 0]
    assert blue.dtype == np.float32


def test_no_faces_are_no_embeddings(mean_network: bytes) -> None:
    assert list(Embedder(Session(mean_network, "means"), PLAIN, "m").embed([])) == []


def test_a_face_without_direction_is_a_fault(mean_network: bytes) -> None:
    embedder = Embedder(Session(mean_network, "means"), PLAIN, "m")
    with pytest.raises(ModelCorrupt) as refused:
        embedder.embed([np.zeros((112, 112, 3), np.uint8)])
    assert refused.value.code == "models.no_direction"
