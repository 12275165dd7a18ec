from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.plate.strip import softmax


@given(st.lists(st.floats(-1000, 1000, width=32), min_size=1, max_size=8))
def test_chances_sum_to_one_however_large_the_scores(scores: list[float]) -> None:
    chances = softmax(np.array(scores, np.float32))
    assert chances.sum() == pytest.approx(1, abs=1e-4)
    assert (chances >= 0).all()
