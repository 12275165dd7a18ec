"""Turning aligned faces into numbers that can be compared by their cosine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.errors import ModelCorrupt
from models.face.alignment import SIDE
from models.preprocess import Normalisation
from models.session import Session
from models.sighting import Embedding, Picture


class Embedder:
    """Any network that turns one aligned 112 x 112 face into one row of numbers: MobileFaceNet, ArcFace, SFace.

    Raises:
        ModelCorrupt: `models.wrong_shape` where the network does not take such a face, `models.no_direction` where it
            gives zeros or no numbers.
    """

    def __init__(self, session: Session, normalisation: Normalisation, model_id: str) -> None:
        self._session = session
        self._normalisation = normalisation
        self.model_id = model_id
        self.size = len(self._one(np.full((SIDE, SIDE, 3), 127, np.uint8)))

    def embed(self, aligned: Sequence[Picture]) -> Sequence[Embedding]:
        """One embedding of unit length for each aligned 112 x 112 face."""
        return [self._one(face) for face in aligned]

    def _one(self, face: Picture) -> Embedding:
        (row,) = self._session.run(self._normalisation.tensor(face))[0]
        length = float(np.linalg.norm(row))
        if not np.isfinite(length) or length < 1e-6:
            raise ModelCorrupt("models.no_direction", name=self._session.name)
        return np.asarray(row / length, dtype=np.float32)
