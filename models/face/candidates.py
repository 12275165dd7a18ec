"""What a face finder's network gives before overlapping boxes become one face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.letterbox import Letterbox
from models.roles import FoundFace
from models.sighting import Box
from models.suppression import keep_best

SMALLEST_PX = 4.0
"""A box narrower than this, in pixels of the picture, is no face whatever its score."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """n scores, n x 4 boxes (left, top, right, bottom) and n x 5 x 2 landmarks, in pixels of the canvas."""

    scores: NDArray[np.float32]
    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]


def faces_of(levels: Sequence[Candidates], boxed: Letterbox, overlap: float) -> list[FoundFace]:
    """The faces of all levels in pixels of the picture, best first, one per face."""
    scores = np.concatenate([level.scores for level in levels])
    boxes = boxed.back(np.concatenate([level.boxes for level in levels]))
    landmarks = boxed.back(np.concatenate([level.landmarks for level in levels]))
    sound = np.isfinite(boxes).all(1) & ((boxes[:, 2:] - boxes[:, :2]) >= SMALLEST_PX).all(1)
    scores, boxes, landmarks = scores[sound], boxes[sound], landmarks[sound]
    return [
        FoundFace(Box(*(float(side) for side in boxes[i])), landmarks[i], min(1.0, float(scores[i])))
        for i in keep_best(boxes, scores, overlap)
    ]
