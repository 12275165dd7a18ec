"""Drawn things that pass for plates, before the real finder and reader: none of them ever opens a lane."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from enrollment.candidate import Subject, SubjectKind
from enrollment.gallery import PlateBook
from gate.camera.region import Region
from gate.config import FaceLimits, PlateRules
from gate.decision.decide import decide
from gate.decision.decision import Verdict
from gate.decision.moment import Moment
from gate.decision.rules import Rules
from gate.lane.watching import PlateWatcher
from models.cast import Cast
from models.open import open_plate_recogniser
from models.plate.recogniser import PlatePipeline
from models.roles import PlateRecogniser
from models.sighting import Box, Picture
from models.store import Store
from samples.plates import FONT

NOON = Moment(datetime(2026, 3, 4, 12, tzinfo=UTC))
RULES = Rules("in", (), FaceLimits(accept=0.45), PlateRules(), "v1")
BOOK = PlateBook(
    {
        plate: Subject(f"v{number}", SubjectKind.VEHICLE, "h")
        for number, plate in enumerate(("甘H12345", "川A11111", "粤O00D00", "辽A39123", "苏C00D11", "京A13912"))
    }
)


def _rail(lift: int) -> Picture:
    """A barrier's arm: white with red bars, before a blue gate."""
    picture = np.full((360, 640, 3), (120, 110, 100), np.uint8)
    picture[140:230, 100:540] = (150, 80, 30)
    picture[160 + lift : 200 + lift, 120:520] = (235, 235, 235)
    for left in range(130, 520, 44):
        picture[160 + lift : 200 + lift, left : left + 18] = (40, 40, 200)
    return cv2.GaussianBlur(picture, (0, 0), 0.8).astype(np.uint8)


def _rings(lift: int) -> Picture:
    """Four chrome rings on a dark grille."""
    picture = np.full((360, 640, 3), (60, 56, 52), np.uint8)
    for line in range(120, 260, 10):
        cv2.line(picture, (150, line), (490, line), (90, 88, 86), 2)
    for number in range(4):
        cv2.circle(picture, (236 + 56 * number, 190 + lift), 36, (225, 226, 228), 7, cv2.LINE_AA)
    return picture


def _telephone(lift: int) -> Picture:
    """A number on the white side of a van."""
    font_file = ImageFont.truetype(_font(), 60)
    sheet = Image.new("RGB", (640, 360), (236, 238, 238))
    ImageDraw.Draw(sheet).rectangle((60, 130 + lift, 580, 225 + lift), fill=(20, 70, 170))
    ImageDraw.Draw(sheet).text((90, 135 + lift), "电话 13912345678", font=font_file, fill=(245, 245, 245))
    return np.ascontiguousarray(np.asarray(sheet, np.uint8)[..., ::-1])


def _font() -> str:
    from importlib import resources

    return str(resources.files(FONT[0]) / FONT[1])


@pytest.fixture(scope="module")
def recogniser() -> PlateRecogniser:
    cast = Cast.of_pack("starter")
    return open_plate_recogniser(cast.plate_finder, cast.plate_reader, Store(), 1)


class _WholePlate:
    """Takes a part of the picture for a plate whatever the finder says, so that the reader has its say."""

    def __init__(self, pipeline: PlateRecogniser, box: Box) -> None:
        self._pipeline = pipeline
        self._box = box

    def see(self, picture: Picture) -> list[object]:
        left, top, right, bottom = (
            round(edge) for edge in (self._box.left, self._box.top, self._box.right, self._box.bottom)
        )
        assert isinstance(self._pipeline, PlatePipeline)
        return [self._pipeline.read(np.ascontiguousarray(picture[top:bottom, left:right]))]


@pytest.mark.parametrize("draw", [_rail, _rings, _telephone])
@pytest.mark.parametrize("found", [False, True], ids=["as the finder says", "taken for a plate"])
def test_it_never_opens(draw: Callable[[int], Picture], *, found: bool, recogniser: PlateRecogniser) -> None:
    eyes = _WholePlate(recogniser, Box(100, 125, 540, 235)) if found else recogniser
    watcher = PlateWatcher(eyes, lambda: BOOK, RULES.plates, Region(()))  # type: ignore[arg-type]
    for number in range(24):
        for case in watcher.look(draw(number % 3), number * 0.1):
            assert case.evidence.subject is None  # type: ignore[union-attr]
            assert decide(case.evidence, RULES, NOON).verdict is not Verdict.OPEN
