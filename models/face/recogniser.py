"""The whole way from a picture to embedded faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from models.face.alignment import align
from models.face.behind_mask import UpperFace
from models.face.quality import assess
from models.face.rim import find_rim
from models.roles import FaceEmbedder, FaceFinder, FaceLiveness, FoundFace
from models.sighting import FaceSighting, Picture, Points, Rim
from models.surroundings import cut

SURROUNDINGS = 1.8
"""The closer look takes in a square of so many times the face's longer side."""

SMOOTH = cv2.INTER_CUBIC
"""How an aligned face is drawn that is embedded: most faces at a gate are enlarged for it, which straight lines between
pixels blur (same person's mean cosine over 645 LFW faces set small into 720p scenes: 0.638 linear, 0.642 cubic)."""

SAME = 0.3
"""Overlap from which the face of the closer look is the one that was meant."""


class FacePipeline:
    """A finder, the alignment and an embedder in a row; safe to call from several threads at once.

    The landmarks decide the accuracy of a small embedder, and a face is small in a picture that was scaled down to be
    searched: before it is embedded, `closer` looks for the landmarks again in the picture's own pixels around it. Both
    looks are used, for their errors are their own, each as much as it is enlarged. With the pack `starter`, of 645 LFW
    faces that it has not learned from, set small into 720p scenes, the same person's mean cosine is 0.51 after the
    first look, 0.564 with the plain mean of both and 0.578 so; where both looks see the face as large (LFW's own
    pictures, `yunet-s`) the plain mean is 0.009 better than the closer look alone.
    `liveness` judges each face that is embedded; with `rims` a frame about it is looked for too. Where a mouth is
    hidden, `upper` embeds what shows above the mask.
    """

    def __init__(
        self,
        finder: FaceFinder,
        closer: FaceFinder,
        embedder: FaceEmbedder,
        liveness: FaceLiveness | None = None,
        *,
        rims: bool = False,
        upper: UpperFace | None = None,
    ) -> None:
        self._finder = finder
        self._closer = closer
        self._embedder = embedder
        self._liveness = liveness
        self._rims = rims
        self._upper = upper
        self.model_id = embedder.model_id

    def find(self, picture: Picture) -> Sequence[FaceSighting]:
        """Every face with its quality, not yet embedded, largest first."""
        faces = [self._sighting(picture, face) for face in self._finder.find(picture) if spread(face.landmarks)]
        return sorted(faces, key=lambda face: face.box.width * face.box.height, reverse=True)

    def embed(self, picture: Picture, faces: Sequence[FaceSighting]) -> Sequence[FaceSighting]:
        """The same faces of the same picture, embedded, with the mended landmarks."""
        looked = [replace(face, landmarks=self._look_closer(picture, face)) for face in faces]
        aligned = [align(picture, face.landmarks, SMOOTH) for face in looked]
        embeddings = self._embedder.embed(aligned)
        return [
            replace(
                face,
                embedding=row,
                upper=self._upper.embed(crop, row) if self._upper and face.quality.mouth_hidden else None,
                live=self._live(picture, face),
                rim=self._rim(picture, face),
            )
            for face, crop, row in zip(looked, aligned, embeddings, strict=True)
        ]

    def _live(self, picture: Picture, face: FaceSighting) -> float | None:
        return self._liveness.live(picture, face.box) if self._liveness else None

    def _rim(self, picture: Picture, face: FaceSighting) -> Rim | None:
        return find_rim(picture, face.box) if self._rims else None

    def _sighting(self, picture: Picture, face: FoundFace) -> FaceSighting:
        quality = assess(align(picture, face.landmarks), face.landmarks, face.box, picture)
        return FaceSighting(face.box, face.landmarks, face.found, quality)

    def _look_closer(self, picture: Picture, face: FaceSighting) -> Points:
        crop, left, top = cut(picture, face.box, SURROUNDINGS)
        again = [
            seen
            for seen in self._closer.find(crop)
            if seen.box.moved(left, top).overlap(face.box) >= SAME and spread(seen.landmarks)
        ]
        if not again:
            return face.landmarks
        best = max(again, key=lambda seen: seen.box.moved(left, top).overlap(face.box))
        moved = best.landmarks + np.array([left, top], np.float32)
        near, far = self._closer.scale(crop), self._finder.scale(picture)
        return np.asarray(moved + (face.landmarks - moved) * far / (near + far), dtype=np.float32)


def spread(landmarks: Points) -> bool:
    """Whether the landmarks stand far enough apart to align a face by: two pixels between the outermost."""
    return bool(np.isfinite(landmarks).all() and np.ptp(landmarks, axis=0).max() >= 2.0)
