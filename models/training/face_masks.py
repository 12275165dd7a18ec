"""Masks drawn over the faces of photographs: surgical, folded and cloth ones, and scarves, worn high and low.

Everything here is drawn from the generator it is given and from nothing else.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face.alignment import TEMPLATE, similarity
from models.sighting import Picture, Points
from models.training.face_morph import Generator

FINE = 4
"""A mask is drawn so many times finer than the pixels that it ends up in."""

HALF: dict[str, tuple[tuple[float, float], ...]] = {
    "surgical": ((0, 63), (17, 65), (33, 72), (39, 77), (36, 96), (26, 112), (10, 119), (0, 120)),
    "beak": ((0, 60), (10, 62), (22, 70), (40, 80), (35, 99), (20, 116), (0, 123)),
    "cloth": ((0, 66), (22, 66), (42, 71), (44, 84), (37, 104), (20, 118), (0, 121)),
    "scarf": ((0, 70), (25, 71), (50, 74), (60, 90), (64, 140), (0, 140)),
}
"""The right half of each outline in pixels of the aligned face: x from its middle, y from its top."""

MIDDLE = 56.0
COLOURS: tuple[tuple[int, int, int], ...] = (
    (226, 205, 170), (235, 235, 235), (32, 32, 34), (200, 190, 235), (196, 212, 180), (120, 90, 60), (60, 60, 150),
)  # fmt: skip
"""Blue-green, white, black, pink, green, navy and red; BGR."""


def put_on(photo: Picture, landmarks: Points, generator: Generator) -> Picture:
    """A copy of the photograph whose face with these landmarks (5 x 2) wears a mask."""
    kind = str(generator.choice(list(HALF), p=[0.5, 0.2, 0.2, 0.1]))
    outline = _outline(kind, generator)
    matrix = np.vstack([similarity(landmarks, TEMPLATE), [0.0, 0.0, 1.0]])
    back = np.linalg.inv(matrix)
    left, top, width, height = _around(outline, back, photo)
    if width <= 0 or height <= 0:
        return photo.copy()
    finer = max(1, min(FINE, 600 // max(width, height)))
    place = np.diag([finer, finer, 1.0]) @ np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]]) @ back
    part = cv2.resize(photo[top : top + height, left : left + width], None, fx=finer, fy=finer)
    sheet = _sheet(part, outline, place, generator)
    cover = np.zeros(part.shape[:2], np.uint8)
    cv2.fillPoly(cover, [_to(outline, place)], 255, cv2.LINE_AA)
    share = cv2.GaussianBlur(cover, (0, 0), 0.4 * finer) / np.float32(255)
    inked = cv2.resize(sheet * share[:, :, None], (width, height), interpolation=cv2.INTER_AREA)
    left_over = 1 - cv2.resize(share, (width, height), interpolation=cv2.INTER_AREA)[:, :, None]
    worn = photo.copy()
    below = worn[top : top + height, left : left + width]
    below[:] = np.clip(below * left_over + inked + 0.5, 0, 255)
    return worn


def _outline(kind: str, generator: Generator) -> NDArray[np.float64]:
    """Both halves, a little larger or smaller, higher or lower, and askew."""
    half = np.array(HALF[kind])
    wide, tall, lower = generator.normal(1, 0.06), generator.normal(1, 0.05), generator.normal(0, 2.5)
    right = np.column_stack([half[:, 0] * wide, (half[:, 1] - 90) * tall + 90 + lower])
    right += generator.normal(0, 1.0, right.shape) * (half[:, :1] > 0)
    left = right[::-1] * [-1, 1] + generator.normal(0, 0.7, right.shape)
    both = np.vstack([right, left])
    both[:, 1] += both[:, 0] * generator.normal(0, 0.03)
    return both + np.array([MIDDLE + generator.normal(0, 1.2), 0])


def _around(outline: NDArray[np.float64], back: NDArray[np.float64], photo: Picture) -> tuple[int, int, int, int]:
    """The part of the photograph that the outline covers: left, top, width, height."""
    points = cv2.transform(outline[None], back[:2])[0]
    (left, top), (right, bottom) = points.min(0) - 4, points.max(0) + 4
    height, width = photo.shape[:2]
    x0, y0, x1, y1 = max(0, int(left)), max(0, int(top)), min(width, int(right)), min(height, int(bottom))
    return x0, y0, x1 - x0, y1 - y0


def _to(outline: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.asarray(cv2.transform(outline[None], place[:2])[0].round(), np.int32)


def _sheet(
    part: Picture, outline: NDArray[np.float64], place: NDArray[np.float64], generator: Generator
) -> NDArray[np.float32]:
    """What the mask is made of, lit as the face behind it is: folds, a weave or a print, shade to the sides."""
    height, width = part.shape[:2]
    base = np.array(COLOURS[int(generator.integers(len(COLOURS)))], np.float32)
    if generator.random() < 0.3:
        base = generator.uniform(20, 240, 3).astype(np.float32)
    sheet = np.empty((height, width, 3), np.float32)
    sheet[:] = base
    low, high = outline[:, 1].min(), outline[:, 1].max()
    if generator.random() < 0.6:
        for share in np.linspace(0.25, 0.75, int(generator.integers(2, 5))):
            fold = np.array([[18.0, 0], [56.0, generator.normal(2, 1.5)], [94.0, 0]])
            fold[:, 1] += low + share * (high - low)
            shade = (base * generator.uniform(0.8, 0.95)).tolist()
            cv2.polylines(sheet, [_to(fold, place)], False, shade, max(1, round(place[0, 0] * 0.9)), cv2.LINE_AA)
    if generator.random() < 0.2:
        cells = generator.uniform(-40, 40, (int(generator.integers(6, 20)),) * 2 + (3,)).astype(np.float32)
        sheet += cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST)
    lit = cv2.GaussianBlur(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY).astype(np.float32), (0, 0), max(2.0, width / 8))
    lit /= max(20.0, float(np.percentile(lit, 80)))
    sheet *= (lit * float(generator.uniform(0.75, 1.05)))[:, :, None]
    sheet += generator.normal(0, generator.uniform(0.5, 4), sheet.shape).astype(np.float32)
    return np.asarray(sheet.clip(0, 255), np.float32)
