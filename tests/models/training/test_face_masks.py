from __future__ import annotations

import numpy as np
import pytest

from models.face.alignment import TEMPLATE, align
from models.face.cover import mouth_hidden
from models.training.face_masks import put_on
from tests.models.training.drawn import MARKS, face

PHOTO = face()


@pytest.mark.parametrize("seed", range(8))
def test_a_mask_hides_the_mouth_and_leaves_the_eyes(seed: int) -> None:
    worn = put_on(PHOTO, MARKS, np.random.default_rng(seed))
    aligned, before = align(worn, MARKS), align(PHOTO, MARKS)
    left, right, *_, corner = TEMPLATE.round().astype(int)
    for x, y in (left, right):
        assert np.array_equal(aligned[y - 3 : y + 4, x - 6 : x + 7], before[y - 3 : y + 4, x - 6 : x + 7])
    assert not np.array_equal(aligned[corner[1], corner[0]], before[corner[1], corner[0]])
    assert mouth_hidden(aligned) or seed


def test_the_same_generator_draws_the_same_mask_and_the_photograph_given_is_left_alone() -> None:
    before = PHOTO.copy()
    first, again, other = (put_on(PHOTO, MARKS, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(PHOTO, before)


def test_a_face_that_is_cut_off_gets_what_there_is_room_for() -> None:
    off = np.asarray(MARKS - [0, PHOTO.shape[0] * 0.6], np.float32)
    assert put_on(PHOTO, off, np.random.default_rng(1)).shape == PHOTO.shape
    away = np.asarray(MARKS + 5000, np.float32)
    assert np.array_equal(put_on(PHOTO, away, np.random.default_rng(1)), PHOTO)
