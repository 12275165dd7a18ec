"""Whether something moves in a part of a picture, told from its brightness and that of the picture before."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.camera.frame import Luma
from gate.camera.region import Region

SMALL = (160, 90)
"""Width and height of the grey picture that is compared: a face of 48 px in 720p is 6 px high in it."""
ROWS = 180
"""Of a higher picture only every n-th row is looked at, but at least so many: it is read in a third of the time."""
STEP = 12
"""Difference of grey levels that is no sensor noise: each small pixel is the mean of 8 or more."""
MOVED_PIXELS = 12
"""So many small pixels of 14,400 changed is movement; a face coming nearer changes more within two frames."""


class Motion:
    """Compares the brightness of a region with the picture before: 0.1 ms at 1080p.

    What moves outside the region, in the street behind, is no movement.
    """

    def __init__(self, region: Region | None = None) -> None:
        self._region = region or Region()
        self._before: NDArray[np.uint8] | None = None

    def moved(self, luma: Luma) -> bool:
        """Whether something moved since the last picture; True for the first one, and for one of another size."""
        small = self._small(luma)
        before, self._before = self._before, small
        return before is None or before.shape != small.shape or _changed(before, small) >= MOVED_PIXELS

    def _small(self, luma: Luma) -> NDArray[np.uint8]:
        height, width = luma.shape
        left, top, right, bottom = self._region.crop(width, height)
        size = (max(1, SMALL[0] * (right - left) // width), max(1, SMALL[1] * (bottom - top) // height))
        part = luma[top : bottom : max(1, height // ROWS), left:right]
        rows = part if part.strides[1] == 1 else np.ascontiguousarray(part)
        return np.asarray(cv2.resize(rows, size, interpolation=cv2.INTER_AREA), np.uint8)


def _changed(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> int:
    return int(np.count_nonzero(cv2.absdiff(now, before) > STEP))
