from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.camera.pace import Pace


def test_pictures_are_due_by_their_stamps_from_the_first_on() -> None:
    pace = Pace()
    assert pace.delay_s(40.0, clock_s=100.0) == 0
    assert pace.delay_s(40.5, clock_s=100.1) == pytest.approx(0.4)
    assert pace.delay_s(41.0, clock_s=100.5) == pytest.approx(0.5)


def test_a_late_picture_is_due_at_once_and_the_next_ones_catch_up() -> None:
    pace = Pace()
    pace.delay_s(0.0, 0.0)
    assert pace.delay_s(0.1, clock_s=3.0) == 0
    assert pace.delay_s(3.5, clock_s=3.0) == pytest.approx(0.5)


@pytest.mark.parametrize("jump_s", [-2.0, 3600.0])
def test_a_jump_of_the_stamps_is_not_waited_for(jump_s: float) -> None:
    pace = Pace()
    pace.delay_s(10.0, 50.0)
    assert pace.delay_s(10.0 + jump_s, clock_s=50.1) == 0
    assert pace.delay_s(10.2 + jump_s, clock_s=50.1) == pytest.approx(0.2)


def test_slow_pictures_may_be_any_time_apart_where_no_gap_is_set() -> None:
    pace = Pace(gap_s=math.inf)
    pace.delay_s(0.0, 0.0)
    assert pace.delay_s(60.0, clock_s=0.0) == 60


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e6)), max_size=20))
def test_a_delay_is_never_negative(steps: list[tuple[float, float]]) -> None:
    pace = Pace()
    for stamp_s, clock_s in steps:
        assert pace.delay_s(stamp_s, clock_s) >= 0
