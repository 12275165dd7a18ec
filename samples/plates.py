"""Chinese number plates, drawn to the millimetre and worn by a seeded generator. Every number here is invented.

Sizes and cells follow GA 36-2018: one row 440 x 140 mm with cells of 45 x 90 mm, two rows 440 x 220 mm, new energy
480 x 140 mm. The letters are a packaged font's bold glyphs squeezed to the cell, for the standard's own are not free.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.sighting import Picture

Mask = NDArray[np.uint8]
Bgr = tuple[int, int, int]

FONT = ("cvttf_NotoSansCJK_Bold", "NotoSansCJKtc-Bold.otf")
GLYPH_PX = 320
CORNER_MM = 10.0
FRAME_INSET_MM = 3.5
FRAME_MM = 2.2
DOT_MM = 5.0
SCREW_MM = 5.5


class Style(StrEnum):
    """What kind of plate to draw."""

    BLUE = "blue"
    GREEN = "green"
    YELLOW = "yellow"
    YELLOW_TWO_ROWS = "yellow_two_rows"
    POLICE = "police"


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a character stands, in millimetres from the plate's top left."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A plate's size, its cells in reading order, the dots (x, y) between them and its screws, in millimetres."""

    width: float
    height: float
    cells: tuple[Cell, ...]
    dots: tuple[tuple[float, float], ...]
    screws: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours, BGR: the ground at the top and at the bottom, the characters, the frame line, and the last character."""

    top: Bgr
    bottom: Bgr
    ink: Bgr
    frame: Bgr
    last: Bgr | None = None


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate to draw: its text without the dot, and its style."""

    text: str
    style: Style

    def __post_init__(self) -> None:
        cells = len(layout_of(self.style).cells)
        if len(self.text) != cells:
            raise ValueError(f"a {self.style} plate has {cells} characters, not {self.text!r}")


BLACK: Bgr = (22, 22, 22)
WHITE: Bgr = (240, 240, 238)
PAINTS = {
    Style.BLUE: Paint((176, 74, 18), (158, 60, 10), WHITE, WHITE),
    Style.GREEN: Paint((216, 232, 222), (112, 190, 64), BLACK, BLACK),
    Style.YELLOW: Paint((26, 180, 244), (16, 168, 236), BLACK, BLACK),
    Style.YELLOW_TWO_ROWS: Paint((26, 180, 244), (16, 168, 236), BLACK, BLACK),
    Style.POLICE: Paint((238, 240, 240), (228, 230, 230), BLACK, BLACK, last=(38, 30, 200)),
}


def layout_of(style: Style) -> Layout:
    """The cells of a style, GA 36-2018 figures 1 to 6."""
    match style:
        case Style.YELLOW_TWO_ROWS:
            return _two_rows()
        case Style.GREEN:
            return _one_row(480, [45.0] + [43.0] * 7, 9.0, 49.0, dot=False)
        case _:
            return _one_row(440, [45.0] * 7, 12.0, 34.0, dot=True)


def draw_plate(plate: Plate, rng: np.random.Generator, *, px_per_mm: float = 1.0, wear: float = 0.4) -> Picture:
    """The plate as seen straight on, corners filled with its own colour.

    Args:
        plate: text and style.
        rng: decides dirt and chips; the same state draws the same plate.
        px_per_mm: scale; 1.0 gives 140 rows for a one-row plate.
        wear: 0 (fresh from the press) to 1 (years of dust).

    Returns:
        BGR, uint8, height x width as the layout's millimetres times the scale.
    """
    layout, paint = layout_of(plate.style), PAINTS[plate.style]
    picture = _ground(layout, paint, px_per_mm)
    _frame(picture, layout, paint, px_per_mm)
    for at, (character, cell) in enumerate(zip(plate.text, layout.cells, strict=True)):
        ink = paint.last if paint.last and at == len(plate.text) - 1 else paint.ink
        _stamp(picture, glyph(character), _pixels(cell, px_per_mm), ink)
    for x, y in layout.dots:
        _disc(picture, x, y, DOT_MM, paint.ink, px_per_mm)
    for x, y in layout.screws:
        _screw(picture, x, y, px_per_mm)
    return _worn(picture, rng, wear)


