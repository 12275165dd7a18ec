"""A recogniser that takes the brightness of a picture for a person, so that the commands are tested without weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from models.sighting import Box, FaceFault, FaceQuality, FaceSighting, Picture


class PaintedFaces:
    """Takes the picture's brightness for the person: 40 for person 4, and a black picture for nobody."""

    model_id = "painted-1"

    def find(self, picture: Picture) -> Sequence[FaceSighting]:
        brightness = int(picture.mean().round())
        if brightness == 0:
            return []
        faults = (FaceFault.TOO_BRIGHT,) if brightness > 200 else ()
        quality = FaceQuality(0.8, 120, 0.9, 0.9, 0.9, faults)
        return [FaceSighting(Box(0, 0, 100, 120), np.zeros((5, 2), np.float32), 0.9, quality)]

    def embed(self, picture: Picture, faces: Sequence[FaceSighting]) -> Sequence[FaceSighting]:
        person = np.eye(32, dtype=np.float32)[int(picture.mean().round()) // 10]
        return [replace(face, embedding=person) for face in faces]


def painted(brightness: int) -> bytes:
    """A PNG of that brightness."""
    _, png = cv2.imencode(".png", np.full((200, 200, 3), brightness, np.uint8))
    return bytes(png)
