"""Noticing a picture that repeats itself: an encoder that hangs keeps sending its last one."""

from __future__ import annotations

import numpy as np

from models.sighting import Picture

ROWS = 16
"""One row in so many is compared first: a live sensor's noise shows there, and the whole picture is seldom read."""


class Stillness:
    """Measures for how long the pictures of one connection have been the same, bit for bit."""

    def __init__(self) -> None:
        self._last: Picture | None = None
        self._since_s = 0.0

    def lasting_s(self, picture: Picture, at_s: float) -> float:
        """Seconds since the first of the identical pictures that end with this one; 0 for one that differs."""
        if self._last is None or not _same(self._last, picture):
            self._last = picture
            self._since_s = at_s
        return at_s - self._since_s


def _same(one: Picture, other: Picture) -> bool:
    if one.shape != other.shape:
        return False
    return np.array_equal(one[::ROWS], other[::ROWS]) and np.array_equal(one, other)
