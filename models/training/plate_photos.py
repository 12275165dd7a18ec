"""The labelled photographs: where the plate is, what stands on it, and plates pieced together from them.

A folder of photographs holds `scenes/` and `crops/`, whose file names are plates and whose corners `plate_corners`
found, and `green/` with corners of its own in `labels.csv`. What is held out never comes out of here for learning.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.picture import load_picture
from models.plate.grammar import classify, normalise
from models.sighting import Picture, PlateColour, Points
from models.training.plate_drawing import draw, layout_of
from models.training.plate_texts import Drawn, any_plate
from models.training.split import is_held_out

Levels = NDArray[np.float32]

_DARK_INK = {PlateColour.BLUE: False, PlateColour.GREEN: True, PlateColour.YELLOW: True}

SCALE = 0.6
"""Pixels for a millimetre of a plate seen straight on."""


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """Another plate in a photograph, which nobody labelled; one that is not `sure` may be none."""

    corners: Points
    rows: int
    sure: bool


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A labelled photograph: its plate's text, colour, corners (4 x 2, top left first, clockwise) and rows."""

    file: Path
    text: str
    colour: PlateColour
    corners: Points
    rows: int
    others: tuple[Other, ...] = ()

    @property
    def crop(self) -> bool:
        """Whether the picture is nothing but a plate."""
        return self.file.parent.name == "crops"

    @property
    def drawn(self) -> Drawn:
        """The plate as something to draw."""
        return Drawn(self.text, self.colour, self.rows, _FORMS.get((self.colour, self.rows), "blue"))


_FORMS: Mapping[tuple[PlateColour, int], str] = {
    (PlateColour.BLUE, 1): "blue",
    (PlateColour.GREEN, 1): "green",
    (PlateColour.YELLOW, 1): "yellow",
    (PlateColour.YELLOW, 2): "yellow-two",
    (PlateColour.WHITE, 1): "police",
    (PlateColour.BLACK, 1): "black",
}


def photos(folder: Path, corners: Path, *, held_out: bool) -> list[Photo]:
    """The photographs of one side of the split, in the order of their names."""
    listed = [*_found(folder, corners), *_green(folder / "green")]
    return [photo for photo in listed if is_held_out(photo.text, "plates") is held_out]


def _found(folder: Path, corners: Path) -> Iterator[Photo]:
    for row in json.loads(corners.read_text(encoding="utf-8")):
        others = tuple(Other(np.array(one["corners"], np.float32), one["rows"], one["sure"]) for one in row["others"])
        spot = np.array(row["corners"], np.float32)
        file = folder / row["kind"] / row["file"]
        yield Photo(file, row["plate"], PlateColour(row["colour"]), spot, row["rows"], others)


def _green(folder: Path) -> Iterator[Photo]:
    if not (folder / "labels.csv").exists():
        return
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            text = normalise(row["corrected_plate"] or row["plate"])
            points = [[float(part) for part in pair.split(",")] for pair in row["corners_BR_BL_TL_TR"].split(" ")]
            right, left, top_left, top_right = points
            corners = np.array([top_left, top_right, right, left], np.float32)
            file = folder / row["file"]
            if classify(text, PlateColour.GREEN) and file.exists():
                yield Photo(file, text, PlateColour.GREEN, corners, 1)


