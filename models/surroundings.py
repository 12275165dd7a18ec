"""The part of a picture around something found in it, for a closer look."""

from __future__ import annotations

import numpy as np

from models.sighting import Box, Picture


def cut(picture: Picture, box: Box, times: float) -> tuple[Picture, int, int]:
    """The square around a box, `times` its longer side, as far as it lies in the picture; and its left and top."""
    height, width = picture.shape[:2]
    x, y = box.centre
    half = max(box.width, box.height) * times / 2
    left, top = int(max(0, min(width - 1, x - half))), int(max(0, min(height - 1, y - half)))
    right, bottom = int(max(left + 1, min(width, x + half))), int(max(top + 1, min(height, y + half)))
    return np.ascontiguousarray(picture[top:bottom, left:right]), left, top
