"""Masks and dark glasses are told from bare faces, by what they hide and not by how bright they are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.face.alignment import SIDE, TEMPLATE
from models.face.cover import covered, mouth_hidden
from models.sighting import Picture

SKIN = (110, 145, 200)


def _face(gain: float = 1.0, skin: tuple[int, int, int] = SKIN) -> Picture:
    """A drawn face on the points of the alignment: skin with grain, eyes, a nose and a mouth."""
    rng = np.random.default_rng(3)
    face = np.full((SIDE, SIDE, 3), skin, np.float32) + rng.normal(0, 4, (SIDE, SIDE, 1))
    for x, y in TEMPLATE[:2]:
        cv2.ellipse(face, (round(float(x)), round(float(y))), (10, 4), 0, 0, 360, (235, 235, 235), -1)
        cv2.circle(face, (round(float(x)), round(float(y))), 3, (40, 40, 50), -1)
        cv2.line(face, (round(float(x)) - 11, 40), (round(float(x)) + 11, 39), (40, 50, 60), 3)
    cv2.line(face, (56, 55), (52, 72), (80, 110, 160), 2)
    cv2.ellipse(face, (56, 92), (15, 5), 0, 0, 360, (80, 80, 190), -1)
    cv2.line(face, (42, 92), (70, 92), (30, 30, 90), 2)
    return (cv2.GaussianBlur(face, (0, 0), 0.8) * gain).clip(0, 255).astype(np.uint8)


def _masked(face: Picture, colour: tuple[int, int, int]) -> Picture:
    masked = face.copy()
    gain = face.mean() / 150
    corners = np.array([[16, 74], [56, 64], [96, 74], [92, 98], [56, 112], [20, 98]], np.int32)
    cv2.fillPoly(masked, [corners], tuple(min(255.0, gain * part) for part in colour))
    return cv2.GaussianBlur(masked, (0, 0), 0.8).astype(np.uint8)


@pytest.mark.parametrize("gain", [0.45, 0.7, 1.0, 1.2])
@pytest.mark.parametrize("skin", [SKIN, (140, 175, 225), (50, 75, 120)])
def test_a_bare_face_is_not_covered_however_it_is_lit(gain: float, skin: tuple[int, int, int]) -> None:
    assert not covered(_face(gain, skin))


@pytest.mark.parametrize("gain", [0.6, 1.0])
@pytest.mark.parametrize("colour", [(200, 170, 120), (230, 230, 230), (40, 40, 40)], ids=["blue", "white", "black"])
def test_a_mask_covers_it(gain: float, colour: tuple[int, int, int]) -> None:
    assert covered(_masked(_face(gain), colour))


def test_dark_glasses_cover_it() -> None:
    face = _face()
    for x, y in TEMPLATE[:2]:
        cv2.ellipse(face, (round(float(x)), round(float(y))), (15, 10), 0, 0, 360, (12, 10, 10), -1)
    assert covered(face)


def test_without_colour_a_bare_face_stays_bare() -> None:
    grey = cv2.cvtColor(cv2.cvtColor(_face(), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert not covered(np.asarray(grey, np.uint8))


def test_a_mask_as_pale_as_the_skin_hides_the_mouth_though_it_passes_for_no_cover() -> None:
    pale = _masked(_face(), SKIN)
    assert mouth_hidden(pale)
    assert not covered(pale)


@pytest.mark.parametrize("gain", [0.45, 1.0, 1.2])
def test_a_bare_face_shows_its_mouth(gain: float) -> None:
    assert not mouth_hidden(_face(gain))
