"""Cars and lorries as a handful of flat panels in space: front, bonnet, windscreen, roof, sides, and the plate.

A vehicle stands with its leading end at the origin, looking at the camera; x is to the right as the camera sees it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.sighting import Picture
from samples.canvas import Bgr, Canvas, Point, Sprite
from samples.perspective import Metres, Panel, upright
from samples.plates import Plate, draw_plate, layout_of, plate_alpha

FRONT_PX_PER_M = 420.0
SIDE_PX_PER_M = 220.0

GLASS: Bgr = (62, 54, 46)
RUBBER: Bgr = (30, 30, 31)
DARK: Bgr = (24, 24, 26)
CHROME: Bgr = (206, 208, 210)
HALF = 0.9
"""Half the width of a car, metres."""

BELT = 0.99
"""Height at which a car's windows begin, metres."""


@dataclass(frozen=True, slots=True)
class Lamp:
    """A light that can glare: where it is and its colour."""

    place: tuple[float, float, float]
    colour: Bgr


@dataclass(frozen=True, slots=True, eq=False)
class Vehicle:
    """Panels from back to front, the plate's panel last, and the lamps."""

    panels: tuple[Panel, ...]
    lamps: tuple[Lamp, ...]


def draw_car(plate: Plate, colour: Bgr, rng: np.random.Generator) -> Vehicle:
    """A saloon of the given colour, seen from the front."""
    right = _car_side(colour, rng)
    left = Panel(np.ascontiguousarray(right[:, ::-1]), _side_corners(-HALF, 0.0, 4.5, 0.0, 1.02))
    cabin = _car_windows(colour)
    mirror = _mirror(colour)
    panels = (
        _shadow(1.05, 4.7),
        _between(_plain(colour, 1.0), (-0.60, 1.46, 3.3), (0.60, 1.46, 3.3), (0.62, 1.44, 1.85), (-0.62, 1.44, 1.85)),
        _leaning(np.ascontiguousarray(cabin[:, ::-1]), -1),
        left,
        _between(
            _windscreen(colour, rng), (-0.62, 1.44, 1.85), (0.62, 1.44, 1.85), (0.86, BELT, 1.1), (-0.86, BELT, 1.1)
        ),
        _leaning(cabin, 1),
        Panel(right, _side_corners(HALF, 0.0, 4.5, 0.0, 1.02)),
        _between(_bonnet(colour), (-0.86, BELT, 1.12), (0.86, BELT, 1.12), (0.88, 0.80, 0.04), (-0.88, 0.80, 0.04)),
        upright(_tyres(0.24, 1.36), -0.8, 0.0, 0.8, 0.3, 0.35),
        upright(_plain(colour, 0.8), -0.88, 0.22, 0.88, 0.79, 0.04),
        upright(mirror, -1.10, BELT - 0.03, -0.86, BELT + 0.13, 1.35),
        upright(mirror, 0.86, BELT - 0.03, 1.10, BELT + 0.13, 1.35),
        upright(_car_front(colour, rng), -HALF, 0.14, HALF, 0.86, 0.0),
        _plate_panel(plate, rng, 0.46, -0.02),
    )
    lamps = tuple(Lamp((side * 0.66, 0.66, -0.03), (205, 235, 255)) for side in (-1, 1))
    return Vehicle(panels, lamps)


def draw_lorry(plate: Plate, colour: Bgr, rng: np.random.Generator) -> Vehicle:
    """A box lorry that comes backwards, as it must for its two-row rear plate to be seen."""
    side = _box_side(colour, rng)
    panels = (
        _shadow(1.25, 6.4),
        Panel(np.ascontiguousarray(side[:, ::-1]), _side_corners(-1.1, 0.0, 6.2, 0.0, 3.0)),
        Panel(side, _side_corners(1.1, 0.0, 6.2, 0.0, 3.0)),
        upright(_tyres(0.5, 1.64), -1.05, 0.0, 1.05, 0.62, 0.9),
        upright(_box_back(colour, rng), -1.1, 0.36, 1.1, 3.0, 0.0),
        _plate_panel(plate, rng, 0.62, -0.05),
    )
    lamps = tuple(Lamp((side * 0.86, 0.56, -0.06), (60, 60, 255)) for side in (-1, 1))
    return Vehicle(panels, lamps)


