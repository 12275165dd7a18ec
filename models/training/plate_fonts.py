"""Characters as masks. The standard's own letters are not free, so many free fonts, squeezed to the cell, stand in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Mask = NDArray[np.uint8]

GLYPH_PX = 220
WIDTH, HEIGHT = 45, 90
"""A glyph is kept at a pixel for each millimetre of a one-row plate's cell."""


@dataclass(frozen=True, slots=True)
class Face:
    """A font file and, in a collection, the place of the simplified Chinese face."""

    file: Path
    index: int = 0


_DEBIAN = Path("/usr/share/fonts")

LATIN = (
    "truetype/roadgeek/RG2014B.ttf",
    "truetype/roadgeek/RG2014C.ttf",
    "truetype/roadgeek/RG2014D.ttf",
    "truetype/liberation/LiberationSansNarrow-Bold.ttf",
    "truetype/liberation/LiberationSansNarrow-Regular.ttf",
    "truetype/liberation/LiberationSans-Bold.ttf",
    "truetype/dejavu/DejaVuSansCondensed-Bold.ttf",
    "truetype/dejavu/DejaVuSansCondensed.ttf",
    "truetype/roboto/unhinted/RobotoCondensed-Bold.ttf",
    "truetype/roboto/unhinted/RobotoCondensed-Medium.ttf",
    "truetype/roboto/unhinted/RobotoTTF/Roboto-Medium.ttf",
)
"""Packages fonts-roadgeek, fonts-liberation, fonts-dejavu, fonts-roboto-unhinted; road signs' letters come nearest."""

CHINESE = (
    ("opentype/noto/NotoSansCJK-Bold.ttc", 2),
    ("opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("truetype/wqy/wqy-zenhei.ttc", 0),
    ("truetype/wqy/wqy-microhei.ttc", 0),
    ("truetype/droid/DroidSansFallbackFull.ttf", 0),
    ("opentype/noto/NotoSerifCJK-Bold.ttc", 2),
    ("truetype/arphic-gbsn00lp/gbsn00lp.ttf", 0),
)
"""Packages fonts-noto-cjk, fonts-wqy-zenhei, fonts-wqy-microhei, fonts-droid-fallback, fonts-arphic-gbsn00lp."""

AIR: Mapping[str, float] = MappingProxyType({"1": 0.62, "J": 0.06, "L": 0.03})
"""How much of its own width a narrow character leaves free on each side of its cell."""


@cache
def faces(chinese: bool) -> tuple[Face, ...]:  # noqa: FBT001 - the two alphabets of a plate
    """The fonts of this machine for Chinese characters or for letters and digits; a packaged one is always there."""
    listed = CHINESE if chinese else tuple((name, 0) for name in LATIN)
    here = tuple(Face(_DEBIAN / name, index) for name, index in listed if (_DEBIAN / name).exists())
    packaged = resources.files("cvttf_NotoSansCJK_Bold") / "NotoSansCJKtc-Bold.otf"
    return (*here, Face(Path(str(packaged))))


@cache
def glyph(character: str, face: Face, weight: int) -> Mask:
    """The character filling its cell (90 x 45, 255 on the stroke), made bolder or thinner by `weight` (-1, 0, 1)."""
    font = _font(face)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(character))
    canvas = Image.new("L", (max(1, right - left) + 8, max(1, bottom - top) + 8), 0)
    ImageDraw.Draw(canvas).text((4 - left, 4 - top), character, fill=255, font=font)
    drawn = np.asarray(canvas, np.uint8)
    rows, columns = np.flatnonzero(drawn.max(1) > 127), np.flatnonzero(drawn.max(0) > 127)
    if not len(rows):
        raise ValueError(f"{face.file.name} has no {character}")
    tight = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    air = round(tight.shape[1] * AIR.get(character, 0.0))
    large = cv2.resize(np.pad(tight, ((0, 0), (air, air))), (2 * WIDTH, 2 * HEIGHT), interpolation=cv2.INTER_AREA)
    kernel = np.ones((5, 5) if character.isascii() else (3, 3), np.uint8)
    if weight:
        large = cv2.dilate(large, kernel) if weight > 0 else cv2.erode(large, kernel)
    return np.asarray(cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


@cache
def _font(face: Face) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(face.file), GLYPH_PX, index=face.index)
