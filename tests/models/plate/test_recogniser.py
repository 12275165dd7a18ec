from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from models.cast import Cast
from models.open import open_plate_recogniser
from models.plate.recogniser import PlatePipeline
from models.roles import FoundPlate, PlateReading, PlateRecogniser
from models.sighting import Box, Picture, PlateColour, PlateKind
from models.store import Store
from samples.plates import Plate, Style, draw_plate

EMPTY = np.zeros((300, 400, 3), np.uint8)


def _found(left: float, width: float, height: float = 30, rows: int = 1) -> FoundPlate:
    box = Box(left, 50, left + width, 50 + height)
    corners = np.array([[left, 50], [left + width, 50], [left + width, 50 + height], [left, 50 + height]], np.float32)
    return FoundPlate(box, corners, rows, 0.9)


@dataclass
class Finder:
    plates: Sequence[FoundPlate]

    def find(self, picture: Picture) -> Sequence[FoundPlate]:
        return self.plates


@dataclass
class Reader:
    text: str
    colour: PlateColour = PlateColour.BLUE

    def read(self, plate: Picture, rows: int) -> PlateReading:
        assert plate.size
        return PlateReading(self.text, (0.9,) * len(self.text), self.colour)


def test_plates_come_largest_first() -> None:
    seen = PlatePipeline(Finder([_found(10, 40), _found(60, 120)]), Reader("辽A12345")).see(EMPTY)
    assert [plate.box.width for plate in seen] == [120, 40]
    assert {plate.text for plate in seen} == {"辽A12345"}
    assert {plate.kind for plate in seen} == {PlateKind.CAR}


def test_a_plate_too_low_to_read_is_left_out() -> None:
    assert PlatePipeline(Finder([_found(10, 40, height=5)]), Reader("辽A12345")).see(EMPTY) == []


def test_the_corners_of_the_closer_look_are_the_ones_that_are_read() -> None:
    first, near = _found(100, 80, height=26), _found(52, 84, height=28, rows=2)
    (plate,) = PlatePipeline(Finder([first]), Reader("辽A12345"), Finder([near])).see(EMPTY)
    assert plate.rows == 2
    assert plate.corners[0] == pytest.approx([52 + 140 - 88, 50])
    assert plate.found == first.found


def test_what_the_closer_look_does_not_see_is_no_plate() -> None:
    for near in ([], [_found(0, 20, height=8)]):
        assert not PlatePipeline(Finder([_found(100, 80)]), Reader("辽A12345"), Finder(near)).see(EMPTY)


def test_two_sightings_of_one_plate_are_one() -> None:
    near = Finder([_found(52, 84, height=28)])
    seen = PlatePipeline(Finder([_found(100, 80), _found(104, 76)]), Reader("辽A12345"), near).see(EMPTY)
    assert len(seen) == 1


def test_the_weakest_character_says_how_sure_a_sighting_is() -> None:
    (plate,) = PlatePipeline(Finder([_found(10, 100)]), Reader("辽A12345")).see(EMPTY)
    assert plate.sure == pytest.approx(0.9 * 0.9)
    assert replace(plate, text="", confidences=()).sure == 0


@pytest.mark.parametrize(
    ("text", "colour", "shown", "kind"),
    [
        ("粤0A2160", PlateColour.BLUE, PlateColour.BLUE, PlateKind.CAR),
        ("辽A12345D", PlateColour.GREEN, PlateColour.YELLOW_GREEN, PlateKind.NEW_ENERGY_LARGE),
        ("辽AD1234", PlateColour.GREEN, PlateColour.GREEN, None),
        ("", PlateColour.BLACK, PlateColour.BLACK, None),
    ],
)
def test_a_reading_is_checked_against_the_grammar(
    text: str, colour: PlateColour, shown: PlateColour, kind: PlateKind | None
) -> None:
    (plate,) = PlatePipeline(Finder([_found(10, 100)]), Reader(text, colour)).see(EMPTY)
    assert plate.text == text.replace("粤0", "粤O")
    assert len(plate.confidences) == len(text)
    assert (plate.colour, plate.kind) == (shown, kind)


