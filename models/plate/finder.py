"""Finding plates by their four corners with the YOLOv5-face style finder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.errors import ModelCorrupt
from models.letterbox import Search
from models.preprocess import Normalisation
from models.roles import FoundPlate
from models.session import Session
from models.sighting import Box, Picture
from models.suppression import keep_best

GREY = 114
"""What the network was trained to see beside a letterboxed picture."""

COLUMNS = 15
"""Numbers in a row of the network's output."""

SUPPRESS = 0.5
"""Overlap above which two boxes are one plate."""

MAX_SCALE = 4.0
"""A small picture (a crop of one car, a substream) is enlarged so many times at most."""


class CornerFinder:
    """Finds plates of one or two rows.

    The picture is scaled so that its longest side is `longest` px, or into the one size that the network takes;
    `found` is the lowest confidence, 0 to 1.
    """

    def __init__(self, session: Session, normalisation: Normalisation, longest: int = 640, found: float = 0.3) -> None:
        self._session = session
        self._normalisation = normalisation
        self._search = Search(longest, MAX_SCALE, session.fixed_size, GREY)
        self._found = found

    def find(self, picture: Picture) -> Sequence[FoundPlate]:
        """Every plate in the picture, best first.

        A row of the network's output is centre x and y, width, height, objectness, four corners (8 numbers, top left
        first, clockwise) and the chances of one and of two rows, in canvas pixels. Raises `ModelCorrupt`
        (`models.wrong_classes`) where it is something else.
        """
        boxed = self._search.fit(picture)
        rows = self._session.run(self._normalisation.tensor(boxed.canvas))[0][0]
        if rows.shape[-1] != COLUMNS:
            raise ModelCorrupt("models.wrong_classes", name=self._session.name, given=rows.shape[-1], wanted=COLUMNS)
        rows = rows[rows[:, 4] >= self._found]
        scores = rows[:, 4] * rows[:, 13:].max(axis=1)
        rows, scores = rows[scores >= self._found], scores[scores >= self._found]
        halves = rows[:, 2:4] / 2
        boxes = boxed.back(np.hstack([rows[:, :2] - halves, rows[:, :2] + halves]))
        corners = boxed.back(rows[:, 5:13]).reshape(-1, 4, 2)
        return [
            FoundPlate(
                Box(*(float(side) for side in boxes[i])), corners[i], int(rows[i, 13:].argmax()) + 1, float(scores[i])
            )
            for i in keep_best(boxes, scores, SUPPRESS)
            if (boxes[i, 2:] > boxes[i, :2]).all()
        ]
