"""Faces that nobody photographed: other croppings of a photograph, and mixtures of two aligned faces.

A teacher labels whatever it is shown, so a recipe that learns from a teacher can learn from faces in between two
people. Everything here is drawn from the generator it is given and from nothing else.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face.alignment import SIDE, TEMPLATE, similarity
from models.sighting import Picture, Points

Generator = np.random.Generator
Mask = NDArray[np.float32]

JITTER_PX = 1.2
"""Deviation of a landmark's place in the aligned face: about how far two good finders differ."""

REGIONS = {
    "eyes": (56.0, 51.0, 30.0, 13.0),
    "brows": (56.0, 36.0, 34.0, 13.0),
    "nose": (56.0, 66.0, 13.0, 17.0),
    "mouth": (56.0, 92.0, 23.0, 12.0),
    "left": (26.0, 60.0, 26.0, 62.0),
    "right": (86.0, 60.0, 26.0, 62.0),
    "top": (56.0, 22.0, 62.0, 26.0),
    "bottom": (56.0, 96.0, 62.0, 22.0),
}
"""Parts of the aligned face as ellipses: middle x, y and half axes in pixels."""


def crop(photo: Picture, landmarks: Points, generator: Generator) -> Picture:
    """An aligned face as some finder might cut it: its landmarks a little off, mirrored half of the time.

    `landmarks` is finders x 5 x 2; a point between the finders' is taken.
    """
    weights = generator.dirichlet(np.ones(len(landmarks)))
    points = np.tensordot(weights, landmarks, 1).astype(np.float32)
    scale = math.hypot(*similarity(points, TEMPLATE)[0, :2])
    off = generator.normal(0, JITTER_PX / scale, points.shape) * generator.uniform(0, 1)
    placed = np.vstack([similarity((points + off).astype(np.float32), TEMPLATE), np.array([[0.0, 0.0, 1.0]])])
    matrix = wobble(generator) @ placed
    face = cv2.warpAffine(photo, matrix[:2], (SIDE, SIDE), flags=cv2.INTER_AREA if scale < 1 / 2 else cv2.INTER_LINEAR)
    if generator.random() < 1 / 2:
        face = face[:, ::-1]
    return np.ascontiguousarray(face, dtype=np.uint8)


def wobble(generator: Generator, much: float = 1.0) -> NDArray[np.float64]:
    """A small turn, scale and shift about the middle of the aligned face (3 x 3)."""
    turn = math.radians(generator.normal(0, 2.0)) * much
    scale = 1 + generator.normal(0, 0.025) * much
    x, y = generator.normal(0, 1.2, 2) * much
    middle = (SIDE - 1) / 2
    cos, sin = scale * math.cos(turn), scale * math.sin(turn)
    return np.array(
        [
            [cos, -sin, middle - cos * middle + sin * middle + x],
            [sin, cos, middle - sin * middle - cos * middle + y],
            [0, 0, 1],
        ]
    )


def mix(one: Picture, other: Picture, generator: Generator) -> Picture:
    """A face between two aligned ones: blended, halved, or with parts of one set into the other."""
    how = generator.integers(4)
    if how == 0:
        mask = np.full((SIDE, SIDE), generator.uniform(0.3, 0.7), np.float32)
    elif how == 1:
        mask = half_mask(generator)
    else:
        mask = parts_mask(generator)
    if how != 0 and generator.random() < 1 / 2:
        other = matched(other, one)
    return blend(one, other, mask)


def blend(one: Picture, other: Picture, mask: Mask) -> Picture:
    """`other` where the mask (height x width, 0 to 1) is 1, `one` where it is 0."""
    weight = mask[:, :, None]
    return np.asarray(one * (1 - weight) + other * weight + 0.5, dtype=np.uint8)


def half_mask(generator: Generator) -> Mask:
    """One side of the face, the border soft and anywhere near the middle, upright or level."""
    place = np.arange(SIDE, dtype=np.float32)
    edge = 1 / (1 + np.exp(-(place - generator.normal(SIDE / 2, 6)) / generator.uniform(1, 6)))
    level = np.broadcast_to(edge, (SIDE, SIDE)).astype(np.float32)
    return level if generator.random() < 1 / 2 else np.ascontiguousarray(level.T)


def parts_mask(generator: Generator) -> Mask:
    """One to four soft parts of the face."""
    names = generator.choice(list(REGIONS), generator.integers(1, 5), replace=False)
    mask = np.zeros((SIDE, SIDE), np.float32)
    for name in names:
        x, y, across, down = REGIONS[str(name)]
        grow = generator.uniform(0.85, 1.3)
        centre, axes = (round(x), round(y)), (round(across * grow), round(down * grow))
        cv2.ellipse(mask, centre, axes, 0, 0, 360, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), generator.uniform(1.5, 5)), dtype=np.float32)


def matched(face: Picture, like: Picture) -> Picture:
    """The face with the mean and deviation of each channel of another one."""
    values, wanted = face.astype(np.float32), like.astype(np.float32)
    mean, deviation = values.mean((0, 1)), values.std((0, 1)) + 1
    values = (values - mean) / deviation * (wanted.std((0, 1)) + 1) + wanted.mean((0, 1))
    return np.asarray(np.clip(values, 0, 255), dtype=np.uint8)