def _between(sprite: Sprite, *corners: tuple[float, float, float]) -> Panel:
    return Panel(sprite, np.array(corners, float))


def _side_corners(x: float, near: float, far: float, low: float, high: float) -> Metres:
    """A side's corners as seen from outside, so that its back is never drawn."""
    first, last = (near, far) if x > 0 else (far, near)
    return np.array([(x, high, first), (x, high, last), (x, low, last), (x, low, first)], float)


def _leaning(sprite: Sprite, side: int) -> Panel:
    """The windows of one side, leaning in towards the roof."""
    front = [(side * 0.62, 1.44, 1.85), (side * 0.86, BELT, 1.1)]
    back = [(side * 0.60, 1.46, 3.3), (side * 0.86, BELT, 4.15)]
    first, last = (front, back) if side > 0 else (back, front)
    return _between(sprite, first[0], last[0], last[1], first[1])


def _plate_panel(plate: Plate, rng: np.random.Generator, middle: float, z: float) -> Panel:
    layout = layout_of(plate.style)
    sprite = _cut(draw_plate(plate, rng), plate_alpha(plate.style))
    half, rise = layout.width / 2000, layout.height / 2000
    return upright(sprite, -half, middle - rise, half, middle + rise, z)


def _cut(picture: Picture, alpha: Picture) -> Sprite:
    colour = (picture * (alpha[..., None] / 255.0)).astype(np.uint8)
    return np.dstack([colour, alpha])


def _tone(colour: Bgr, factor: float) -> Bgr:
    blue, green, red = (min(round(channel * factor), 255) for channel in colour)
    return blue, green, red


def _plain(colour: Bgr, tone: float) -> Sprite:
    canvas = Canvas(1.2, 1.4, 100.0)
    canvas.box(0, 0, 1.2, 1.4, _tone(colour, tone))
    canvas.shine(0.95, 1.12)
    return canvas.pixels


def _shadow(half: float, length: float) -> Panel:
    canvas = Canvas(2 * half + 0.6, length + 0.8, 60.0)
    canvas.box(0.4, 0.4, 2 * half + 0.2, length + 0.4, (12, 12, 12))
    canvas.blur(0.13)
    canvas.fade(0.78)
    low, far, edge = -0.4, length + 0.4, half + 0.3
    corners = [(-edge, 0.0, far), (edge, 0.0, far), (edge, 0.0, low), (-edge, 0.0, low)]
    return _between(canvas.pixels, *corners)


def _tyres(width: float, gauge: float) -> Sprite:
    """Two tyres seen from the front and the dark under the floor between them."""
    canvas = Canvas(gauge + width, 0.5, 160.0)
    canvas.box(0.04, 0.18, gauge + width - 0.04, 0.5, (14, 14, 15))
    for middle in (width / 2, gauge + width / 2):
        canvas.box(middle - width / 2, 0.0, middle + width / 2, 0.5, RUBBER)
        for groove in (-0.22, 0.0, 0.22):
            canvas.line([(middle + groove * width, 0), (middle + groove * width, 0.5)], 0.012, (16, 16, 17))
    return canvas.pixels


def _mirror(colour: Bgr) -> Sprite:
    canvas = Canvas(0.24, 0.16, FRONT_PX_PER_M)
    canvas.blob([(0.02, 0.05), (0.05, 0.13), (0.19, 0.14), (0.23, 0.08), (0.18, 0.02), (0.06, 0.02)], colour)
    canvas.shine(1.15, 0.6)
    return canvas.pixels


