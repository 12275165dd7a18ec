"""A picture of any size in the canvas that a network takes, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from models.sighting import Picture, Points


@dataclass(frozen=True, slots=True, eq=False)
class Letterbox:
    """A picture scaled into a canvas at its top left; `back` turns canvas pixels into picture pixels."""

    canvas: Picture
    scale: float

    def back(self, points: Points) -> Points:
        """The same points (any shape ending in x, y or in x, y pairs) in pixels of the picture."""
        return np.asarray(points / self.scale, dtype=np.float32)


def letterbox(picture: Picture, width: int, height: int, fill: int = 0, max_scale: float = 1.0) -> Letterbox:
    """Fit a picture into a width x height canvas, top left, enlarged at most `max_scale` times, filled with grey."""
    tall, wide = picture.shape[:2]
    scale = min(width / wide, height / tall, max_scale)
    inner = (max(1, min(width, round(wide * scale))), max(1, min(height, round(tall * scale))))
    if inner == (wide, tall):
        scaled = picture
    else:
        how = cv2.INTER_AREA if scale < 1 / 2 else cv2.INTER_LINEAR
        scaled = np.asarray(cv2.resize(picture, inner, interpolation=how), dtype=np.uint8)
    canvas = np.full((height, width, 3), fill, np.uint8)
    canvas[: inner[1], : inner[0]] = scaled
    return Letterbox(canvas, scale)


@dataclass(frozen=True, slots=True)
class Search:
    """How large a picture is searched: its longest side in pixels, enlarged at most `max_scale` times.

    `fixed` is the (width, height) of a network that takes only one size; `fill` is the grey beside the picture.
    """

    longest: int
    max_scale: float
    fixed: tuple[int, int] | None = None
    fill: int = 0
    stride: int = 32

    def scale(self, picture: Picture) -> float:
        """How many pixels of the canvas there are for one of the picture's, across."""
        tall, wide = picture.shape[:2]
        scale = min(self.longest / max(tall, wide), self.max_scale)
        return float(min(scale, self.fixed[0] / wide, self.fixed[1] / tall) if self.fixed else scale)

    def fit(self, picture: Picture) -> Letterbox:
        """The picture in the smallest canvas that the network takes, its sides multiples of `stride`."""
        tall, wide = picture.shape[:2]
        scale = self.scale(picture)
        if self.fixed:
            return letterbox(picture, *self.fixed, self.fill, scale)
        width, height = (max(1, -(-round(side * scale) // self.stride)) * self.stride for side in (wide, tall))
        return letterbox(picture, width, height, self.fill, scale)
