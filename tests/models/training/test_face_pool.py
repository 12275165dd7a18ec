from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.face.alignment import SIDE
from models.sighting import Picture
from models.training.face_photos import Marked, Photo
from models.training.face_pool import FacePool
from tests.models.training.drawn import MARKS, write_people

SHAPES = ((3, 4, 4),)


class Teacher:
    """Says the mean colour of a face, and shows its colours in a grid on the way."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, face: Picture) -> tuple[NDArray[np.float32], tuple[NDArray[np.float32], ...]]:
        self.asked += 1
        grid = face.reshape(4, SIDE // 4, 4, SIDE // 4, 3).mean((1, 3)).transpose(2, 0, 1)
        return grid.mean((1, 2)).astype(np.float32), (grid.astype(np.float32),)


@pytest.fixture
def marked(tmp_path: Path) -> Marked:
    write_people(tmp_path / "people", {"张三": 3, "李四": 2})
    photos = tuple(Photo(file.parent.name, file) for file in sorted((tmp_path / "people").rglob("*.png")))
    return Marked(photos, np.repeat(MARKS[None, None], len(photos), 0), ())


def _pool(folder: Path, marked: Marked, teacher: Teacher, size: int = 20, seed: int = 1) -> FacePool:
    return FacePool(folder, marked, teacher, size, SHAPES, width=3, seed=seed)


def test_a_place_holds_a_face_with_what_the_teacher_says_of_it(tmp_path: Path, marked: Marked) -> None:
    pool = _pool(tmp_path / "pool", marked, Teacher())
    pool.fill(12)
    lot = pool.take(np.array([0, 11]))
    assert lot.faces.shape == (2, SIDE, SIDE, 3)
    assert lot.faces.dtype == np.uint8
    assert np.allclose(lot.embeddings, lot.faces.mean((1, 2)), atol=0.01)
    assert lot.maps[0].shape == (2, 3, 4, 4)
    assert lot.maps[0].dtype == np.float32


def test_maps_come_back_within_half_a_step(tmp_path: Path, marked: Marked) -> None:
    teacher = Teacher()
    pool = _pool(tmp_path / "pool", marked, teacher)
    pool.fill(20)
    lot = pool.take(np.arange(20))
    with np.load(tmp_path / "pool" / "scales.npz") as scales:
        kept = lot.maps[0] / (6.0 / 127) * scales["step0"] + scales["mean0"]
        wanted = np.stack([teacher(face)[1][0] for face in lot.faces])
        assert np.abs(kept - wanted).max() <= scales["step0"].max() * 0.51


def test_a_pool_gone_on_with_asks_the_teacher_nothing_again_and_ends_the_same(tmp_path: Path, marked: Marked) -> None:
    whole = _pool(tmp_path / "whole", marked, Teacher())
    whole.fill(20)
    _pool(tmp_path / "cut", marked, Teacher()).fill(9)
    teacher = Teacher()
    rest = _pool(tmp_path / "cut", marked, teacher)
    assert rest.filled == 9
    rest.fill(20)
    assert teacher.asked == 11
    assert np.array_equal(rest.take(np.arange(20)).faces, whole.take(np.arange(20)).faces)
    assert np.array_equal(rest.take(np.arange(20)).maps[0], whole.take(np.arange(20)).maps[0])


def test_another_seed_draws_other_faces(tmp_path: Path, marked: Marked) -> None:
    one, other = _pool(tmp_path / "one", marked, Teacher()), _pool(tmp_path / "other", marked, Teacher(), seed=2)
    one.fill(5)
    other.fill(5)
    assert not np.array_equal(one.take(np.arange(5)).faces, other.take(np.arange(5)).faces)


def test_a_pool_of_another_size_is_refused(tmp_path: Path, marked: Marked) -> None:
    _pool(tmp_path / "pool", marked, Teacher())
    with pytest.raises(ValueError, match="another size"):
        _pool(tmp_path / "pool", marked, Teacher(), size=30)


def test_a_pool_is_never_filled_beyond_its_size(tmp_path: Path, marked: Marked) -> None:
    pool = _pool(tmp_path / "pool", marked, Teacher(), size=7)
    pool.fill(100)
    assert pool.filled == 7
