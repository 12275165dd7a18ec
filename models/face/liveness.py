"""Whether a face is a living one or shown on paper or a screen: one look at the face and what is around it."""

from __future__ import annotations

import cv2
import numpy as np

from models.errors import ModelCorrupt
from models.preprocess import Normalisation
from models.session import Session
from models.sighting import Box, Picture


def surroundings(picture: Picture, box: Box, times: float, side: int) -> Picture:
    """The square about a box, `times` its longer side, as `side` x `side`; past the picture's border it is repeated."""
    height, width = picture.shape[:2]
    x, y = box.centre
    half = max(box.width, box.height) * times / 2
    left, top = round(x - half), round(y - half)
    length = max(2, round(2 * half))
    inner = picture[max(0, top) : max(1, top + length), max(0, left) : max(1, left + length)]
    edges = max(0, -top), max(0, top + length - height), max(0, -left), max(0, left + length - width)
    if any(edges):
        inner = np.asarray(cv2.copyMakeBorder(inner, *edges, cv2.BORDER_REPLICATE), np.uint8)
    how = cv2.INTER_AREA if length > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(inner, (side, side), interpolation=how), dtype=np.uint8)


class LivenessNetwork:
    """A classifier of square crops `times` the face's longer side, of whose classes number `live` is the living face.

    Raises:
        ModelCorrupt: `models.wrong_outputs` where the file gives something else than a row of classes.
    """

    def __init__(self, session: Session, normalisation: Normalisation, times: float, live: int) -> None:
        if session.fixed_size is None or len(session.outputs) != 1:
            raise ModelCorrupt("models.wrong_outputs", name=session.name, outputs=len(session.outputs))
        self._session = session
        self._normalisation = normalisation
        self._times = times
        self._live = live
        self._side = session.fixed_size[0]
        grey = np.full((self._side, self._side, 3), 127, np.uint8)
        classes = self._session.run(normalisation.tensor(grey))[0]
        if classes.ndim != 2 or classes.shape[1] <= live:
            raise ModelCorrupt("models.wrong_outputs", name=session.name, outputs=len(session.outputs))

    def live(self, picture: Picture, box: Box) -> float:
        """How living the face in the box is, 0 to 1."""
        crop = surroundings(picture, box, self._times, self._side)
        row = self._session.run(self._normalisation.tensor(crop))[0][0].astype(np.float64)
        shares = np.exp(row - row.max())
        return float(shares[self._live] / shares.sum())
