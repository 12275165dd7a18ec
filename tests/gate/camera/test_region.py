from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.camera.region import Region

fractions = st.floats(0, 1)
polygons = st.lists(st.tuples(fractions, fractions), min_size=3, max_size=8).map(tuple)
sizes = st.integers(1, 4000)

LEFT_HALF = Region(((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
NOTCHED = Region(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5), (0.0, 1.0)))


def test_no_corners_are_the_whole_picture() -> None:
    assert Region().crop(640, 480) == (0, 0, 640, 480)
    assert Region().contains(0, 480, 640, 480)
    assert not Region().contains(641, 10, 640, 480)


@pytest.mark.parametrize(
    ("region", "x", "y", "within"),
    [
        (LEFT_HALF, 10, 10, True),
        (LEFT_HALF, 320, 100, True),
        (LEFT_HALF, 321, 100, False),
        (LEFT_HALF, 0, 0, True),
        (NOTCHED, 320, 100, True),
        (NOTCHED, 320, 470, False),
        (NOTCHED, 320, 240, True),
        (NOTCHED, 5, 470, True),
    ],
)
def test_a_point_is_inside_or_on_the_border(region: Region, x: float, y: float, within: bool) -> None:
    assert region.contains(x, y, 640, 480) is within


def test_the_crop_goes_outwards_to_whole_pixels() -> None:
    assert Region(((0.11, 0.11), (0.52, 0.11), (0.52, 0.9))).crop(100, 10) == (11, 1, 52, 9)
    assert LEFT_HALF.crop(641, 480) == (0, 0, 321, 480)


@given(polygons, sizes, sizes)
def test_the_crop_lies_in_the_picture_and_holds_a_pixel(
    corners: tuple[tuple[float, float], ...], width: int, height: int
) -> None:
    left, top, right, bottom = Region(corners).crop(width, height)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


@given(polygons, sizes, sizes, fractions, fractions)
def test_what_the_region_contains_the_crop_contains(
    corners: tuple[tuple[float, float], ...], width: int, height: int, across: float, down: float
) -> None:
    region, x, y = Region(corners), across * width, down * height
    if region.contains(x, y, width, height):
        left, top, right, bottom = region.crop(width, height)
        assert left - 1e-6 <= x <= right + 1e-6
        assert top - 1e-6 <= y <= bottom + 1e-6


@given(polygons, sizes, sizes)
def test_every_corner_belongs_to_the_region(corners: tuple[tuple[float, float], ...], width: int, height: int) -> None:
    assert all(Region(corners).contains(x * width, y * height, width, height) for x, y in corners)


@pytest.mark.parametrize("wrong", [((0.0, 0.0), (1.0, 1.0)), ((0.0, 0.0), (1.5, 0.0), (1.0, 1.0))])
def test_a_region_needs_three_corners_within_the_picture(wrong: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match="region"):
        Region(wrong)
