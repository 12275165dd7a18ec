"""The straight edges of paper or of a screen about a face: four lines that meet in corners and hold it between them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face.liveness import surroundings
from models.sighting import Box, Picture, Rim

TIMES, SIDE = 3.4, 136
"""The square that is searched, in longer sides of the face, and how many pixels it gets: 40 for the face."""

TILTS = (0.0, -5.0, 5.0, -10.0, 10.0)
"""Degrees by which a sheet may stand askew; the lines found are good for two degrees more to either side."""

STEP = 26
"""Sobel's answer from which a pixel is edge: a step of seven grey levels behind the lens's blur."""

NEAREST, FARTHEST = (0.40, 0.48), 1.62
"""How far from the middle of the face a side stands, in heights of the face: at the least to the sides and above or
below, and at the most."""

BAND = 0.45
"""A side is first looked for along so many heights to both sides of the middle of the face."""

BEGUN, POOREST, WHOLE = 0.6, 0.62, 0.78
"""The share of edge along that band, along the poorest of four whole sides, and on the mean of all four."""

TRIED = 3
"""Lines that are tried on each side."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """Running sums of the edge pixels down the columns (upright edges) and along the rows (level ones)."""

    down: NDArray[np.int32]
    along: NDArray[np.int32]

    def share(self, left: int, top: int, right: int, bottom: int) -> tuple[float, float]:
        """The mean over the four sides of a rectangle, and the poorest."""
        tall, wide = max(1, bottom - top), max(1, right - left)
        sides = (
            (self.down[bottom, left] - self.down[top, left]) / tall,
            (self.down[bottom, right] - self.down[top, right]) / tall,
            (self.along[top, right] - self.along[top, left]) / wide,
            (self.along[bottom, right] - self.along[bottom, left]) / wide,
        )
        return float(sum(sides)) / 4, float(min(sides))


def find_rim(picture: Picture, box: Box) -> Rim | None:
    """The largest straight-edged frame about the face in the box, None where there is none."""
    crop = surroundings(picture, box, TIMES, SIDE)
    grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8)
    face_px = SIDE / TIMES * box.height / max(box.width, box.height)
    for tilt in TILTS:
        turned = grey
        if tilt:
            turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), tilt, 1.0)
            turned = np.asarray(cv2.warpAffine(grey, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE), np.uint8)
        rim = _upright(turned, face_px, tilt)
        if rim is not None:
            return rim
    return None


def _upright(grey: NDArray[np.uint8], face_px: float, tilt: float) -> Rim | None:
    """The largest frame whose sides are level and upright."""
    across = np.abs(cv2.Sobel(grey, cv2.CV_16S, 1, 0))
    down = np.abs(cv2.Sobel(grey, cv2.CV_16S, 0, 1))
    upright, level = _widened(across, down), _widened(down.T, across.T).T
    middle, reach = SIDE // 2, round(BAND * face_px)
    band = slice(middle - reach, middle + reach + 1)
    columns, rows = upright[band].mean(0), level[:, band].mean(1)
    sides = [
        *_candidates(columns, face_px, NEAREST[0]),
        *_candidates(rows, face_px, NEAREST[1]),
    ]
    if not all(sides):
        return None
    lines = _Lines(np.cumsum(upright, 0, dtype=np.int32), np.cumsum(level, 1, dtype=np.int32))
    found: list[tuple[int, Rim]] = []
    for left, right, top, bottom in product(*sides):
        mean, poorest = lines.share(left, top, right, bottom)
        if mean >= WHOLE and poorest >= POOREST:
            x, y = (left + right) / 2 - middle, (top + bottom) / 2 - middle
            wide, tall = (right - left) / face_px, (bottom - top) / face_px
            found.append(((right - left) * (bottom - top), Rim(x / face_px, y / face_px, wide, tall, tilt)))
    return max(found, key=lambda one: one[0])[1] if found else None


def _widened(mine: NDArray[np.int16], other: NDArray[np.int16]) -> Mask:
    """Edges that run down the columns: steep across and less so down; a pixel wider to both sides, for a slight tilt."""
    edges = (mine > STEP) & (mine > other)
    wide = edges.copy()
    wide[:, 1:] |= edges[:, :-1]
    wide[:, :-1] |= edges[:, 1:]
    return wide


def _candidates(shares: NDArray[np.float64], face_px: float, nearest: float) -> tuple[list[int], list[int]]:
    """The lines on both sides of the middle along which most is edge, best first."""
    middle = SIDE // 2
    start, end = round(nearest * face_px), min(middle - 2, round(FARTHEST * face_px))
    before, after = np.arange(middle - end, middle - start + 1), np.arange(middle + start, middle + end + 1)
    return _best(shares, before), _best(shares, after)


def _best(shares: NDArray[np.float64], places: NDArray[np.int64]) -> list[int]:
    """Peaks of at least `BEGUN`, no two of them next to each other."""
    chosen: list[int] = []
    for place in places[np.argsort(-shares[places])].tolist():
        if shares[place] < BEGUN or len(chosen) == TRIED:
            break
        if all(abs(place - other) > 2 for other in chosen):
            chosen.append(place)
    return chosen
