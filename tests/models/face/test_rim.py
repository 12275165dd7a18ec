"""Frames about a face: found on sheets at every tilt and light, not found where there is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.face.rim import find_rim
from models.sighting import Box, Picture

FACE = Box(450, 300, 550, 425)


def _scene(tilt: float = 0.0, dark: float = 1.0, *, sheet: bool = True, turned_away: bool = False) -> Picture:
    """A face's oval before a busy wall, on a sheet or not."""
    rng = np.random.default_rng(1)
    wall = cv2.resize(rng.integers(90, 150, (18, 25, 3)).astype(np.uint8), (1000, 720))
    if sheet:
        corners = cv2.boxPoints(((500, 370), (200, 260), tilt)).astype(np.int32)
        if turned_away:
            corners += np.array([[300, 0]], np.int32)
        cv2.fillPoly(wall, [corners], (225, 225, 225), cv2.LINE_AA)
    cv2.ellipse(wall, (500, 362), (52, 66), 0, 0, 360, (120, 150, 190), -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(wall, (0, 0), 1.2) * dark, np.uint8)


@pytest.mark.parametrize("tilt", [-10, -4, 0, 3, 9])
@pytest.mark.parametrize("dark", [1.0, 0.4])
def test_a_sheet_is_found_where_it_is(tilt: float, dark: float) -> None:
    rim = find_rim(_scene(tilt, dark), FACE)
    assert rim is not None
    assert (rim.width, rim.height) == (pytest.approx(1.6, abs=0.2), pytest.approx(2.08, abs=0.25))
    assert abs(rim.across) < 0.12
    assert abs(rim.down - 0.06) < 0.12


@pytest.mark.parametrize("scene", [_scene(sheet=False), _scene(turned_away=True)], ids=["bare", "beside the face"])
def test_a_face_without_a_frame_about_it_has_none(scene: Picture) -> None:
    assert find_rim(scene, FACE) is None


@pytest.mark.parametrize("box", [Box(-40, -30, 60, 95), Box(960, 650, 1060, 775)], ids=["top left", "bottom right"])
def test_a_face_at_the_border_is_looked_at_without_fault(box: Box) -> None:
    assert find_rim(_scene(sheet=False), box) is None