def straight(photo: Photo) -> Picture:
    """The plate seen straight on at `SCALE` pixels for a millimetre of its layout."""
    layout = layout_of(photo.drawn)
    wide, high = round(layout.width * SCALE), round(layout.height * SCALE)
    target = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    matrix = cv2.getPerspectiveTransform(photo.corners, target)
    picture = load_picture(photo.file)
    how = cv2.INTER_AREA if np.ptp(photo.corners[:, 0]) > 2 * wide else cv2.INTER_LINEAR
    warped = cv2.warpPerspective(picture, matrix, (wide, high), flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


class Collages:
    """Plates pieced together from photographed characters, so that few photographs make many plates."""

    def __init__(self, photographs: Sequence[Photo]) -> None:
        one_row = [photo for photo in photographs if photo.rows == 1 and photo.colour in _DARK_INK]
        self._plates = [(photo.drawn, straight(photo)) for photo in one_row]
        self._tiles: dict[str, list[Levels]] = {}
        for drawn, picture in self._plates:
            for sign, cell in zip(drawn.text, _cells(drawn), strict=True):
                self._tiles.setdefault(sign, []).append(_ink(picture[cell], dark=_DARK_INK[drawn.colour]))

    def make(self, rng: np.random.Generator) -> tuple[Picture, Drawn]:
        """A plate, photographed or drawn, most of whose characters were changed for others."""
        wanted = any_plate(rng)
        if wanted.rows == 1 and rng.random() < 0.3:
            base, ground = wanted, np.asarray(cv2.GaussianBlur(draw(wanted, rng, SCALE), (0, 0), 0.8), np.uint8)
        else:
            base, ground = self._plates[int(rng.integers(len(self._plates)))]
            wanted = _like(base, rng)
        plate, text = ground.copy(), list(base.text)
        share = rng.choice([0.0, 0.5, 1.0], p=[0.1, 0.3, 0.6])
        dark = _DARK_INK.get(base.colour, base.colour is not PlateColour.BLACK)
        for at, cell in enumerate(_cells(base)):
            tile = self._tile(wanted.text[at], rng) if rng.random() < share else None
            if tile is not None:
                plate[cell] = _inked(tile, ground[cell], dark=dark)
                text[at] = wanted.text[at]
        return plate, Drawn("".join(text), base.colour, base.rows, base.form)

    def _tile(self, sign: str, rng: np.random.Generator) -> Levels | None:
        """A character of a photograph, or a drawn one where photographs have none or too few of it."""
        taken = self._tiles.get(sign, [])
        if len(taken) * 0.1 > rng.random():
            return taken[int(rng.integers(len(taken)))]
        drawn = Drawn(
            ("皖A00000" if sign.isascii() else sign + "A00000").replace("0", sign), PlateColour.BLUE, 1, "blue"
        )
        drawn = Drawn(drawn.text[:7], drawn.colour, 1, "blue")
        picture = np.asarray(cv2.GaussianBlur(draw(drawn, rng, SCALE), (0, 0), rng.uniform(0.5, 2.2)), np.uint8)
        return _ink(picture[_cells(drawn)[3 if sign.isascii() else 0]], dark=False)


def _like(base: Drawn, rng: np.random.Generator) -> Drawn:
    while True:
        drawn = any_plate(rng)
        if drawn.form == base.form:
            return drawn


def _cells(drawn: Drawn) -> list[tuple[slice, slice]]:
    """Each character's cell with the air around it, in pixels."""
    places = []
    for left, top, width, height in layout_of(drawn).cells:
        columns = slice(max(0, round((left - 5) * SCALE)), round((left + width + 5) * SCALE))
        places.append((slice(round((top - 6) * SCALE), round((top + height + 6) * SCALE)), columns))
    return places


def _ink(tile: Picture, *, dark: bool) -> Levels:
    """How much above (ink) or below (ground) its mean each pixel is, in deviations, whatever the colours."""
    grey = tile.astype(np.float32).mean(axis=2)
    level = (grey - grey.mean()) / max(4.0, float(grey.std()))
    return np.asarray(-level if dark else level, np.float32)


def _inked(tile: Levels, place: Picture, *, dark: bool) -> Picture:
    """The character in the colours of the place it goes to, fading into it at its edges."""
    size = (place.shape[1], place.shape[0])
    level = np.asarray(cv2.resize(tile, size, interpolation=cv2.INTER_LINEAR), np.float32)
    old = place.astype(np.float32)
    grey = old.mean(axis=2)
    spread = max(1.0, float(grey.std()))
    away = (grey - grey.mean())[..., None]
    slope = (away * (old - old.mean((0, 1)))).mean((0, 1)) / spread**2
    new = old.mean((0, 1)) + slope * (level * (-spread if dark else spread))[..., None]
    across = np.minimum(1, np.minimum(np.arange(size[0]), np.arange(size[0])[::-1]) / 3 + 0.25)
    share = np.asarray(across, np.float32)[None, :, None]
    return np.clip(new * share + old * (1 - share), 0, 255).astype(np.uint8)
