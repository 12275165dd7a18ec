"""A plate seen straight on: layouts to the millimetre (GA 36-2018), paint, embossing, frame line, screws and dots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from models.sighting import Picture
from models.training.plate_fonts import Face, faces, glyph
from models.training.plate_texts import Drawn

Colour = tuple[int, int, int]

BLACK: Colour = (24, 24, 24)
WHITE: Colour = (242, 242, 240)
RED: Colour = (40, 30, 200)


@dataclass(frozen=True, slots=True)
class Layout:
    """Width and height in millimetres, cells (left, top, width, height) in reading order, dots and screws (x, y)."""

    width: int
    height: int
    cells: tuple[tuple[float, float, float, float], ...]
    dots: tuple[tuple[float, float], ...]
    screws: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Paint:
    """BGR: the ground at the top and at the bottom, the ink, and the ink of the signs in `red`."""

    top: Colour
    bottom: Colour
    ink: Colour
    red: tuple[int, ...] = ()


_BLUE = Paint((178, 74, 16), (168, 62, 8), WHITE)
_YELLOW = Paint((26, 180, 244), (16, 168, 236), BLACK)
_WHITE = Paint((238, 240, 240), (228, 230, 230), BLACK)
_BLACK = Paint((30, 28, 28), (22, 20, 20), WHITE)
PAINTS: Mapping[str, Paint] = {
    "blue": _BLUE,
    "blue-two": _BLUE,
    "green": Paint((222, 236, 226), (106, 190, 70), BLACK),
    "green-large": Paint((116, 196, 84), (106, 190, 70), BLACK),
    "yellow": _YELLOW,
    "yellow-two": _YELLOW,
    "trailer": _YELLOW,
    "trailer-two": _YELLOW,
    "coach": _YELLOW,
    "police": Paint(_WHITE.top, _WHITE.bottom, BLACK, (6,)),
    "cross-border": _BLACK,
    "black": _BLACK,
    "embassy": _BLACK,
    "consulate": _BLACK,
    "armed": Paint(_WHITE.top, _WHITE.bottom, BLACK, (0, 1, 2)),
    "military": Paint(_WHITE.top, _WHITE.bottom, BLACK, (0, 1)),
    "emergency": Paint(_WHITE.top, _WHITE.bottom, BLACK, (1, 6, 7)),
    "aviation": Paint((84, 140, 20), (76, 130, 12), WHITE),
}


def layout_of(drawn: Drawn) -> Layout:
    """The layout of a plate by its rows, its form and its number of characters."""
    if drawn.rows == 2:
        return _two_rows()
    if len(drawn.text) == 8:
        return _one_row(480, (45.0, *[43.0] * 7), 9.0, 49.0)
    if drawn.form == "embassy":
        return _one_row(440, (45.0,) * 7, 12.0, 34.0, dot_after=3 if drawn.text[0] == "使" else 2)
    return _one_row(440, (45.0,) * 7, 12.0, 34.0)


def draw(drawn: Drawn, rng: np.random.Generator, scale: float = 0.6) -> Picture:
    """The plate seen straight on, `scale` pixels for a millimetre: BGR, uint8. Fonts and hues come by lot."""
    layout, paint = layout_of(drawn), PAINTS[drawn.form]
    picture = _ground(drawn.form, layout, paint, rng, scale)
    ink = _hue(paint.ink, rng, 10)
    if rng.random() < 0.9:
        _frame(picture, rng, ink, scale)
    latin, chinese = (_lot(rng, chinese=False), _lot(rng, chinese=True))
    weight = int(rng.integers(-1, 2))
    relief = float(rng.uniform(0.0, 0.5))
    jitter = rng.normal(0, 0.8, (len(layout.cells), 2))
    for at, (sign, cell, (dx, dy)) in enumerate(zip(drawn.text, layout.cells, jitter, strict=True)):
        mask = glyph(sign, latin if sign.isascii() else chinese, weight)
        left, top = round((cell[0] + dx) * scale), round((cell[1] + dy) * scale)
        size = (max(2, round(cell[2] * scale)), max(3, round(cell[3] * scale)))
        _press(picture, mask, left, top, size, _hue(RED, rng, 15) if at in paint.red else ink, relief)
    for x, y in layout.dots:
        cv2.circle(picture, (round(x * scale), round(y * scale)), max(1, round(5 * scale)), ink, -1, cv2.LINE_AA)
    if rng.random() < 0.85:
        _screws(picture, layout, rng, scale)
    return picture


def _lot(rng: np.random.Generator, *, chinese: bool) -> Face:
    fonts = faces(chinese)
    return fonts[int(rng.integers(len(fonts)))]


@cache
def _one_row(width: int, cells: tuple[float, ...], space: float, gap: float, dot_after: int = 1) -> Layout:
    left = (width - (sum(cells) + space * (len(cells) - 2) + gap)) / 2
    placed: list[tuple[float, float, float, float]] = []
    dot = 0.0
    for at, cell in enumerate(cells):
        placed.append((left, 25.0, cell, 90.0))
        if at == dot_after:
            dot = left + cell + gap / 2
        left += cell + (gap if at == dot_after else space)
    screws = tuple((x, y) for x in (width * 0.25, width * 0.75) for y in (12.5, 127.5))
    return Layout(width, 140, tuple(placed), ((dot, 70.0),), screws)


@cache
def _two_rows() -> Layout:
    upper = ((110.0, 15.0, 80.0, 60.0), (250.0, 15.0, 80.0, 60.0))
    lower = tuple((27.5 + 80.0 * at, 90.0, 65.0, 110.0) for at in range(5))
    screws = tuple((x, y) for x in (55.0, 385.0) for y in (30.0, 209.0))
    return Layout(440, 220, (*upper, *lower), ((220.0, 45.0),), screws)


def _hue(colour: Colour, rng: np.random.Generator, spread: float) -> Colour:
    blue, green, red = (int(part) for part in np.clip(np.array(colour) + rng.normal(0, spread, 3), 0, 255))
    return blue, green, red


def _ground(form: str, layout: Layout, paint: Paint, rng: np.random.Generator, scale: float) -> Picture:
    height, width = round(layout.height * scale), round(layout.width * scale)
    ramp = np.clip(np.linspace(-0.15, 1.15, height), 0, 1)[:, None, None]
    top, bottom = (np.array(_hue(part, rng, 14), np.float32) for part in (paint.top, paint.bottom))
    ground = np.broadcast_to(top * (1 - ramp) + bottom * ramp, (height, width, 3)).astype(np.uint8)
    picture = np.ascontiguousarray(ground)
    if form == "green-large":
        edge = round((layout.cells[1][0] + layout.cells[1][2] + 12) * scale)
        picture[:, :edge] = _hue((30, 184, 240), rng, 12)
    return picture


def _frame(picture: Picture, rng: np.random.Generator, ink: Colour, scale: float) -> None:
    height, width = picture.shape[:2]
    inset, thick = rng.uniform(2, 6) * scale, max(1, round(rng.uniform(1.5, 3.5) * scale))
    start, end = (round(inset), round(inset)), (round(width - inset), round(height - inset))
    cv2.rectangle(picture, start, end, ink, thick, cv2.LINE_AA)


def _press(
    picture: Picture, shape: NDArray[np.uint8], left: int, top: int, size: tuple[int, int], ink: Colour, relief: float
) -> None:
    """The ink, a lit upper left edge and a shaded lower right one."""
    cell = picture[top : top + size[1], left : left + size[0]]
    mask = cv2.resize(shape, size, interpolation=cv2.INTER_AREA)[: cell.shape[0], : cell.shape[1]].astype(np.float32)
    mask /= 255
    shade = np.roll(mask, (1, 1), (0, 1)) - mask
    drawn = cell * (1 - mask[..., None]) + np.array(ink, np.float32) * mask[..., None] - shade[..., None] * 90 * relief
    cell[...] = np.clip(drawn, 0, 255).astype(np.uint8)


def _screws(picture: Picture, layout: Layout, rng: np.random.Generator, scale: float) -> None:
    tone = int(rng.integers(60, 220))
    kept = rng.random(len(layout.screws)) < 0.8
    size = rng.uniform(4, 8) * scale
    for (x, y), there in zip(layout.screws, kept, strict=True):
        if there:
            cv2.circle(picture, (round(x * scale), round(y * scale)), max(1, round(size)), (tone,) * 3, -1, cv2.LINE_AA)
