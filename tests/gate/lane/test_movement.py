"""Which way something moves: told from jittering boxes, and never from jitter alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.decision.decision import Movement
from gate.lane.movement import FEWEST, Course
from models.sighting import Box

RATE = 12.0
FOCAL = 600.0
"""Pixels that a metre takes at one metre."""
PLATE_M = 0.14


def _walk(course: Course, distances_m: np.ndarray, jitter: float, seed: int, start_s: float = 0.0) -> list[Movement]:
    noise = np.random.default_rng(seed).normal(0, jitter, len(distances_m))
    moves = []
    for number, (metres, wrong) in enumerate(zip(distances_m, noise, strict=True)):
        height = FOCAL * PLATE_M / metres * float(np.exp(wrong))
        course.add(Box(100, 100, 100 + 3 * height, 100 + height), start_s + number / RATE)
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


@pytest.mark.parametrize("rate", [5.0, 12.0])
def test_the_first_moments_of_what_stands_there_are_no_movement(rate: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "RATE", rate)
    moved = 0
    for seed in range(300):
        course = Course()
        _walk(course, np.full(int(3 * rate), 6.0), 0.05, seed)
        moved += course.movement is not Movement.UNSURE
    assert moved == 0


def test_who_came_and_stands_still_has_come_until_it_backs_out() -> None:
    course = Course()
    _walk(course, np.linspace(9, 4, 30), 0.02, 1)
    _walk(course, np.full(300, 4.0), 0.02, 2, 3)
    assert course.movement is Movement.TOWARDS
    _walk(course, np.linspace(4, 9, 40), 0.02, 3, 30)
    assert course.movement is Movement.AWAY


def test_a_few_sightings_say_nothing() -> None:
    course = Course()
    _walk(course, np.linspace(9, 3, FEWEST - 1), 0, 1)
    assert course.movement is Movement.UNSURE
