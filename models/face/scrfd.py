"""Finding faces with SCRFD (Guo et al.: "Sample and Computation Redistribution for Efficient Face Detection", 2021)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.errors import ModelCorrupt
from models.face.candidates import Candidates, faces_of
from models.letterbox import Search
from models.preprocess import Normalisation
from models.roles import FoundFace
from models.session import Session, Tensor
from models.sighting import Picture

STRIDES = (8, 16, 32)
ANCHORS = 2
"""Two anchors stand on every cell."""

SUPPRESS = 0.4
"""Overlap above which two boxes are one face (InsightFace's value)."""


class SCRFD:
    """Finds faces with the nine-output SCRFD files that give landmarks (`_bnkps`, `det_500m`, `det_10g`).

    The picture is scaled so that its longest side is `longest` px, enlarged at most `max_scale` times; `found` is the
    lowest confidence, 0 to 1.

    Raises:
        ModelCorrupt: `models.wrong_outputs` where the file gives no landmarks.
    """

    def __init__(
        self,
        session: Session,
        normalisation: Normalisation,
        longest: int = 640,
        max_scale: float = 2.0,
        found: float = 0.5,
    ) -> None:
        if len(session.outputs) != 3 * len(STRIDES):
            raise ModelCorrupt("models.wrong_outputs", name=session.name, outputs=len(session.outputs))
        self._session = session
        self._normalisation = normalisation
        self._search = Search(longest, max_scale, session.fixed_size)
        self._found = found

    def find(self, picture: Picture) -> Sequence[FoundFace]:
        """Every face in the picture, best first."""
        boxed = self._search.fit(picture)
        width = boxed.canvas.shape[1]
        given = self._session.run(self._normalisation.tensor(boxed.canvas))
        levels = [
            self._level(stride, width // stride, given[place], given[place + 3], given[place + 6])
            for place, stride in enumerate(STRIDES)
        ]
        return faces_of(levels, boxed, SUPPRESS)

    def scale(self, picture: Picture) -> float:
        """How many pixels of the canvas there are for one of the picture's, across."""
        return self._search.scale(picture)

    def _level(self, stride: int, columns: int, sure: Tensor, box: Tensor, points: Tensor) -> Candidates:
        """What one stride found: box as distances to left, top, right, bottom and landmarks, counted in strides."""
        scores = sure.reshape(-1)
        (chosen,) = np.nonzero(scores >= self._found)
        cells = chosen // ANCHORS
        centres = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32) * stride
        sides = box.reshape(-1, 4)[chosen] * stride
        landmarks = points.reshape(-1, 5, 2)[chosen] * stride + centres[:, None]
        boxes = np.hstack([centres - sides[:, :2], centres + sides[:, 2:]])
        return Candidates(scores[chosen], boxes, landmarks)
