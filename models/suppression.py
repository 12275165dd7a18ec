"""Of many boxes on one thing, keep the best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST = 300
"""So many candidates are compared at most: a picture full of noise must not cost more than a crowd does."""


def keep_best(boxes: NDArray[np.float32], scores: NDArray[np.float32], overlap: float) -> list[int]:
    """Indices of the boxes to keep, best first (greedy non-maximum suppression).

    `boxes` is n x 4 (left, top, right, bottom). A box is dropped when it overlaps a better one by more than `overlap`
    (intersection over union).
    """
    order = np.argsort(-scores, kind="stable")[:MOST]
    left, top, right, bottom = boxes[order].T
    areas = np.maximum(right - left, 0) * np.maximum(bottom - top, 0)
    alive = np.ones(len(order), dtype=bool)
    kept: list[int] = []
    for place, index in enumerate(order):
        if not alive[place]:
            continue
        kept.append(int(index))
        across = np.minimum(right, right[place]) - np.maximum(left, left[place])
        down = np.minimum(bottom, bottom[place]) - np.maximum(top, top[place])
        shared = np.maximum(across, 0) * np.maximum(down, 0)
        alive &= shared <= overlap * (areas + areas[place] - shared)
    return kept
