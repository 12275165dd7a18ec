"""A plate recogniser that sees what it is told to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.plate.grammar import classify
from models.sighting import Box, Picture, PlateColour, PlateSighting


class OnePlate:
    """Sees the plates in `texts`, one beside the other, all of them as sure as `sure`."""

    def __init__(self) -> None:
        self.texts: list[str] = ["辽A12345"]
        self.sure = 0.95

    def see(self, picture: Picture) -> Sequence[PlateSighting]:
        """What it was told."""
        assert picture.ndim == 3
        return [self._plate(text, number) for number, text in enumerate(self.texts)]

    def read(self, picture: Picture) -> PlateSighting:
        """The first of them."""
        return self.see(picture)[0]

    def _plate(self, text: str, number: int) -> PlateSighting:
        box = Box(20 + 130 * number, 40, 130 + 130 * number, 75)
        corners = np.zeros((4, 2), np.float32)
        confidences, colour = (self.sure,) * len(text), PlateColour.UNKNOWN
        return PlateSighting(box, corners, 1, 1.0, text, confidences, colour, classify(text, colour))
