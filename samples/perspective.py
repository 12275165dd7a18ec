"""A pinhole camera at the gate and flat panels in the space before it.

The world is in metres: x to the right, y up from the ground, z away from the foot of the camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.sighting import Picture
from samples.canvas import Sprite

Metres = NDArray[np.float64]
"""n x 3: x, y, z."""

NEAR_M = 0.4
HEIGHT_PX = 720
"""Of a picture, where nothing else is asked for; what samples give in pixels is meant for one so high."""


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera stands and looks: yaw to the right and pitch upwards, in degrees."""

    width: int
    height: int
    focal_px: float
    eye_m: float
    yaw: float = 0.0
    pitch: float = 0.0

    def enlarged(self, by: float) -> View:
        """The same view with `by` times as many pixels each way."""
        width, height = round(self.width * by), round(self.height * by)
        return View(width, height, self.focal_px * by, self.eye_m, self.yaw, self.pitch)

    def seen(self, points: Metres) -> Metres:
        """World points in the camera's own axes: right, up, depth."""
        return (points - (0.0, self.eye_m, 0.0)) @ self._turn().T

    def flat(self, seen: Metres) -> NDArray[np.float64]:
        """Points in the camera's axes as pixels, n x 2."""
        return np.stack(
            [
                self.width / 2 + self.focal_px * seen[:, 0] / seen[:, 2],
                self.height / 2 - self.focal_px * seen[:, 1] / seen[:, 2],
            ],
            axis=1,
        )

    def project(self, points: Metres) -> NDArray[np.float64]:
        """World points as pixels, n x 2; only for points in front of the camera."""
        return self.flat(self.seen(points))

    def px_per_m(self, point: tuple[float, float, float]) -> float:
        """How many pixels a metre across takes at a point."""
        return float(self.focal_px / max(self.seen(np.array([point]))[0, 2], NEAR_M))

    def rays(self) -> NDArray[np.float64]:
        """For each pixel the direction it looks in, height x width x 3, in world axes."""
        across = (np.arange(self.width) + 0.5 - self.width / 2) / self.focal_px
        up = (self.height / 2 - np.arange(self.height) - 0.5) / self.focal_px
        x, y = np.meshgrid(across, up)
        return np.stack([x, y, np.ones_like(x)], axis=2) @ self._turn()

    def _turn(self) -> NDArray[np.float64]:
        yaw, pitch = np.radians(self.yaw), np.radians(self.pitch)
        about_y = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
        about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
        return np.asarray(about_x @ about_y)


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A flat piece in space with a sprite on it; corners 4 x 3: top left, top right, bottom right, bottom left."""

    sprite: Sprite
    corners: Metres

    def moved(self, place: tuple[float, float, float], heading: float = 0.0) -> Panel:
        """The panel turned by `heading` degrees about the upright axis and then shifted to `place`."""
        turn = np.radians(heading)
        about_y = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
        return Panel(self.sprite, self.corners @ about_y.T + place)


def upright(sprite: Sprite, left: float, bottom: float, right: float, top: float, z: float) -> Panel:
    """A panel that faces the camera at depth `z`."""
    return Panel(sprite, np.array([(left, top, z), (right, top, z), (right, bottom, z), (left, bottom, z)], float))


def lay(panel: Panel, view: View, picture: Picture) -> None:
    """Draw a panel over the picture; what is behind the camera or seen from its back is left out."""
    clipped = _clipped(panel.sprite, view.seen(panel.corners))
    if clipped is None:
        return
    sprite, seen = clipped
    quad = view.flat(seen)
    if _area(quad) <= 1.0:
        return
    lowest = np.floor(quad.min(0)).astype(int) - 1
    highest = np.ceil(quad.max(0)).astype(int) + 2
    left, top = np.maximum(lowest, 0).tolist()
    right, bottom = np.minimum(highest, (view.width, view.height)).tolist()
    if right <= left or bottom <= top:
        return
    texture = _reduced(sprite, quad)
    height, width = texture.shape[:2]
    source = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32) - 0.5
    bend = cv2.getPerspectiveTransform(source, (quad - (left + 0.5, top + 0.5)).astype(np.float32))
    warped: Sprite = cv2.warpPerspective(texture, bend, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
    cover(picture[top:bottom, left:right], warped)


def cover(picture: Picture, sprite: Sprite) -> None:
    """Blend a sprite of the same size over a picture, in place."""
    rest = cv2.cvtColor(cv2.bitwise_not(np.ascontiguousarray(sprite[..., 3])), cv2.COLOR_GRAY2BGR)
    dimmed = cv2.multiply(np.ascontiguousarray(picture), rest, scale=1 / 255)
    picture[...] = cv2.add(dimmed, np.ascontiguousarray(sprite[..., :3]))


def _area(quad: NDArray[np.float64]) -> float:
    """Signed area, positive where the corners run clockwise on the screen: the face and not the back."""
    x, y = quad[:, 0], quad[:, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)


def _reduced(sprite: Sprite, quad: NDArray[np.float64]) -> Sprite:
    """The sprite brought down to about the size it will have, each way by itself, so that nothing flickers."""
    edges = np.linalg.norm(np.roll(quad, -1, 0) - quad, axis=1)
    width = min(max(round(max(edges[0], edges[2])), 2), sprite.shape[1])
    height = min(max(round(max(edges[1], edges[3])), 2), sprite.shape[0])
    if (height, width) == sprite.shape[:2]:
        return np.ascontiguousarray(sprite)
    reduced: Sprite = cv2.resize(np.ascontiguousarray(sprite), (width, height), interpolation=cv2.INTER_AREA)
    return reduced


def _clipped(sprite: Sprite, seen: Metres) -> tuple[Sprite, Metres] | None:
    """The part in front of the camera: the sprite cut along the way that depth runs, and its corners."""
    depth = seen[:, 2]
    if depth.min() >= NEAR_M:
        return sprite, seen
    if depth.max() <= NEAR_M:
        return None
    if abs(depth[0] - depth[3]) > abs(depth[0] - depth[1]):
        turned = _clipped_across(sprite.swapaxes(0, 1), seen[[0, 3, 2, 1]])
        return None if turned is None else (turned[0].swapaxes(0, 1), turned[1][[0, 3, 2, 1]])
    return _clipped_across(sprite, seen)


def _clipped_across(sprite: Sprite, seen: Metres) -> tuple[Sprite, Metres] | None:
    width = sprite.shape[1]
    share = np.linspace(0, 1, width + 1)[:, None]
    upper = seen[0] + (seen[1] - seen[0]) * share
    lower = seen[3] + (seen[2] - seen[3]) * share
    ahead = np.flatnonzero(np.minimum(upper[:, 2], lower[:, 2]) >= NEAR_M)
    if len(ahead) < 2:
        return None
    first, last = int(ahead[0]), int(ahead[-1])
    return sprite[:, first:last], np.stack([upper[first], upper[last], lower[last], lower[first]])
