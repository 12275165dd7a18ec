"""Putting a face where its embedder expects it: five landmarks onto ArcFace's 112 x 112 template."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.sighting import Picture, Points

SIDE = 112
"""Side of an aligned face in pixels."""

TEMPLATE: Points = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
"""Where the eyes, the nose and the corners of the mouth belong (Deng et al.: "ArcFace", 2019)."""


def similarity(source: Points, target: Points) -> NDArray[np.float64]:
    """The 2 x 3 rotation, scale and shift that takes `source` (n x 2) nearest to `target` in the least squares.

    Umeyama: "Least-squares estimation of transformation parameters between two point patterns", 1991. Points that all
    lie on one spot have no scale and raise ValueError.
    """
    start, end = source.astype(np.float64), target.astype(np.float64)
    start_mean, end_mean = start.mean(0), end.mean(0)
    start, end = start - start_mean, end - end_mean
    spread = (start**2).sum()
    if spread < 1e-9:
        raise ValueError("points on one spot give no similarity")
    left, singular, right = np.linalg.svd(end.T @ start)
    mirror = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right)) or 1.0])
    rotation = left @ np.diag(mirror) @ right
    scale = (singular * mirror).sum() / spread
    return np.column_stack([scale * rotation, end_mean - scale * rotation @ start_mean])


def align(picture: Picture, landmarks: Points, how: int = cv2.INTER_LINEAR) -> Picture:
    """The 112 x 112 face with its landmarks (5 x 2, pixels of the picture) on the template; black outside.

    `how` is OpenCV's way to draw between pixels.

    Landmarks that all lie on one spot raise ValueError.
    """
    matrix = similarity(landmarks, TEMPLATE)
    return np.asarray(cv2.warpAffine(picture, matrix, (SIDE, SIDE), flags=how), dtype=np.uint8)
