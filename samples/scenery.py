"""What a gate's cameras look at when nobody is there: the approach to the vehicle lane, and a courtyard path.

Both are worked out ray by ray at twice the size and brought down, so far lines stay soft.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.sighting import Picture
from samples.canvas import Canvas, Sprite
from samples.perspective import HEIGHT_PX, Metres, Panel, View, cover, lay, upright

Field = NDArray[np.floating[Any]]
"""One number for each pixel."""

FINER = 2
ROAD_VIEW = View(1280, HEIGHT_PX, 1250.0, 1.4, yaw=-14.0, pitch=-6.0)
PATH_VIEW = View(1280, HEIGHT_PX, 1100.0, 1.55, pitch=-3.0)
LANE_X = -1.75
"""Middle of the vehicle lane, metres to the left of the camera on its island."""

WALL_X = -4.4
STREET_Z = (11.0, 19.0)
"""Where the approach meets the street across, metres from the camera."""

HOUSE = (176, 198, 210)
GLASS = (112, 96, 82)
LAMPLIGHT = (96, 168, 214)


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """An empty scene.

    `front` and then `near` stand before whatever moves further off; `lights` is what shines by itself after dark.
    """

    view: View
    picture: Picture
    front: Sprite
    near: tuple[Panel, ...]
    lights: Picture


class Ground:
    """A picture under way: for each pixel where its ray meets planes, and what has been painted so far."""

    def __init__(self, view: View, rng: np.random.Generator) -> None:
        self.view = view.enlarged(FINER)
        self.rays = self.view.rays().astype(np.float32)
        self.rough = _tile(rng)
        self.colour: NDArray[np.float32] = np.zeros((*self.rays.shape[:2], 3), np.float32)
        self.lit = np.zeros_like(self.colour)

    def level(self) -> tuple[Field, Field, NDArray[np.bool_]]:
        """Where rays meet the ground: x, z, and which ones do."""
        down = self.rays[..., 1] < -1e-3
        reach = np.where(down, -self.view.eye_m / np.minimum(self.rays[..., 1], -1e-3), 0)
        return self.rays[..., 0] * reach, self.rays[..., 2] * reach, down

    def across(self, z: float) -> tuple[Field, Field]:
        """Where rays meet the upright plane at depth `z`: x and y."""
        reach = z / self.rays[..., 2]
        return self.rays[..., 0] * reach, self.view.eye_m + self.rays[..., 1] * reach

    def along(self, x: float) -> tuple[Field, Field]:
        """Where rays meet the upright plane at `x` that runs away from the camera: z (negative behind) and y."""
        slope = np.where(self.rays[..., 0] * np.sign(x) > 1e-3, self.rays[..., 0], np.float32(np.sign(x) * 1e-3))
        reach = x / slope
        return self.rays[..., 2] * reach, self.view.eye_m + self.rays[..., 1] * reach

    def texture(self, u: Field, v: Field, per_m: float) -> Field:
        """Roughness, about -1 to 1, that lies still on a surface."""
        size = self.rough.shape[0]
        across, down = (u * per_m % size).astype(np.float32), (v * per_m % size).astype(np.float32)
        rough: Field = cv2.remap(self.rough, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        return rough

    def paint(self, where: NDArray[np.bool_], colour: tuple[int, int, int], shade: Field | float = 1.0) -> None:
        """Colour the pixels, each times its own shade."""
        factor = shade[where][:, None] if isinstance(shade, np.ndarray) else shade
        self.colour[where] = np.array(colour, np.float32) * factor

    def finish(self, panels: tuple[Panel, ...]) -> Picture:
        """The picture at its real size with the panels laid over it in order."""
        large: Picture = np.clip(self.colour, 0, 255).astype(np.uint8)
        for panel in panels:
            lay(panel, self.view, large)
        small: Picture = cv2.resize(large, None, fx=1 / FINER, fy=1 / FINER, interpolation=cv2.INTER_AREA)
        return small


def road(rng: np.random.Generator, height: int = HEIGHT_PX) -> Backdrop:
    """The approach to the vehicle lane: the lane on the left, wall, street and houses, the barrier's housing.

    `height` of the picture, in pixels; so for `path`.
    """
    view = ROAD_VIEW.enlarged(height / HEIGHT_PX)
    ground = Ground(view, rng)
    for z, span, roof, tint in (
        (60.0, (-60, 4), 17.4, 0.93),
        (48.0, (-16, 14), 17.4, 1.0),
        (70.0, (8, 70), 20.3, 0.9),
    ):
        _house(ground, z, span, roof, tint)
    _road_surface(ground)
    wall = _wall(ground, WALL_X) | _wall(ground, -WALL_X)
    trees = tuple(
        _tree(rng, x, z, size) for x, z, size in ((-13, 26, 6.0), (-6.5, 24, 5.4), (0.5, 27, 6.2), (7, 24, 5.6))
    )
    hedge = tuple(_hedge(rng, x, 21.5) for x in np.arange(-16, 14, 2.0))
    behind, solid, near = ground.finish((*trees, *hedge)), ground.finish(()), _housing()
    front = _cut(solid, wall)
    cover(behind, front)
    for panel in near:
        lay(panel, view, behind)
    ground.colour[:] = ground.lit
    ground.colour[wall] = 0
    lights = ground.finish(tuple(_unlit(panel) for panel in (*trees, *hedge)))
    return Backdrop(view, behind, front, near, lights)


def path(rng: np.random.Generator, height: int = HEIGHT_PX) -> Backdrop:
    """A courtyard path to an old six-floor house, seen through the frame of the wicket gate."""
    view = PATH_VIEW.enlarged(height / HEIGHT_PX)
    ground = Ground(view, rng)
    _house(ground, 24.0, (-30, 30), 17.4, 1.0)
    _courtyard(ground)
    trees = tuple(
        _tree(rng, x, z, size) for x, z, size in ((-8.5, 19, 6.4), (7.4, 17, 5.6), (-4.6, 13, 4.6), (10.5, 20, 6.4))
    )
    hedges = tuple(_hedge(rng, side * x, z) for z in (15, 13, 11, 9.5, 4.6, 3.9) for side in (-1, 1) for x in (2.6,))
    picture = ground.finish((*_door(), *trees, *hedges))
    return Backdrop(view, picture, _gate_frame(view), (), np.zeros_like(picture))


def _tile(rng: np.random.Generator, size: int = 512) -> Field:
    """Roughness at several scales that repeats without a seam."""
    total: NDArray[np.float32] = np.zeros((size, size), np.float32)
    for cells, weight in ((8, 0.5), (32, 0.5), (128, 0.5), (512, 0.6)):
        patch = rng.normal(0, 1, (cells, cells)).astype(np.float32)
        wide = cv2.resize(np.tile(patch, (3, 3)), (size * 3, size * 3), interpolation=cv2.INTER_CUBIC)
        total += weight * wide[size : 2 * size, size : 2 * size]
    return total / np.float32(2)


def _house(ground: Ground, z: float, span: tuple[float, float], height: float, tint: float) -> None:
    """A plastered house front with a window every 3.2 m and a floor every 2.9 m."""
    x, y = ground.across(z)
    front = (x > span[0]) & (x < span[1]) & (y > 0) & (y < height)
    streaks = ground.texture(x, y * 0.15, 9.0) * 0.035 + ground.texture(x, y, 3.0) * 0.03
    ground.paint(front, HOUSE, tint * (0.94 + streaks - 0.16 * np.exp(-y / 1.6)))
    bay, floor = x / 3.2 % 1, y / 2.9 % 1
    ground.paint(front & (floor > 0.965), HOUSE, tint * 0.72)
    which = np.sin(np.floor(x / 3.2) * 12.9 + np.floor(y / 2.9) * 78.2) * 43758.5 % 1
    frame = front & (np.abs(bay - 0.5) < 0.27) & (np.abs(floor - 0.55) < 0.29)
    ground.paint(frame, (206, 212, 214), tint)
    pane = front & (np.abs(np.abs(bay - 0.5) - 0.128) < 0.115) & (np.abs(floor - 0.55) < 0.262)
    ground.paint(pane, GLASS, (tint * (0.75 + 0.75 * which + 0.35 * floor)))
    ground.lit[front] = 0
    ground.lit[pane & (which > 0.62)] = LAMPLIGHT
    cooler = front & (which > 0.45) & (np.abs(bay - 0.86) < 0.09) & (np.abs(floor - 0.24) < 0.09)
    ground.paint(cooler, (214, 216, 214), (tint * (1 - 0.35 * (np.abs(bay - 0.86) < 0.05))))


def _road_surface(ground: Ground) -> None:
    x, z, down = ground.level()
    near = down & (z < 80)
    fade = 1 / (1 + z / 9)
    grit = 1 + ground.texture(x, z, 60.0) * 0.16 * fade + ground.texture(x, z, 2.2) * 0.07
    ground.paint(near, (108, 110, 110), grit)
    wheels = np.minimum(np.abs(x - LANE_X - 0.75), np.abs(x - LANE_X + 0.75))
    ground.paint(near & (wheels < 0.22) & (z < STREET_Z[0]), (98, 100, 100), grit)
    paved = near & (z > STREET_Z[1]) | near & (z < STREET_Z[0]) & (np.abs(x) > 3.45)
    joints = ((x / 0.4 % 1 < 0.05) | (z / 0.4 % 1 < 0.05)) & (z < 12)
    ground.paint(paved, (142, 150, 154), (grit * np.where(joints, 0.8, 1.0)))
    kerb = near & (np.abs(np.abs(x) - 3.42) < 0.07) & (z < STREET_Z[0])
    ground.paint(kerb | near & (np.abs(z - STREET_Z[1]) < 0.12), (176, 180, 182), grit)
    lines = (np.abs(x + 3.2) < 0.06) & (z < STREET_Z[0]) | (np.abs(z - 15.2) < 0.08) & (x / 3 % 1 < 0.55)
    worn = ground.texture(x, z, 24.0) < 0.75
    ground.paint(near & lines & worn, (222, 226, 226), grit)
    hump = near & (np.abs(z - 7.4) < 0.2) & (x < -0.6) & (x > -3.2)
    bars = (x / 0.5 % 1 < 0.5) == (z < 0)
    ground.paint(hump, (40, 176, 226), grit)
    ground.paint(hump & bars, (52, 52, 54), grit)
    island = near & (np.abs(x) < 0.62) & (z < 8.6)
    ground.paint(island, (168, 172, 174), grit)
    edge = island & (np.abs(x) > 0.5)
    ground.paint(edge & (z % 1 < 0.5), (40, 176, 226), grit)
    ground.paint(edge & (z % 1 >= 0.5), (60, 60, 62), grit)


def _wall(ground: Ground, at: float) -> NDArray[np.bool_]:
    """The compound's wall along the approach: brick below, plaster above, a coping, and a pillar at its end."""
    z, y = ground.along(at)
    wall = (z > 0.5) & (z < STREET_Z[0]) & (y > 0) & (y < 2.3)
    rough = 1 + ground.texture(z, y, 18.0) * 0.05 + ground.texture(z, y * 0.3, 6.0) * 0.06
    shade = rough * (0.86 if at < 0 else 0.74)
    ground.paint(wall, (196, 206, 212), shade)
    brick = wall & (y < 0.75)
    row = np.floor(y / 0.075)
    mortar = (y / 0.075 % 1 < 0.14) | ((z / 0.25 + row % 2 * 0.5) % 1 < 0.05)
    fired = 0.92 + 0.12 * np.sin(row * 7 + np.floor(z / 0.25) * 3)
    ground.paint(brick, (84, 98, 150), shade * fired)
    ground.paint(brick & mortar & (z < 14), (150, 158, 166), shade)
    ground.paint(wall & (y > 2.16), (92, 96, 104), shade)
    x, up = ground.across(STREET_Z[0] - 0.1)
    pillar = (np.abs(x - at) < 0.32) & (up > 0) & (up < 2.75)
    ground.paint(pillar, (150, 158, 168), (0.92 + ground.texture(x, up, 30.0) * 0.05))
    ground.paint(pillar & (up > 2.6), (92, 96, 104))
    both: NDArray[np.bool_] = wall | pillar
    return both


