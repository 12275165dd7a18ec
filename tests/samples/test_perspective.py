"""The pinhole camera keeps its geometry, and panels are drawn only where they can be seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.sighting import Picture
from samples.perspective import Panel, View, cover, lay, upright

VIEW = View(640, 360, 500.0, 1.5)
RED = np.full((64, 64, 4), (0, 0, 255, 255), np.uint8)


def _grey() -> Picture:
    return np.full((360, 640, 3), 90, np.uint8)


def _reds(picture: Picture) -> int:
    return int((picture[..., 2] > 200).sum())


def test_a_point_straight_ahead_is_the_middle_of_the_picture() -> None:
    assert VIEW.project(np.array([(0.0, 1.5, 7.0)]))[0] == pytest.approx((320, 180))


@given(st.floats(-40, 40), st.floats(-20, 20))
def test_a_turned_camera_has_what_it_looks_at_in_the_middle(yaw: float, pitch: float) -> None:
    turned = View(640, 360, 500.0, 1.5, yaw, pitch)
    left, up = np.radians(yaw), np.radians(pitch)
    point = np.array([(np.cos(up) * np.sin(left), 1.5 + np.sin(up), np.cos(up) * np.cos(left))])
    assert turned.project(point)[0] == pytest.approx((320, 180), abs=1e-6)


@given(st.floats(1.0, 50.0))
def test_twice_as_far_is_half_as_large(z: float) -> None:
    assert VIEW.px_per_m((0.0, 1.5, 2 * z)) == pytest.approx(VIEW.px_per_m((0.0, 1.5, z)) / 2)


@given(st.floats(-1, 1), st.floats(0, 3), st.floats(1, 30))
def test_the_ray_of_a_pixel_goes_through_the_point_that_is_seen_there(x: float, y: float, z: float) -> None:
    small = View(64, 36, 50.0, 1.5, 10.0, -5.0)
    across, down = small.project(np.array([(x, y, z)]))[0]
    if 0 <= across < 64 and 0 <= down < 36:
        ray = small.rays()[int(down), int(across)]
        to_point = np.array((x, y - 1.5, z))
        cosine = ray @ to_point / np.linalg.norm(ray) / np.linalg.norm(to_point)
        assert cosine > 0.999


def test_a_panel_covers_as_many_pixels_as_its_size_and_distance_say() -> None:
    picture = _grey()
    lay(upright(RED, -1, 1, 1, 2, 10.0), VIEW, picture)
    assert _reds(picture) == pytest.approx(100 * 50, rel=0.06)


def test_a_panel_is_not_seen_from_its_back() -> None:
    picture, panel = _grey(), upright(RED, -1, 1, 1, 2, 10.0)
    lay(Panel(RED, panel.corners[[1, 0, 3, 2]]), VIEW, picture)
    assert np.array_equal(picture, _grey())


@pytest.mark.parametrize("panel", [upright(RED, -1, 1, 1, 2, -3.0), upright(RED, 90, 1, 92, 2, 10.0)])
def test_what_is_behind_or_beside_the_camera_leaves_the_picture_alone(panel: Panel) -> None:
    picture = _grey()
    lay(panel, VIEW, picture)
    assert np.array_equal(picture, _grey())


@pytest.mark.parametrize(
    "corners",
    [
        [(0.5, 2.0, -2.0), (0.5, 2.0, 6.0), (0.5, 0.0, 6.0), (0.5, 0.0, -2.0)],
        [(-1, 0.0, 6.0), (1, 0.0, 6.0), (1, 0.0, -2.0), (-1, 0.0, -2.0)],
    ],
    ids=["wall", "floor"],
)
def test_of_a_panel_that_passes_the_camera_the_part_in_front_is_drawn(
    corners: list[tuple[float, float, float]],
) -> None:
    for order in ((0, 1, 2, 3), (1, 0, 3, 2)):
        picture = _grey()
        lay(Panel(RED, np.array(corners, float)[list(order)]), VIEW, picture)
        if _reds(picture) > 1000:
            return
    pytest.fail("neither face of the panel is to be seen")


def test_a_transparent_sprite_changes_nothing_and_a_solid_one_everything() -> None:
    picture = np.full((64, 64, 3), 90, np.uint8)
    cover(picture, np.zeros((64, 64, 4), np.uint8))
    assert np.array_equal(picture, np.full((64, 64, 3), 90, np.uint8))
    cover(picture, RED)
    assert np.array_equal(picture, RED[..., :3])
