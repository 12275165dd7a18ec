from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.sighting import Box
from models.suppression import MOST, keep_best

BOXES = st.lists(
    st.tuples(st.integers(0, 90), st.integers(0, 90), st.integers(1, 60), st.integers(1, 60), st.floats(0, 1)),
    max_size=25,
)


def _split(drawn: list[tuple[int, int, int, int, float]]) -> tuple[np.ndarray, np.ndarray]:
    boxes = np.array([[x, y, x + w, y + h] for x, y, w, h, _ in drawn], np.float32).reshape(-1, 4)
    return boxes, np.array([score for *_, score in drawn], np.float32)


@given(BOXES, st.floats(0.1, 0.9))
def test_what_is_kept_does_not_overlap_and_what_is_dropped_overlaps_a_better_one(
    drawn: list[tuple[int, int, int, int, float]], overlap: float
) -> None:
    boxes, scores = _split(drawn)
    kept = keep_best(boxes, scores, overlap)
    shapes = [Box(*map(float, box)) for box in boxes]
    assert sorted(scores[kept], reverse=True) == list(scores[kept])
    for i in kept:
        assert all(shapes[i].overlap(shapes[j]) <= overlap + 1e-5 for j in kept if j != i)
    for i in set(range(len(drawn))) - set(kept):
        assert any(shapes[i].overlap(shapes[j]) > overlap - 1e-5 and scores[j] >= scores[i] for j in kept)


def test_no_boxes_are_no_boxes() -> None:
    assert keep_best(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), 0.5) == []


def test_a_flood_of_boxes_is_bounded() -> None:
    corners = np.arange(2000, dtype=np.float32)[:, None] * 10
    boxes = np.hstack([corners, corners, corners + 5, corners + 5])
    assert len(keep_best(boxes, np.ones(2000, np.float32), 0.5)) == MOST
