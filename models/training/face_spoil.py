"""Aligned faces as a camera at a gate gives them: blurred, small, dark, noisy, packed, partly hidden."""

from __future__ import annotations

import cv2
import numpy as np

from models.face.alignment import SIDE
from models.sighting import Picture
from models.training.face_morph import Generator, wobble

SMALLEST_PX = 16
"""A face is made so small and enlarged again."""


def spoil(face: Picture, generator: Generator, much: float) -> Picture:
    """The face with a few faults; `much` is 0 (none) to 1 (as bad as it gets). Who it shows stays plain enough to say.

    The faults come in the order in which they happen: the scene, the lens, the sensor, the codec.
    """
    for chance, fault in (
        (0.3, _shifted),
        (0.5, _lit),
        (0.2, _hidden),
        (0.4, _small),
        (0.25, _blurred),
        (0.3, _noisy),
        (0.3, _packed),
    ):
        if generator.random() < chance * min(1.0, 2 * much):
            face = fault(face, generator, much)
    return face


def _shifted(face: Picture, generator: Generator, much: float) -> Picture:
    matrix = wobble(generator, 1.2 * much)
    return np.asarray(
        cv2.warpAffine(face, matrix[:2], (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def _lit(face: Picture, generator: Generator, much: float) -> Picture:
    """Another gamma, contrast and colour of the light, at times from one side, at times without any colour."""
    level = (np.arange(256) / 255.0) ** float(np.exp(generator.normal(0, 0.4 * much)))
    level = (level - 0.5) * float(np.exp(generator.normal(0, 0.25 * much))) + 0.5 + generator.normal(0, 0.1 * much)
    tint = 1 + generator.normal(0, 0.07 * much, 3)
    table = np.clip(level[:, None] * tint * 255, 0, 255).astype(np.uint8)
    if generator.random() < 0.15:
        face = np.repeat(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY)[:, :, None], 3, 2)
    lit = np.dstack([table[:, channel][face[:, :, channel]] for channel in range(3)])
    if generator.random() < 0.3:
        slope = np.linspace(-1, 1, SIDE, dtype=np.float32) * generator.uniform(-0.5, 0.5) * much
        side = slope[None, :, None] if generator.random() < 0.7 else slope[:, None, None]
        lit = np.clip(lit * (1 + side), 0, 255)
    return np.ascontiguousarray(lit, dtype=np.uint8)


def _hidden(face: Picture, generator: Generator, much: float) -> Picture:
    """A patch, a mask over mouth and nose, or dark glasses."""
    hidden = face.copy()
    colour = [int(part) for part in generator.integers(0, 256, 3)]
    how = generator.random()
    if how < 0.6:
        width, height = (int(side) for side in generator.uniform(8, 20 + 30 * much, 2))
        x, y = int(generator.integers(-8, SIDE)), int(generator.integers(-8, SIDE))
        cv2.rectangle(hidden, (x, y), (x + width, y + height), colour, -1)
    elif how < 0.8:
        top = int(generator.uniform(66, 80))
        outline = np.array([[14, top + 4], [56, top - 4], [98, top + 4], [92, 112], [20, 112]])
        shade = int(generator.integers(60, 250))
        cv2.fillPoly(hidden, [outline], (shade, min(255, shade + 8), shade))
    else:
        for x in (38, 74):
            cv2.ellipse(hidden, (x, 53), (15, 11), 0, 0, 360, (20, 20, 24), -1)
        cv2.line(hidden, (14, 50), (98, 50), (20, 20, 24), 2)
    return hidden


def _small(face: Picture, generator: Generator, much: float) -> Picture:
    least = SIDE * (1 - much) + SMALLEST_PX * much
    side = int(np.exp(generator.uniform(np.log(least), np.log(SIDE))))
    down = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    how = cv2.INTER_LINEAR if generator.random() < 0.7 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(down, (SIDE, SIDE), interpolation=how), dtype=np.uint8)


def _blurred(face: Picture, generator: Generator, much: float) -> Picture:
    if generator.random() < 0.6:
        blurred = cv2.GaussianBlur(face, (0, 0), generator.uniform(0.4, 0.5 + 1.8 * much))
    else:
        length = int(generator.integers(3, 4 + round(6 * much)))
        kernel = np.zeros((length, length), np.float32)
        kernel[length // 2] = 1 / length
        turn = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), generator.uniform(0, 180), 1)
        kernel = cv2.warpAffine(kernel, turn, (length, length))
        blurred = cv2.filter2D(face, -1, kernel / max(float(kernel.sum()), 1e-3))
    return np.asarray(blurred, dtype=np.uint8)


def _noisy(face: Picture, generator: Generator, much: float) -> Picture:
    noise = generator.standard_normal(face.shape, dtype=np.float32) * generator.uniform(1, 2 + 14 * much)
    return np.clip(face + noise, 0, 255).astype(np.uint8)


def _packed(face: Picture, generator: Generator, much: float) -> Picture:
    quality = int(generator.uniform(90 - 65 * much, 95))
    _, coded = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), dtype=np.uint8)
