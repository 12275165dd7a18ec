from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.plate.rectify import LARGEST, rectify, side_by_side, widen

UPRIGHT = np.array([[100, 50], [240, 50], [240, 95], [100, 95]], np.float32)


def test_corners_move_outwards_along_the_plates_own_edges() -> None:
    assert widen(UPRIGHT, across=0.1, down=0.2) == pytest.approx(
        np.array([[86, 41], [254, 41], [254, 104], [86, 104]], np.float32)
    )


def test_an_upright_plate_keeps_its_size_and_place() -> None:
    picture = np.zeros((200, 400, 3), np.uint8)
    cv2.rectangle(picture, (100, 50), (240, 95), (255, 80, 20), -1)
    plate = rectify(picture, UPRIGHT)
    assert plate.shape == (49, 148, 3)
    middle = plate[6:-6, 10:-10]
    assert np.abs(middle.astype(int) - [255, 80, 20]).max() <= 1


def test_a_plate_seen_at_an_angle_is_straightened() -> None:
    flat = np.zeros((90, 280, 3), np.uint8)
    flat[:, :140], flat[:, 140:] = (0, 0, 255), (255, 0, 0)
    corners = np.array([[120, 80], [300, 120], [290, 190], [115, 140]], np.float32)
    outline = np.array([[0, 0], [280, 0], [280, 90], [0, 90]], np.float32)
    seen = cv2.warpPerspective(flat, cv2.getPerspectiveTransform(outline, corners), (400, 300))
    plate = rectify(seen, corners)
    height, width = plate.shape[:2]
    left, right = (
        plate[height // 4 : -height // 4, width // 10 : width // 3],
        plate[height // 4 : -height // 4, -width // 3 : -width // 10],
    )
    assert left[..., 2].mean() > 240 > 20 > left[..., 0].mean()
    assert right[..., 0].mean() > 240 > 20 > right[..., 2].mean()


@given(st.lists(st.tuples(st.floats(-2000, 2000), st.floats(-2000, 2000)), min_size=4, max_size=4))
def test_wild_corners_give_a_bounded_picture(points: list[tuple[float, float]]) -> None:
    plate = rectify(np.zeros((50, 60, 3), np.uint8), np.array(points, np.float32))
    assert 1 <= plate.shape[0] <= LARGEST
    assert 1 <= plate.shape[1] <= LARGEST


def test_two_rows_become_one_with_the_upper_row_first() -> None:
    plate = np.zeros((120, 200, 3), np.uint8)
    plate[:40], plate[50:] = 100, 200
    line = side_by_side(plate)
    assert line.shape == (80, 400, 3)
    assert (line[:60, :200] == 100).all()
    assert (line[15:, 200:] == 200).all()


@pytest.mark.parametrize("height", [1, 2, 3])
def test_a_sliver_is_still_set_side_by_side(height: int) -> None:
    assert side_by_side(np.zeros((height, 9, 3), np.uint8)).shape[1] == 18
