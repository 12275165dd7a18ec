from __future__ import annotations

import numpy as np
import pytest

from models.face.alignment import SIDE, align
from models.training import face_spoil
from models.training.face_spoil import spoil
from tests.models.training.drawn import MARKS, face

FACE = align(face(), MARKS)


def test_no_fault_leaves_the_face_as_it_is() -> None:
    assert np.array_equal(spoil(FACE, np.random.default_rng(1), 0.0), FACE)


def test_the_same_generator_spoils_alike_and_the_face_given_is_left_alone() -> None:
    before = FACE.copy()
    first, again, other = (spoil(FACE, np.random.default_rng(seed), 1.0) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(FACE, before)


@pytest.mark.parametrize("fault", ["_shifted", "_lit", "_hidden", "_small", "_blurred", "_noisy", "_packed"])
@pytest.mark.parametrize("much", [0.1, 1.0])
def test_every_fault_gives_a_changed_face_of_the_same_kind(fault: str, much: float) -> None:
    for seed in range(6):
        changed = getattr(face_spoil, fault)(FACE, np.random.default_rng(seed), much)
        assert changed.shape == (SIDE, SIDE, 3)
        assert changed.dtype == np.uint8
        assert not np.array_equal(changed, FACE)


def test_the_worse_the_further_from_the_clean_face() -> None:
    def away(much: float) -> float:
        spoilt = [spoil(FACE, np.random.default_rng(seed), much) for seed in range(40)]
        return float(np.mean([np.abs(one.astype(int) - FACE).mean() for one in spoilt]))

    assert away(0.2) < away(0.6) < away(1.0)
