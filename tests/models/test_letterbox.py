from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.letterbox import Search, letterbox

SIDES = st.integers(1, 3000)


@given(SIDES, SIDES, st.integers(32, 700), st.floats(0.5, 4))
def test_a_canvas_is_whole_strides_and_holds_the_picture(wide: int, tall: int, longest: int, max_scale: float) -> None:
    picture = np.zeros((tall, wide, 3), np.uint8)
    boxed = Search(longest, max_scale).fit(picture)
    height, width = boxed.canvas.shape[:2]
    assert height % 32 == 0
    assert width % 32 == 0
    assert max(height, width) < longest + 32
    assert 0 < boxed.scale <= max_scale
    assert round(wide * boxed.scale) <= width
    assert round(tall * boxed.scale) <= height


@given(st.integers(1, 900), st.integers(1, 900), st.sampled_from([None, (640, 640), (320, 256)]))
def test_the_scale_is_told_without_fitting_anything(wide: int, tall: int, fixed: tuple[int, int] | None) -> None:
    picture = np.zeros((tall, wide, 3), np.uint8)
    search = Search(320, 4.0, fixed)
    # A canvas of whole strides may be half a pixel too narrow, of 32 at least.
    assert search.scale(picture) == pytest.approx(search.fit(picture).scale, rel=1 / 60)


def test_a_network_of_one_size_gets_that_size() -> None:
    boxed = Search(640, 2.0, fixed=(640, 480)).fit(np.zeros((100, 100, 3), np.uint8))
    assert boxed.canvas.shape == (480, 640, 3)
    assert boxed.scale == 2.0


def test_points_come_back_to_the_picture() -> None:
    boxed = letterbox(np.zeros((1280, 2560, 3), np.uint8), 640, 640, fill=114)
    assert boxed.back(np.array([[64, 32]], np.float32)).tolist() == [[256, 128]]
    assert (boxed.canvas[320:] == 114).all()
    assert (boxed.canvas[:320] == 0).all()