@dataclass
class RowsReader:
    """Reads only plates of the given number of rows."""

    rows: int

    def read(self, plate: Picture, rows: int) -> PlateReading:
        text = "辽A12345" if rows == self.rows else "辽1"
        return PlateReading(text, (0.9,) * len(text), PlateColour.YELLOW)


@pytest.mark.parametrize(
    ("width", "rows", "found"),
    [
        (94, 1, ("辽A12345", 1)),
        (48, 1, ("辽A12345", 1)),
        (48, 2, ("辽A12345", 2)),
        (94, 2, ("辽1", 1)),
        (48, 3, ("辽1", 1)),
    ],
)
def test_a_whole_picture_is_read_as_one_plate_of_one_row_or_else_of_two(
    width: int, rows: int, found: tuple[str, int]
) -> None:
    plate = PlatePipeline(Finder([]), RowsReader(rows)).read(np.zeros((24, width, 3), np.uint8))
    assert (plate.text, plate.rows) == found
    assert (plate.box.width, plate.box.height, plate.found) == (width, 24, 1)


@pytest.fixture(scope="module", params=["base", pytest.param("starter", marks=pytest.mark.starter)])
def recogniser(request: pytest.FixtureRequest) -> PlateRecogniser:
    if request.param == "base":
        request.getfixturevalue("mirror")
    cast = Cast.of_pack(request.param)
    return open_plate_recogniser(cast.plate_finder, cast.plate_reader, Store())


def _car(plate: Plate, height_px: int) -> Picture:
    """A plate on the dark tail of something like a car, in a street of one grey."""
    drawn = draw_plate(plate, np.random.default_rng(1), px_per_mm=height_px / 140, wear=0.2)
    scene = np.full((720, 1280, 3), 120, np.uint8)
    cv2.rectangle(scene, (420, 200), (900, 560), (60, 50, 50), -1)
    tall, wide = drawn.shape[:2]
    scene[430 : 430 + tall, 660 - wide // 2 : 660 - wide // 2 + wide] = drawn
    return np.asarray(cv2.GaussianBlur(scene, (0, 0), 0.8), dtype=np.uint8)


@pytest.mark.parametrize(
    ("text", "style", "kind", "rows"),
    [
        ("辽A12345", Style.BLUE, PlateKind.CAR, 1),
        ("辽AD12345", Style.GREEN, PlateKind.NEW_ENERGY_SMALL, 1),
        ("辽B67890", Style.YELLOW, PlateKind.CAR, 1),
        ("辽A8K326", Style.YELLOW_TWO_ROWS, PlateKind.CAR, 2),
        ("辽A0123警", Style.POLICE, PlateKind.POLICE, 1),
    ],
)
def test_drawn_plates_of_every_style_are_read(
    recogniser: PlateRecogniser, text: str, style: Style, kind: PlateKind, rows: int
) -> None:
    (plate,) = recogniser.see(_car(Plate(text, style), 40))
    assert (plate.text, plate.kind, plate.rows) == (text, kind, rows)
    assert min(plate.confidences) > 0.8


def test_a_picture_without_a_plate_shows_none(recogniser: PlateRecogniser) -> None:
    assert list(recogniser.see(np.full((720, 1280, 3), 120, np.uint8))) == []


def test_threads_share_a_recogniser(recogniser: PlateRecogniser) -> None:
    cars = [_car(Plate(f"辽A1234{digit}", Style.BLUE), 40) for digit in range(6)]
    with ThreadPoolExecutor(3) as pool:
        read = [plates[0].text for plates in pool.map(recogniser.see, cars)]
    assert read == [f"辽A1234{digit}" for digit in range(6)]


@pytest.mark.parametrize(
    ("text", "style", "rows"),
    [("辽A12345", Style.BLUE, 1), ("辽AD12345", Style.GREEN, 1), ("辽A8K326", Style.YELLOW_TWO_ROWS, 2)],
)
def test_a_drawn_plate_is_read_from_edge_to_edge(
    recogniser: PlateRecogniser, text: str, style: Style, rows: int
) -> None:
    drawn = draw_plate(Plate(text, style), np.random.default_rng(1), px_per_mm=48 / 140, wear=0.2)
    plate = recogniser.read(drawn)
    assert (plate.text, plate.rows) == (text, rows)
