"""Which frames of a lane are worth the networks' time: where something moves or somebody is not decided yet."""

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
"""Difference of grey levels that is no sensor noise: each small pixel is the mean of 16 or more."""
MOVED_PIXELS = 12
"""So many small pixels of 14,400 changed is movement; a face coming nearer changes more within two frames."""
LINGER_S = 1.5
"""A lane keeps looking for so long after the last movement: people stand still in front of a door."""
SCAN_S = 0.06
"""While something moves and nobody is undecided, frames that come sooner than this after the last look are left out:
every second one at 25 a second. As soon as somebody is seen who is not decided yet, every frame counts."""
IDLE_S = 2.0
"""Even a still scene is looked at this often, for what moves too slowly to be noticed."""


class Attention:
    """Compares the brightness of a lane's region with the frame before: 0.1 ms at 1080p, where a finder costs 4 to 40.

    What moves outside the region, in the street behind, is nothing to look at.
    """

    def __init__(self, region: Region | None = None) -> None:
        self._region = region or Region()
        self._before: NDArray[np.uint8] | None = None
        self._moved_s = float("-inf")
        self._looked_s = float("-inf")

    def worth(self, luma: Luma, at_s: float, *, waiting: bool) -> bool:
        """Whether to look at this frame; `waiting` says that somebody in the picture is not decided yet."""
        small = self._small(luma)
        before, self._before = self._before, small
        if before is None or before.shape != small.shape or _changed(before, small) >= MOVED_PIXELS:
            self._moved_s = at_s
        pause_s = 0.0 if waiting else SCAN_S if at_s - self._moved_s <= LINGER_S else IDLE_S
        if at_s - self._looked_s < pause_s:
            return False
        self._looked_s = at_s
        return True

    def _small(self, luma: Luma) -> NDArray[np.uint8]:
        height, width = luma.shape
        left, top, right, bottom = self._region.crop(width, height)
        size = (max(1, SMALL[0] * (right - left) // width), max(1, SMALL[1] * (bottom - top) // height))
        part = luma[top : bottom : max(1, height // ROWS), left:right]
        rows = part if part.strides[1] == 1 else np.ascontiguousarray(part)
        return np.asarray(cv2.resize(rows, size, interpolation=cv2.INTER_AREA), np.uint8)


def _changed(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> int:
    return int(np.count_nonzero(cv2.absdiff(now, before) > STEP))
