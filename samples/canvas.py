"""A sheet to draw flat things on, in metres, with soft edges and a transparent ground."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Sprite = NDArray[np.uint8]
"""Height x width x 4: blue, green, red already multiplied by alpha, and alpha."""

Bgr = tuple[int, int, int]
Point = tuple[float, float]
Points = Sequence[Point] | NDArray[np.float64]
"""Points one by one, or n x 2."""
FRACTION_BITS = 4
CIRCLE = np.array([(np.cos(turn), np.sin(turn)) for turn in np.linspace(0, 2 * np.pi, 48, endpoint=False)])
"""Corners of what is drawn as round. A hedge has hundreds of leaves, so they are reckoned once."""


class Canvas:
    """A transparent sheet of `width` x `height` metres; x runs from the left edge, y up from the lower one."""

    def __init__(self, width: float, height: float, px_per_m: float) -> None:
        self.scale = px_per_m
        self.pixels: Sprite = np.zeros((round(height * px_per_m), round(width * px_per_m), 4), np.uint8)

    def polygon(self, points: Points, colour: Bgr) -> None:
        """Fill the polygon through the points."""
        cv2.fillPoly(self.pixels, [self._fixed(points)], (*colour, 255), cv2.LINE_AA, FRACTION_BITS)

    def blob(self, points: Sequence[Point], colour: Bgr) -> None:
        """Fill the closed smooth curve through the points."""
        self.polygon(_smooth(points), colour)

    def box(self, left: float, bottom: float, right: float, top: float, colour: Bgr) -> None:
        """Fill an upright rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def disc(self, x: float, y: float, across: float, up: float, colour: Bgr) -> None:
        """Fill an ellipse by its centre and half axes."""
        self.polygon(np.array((x, y)) + np.array((across, up)) * CIRCLE, colour)

    def line(self, points: Sequence[Point], width: float, colour: Bgr) -> None:
        """Draw an open line of the given width."""
        thick = max(round(width * self.scale), 1)
        cv2.polylines(self.pixels, [self._fixed(points)], False, (*colour, 255), thick, cv2.LINE_AA, FRACTION_BITS)

    def shine(self, top: float, bottom: float) -> None:
        """Light from above: brightness runs from `top` to `bottom` down the sheet."""
        ramp = np.linspace(top, bottom, self.pixels.shape[0], dtype=np.float32)[:, None, None]
        _light(self.pixels, ramp)

    def curve(self, at_edges: float) -> None:
        """Darken towards the left and right edge, as a surface that bends away from the viewer."""
        across = np.linspace(-1, 1, self.pixels.shape[1], dtype=np.float32)[None, :, None]
        _light(self.pixels, 1 - (1 - at_edges) * across**4)

    def swell(self, depth: float, at_edges: float, side: float = 0.0) -> None:
        """Shade what is drawn as if it were round: darker within `depth` metres of its outline.

        `side`, -1 to 1, moves the light to the left or right.
        """
        left, top, width, height = cv2.boundingRect(self.pixels[..., 3])
        part = self.pixels[top : top + height, left : left + width]
        inside = cv2.distanceTransform(np.pad((part[..., 3] > 127).astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
        round_up = np.clip(inside / (depth * self.scale), 0, 1).astype(np.float32)
        form = np.sqrt(1 - (1 - round_up) ** 2)
        slope: NDArray[np.float32] = cv2.Sobel(cv2.GaussianBlur(form, (0, 0), depth * self.scale / 3), cv2.CV_32F, 1, 0)
        _light(part, (at_edges + (1 - at_edges) * form + side * slope * 8)[..., None])

    def grain(self, rng: np.random.Generator, strength: float) -> None:
        """Weave and unevenness: noise of the given strength in grey levels, twice as strong where it is coarse."""
        height, width = self.pixels.shape[:2]
        coarse = cv2.resize(rng.normal(0, 2 * strength, (height // 24 + 2, width // 24 + 2)), (width, height))
        _light(self.pixels, 1 + (coarse + rng.normal(0, strength, (height, width)))[..., None].astype(np.float32) / 128)

    def add(self, above: Canvas) -> None:
        """Lay another sheet of the same size on top."""
        left, top, width, height = cv2.boundingRect(above.pixels[..., 3])
        within = slice(top, top + height), slice(left, left + width)
        upper = np.ascontiguousarray(above.pixels[within])
        rest = cv2.merge([cv2.bitwise_not(np.ascontiguousarray(upper[..., 3]))] * 4)
        lower = np.ascontiguousarray(self.pixels[within])
        self.pixels[within] = cv2.add(cv2.multiply(lower, rest, scale=1 / 255), upper)

    def blur(self, radius: float) -> None:
        """Soften everything by a Gaussian of `radius` metres."""
        self.pixels = cv2.GaussianBlur(self.pixels, (0, 0), radius * self.scale)

    def fade(self, opacity: float) -> None:
        """Make everything drawn so far see-through."""
        self.pixels = (self.pixels * opacity).astype(np.uint8)

    def _fixed(self, points: Points) -> NDArray[np.int32]:
        metres = np.asarray(points, np.float64)
        pixels = metres * (self.scale, -self.scale) + (0, self.pixels.shape[0])
        return ((pixels - 0.5) * (1 << FRACTION_BITS)).round().astype(np.int32)


def _light(sprite: Sprite, factor: NDArray[np.float32]) -> None:
    """Multiply the colours, in place, never above their alpha."""
    sprite[..., :3] = np.clip(sprite[..., :3] * factor, 0, sprite[..., 3:]).astype(np.uint8)


def _smooth(points: Sequence[Point], steps: int = 8) -> list[Point]:
    """A closed Catmull-Rom curve through the points."""
    knots = np.asarray(points, np.float64)
    before, after, later = np.roll(knots, 1, 0), np.roll(knots, -1, 0), np.roll(knots, -2, 0)
    curve = []
    for t in np.linspace(0, 1, steps, endpoint=False):
        bend = (2 * before - 5 * knots + 4 * after - later) * t**2 + (3 * knots - before - 3 * after + later) * t**3
        curve.append(knots + ((after - before) * t + bend) / 2)
    return [(float(x), float(y)) for x, y in np.stack(curve, 1).reshape(-1, 2)]
