"""Recognisers that see what the grey of a picture stands for, and the pictures to show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from models.plate.grammar import classify
from models.sighting import Box, FaceQuality, FaceSighting, Picture, PlateColour, PlateSighting

QUALITY = FaceQuality(1, 60, 1, 1, 1)


def silent(_done: int, _all: int) -> None:
    """No progress is shown."""


def write(file: Path, shade: int, width: int = 100, height: int = 100) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imencode(".png", np.full((height, width, 3), shade, np.uint8))[1].tofile(file)
    return file


def plate(text: str, found: float = 0.9, colour: PlateColour = PlateColour.BLUE, height: float = 30) -> PlateSighting:
    corners = np.array([[0, 0], [99, 0], [99, height], [0, height]], np.float32)
    kind = classify(text, colour)
    return PlateSighting(Box(0, 0, 99, height), corners, 1, found, text, (1.0,) * len(text), colour, kind)


@dataclass
class PlatesByShade:
    seen: Mapping[int, Sequence[PlateSighting]]
    whole: list[int] = field(default_factory=list)

    def see(self, picture: Picture) -> Sequence[PlateSighting]:
        return self.seen[int(picture[0, 0, 0])]

    def read(self, picture: Picture) -> PlateSighting:
        self.whole.append(int(picture[0, 0, 0]))
        return self.seen[int(picture[0, 0, 0])][0]


class FacesByShade:
    """A face in the middle whose direction is the grey of the picture, and a smaller one beside it; none in black."""

    model_id = "toy@00000000"

    def find(self, picture: Picture) -> Sequence[FaceSighting]:
        if not picture.any():
            return []
        return [
            FaceSighting(Box(0, 0, 30, 30), np.zeros((5, 2), np.float32), 0.9, QUALITY),
            FaceSighting(Box(40, 40, 60, 60), np.ones((5, 2), np.float32), 0.9, QUALITY),
        ]

    def embed(self, picture: Picture, faces: Sequence[FaceSighting]) -> Sequence[FaceSighting]:
        angle = float(picture[0, 0, 0]) / 40
        row = np.array([np.cos(angle), np.sin(angle)], np.float32)
        beside = np.array([0, -1], np.float32)
        return [replace(face, embedding=row if face.landmarks.any() else beside) for face in faces]