def plate_alpha(style: Style, *, px_per_mm: float = 1.0) -> Mask:
    """255 on the plate, 0 outside its rounded corners; the same size as `draw_plate` gives."""
    layout = layout_of(style)
    return _rounded(layout, px_per_mm, 0.0, CORNER_MM)


@cache
def glyph(character: str) -> Mask:
    """The character cut tight, 255 on the stroke; narrow ones (1, J) keep air at their sides."""
    font = _font()
    left, top, right, bottom = (round(edge) for edge in font.getbbox(character))
    canvas = Image.new("L", (right - left + 8, bottom - top + 8), 0)
    ImageDraw.Draw(canvas).text((4 - left, 4 - top), character, fill=255, font=font)
    drawn = np.asarray(canvas, np.uint8)
    rows, columns = np.flatnonzero(drawn.max(1) > 127), np.flatnonzero(drawn.max(0) > 127)
    tight = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    air = round(tight.shape[1] * AIR.get(character, 0.0))
    return np.ascontiguousarray(np.pad(tight, ((0, 0), (air, air))))


AIR = {"1": 0.45, "J": 0.06, "L": 0.03}
"""How much of its own width a narrow character leaves free on each side of its cell."""


@cache
def _font() -> ImageFont.FreeTypeFont:
    package, name = FONT
    with resources.as_file(resources.files(package) / name) as file:
        return ImageFont.truetype(str(file), GLYPH_PX)


def _one_row(width: float, cells: list[float], space: float, gap: float, *, dot: bool) -> Layout:
    used = sum(cells) + space * (len(cells) - 2) + gap
    left, placed = (width - used) / 2, []
    for at, cell in enumerate(cells):
        placed.append(Cell(left, 25.0, cell, 90.0))
        left += cell + (gap if at == 1 else space)
    middle = placed[1].left + placed[1].width + gap / 2
    screws = tuple((x, y) for x in (width * 0.25, width * 0.75) for y in (12.5, 127.5))
    return Layout(width, 140.0, tuple(placed), ((middle, 70.0),) if dot else (), screws)


def _two_rows() -> Layout:
    upper = [Cell(110.0, 15.0, 80.0, 60.0), Cell(250.0, 15.0, 80.0, 60.0)]
    lower = [Cell(27.5 + 80.0 * at, 90.0, 65.0, 110.0) for at in range(5)]
    screws = tuple((x, y) for x in (55.0, 385.0) for y in (30.0, 209.0))
    return Layout(440.0, 220.0, (*upper, *lower), ((220.0, 45.0),), screws)


def _pixels(cell: Cell, scale: float) -> tuple[slice, slice]:
    top, left = round(cell.top * scale), round(cell.left * scale)
    return (
        slice(top, round((cell.top + cell.height) * scale)),
        slice(left, round((cell.left + cell.width) * scale)),
    )


def _ground(layout: Layout, paint: Paint, scale: float) -> Picture:
    height, width = round(layout.height * scale), round(layout.width * scale)
    ramp = np.clip(np.linspace(-0.15, 1.15, height), 0, 1)[:, None, None]
    colour = np.array(paint.top) * (1 - ramp) + np.array(paint.bottom) * ramp
    return np.ascontiguousarray(np.broadcast_to(colour, (height, width, 3)).astype(np.uint8))


