"""The part of a picture that a lane looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """A polygon whose corners are fractions of the picture's width and height; no corners mean the whole picture."""

    corners: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if self.corners and len(self.corners) < 3:
            raise ValueError(f"a region needs three corners or more: {self.corners}")
        if not all(0 <= x <= 1 and 0 <= y <= 1 for x, y in self.corners):
            raise ValueError(f"a region's corners are fractions from 0 to 1: {self.corners}")

    def crop(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The upright rectangle around the region in a picture of that size: left, top, right, bottom in pixels.

        Right and bottom are exclusive; the rectangle lies within the picture and holds at least one pixel.
        """
        if not self.corners:
            return 0, 0, width, height
        across, down = zip(*self.corners, strict=True)
        left, right = _span(min(across), max(across), width)
        top, bottom = _span(min(down), max(down), height)
        return left, top, right, bottom

    def contains(self, x: float, y: float, width: int, height: int) -> bool:
        """Whether the point (x, y), in pixels of a picture of that size, lies in the region or on its border."""
        if not self.corners:
            return 0 <= x <= width and 0 <= y <= height
        corners = [(across * width, down * height) for across, down in self.corners]
        within = False
        for (x0, y0), (x1, y1) in zip(corners, (*corners[1:], corners[0]), strict=True):
            if _on_edge(x, y, x0, y0, x1, y1):
                return True
            if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
                within = not within
        return within


def _span(low: float, high: float, size: int) -> tuple[int, int]:
    start = min(math.floor(low * size), size - 1)
    return start, max(start + 1, math.ceil(high * size))


def _on_edge(x: float, y: float, x0: float, y0: float, x1: float, y1: float) -> bool:
    turned = (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)
    between = min(x0, x1) <= x <= max(x0, x1) and min(y0, y1) <= y <= max(y0, y1)
    return between and math.isclose(turned, 0.0, abs_tol=1e-6)