def _car_front(colour: Bgr, rng: np.random.Generator) -> Sprite:
    """Bumper, grille, lamps and badge; 1.8 x 0.72 m, its lower edge 0.14 m above the road."""
    body = Canvas(1.8, 0.72, FRONT_PX_PER_M)
    half = [(0.9, 0.0), (0.18, 0.0), (0.06, 0.06), (0.0, 0.2), (0.0, 0.52), (0.03, 0.64), (0.12, 0.70), (0.9, 0.715)]
    body.polygon(_mirrored(half), colour)
    body.shine(1.12, 0.72)
    body.polygon(_mirrored([(0.9, 0.585), (0.52, 0.575), (0.56, 0.44), (0.9, 0.43)]), DARK)
    for up in (0.465, 0.5, 0.535):
        body.line([(0.57, up), (1.23, up)], 0.010, (120, 122, 124))
    body.line([(0.55, 0.435), (0.51, 0.58), (0.9, 0.59), (1.29, 0.58), (1.25, 0.435)], 0.012, CHROME)
    body.disc(0.9, 0.515, 0.075, 0.03, CHROME)
    body.polygon(_mirrored([(0.9, 0.135), (0.5, 0.135), (0.44, 0.03), (0.9, 0.03)]), DARK)
    for up in (0.06, 0.1):
        body.line([(0.47, up), (1.33, up)], 0.008, (70, 70, 72))
    _lamps(body, 0.0, 1.0)
    _lamps(body, 1.8, -1.0)
    body.line([(0.06, 0.40), (0.5, 0.40)], 0.006, _tone(colour, 0.55))
    body.line([(1.3, 0.40), (1.74, 0.40)], 0.006, _tone(colour, 0.55))
    body.box(0.64, 0.205, 1.16, 0.405, _tone(colour, 0.5))
    body.curve(0.55)
    body.grain(rng, 1.5)
    return body.pixels


def _lamps(body: Canvas, edge: float, inward: float) -> None:
    """Head lamp and fog lamp of the side at `edge`."""

    def shape(outline: list[Point], colour: Bgr) -> None:
        body.blob([(edge + inward * x, y) for x, y in outline], colour)

    shape([(0.05, 0.50), (0.06, 0.60), (0.14, 0.64), (0.44, 0.58), (0.47, 0.51), (0.24, 0.47)], (84, 82, 78))
    for middle, size in ((0.19, 0.058), (0.33, 0.046)):
        body.disc(edge + inward * middle, 0.553, size, size, (198, 202, 204))
        body.disc(edge + inward * middle, 0.553, size * 0.7, size * 0.7, (250, 250, 248))
    shape([(0.08, 0.12), (0.1, 0.2), (0.32, 0.2), (0.36, 0.11)], DARK)
    body.disc(edge + inward * 0.2, 0.155, 0.034, 0.034, (206, 208, 210))


def _mirrored(left: list[Point], middle: float = 0.9) -> list[Point]:
    """The outline of the left half and its mirror image."""
    return left + [(2 * middle - x, y) for x, y in reversed(left)]


def _bonnet(colour: Bgr) -> Sprite:
    canvas = Canvas(1.76, 1.1, 200.0)
    canvas.box(0, 0, 1.76, 1.1, colour)
    canvas.shine(0.92, 1.22)
    for x in (0.3, 1.46):
        lean = 0.1 if x < 0.88 else -0.1
        canvas.line([(x, 1.1), (x + lean, 0.0)], 0.02, _tone(colour, 0.86))
        canvas.line([(x + 0.02, 1.1), (x + lean + 0.02, 0.0)], 0.012, _tone(colour, 1.25))
    canvas.box(0, 1.04, 1.76, 1.1, DARK)
    canvas.curve(0.75)
    return canvas.pixels