def _rounded(layout: Layout, scale: float, inset: float, radius: float) -> Mask:
    """A filled rounded rectangle, drawn four times as large and reduced for soft edges."""
    fine = scale * 4
    mask = np.zeros((round(layout.height * scale) * 4, round(layout.width * scale) * 4), np.uint8)
    inner = np.array(
        [[inset + radius, inset + radius], [layout.width - inset - radius, layout.height - inset - radius]]
    )
    (left, top), (right, bottom) = (inner * fine).round().astype(int).tolist()
    grow = max(round(radius * fine), 1)
    cv2.rectangle(mask, (left, top - grow), (right, bottom + grow), 255, -1)
    cv2.rectangle(mask, (left - grow, top), (right + grow, bottom), 255, -1)
    for corner in ((left, top), (right, top), (left, bottom), (right, bottom)):
        cv2.circle(mask, corner, grow, 255, -1)
    reduced: Mask = cv2.resize(mask, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    return reduced


def _frame(picture: Picture, layout: Layout, paint: Paint, scale: float) -> None:
    outer = _rounded(layout, scale, FRAME_INSET_MM, CORNER_MM - FRAME_INSET_MM)
    inner = _rounded(layout, scale, FRAME_INSET_MM + FRAME_MM, CORNER_MM - FRAME_INSET_MM - FRAME_MM)
    _blend(picture, cv2.subtract(outer, inner), paint.frame)


def _stamp(picture: Picture, shape: Mask, where: tuple[slice, slice], ink: Bgr) -> None:
    """Press a character into its cell: the ink, a lit upper edge and a shaded lower one."""
    cell = picture[where]
    mask: Mask = cv2.resize(shape, (cell.shape[1], cell.shape[0]), interpolation=cv2.INTER_AREA)
    rise = max(round(cell.shape[0] / 60), 1)
    shade = cv2.subtract(_moved(mask, rise), mask)
    _blend(cell, shade // 3, (0, 0, 0))
    _blend(cell, mask, ink)
    lit = cv2.subtract(mask, _moved(mask, rise))
    _blend(cell, lit // 4, (255, 255, 255))


def _moved(mask: Mask, by: int) -> Mask:
    shift = np.array([[1, 0, by], [0, 1, by]], np.float32)
    moved: Mask = cv2.warpAffine(mask, shift, (mask.shape[1], mask.shape[0]))
    return moved


def _disc(picture: Picture, x: float, y: float, radius: float, colour: Bgr, scale: float) -> None:
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.circle(
        mask, (round(x * scale * 16), round(y * scale * 16)), round(radius * scale * 16), 255, -1, cv2.LINE_AA, 4
    )
    _blend(picture, mask, colour)


def _screw(picture: Picture, x: float, y: float, scale: float) -> None:
    _disc(picture, x, y, SCREW_MM, (96, 98, 100), scale)
    _disc(picture, x - 0.8, y - 0.8, SCREW_MM * 0.7, (178, 180, 182), scale)


def _blend(picture: Picture, mask: Mask, colour: Bgr) -> None:
    share = mask[..., None].astype(np.float32) / 255
    picture[...] = (picture * (1 - share) + np.array(colour, np.float32) * share).round().astype(np.uint8)


def _worn(picture: Picture, rng: np.random.Generator, wear: float) -> Picture:
    """Dust in clouds, thicker at the bottom, small chips, and the grain of the reflective film."""
    height, width = picture.shape[:2]
    clouds = cv2.resize(rng.random((4, 11), np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    low = np.linspace(0.3, 1.0, height, dtype=np.float32)[:, None]
    dust = np.clip(clouds * low * 0.5 * wear, 0, 0.6)[..., None]
    grain = rng.normal(0, 2.5, (height, width, 1)).astype(np.float32)
    soiled: NDArray[np.float32] = picture * (1 - dust) + np.array((96, 112, 122), np.float32) * dust + grain
    specks = rng.random((height, width)) < 0.0015 * wear
    chips: Mask = cv2.dilate(specks.astype(np.uint8), np.ones((2, 2), np.uint8))
    soiled[chips > 0] = soiled[chips > 0] * 0.6 + 45
    return np.clip(soiled, 0, 255).astype(np.uint8)
