"""Finding faces with YuNet (Wu, Peng, Yu: "YuNet: A Tiny Millisecond-level Face Detector", 2023)."""

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
SUPPRESS = 0.2
"""Overlap above which two boxes are one face. OpenCV's FaceDetectorYN has 0.3, at which the hair and forehead above a
face can pass for a second one with a tiny network."""


class YuNet:
    """Finds faces of about 10 to 600 px in the scaled picture.

    The picture is scaled so that its longest side is `longest` px, enlarged at most `max_scale` times; `found` is the
    lowest confidence, 0 to 1.

    Raises:
        ModelCorrupt: `models.wrong_outputs` where the file gives something else.
    """

    def __init__(
        self,
        session: Session,
        normalisation: Normalisation,
        longest: int = 640,
        max_scale: float = 2.0,
        found: float = 0.6,
    ) -> None:
        self._session = session
        self._normalisation = normalisation
        self._search = Search(longest, max_scale, session.fixed_size)
        self._found = found
        named = [[f"{part}_{stride}" for part in ("cls", "obj", "bbox", "kps")] for stride in STRIDES]
        if not {name for level in named for name in level} <= set(session.outputs):
            raise ModelCorrupt("models.wrong_outputs", name=session.name, outputs=len(session.outputs))
        self._places = [[session.outputs.index(name) for name in level] for level in named]

    def find(self, picture: Picture) -> Sequence[FoundFace]:
        """Every face in the picture, best first."""
        boxed = self._search.fit(picture)
        width = boxed.canvas.shape[1]
        given = self._session.run(self._normalisation.tensor(boxed.canvas))
        levels = [
            self._level(stride, width // stride, *(given[place][0] for place in places))
            for stride, places in zip(STRIDES, self._places, strict=True)
        ]
        return faces_of(levels, boxed, SUPPRESS)

    def scale(self, picture: Picture) -> float:
        """How many pixels of the canvas there are for one of the picture's, across."""
        return self._search.scale(picture)

    def _level(self, stride: int, columns: int, sure: Tensor, there: Tensor, box: Tensor, points: Tensor) -> Candidates:
        """What one stride found: score sqrt(class x object), box and landmarks as offsets from the cell."""
        scores = np.sqrt(np.clip(sure[:, 0], 0, 1) * np.clip(there[:, 0], 0, 1))
        (chosen,) = np.nonzero(scores >= self._found)
        cells = np.stack([chosen % columns, chosen // columns], axis=1).astype(np.float32)
        centres = (cells + box[chosen, :2]) * stride
        halves = np.exp(box[chosen, 2:]) * stride / 2
        landmarks = (points[chosen].reshape(-1, 5, 2) + cells[:, None]) * stride
        return Candidates(scores[chosen], np.hstack([centres - halves, centres + halves]), landmarks)
