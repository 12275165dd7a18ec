"""Who is behind a mask, by what shows above it.

A linear map takes what an embedder makes of a masked face to about where the face would lie without the mask, so that
it can be compared with the templates of whole faces and nothing else need be stored. It is given two looks: the face as
it is, and with everything below the bridge of the nose painted over, where all masks look the same. The map is learned
by `models.training.behind_mask`, from masks that were drawn.
"""

from __future__ import annotations

import io

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import ModelCorrupt
from models.face.alignment import SIDE
from models.roles import FaceEmbedder
from models.sighting import Embedding, Picture

EDGE = np.array([[0, 72], [56, 60], [SIDE, 72], [SIDE, SIDE], [0, SIDE]], np.int32)
"""What is painted over of an aligned face (x, y): from the cheekbones and the bridge of the nose down."""
GREY = (127, 127, 127)


class UpperFace:
    """Embeds masked faces with an embedder and its map, (2 n + 1) x n for embeddings of n numbers.

    Raises:
        ModelCorrupt: `models.not_a_network`, the map is not the embedder's.
    """

    def __init__(self, embedder: FaceEmbedder, mapped: NDArray[np.floating]) -> None:
        if mapped.shape != (2 * embedder.size + 1, embedder.size):
            raise ModelCorrupt("models.not_a_network", name=embedder.model_id)
        self._embedder = embedder
        self._map = mapped.astype(np.float32)

    def embed(self, aligned: Picture, whole: Embedding) -> Embedding:
        """The embedding of unit length of an aligned masked face (112 x 112), given that of the face as it is."""
        (above,) = self._embedder.embed([painted_over(aligned)])
        row = through(self._map, whole, above)
        return np.asarray(row / max(float(np.linalg.norm(row)), 1e-6), np.float32)


def through(mapped: NDArray[np.float32], whole: NDArray[np.float32], above: NDArray[np.float32]) -> NDArray[np.float32]:
    """Both looks (... x n each) through the map, not normalised."""
    size = mapped.shape[1]
    return np.asarray(whole @ mapped[:size] + above @ mapped[size:-1] + mapped[-1], np.float32)


def painted_over(aligned: Picture) -> Picture:
    """A copy of an aligned face that shows nothing below the bridge of the nose."""
    face = aligned.copy()
    cv2.fillPoly(face, [EDGE], GREY, cv2.LINE_AA)
    return face


def read_map(stored: bytes, name: str) -> NDArray[np.floating]:
    """The map in a NumPy file. Raises `ModelCorrupt` (`models.not_a_network`) where it holds none."""
    try:
        mapped: NDArray[np.floating] = np.load(io.BytesIO(stored), allow_pickle=False)
    except (ValueError, EOFError) as broken:
        raise ModelCorrupt("models.not_a_network", name=name) from broken
    return mapped
