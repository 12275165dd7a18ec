"""From a plate seen straight on to what the reader gets: rectified with errors, or cut out askew, at any size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.plate.rectify import ACROSS, DOWN, side_by_side
from models.sighting import Picture
from models.training.plate_wear import lit, seen_from_afar

WIDTH, HEIGHT = 160, 48
"""What the reader takes."""

SMALLEST, LARGEST = 11, 60
"""Rows of the plates that the reader learns on."""


def surroundings(rng: np.random.Generator) -> Picture:
    """What stands around a plate: a car's paint, a dark grille, a chrome frame; 12 x 40, to be enlarged."""
    tone = rng.uniform(5, 240) * np.exp(rng.normal(0, 0.25, 3))
    rows = np.linspace(-1, 1, 12)[:, None, None] * rng.normal(0, 30)
    patch = np.clip(tone + rows + rng.normal(0, 12, (12, 40, 1)), 0, 255)
    return np.asarray(patch, np.uint8)


def view(plate: Picture, rows: int, rng: np.random.Generator, around: Picture | None) -> Picture:
    """One reader's picture, 48 x 160, of a plate seen straight on.

    `around` is what stands beside it; None draws the plate's own edge out, as the product does with a picture that is
    nothing but a plate.
    """
    askew = rows == 1 and rng.random() < 0.4
    wide, high = (220, 66) if rows == 1 else (220, 110)
    target = _askew(wide, high, rng) if askew else _nearly_straight(wide, high, rng)
    picture = _placed(plate, target, (wide, high), around, rng)
    if rng.random() < 0.9:
        picture = lit(picture, rng)
    tall = int(rng.integers(SMALLEST, 31)) if rng.random() < 0.6 else int(rng.integers(28, LARGEST))
    return fitted(seen_from_afar(picture, rng, tall if rows == 1 else round(tall * 1.5)), rows)


def fitted(picture: Picture, rows: int) -> Picture:
    """A rectified plate at the reader's size, two rows set side by side, as the product does it."""
    line = side_by_side(picture) if rows == 2 else picture
    how = cv2.INTER_AREA if line.shape[1] > 2 * WIDTH else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(line, (WIDTH, HEIGHT), interpolation=how), np.uint8)


def _nearly_straight(wide: int, high: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """The plate's corners in a rectified picture: the product's margins, and the finder's errors."""
    across, down = wide * ACROSS / (1 + 2 * ACROSS), high * DOWN / (1 + 2 * DOWN)
    corners = np.array([[across, down], [wide - across, down], [wide - across, high - down], [across, high - down]])
    error = rng.uniform(0.2, 1.0)
    corners += rng.normal(0, 1, (4, 2)) * np.array([wide * 0.022, high * 0.05]) * error
    corners += rng.normal(0, 1, (1, 2)) * np.array([wide * 0.012, high * 0.03]) * error
    return np.asarray(corners, np.float32)


def _askew(wide: int, high: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """The plate's corners in an upright box cut around a plate that hangs askew."""
    slope, lean = rng.normal(0, 0.09), rng.normal(0, 0.18)
    height = 1.0 / 3.2
    corners = np.array([[0, 0], [1, 0], [1, height], [0, height]])
    corners[:, 1] += corners[:, 0] * slope
    corners[:, 0] += corners[:, 1] * lean
    corners += rng.normal(0, 0.008, (4, 2))
    corners -= corners.min(0)
    margin = np.abs(rng.normal(0.02, 0.02, 4))
    size = corners.max(0)
    left, right = margin[0] * size[0], margin[1] * size[0]
    top, bottom = margin[2] * size[1] * 2, margin[3] * size[1] * 2
    scale = np.array([wide, high]) / (size + np.array([left + right, top + bottom]))
    return np.asarray((corners + np.array([left, top])) * scale, np.float32)


def _placed(
    plate: Picture, target: NDArray[np.float32], size: tuple[int, int], around: Picture | None, rng: np.random.Generator
) -> Picture:
    """The plate warped to the target corners, with a soft edge, on its surroundings."""
    height, width = plate.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, target)
    warped = cv2.warpPerspective(plate, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if around is None:
        return np.asarray(warped, np.uint8)
    ground = np.asarray(cv2.resize(around, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    if rng.random() < 0.35:
        ring = target + (target - target.mean(0)) * np.float32(rng.uniform(0.01, 0.08))
        tone = float(rng.choice([15, 40, 120, 200]))
        cv2.fillConvexPoly(ground, ring.round().astype(np.int32), (tone, tone, tone), cv2.LINE_AA)
    mask = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillConvexPoly(mask, target.round().astype(np.int32), 255, cv2.LINE_AA)
    share = mask[..., None].astype(np.float32) / 255
    return np.asarray(warped * share + ground * (1 - share), np.uint8)
