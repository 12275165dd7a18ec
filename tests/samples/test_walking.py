"""People come up to the camera, their faces grow from about 40 to 160 pixels, and they leave to a side."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.compound import PEOPLE
from samples.people import FACE_M, Figure, draw_figure
from samples.scenery import PATH_VIEW
from samples.walking import APPROACH_S, WALK_S, Walk


@pytest.fixture(scope="module")
def figure() -> Figure:
    return draw_figure(PEOPLE[1].looks, np.random.default_rng(3))


def _face_px(walk: Walk, at_s: float) -> float:
    place = walk.place(at_s)
    assert place is not None
    return FACE_M * PATH_VIEW.focal_px / place[1]


def test_a_face_grows_from_forty_to_a_hundred_and_sixty_pixels(figure: Figure) -> None:
    walk = Walk(figure, 1.0, 1)
    assert _face_px(walk, walk.near_s) == pytest.approx(40, abs=4)
    assert _face_px(walk, walk.near_s + APPROACH_S) == pytest.approx(160, abs=10)


@pytest.mark.parametrize("line_m", [-0.4, 0.4])
def test_a_person_leaves_on_the_own_side_of_the_picture(line_m: float, figure: Figure) -> None:
    walk = Walk(figure, 0.0, 1, line_m)
    place = walk.place(walk.end_s - 0.01)
    assert place is not None
    assert np.sign(place[0]) == np.sign(line_m)
    assert abs(place[0]) / place[1] * PATH_VIEW.focal_px > PATH_VIEW.width / 2


@given(st.floats(-2, 10))
def test_a_person_is_somewhere_exactly_while_in_the_picture(at_s: float) -> None:
    walk = Walk(None, 1.0, -1)  # type: ignore[arg-type]
    assert (walk.place(at_s) is not None) == (1.0 <= at_s < 1.0 + WALK_S)
