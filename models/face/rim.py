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

TILTS = (0.0, -4.0, 4.0, -8.0, 8.0)
"""Degrees by which a sheet may stand askew; the lines found are good for two degrees more to either side."""

STEP = 26
"""Sobel's answer from which a pixel is edge: a step of seven grey levels behind the lens's blur."""

NEAREST, FARTHEST = (0.50, 0.60), 1.62
"""How far from the middle of the face a side stands, in heights of the face: at the least to the sides and above or
below (hair and collar are nearer), and at the most."""

BAND = 0.45
"""A side is first looked for along so many heights to both sides of the middle of the face."""

BEGUN, POOREST = 0.72, 0.80
"""The share of edge along that band, and along the poorest of the four whole sides. Of the drawn sheets 19 in 20 reach
0.88; behind drawn people before a housing block full of windows nothing goes beyond 0.74."""

TRIED = 3
"""Lines that are tried on each side."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """Running sums of the edge pixels, down the columns or along the rows, of rising and of falling edges.

    A sheet's side is brighter or darker than what is behind it nearly all along; chance lines change between both.
    """

    rising: NDArray[np.int32]
    falling: NDArray[np.int32]

    @classmethod
    def of(cls, rising: Mask, falling: Mask, axis: int) -> _Lines:
        return cls(np.cumsum(rising, axis, dtype=np.int32), np.cumsum(falling, axis, dtype=np.int32))

    def share(self, start: tuple[int, int], end: tuple[int, int]) -> float:
        """Of the pixels from `start` to `end` (row, column)."""
        length = max(1, end[0] - start[0] + end[1] - start[1])
        return max(int(sums[end] - sums[start]) for sums in (self.rising, self.falling)) / length


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
    across, down = cv2.Sobel(grey, cv2.CV_16S, 1, 0), cv2.Sobel(grey, cv2.CV_16S, 0, 1)
    upright = _edges(across, down), _edges(-across, down)
    level = _edges(down.T, across.T), _edges(-down.T, across.T)
    middle, reach = SIDE // 2, round(BAND * face_px)
    band = slice(middle - reach, middle + reach + 1)
    sides: list[list[int]] = []
    for edges, nearest in ((upright, NEAREST[0]), (level, NEAREST[1])):
        shares = np.maximum(*(one[band].mean(0) for one in edges))
        for places in _both_sides(face_px, nearest):
            sides.append(_best(shares, places))
            if not sides[-1]:
                return None
    columns = _Lines.of(*upright, axis=0)
    rows = _Lines.of(level[0].T, level[1].T, axis=1)
    found: list[tuple[int, Rim]] = []
    for left, right, top, bottom in product(*sides):
        poorest = min(
            columns.share((top, left), (bottom, left)),
            columns.share((top, right), (bottom, right)),
            rows.share((top, left), (top, right)),
            rows.share((bottom, left), (bottom, right)),
        )
        if poorest >= POOREST:
            x, y = (left + right) / 2 - middle, (top + bottom) / 2 - middle
            wide, tall = (right - left) / face_px, (bottom - top) / face_px
            found.append(((right - left) * (bottom - top), Rim(x / face_px, y / face_px, wide, tall, tilt)))
    return max(found, key=lambda one: one[0])[1] if found else None


def _edges(mine: NDArray[np.int16], other: NDArray[np.int16]) -> Mask:
    """Rising edges down the columns, steeper across than down; a pixel wider to both sides, for a slight tilt."""
    edges = (mine > STEP) & (mine > 1.2 * np.abs(other))
    wide = edges.copy()
    wide[:, 1:] |= edges[:, :-1]
    wide[:, :-1] |= edges[:, 1:]
    return wide


def _both_sides(face_px: float, nearest: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The lines before the middle that a side may be, and those after it."""
    middle = SIDE // 2
    start, end = round(nearest * face_px), min(middle - 2, round(FARTHEST * face_px))
    return np.arange(middle - end, middle - start + 1), np.arange(middle + start, middle + end + 1)


def _best(shares: NDArray[np.float64], places: NDArray[np.int64]) -> list[int]:
    """Peaks of at least `BEGUN`, no two of them next to each other, best first."""
    chosen: list[int] = []
    for place in places[np.argsort(-shares[places])].tolist():
        if shares[place] < BEGUN or len(chosen) == TRIED:
            break
        if all(abs(place - other) > 2 for other in chosen):
            chosen.append(place)
    return chosen