def _windscreen(colour: Bgr, rng: np.random.Generator) -> Sprite:
    """Glass with the sky in it, two seats, a driver, the wipers and the inspection stickers."""
    canvas = Canvas(1.7, 0.9, 260.0)
    canvas.box(0, 0, 1.7, 0.9, GLASS)
    for x in (0.42, 1.28):
        rest = [(-0.17, 0.05), (-0.16, 0.42), (-0.08, 0.56), (0.08, 0.56), (0.16, 0.42), (0.17, 0.05)]
        canvas.blob([(x + across, up) for across, up in rest], (40, 36, 34))
    canvas.blob([(1.08, 0.05), (1.12, 0.34), (1.28, 0.40), (1.44, 0.34), (1.48, 0.05)], (74, 60, 56))
    canvas.blob([(1.20, 0.40), (1.19, 0.58), (1.28, 0.66), (1.37, 0.58), (1.36, 0.40)], (96, 122, 160))
    canvas.blob([(1.18, 0.54), (1.20, 0.67), (1.28, 0.71), (1.37, 0.67), (1.38, 0.54), (1.28, 0.62)], (28, 26, 26))
    canvas.disc(1.28, 0.10, 0.20, 0.10, (24, 24, 25))
    sheen = Canvas(1.7, 0.9, 260.0)
    sheen.polygon([(0, 0.9), (0.95, 0.9), (0.35, 0.0), (0, 0.0)], (232, 222, 206))
    sheen.polygon([(1.1, 0.9), (1.3, 0.9), (0.72, 0.0), (0.52, 0.0)], (232, 222, 206))
    sheen.fade(0.24)
    canvas.add(sheen)
    canvas.box(0.76, 0.76, 0.94, 0.83, (26, 26, 27))
    for up in (0.72, 0.62):
        canvas.box(0.1, up, 0.18, up + 0.08, (60, 150, 70))
    canvas.line([(0.3, 0.03), (0.85, 0.10)], 0.02, DARK)
    canvas.line([(0.85, 0.03), (1.4, 0.10)], 0.02, DARK)
    frame = _tone(colour, 0.9)
    canvas.polygon([(0, 0), (0, 0.9), (0.06, 0.9), (0.05, 0)], frame)
    canvas.polygon([(1.7, 0), (1.7, 0.9), (1.64, 0.9), (1.65, 0)], frame)
    canvas.box(0, 0.86, 1.7, 0.9, frame)
    canvas.grain(rng, 1.5)
    return canvas.pixels


def _car_side(colour: Bgr, rng: np.random.Generator) -> Sprite:
    """The lower body, doors and wheels; 4.5 x 1.02 m, its front on the left."""
    canvas = Canvas(4.5, 1.02, SIDE_PX_PER_M)
    top = [(0.0, 0.80), (0.35, 0.86), (1.1, 1.0), (4.1, 1.01), (4.4, 0.98), (4.5, 0.8)]
    canvas.polygon([(0.02, 0.2), *top, (4.48, 0.26), (4.3, 0.18)], colour)
    canvas.shine(1.05, 0.6)
    canvas.line([(0.5, 0.735), (4.4, 0.79)], 0.014, _tone(colour, 1.12))
    canvas.line([(0.4, 0.715), (4.4, 0.77)], 0.016, _tone(colour, 0.7))
    canvas.box(0.2, 0.16, 4.3, 0.25, DARK)
    for door in (1.32, 2.32, 3.28):
        canvas.line([(door, 0.26), (door - 0.02, 1.0)], 0.012, _tone(colour, 0.45))
    for handle in (2.08, 3.05):
        canvas.box(handle, 0.82, handle + 0.18, 0.85, _tone(colour, 0.6))
    for middle in (0.86, 3.56):
        _wheel(canvas, middle)
    canvas.grain(rng, 1.5)
    return canvas.pixels


def _wheel(canvas: Canvas, middle: float, radius: float = 0.32) -> None:
    canvas.disc(middle, radius, radius * 1.16, radius * 1.14, (16, 16, 17))
    canvas.disc(middle, radius, radius, radius, RUBBER)
    canvas.disc(middle, radius, radius * 0.68, radius * 0.68, (150, 152, 154))
    canvas.disc(middle, radius, radius * 0.6, radius * 0.6, (84, 86, 88))
    for spoke in np.linspace(0, 2 * np.pi, 5, endpoint=False):
        tip = (middle + radius * 0.62 * float(np.cos(spoke)), radius + radius * 0.62 * float(np.sin(spoke)))
        canvas.line([(middle, radius), tip], radius * 0.2, (170, 172, 174))
    canvas.disc(middle, radius, radius * 0.17, radius * 0.17, (120, 122, 124))


