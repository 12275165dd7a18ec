"""Small pictures for the compound with a past: a plate, or a head that is nobody's."""

from __future__ import annotations

import cv2
import numpy as np

from models.sighting import Picture
from samples.plates import Plate, Style, draw_plate

SIDE = 160


def plate_jpeg(plate: str, seed: int) -> bytes:
    """A crop of a car's front with its plate; a text that is too short to be one is drawn with zeros."""
    rng = np.random.default_rng(seed)
    drawn = draw_plate(Plate(plate.ljust(7, "0")[:7], Style.BLUE), rng, px_per_mm=0.4)
    scene = np.full((SIDE, 240, 3), rng.integers(40, 200, 3), np.uint8)
    top, left = SIDE - drawn.shape[0] - 20, (240 - drawn.shape[1]) // 2
    scene[top : top + drawn.shape[0], left : left + drawn.shape[1]] = drawn
    return _encoded(scene)


def face_jpeg(seed: int) -> bytes:
    """A head and shoulders drawn with a few ellipses."""
    rng = np.random.default_rng(seed)
    scene = np.full((SIDE, SIDE, 3), rng.integers(150, 230), np.uint8)
    coat, hair = (tuple(int(c) for c in rng.integers(low, high, 3)) for low, high in ((30, 200), (10, 60)))
    cv2.ellipse(scene, (80, 175), (70, 55), 0, 0, 360, coat, -1)
    cv2.ellipse(scene, (80, 75), (38, 50), 0, 0, 360, (150, 178, 214), -1)
    cv2.ellipse(scene, (80, 45), (40, 28), 0, 180, 360, hair, -1)
    for x in (66, 94):
        cv2.circle(scene, (x, 72), 4, (40, 40, 40), -1)
    return _encoded(scene)


def _encoded(picture: Picture) -> bytes:
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return bytes(encoded.tobytes())