def _courtyard(ground: Ground) -> None:
    x, z, down = ground.level()
    near = down & (z < 24)
    fade = 1 / (1 + z / 7)
    grit = 1 + ground.texture(x, z, 50.0) * 0.12 * fade + ground.texture(x, z, 2.0) * 0.06
    ground.paint(near, (70, 116, 92), (grit + ground.texture(x, z, 30.0) * 0.3 * fade))
    slab = np.sin(np.floor(x / 0.5) * 31.7 + np.floor(z / 0.5) * 17.3) * 0.035
    joints = (x / 0.5 % 1 < 0.03) | (z / 0.5 % 1 < 0.035)
    way = near & ((np.abs(x) < 1.75) | (z > 17.5))
    ground.paint(way, (158, 168, 176), (grit * (1 + slab) * np.where(joints & (z < 15), 0.78, 1.0)))
    ground.paint(near & (np.abs(np.abs(x) - 1.82) < 0.07) & (z < 17.5), (186, 190, 190), grit)


def _tree(rng: np.random.Generator, x: float, z: float, size: float) -> Panel:
    """A broad street tree `size` metres high."""
    canvas = Canvas(size, size, 60.0)
    canvas.line([(size / 2, 0), (size / 2, size / 2)], size * 0.045, (58, 70, 84))
    for crown in range(700):
        turn, out = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random()) * 0.34
        left, up = size * (0.5 + out * np.cos(turn) * 1.15), size * (0.64 + out * np.sin(turn) * 0.95)
        light = 0.55 + 0.35 * crown / 700 + 0.25 * out * np.sin(turn) + rng.uniform(-0.08, 0.08)
        leaf = (round(58 * light), round(128 * light), round(92 * light))
        canvas.disc(left, up, size * rng.uniform(0.015, 0.045), size * rng.uniform(0.012, 0.035), leaf)
    canvas.grain(rng, 9.0)
    return upright(canvas.pixels, x - size / 2, 0, x + size / 2, size, z)