def _car_windows(colour: Bgr) -> Sprite:
    canvas = Canvas(3.0, 0.6, SIDE_PX_PER_M)
    canvas.box(0, 0, 3.0, 0.6, _tone(colour, 0.92))
    for left, right in ((0.14, 1.2), (1.3, 2.3), (2.38, 2.8)):
        canvas.box(left, 0.05, right, 0.53, GLASS)
        canvas.polygon([(left, 0.53), (left + 0.3, 0.53), (left + 0.1, 0.05), (left, 0.05)], (104, 96, 88))
    return canvas.pixels


def _box_back(colour: Bgr, rng: np.random.Generator) -> Sprite:
    """Doors with their bars, warning tape, lamps and bumper; 2.2 x 2.64 m, its lower edge 0.36 m above the road."""
    canvas = Canvas(2.2, 2.64, 300.0)
    canvas.box(0.0, 0.5, 2.2, 2.64, colour)
    canvas.shine(1.0, 0.86)
    for edge in (0.0, 1.09, 2.14):
        canvas.box(edge, 0.5, edge + 0.06, 2.64, _tone(colour, 0.72))
    for bar in (0.42, 0.84, 1.36, 1.78):
        canvas.line([(bar, 0.52), (bar, 2.6)], 0.035, (150, 152, 154))
        canvas.box(bar - 0.05, 0.95, bar + 0.13, 1.0, (96, 98, 100))
    for at in range(11):
        canvas.box(at * 0.2, 0.52, at * 0.2 + 0.2, 0.58, (40, 40, 205) if at % 2 else (232, 234, 234))
    canvas.box(0.02, 0.0, 2.18, 0.5, (52, 54, 56))
    canvas.box(0.02, 0.0, 2.18, 0.10, (40, 42, 44))
    for left in (0.08, 1.74):
        canvas.box(left, 0.13, left + 0.38, 0.29, DARK)
        canvas.box(left + 0.01, 0.14, left + 0.15, 0.28, (36, 36, 190))
        canvas.box(left + 0.16, 0.14, left + 0.26, 0.28, (20, 130, 235))
        canvas.box(left + 0.27, 0.14, left + 0.37, 0.28, (235, 238, 238))
    canvas.box(0.85, 0.12, 1.35, 0.4, (34, 36, 38))
    canvas.grain(rng, 2.5)
    return canvas.pixels


def _box_side(colour: Bgr, rng: np.random.Generator) -> Sprite:
    """The box, the wheels and the cab beyond; 6.2 x 3.0 m, the rear on the left."""
    canvas = Canvas(6.2, 3.0, 150.0)
    canvas.box(0.0, 0.86, 4.4, 3.0, _tone(colour, 0.9))
    for rib in np.arange(0.3, 4.4, 0.35):
        canvas.line([(float(rib), 0.9), (float(rib), 2.96)], 0.02, _tone(colour, 0.8))
    canvas.box(0.0, 0.60, 4.5, 0.86, (46, 48, 50))
    canvas.polygon([(4.5, 0.4), (4.5, 2.3), (5.7, 2.3), (6.15, 1.5), (6.2, 0.4)], (150, 92, 40))
    canvas.polygon([(4.75, 1.45), (4.75, 2.15), (5.55, 2.15), (5.9, 1.45)], GLASS)
    for at in range(12):
        canvas.box(at * 0.36, 0.88, at * 0.36 + 0.18, 0.94, (40, 40, 205) if at % 2 else (232, 234, 234))
    for middle in (1.2, 5.3):
        _wheel(canvas, middle, 0.42)
    canvas.shine(1.05, 0.85)
    canvas.grain(rng, 2.0)
    return canvas.pixels
