"""Faces drawn with five dots where their landmarks are, so that a test can look for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.roles import FoundFace
from models.sighting import Box, Picture, Points

DOTS = ((255, 0, 0), (0, 0, 255), (0, 255, 0), (255, 0, 255), (0, 255, 255))
"""Left eye, right eye, nose, left and right corner of the mouth."""

MARKS: Points = np.array([[100, 110], [150, 110], [125, 135], [105, 160], [145, 160]], np.float32)
BOX = Box(80.0, 75.0, 170.0, 185.0)


def face(shade: int = 170, side: int = 250) -> Picture:
    """An oval of one shade with the dots, on grey."""
    picture = np.full((side, side, 3), 90, np.uint8)
    cv2.ellipse(picture, (125, 130), (45, 55), 0, 0, 360, (shade, shade, shade), -1)
    for spot, colour in zip(MARKS, DOTS, strict=True):
        cv2.circle(picture, (int(spot[0]), int(spot[1])), 7, colour, -1)
    return picture


def dot_at(picture: Picture, which: int) -> NDArray[np.float64]:
    """The middle (x, y) of the dot of that number."""
    near = np.abs(picture.astype(int) - DOTS[which]).max(2) < 90
    y, x = np.nonzero(near)
    return np.array([x.mean(), y.mean()])


class DotFinder:
    """A finder that gives the drawn face, moved by so much; none where it is blind."""

    def __init__(self, off: float = 0.0, found: float = 0.9, blind: bool = False) -> None:
        self.off, self.found, self.blind, self.looks = off, found, blind, 0

    def find(self, picture: Picture) -> Sequence[FoundFace]:
        self.looks += 1
        if self.blind:
            return []
        return [FoundFace(BOX.moved(self.off, 0), MARKS + np.float32(self.off), self.found)]


def write_people(folder: Path, people: dict[str, int]) -> None:
    """A folder for each person with so many different drawings."""
    for number, (name, count) in enumerate(people.items()):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            cv2.imwrite(str(folder / name / f"{i}.png"), face(120 + 8 * number + i))