def _hedge(rng: np.random.Generator, x: float, z: float) -> Panel:
    canvas = Canvas(2.0, 0.8, 110.0)
    for leaf in range(700):
        light = 0.5 + 0.5 * leaf / 700 + rng.uniform(-0.1, 0.1)
        up = 0.06 + 0.6 * leaf / 700 * rng.uniform(0.8, 1.0)
        canvas.disc(rng.uniform(0.1, 1.9), up, 0.06, 0.035, (round(52 * light), round(112 * light), round(76 * light)))
    canvas.grain(rng, 7.0)
    return upright(canvas.pixels, x - 1.0, 0, x + 1.0, 0.8, z)


def _housing() -> tuple[Panel, ...]:
    """The barrier's housing on the island, its arm swung out of the picture."""
    front = Canvas(0.36, 1.05, 500.0)
    front.box(0, 0, 0.36, 1.05, (24, 108, 232))
    front.box(0.05, 0.12, 0.31, 0.68, (20, 98, 216))
    front.box(0, 0.80, 0.36, 0.86, (235, 235, 235))
    front.disc(0.18, 0.94, 0.045, 0.045, (40, 40, 210))
    front.disc(0.18, 0.40, 0.02, 0.02, (60, 60, 60))
    front.curve(0.82)
    side = Canvas(0.3, 1.05, 300.0)
    side.box(0, 0, 0.3, 1.05, (16, 76, 170))
    z, left = 5.4, 0.2
    flank: Metres = np.array([(left, 1.05, z + 0.3), (left, 1.05, z), (left, 0, z), (left, 0, z + 0.3)], float)
    return Panel(side.pixels, flank), upright(front.pixels, left, 0, left + 0.36, 1.05, z)


