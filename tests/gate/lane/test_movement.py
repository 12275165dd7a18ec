"""Which way something moves: told from jittering boxes, and never from jitter alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.decision.decision import Movement
from gate.lane.movement import FEWEST_STRAIGHT, Course, Place
from models.sighting import Box, PlateColour, PlateSighting

RATE = 12.0
FOCAL = 600.0
"""Pixels that a metre takes at one metre."""
PLATE_M = 0.14


def _walk(course: Course, distances_m: np.ndarray, jitter: float, seed: int, start_s: float = 0.0) -> list[Movement]:
    """Straight at the camera, or away from it."""
    noise = np.random.default_rng(seed).normal(0, jitter, len(distances_m))
    moves = []
    for number, (metres, wrong) in enumerate(zip(distances_m, noise, strict=True)):
        height = FOCAL * PLATE_M / metres * float(np.exp(wrong))
        course.add(Place(height, 3 * height, height, 100, 100), start_s + number / RATE)
        moves.append(course.movement)
    return moves


def _pass(course: Course, sizes: np.ndarray, across: np.ndarray, rate: float, seed: int) -> list[Movement]:
    """Over the picture, `across` in widths; a plate jitters by 1.5 % of its size and 3 % of its height."""
    rng = np.random.default_rng(seed)
    moves = []
    for number, (size, x) in enumerate(zip(sizes, across, strict=True)):
        seen = size * float(np.exp(rng.normal(0, 0.015)))
        high = seen / 1.7 * float(np.exp(rng.normal(0, 0.025)))
        course.add(Place(seen, 2 * seen, high, 300 + 2 * size * (x + rng.normal(0, 0.01)), 200), number / rate)
        moves.append(course.movement)
    return moves


@given(st.floats(0.8, 6), st.integers(0, 2**32 - 1))
def test_who_comes_is_never_taken_for_leaving(metres_a_second: float, seed: int) -> None:
    way = np.arange(12, 3, -metres_a_second / RATE)
    course = Course()
    assert Movement.AWAY not in _walk(course, way, 0.02, seed)
    assert course.movement is Movement.TOWARDS


@given(st.floats(0.8, 6), st.integers(0, 2**32 - 1))
def test_who_leaves_is_never_taken_for_coming(metres_a_second: float, seed: int) -> None:
    way = np.arange(3, 12, metres_a_second / RATE)
    course = Course()
    assert Movement.TOWARDS not in _walk(course, way, 0.02, seed)
    assert course.movement is Movement.AWAY


@pytest.mark.parametrize("jitter", [0.0, 0.02, 0.04])
def test_what_stands_for_an_hour_moves_nowhere(jitter: float) -> None:
    course = Course()
    _walk(course, np.full(int(600 * RATE), 6.0), jitter, 5)
    assert course.movement is Movement.UNSURE


@pytest.mark.parametrize("rate", [5.0, 12.0, 25.0])
@pytest.mark.parametrize(("jitter", "sway"), [(0.05, 0.0), (0.03, 0.1)])
def test_of_300_parked_cars_none_moves_however_the_boxes_jitter_and_the_pole_sways(
    rate: float, jitter: float, sway: float
) -> None:
    moved = 0
    for seed in range(300):
        rng, course = np.random.default_rng(seed), Course()
        beat, begin = rng.uniform(0.2, 3), rng.uniform(0, 6)
        for number in range(int(3 * rate)):
            size = 40 * float(np.exp(rng.normal(0, jitter)))
            x = sway * np.sin(begin + 2 * np.pi * beat * number / rate) + rng.normal(0, 0.02)
            high = size / 1.7 * float(np.exp(rng.normal(0, jitter)))
            course.add(Place(size, 80, high, 300 + 80 * float(x), 200 + 80 * float(rng.normal(0, 0.02))), number / rate)
        moved += course.movement is not Movement.UNSURE
    assert moved == 0


@pytest.mark.parametrize(("rate", "soonest"), [(10.0, 7), (25.0, 16)])
def test_what_crosses_the_picture_and_grows_is_known_to_come_in_less_than_a_second(rate: float, soonest: int) -> None:
    distances_m = 9 - 3.5 * np.arange(soonest) / rate
    for seed in range(100):
        course = Course()
        moves = _pass(course, FOCAL * 0.25 / distances_m, 3 * np.arange(soonest) / rate, rate, seed)
        assert Movement.AWAY not in moves
        assert course.movement is Movement.TOWARDS


@given(st.floats(1.5, 6), st.sampled_from([10.0, 25.0]), st.integers(0, 2**32 - 1))
def test_what_crosses_the_picture_and_shrinks_is_never_taken_for_coming(speed: float, rate: float, seed: int) -> None:
    distances_m = 3 + speed * np.arange(int(2 * rate)) / rate
    across = 2 * np.arange(len(distances_m)) / rate
    course = Course()
    assert Movement.TOWARDS not in _pass(course, FOCAL * 0.25 / distances_m, across, rate, seed)
    assert course.movement is Movement.AWAY


@pytest.mark.parametrize("rate", [10.0, 25.0])
@pytest.mark.parametrize("speed", [0.0, 1.0, 4.0])
def test_what_comes_out_from_behind_something_comes_no_nearer(speed: float, rate: float) -> None:
    """A parked car whose plate a passer-by uncovers, and one that crosses from behind a pillar."""
    moved = 0
    for seed in range(100):
        rng, course = np.random.default_rng(seed), Course()
        for number in range(int(2 * rate)):
            at_s = number / rate
            shown = float(np.clip(0.4 + at_s * max(speed, 0.8) / 2, 0.4, 1.0))
            x = 300 + 60 * (speed * at_s + (1 - shown) / 2 + float(rng.normal(0, 0.01)))
            size = 35 * float(np.sqrt(shown) * np.exp(rng.normal(0, 0.015)))
            course.add(Place(size, 60 * shown, 20 * float(np.exp(rng.normal(0, 0.03))), x, 200), at_s)
        moved += course.movement is Movement.TOWARDS
    assert moved <= 3  # of 100: whose height jitters upwards just then


def test_what_only_crosses_the_picture_moves_neither_nearer_nor_away() -> None:
    for seed in range(100):
        course = Course()
        _pass(course, np.full(50, 30.0), np.arange(50) / 8, 25.0, seed)
        assert course.movement is Movement.UNSURE


def test_who_came_and_stands_still_has_come_until_it_backs_out() -> None:
    course = Course()
    _walk(course, np.linspace(9, 4, 30), 0.02, 1)
    _walk(course, np.full(300, 4.0), 0.02, 2, 3)
    assert course.movement is Movement.TOWARDS
    _walk(course, np.linspace(4, 9, 40), 0.02, 3, 30)
    assert course.movement is Movement.AWAY


def test_a_few_sightings_of_what_does_not_stray_say_nothing() -> None:
    course = Course()
    _walk(course, np.linspace(9, 3, FEWEST_STRAIGHT - 1), 0, 1)
    assert course.movement is Movement.UNSURE


def test_a_plate_is_measured_by_its_corners_and_by_its_box_where_it_has_none() -> None:
    corners = np.array([[10, 20], [70, 22], [70, 42], [10, 40]], np.float32)
    box = Box(8, 18, 72, 46)

    def seen(points: np.ndarray) -> Place:
        return Place.of(PlateSighting(box, points, 1, 0.9, "", (), PlateColour.BLUE, None))

    assert seen(corners) == Place(pytest.approx(np.sqrt(1200)), 64, 28, 40, 31)
    assert seen(np.zeros((4, 2), np.float32)) == Place(28, 64, 28, 40, 32)