def _door() -> tuple[Panel, ...]:
    """The house's unit door under its canopy."""
    canvas = Canvas(3.0, 3.4, 80.0)
    canvas.box(0.55, 0, 2.45, 2.5, (120, 126, 130))
    canvas.box(0.7, 0, 1.48, 2.35, (66, 84, 74))
    canvas.box(1.52, 0, 2.3, 2.35, (62, 80, 70))
    for left in (0.85, 1.67):
        canvas.box(left, 1.3, left + 0.48, 2.1, (70, 66, 62))
    canvas.box(0.2, 2.6, 2.8, 2.85, (150, 158, 164))
    canvas.box(0.2, 2.56, 2.8, 2.62, (96, 100, 104))
    canvas.box(1.1, 2.95, 1.9, 3.3, (140, 70, 30))
    return (upright(canvas.pixels, -1.5, 0, 1.5, 3.4, 23.9),)


def _gate_frame(view: View) -> Sprite:
    """The steel frame of the wicket at the edges of the picture."""
    frame: Sprite = np.zeros((PATH_VIEW.height, PATH_VIEW.width, 4), np.uint8)
    bar = np.interp(np.arange(46), [0, 30, 38, 45], [52, 74, 104, 40]).astype(np.uint8)
    steel = np.stack([bar, bar, (bar * 0.96).astype(np.uint8), np.full(46, 255, np.uint8)], 1)
    frame[:, :46] = steel
    frame[:, -46:] = steel[::-1]
    frame[:26] = (64, 64, 62, 255)
    frame[22:26] = (36, 36, 34, 255)
    sized: Sprite = cv2.resize(frame, (view.width, view.height), interpolation=cv2.INTER_LINEAR)
    return sized


def _unlit(panel: Panel) -> Panel:
    """The same panel, black."""
    sprite = panel.sprite.copy()
    sprite[..., :3] = 0
    return Panel(sprite, panel.corners)


def _cut(solid: Picture, where: NDArray[np.bool_]) -> Sprite:
    """The part of the picture that the finer mask names, as a sprite of the picture's size."""
    height, width = solid.shape[:2]
    alpha = cv2.resize(where.astype(np.uint8) * 255, (width, height), interpolation=cv2.INTER_AREA)
    cut = np.dstack([solid, np.full_like(alpha, 255)])
    sprite: Sprite = cv2.multiply(cut, cv2.merge([alpha] * 4), scale=1 / 255)
    return sprite
