"""Vehicles come out of the street, stop, and go on or back without a jump."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.cars import Vehicle
from samples.scenery import LANE_X
from samples.traffic import BACK_OUT_S, GO_THROUGH_S, HIDDEN_M, STOP_Z, Drive, Turn, place_of, weather_at
from samples.weather import DAY, DUSK, RAIN

NOTHING = Vehicle((), ())
MOMENTS = st.floats(0, 12)


@given(MOMENTS, st.booleans())
def test_a_vehicle_is_on_its_way_only_while_it_is_to_be_seen(at_s: float, through: bool) -> None:
    drive = Drive(NOTHING, 2.0, through)
    lasts_s = GO_THROUGH_S if through else BACK_OUT_S
    assert drive.end_s == 2.0 + lasts_s
    assert (drive.before_stop(at_s) is None) == (not 2.0 <= at_s < 2.0 + lasts_s)


def test_it_comes_nearer_waits_and_goes_through() -> None:
    drive = Drive(NOTHING, 0.0)
    ways = [drive.before_stop(at) for at in np.arange(0, drive.end_s, 0.05)]
    assert ways[0] == HIDDEN_M
    assert all(before >= after for before, after in pairwise(ways))
    assert drive.before_stop(drive.stands_s) == 0.0
    assert drive.before_stop(drive.moves_s) == 0.0
    assert ways[-1] < -STOP_Z


def test_one_that_is_refused_ends_where_it_began() -> None:
    drive = Drive(NOTHING, 0.0, through=False)
    ways = [drive.before_stop(at) for at in np.arange(0, drive.end_s, 0.05)]
    assert min(ways) == 0.0
    assert ways[-1] == pytest.approx(HIDDEN_M, abs=0.1)


@given(st.floats(-10, HIDDEN_M), st.floats(1e-6, 0.1))
def test_its_way_has_no_jump(way: float, step: float) -> None:
    (first, heading), (second, turned) = place_of(way), place_of(way + step)
    assert np.hypot(first[0] - second[0], first[2] - second[2]) == pytest.approx(step, rel=0.05, abs=1e-6)
    assert abs(heading - turned) <= 57.3 * step / 2.9


def test_it_faces_the_camera_where_it_stops() -> None:
    assert place_of(0.0) == ((LANE_X, 0.0, STOP_Z), 0.0)


def test_the_weather_turns_at_its_time_and_stays() -> None:
    turns = (Turn(0.0, DAY), Turn(10.0, RAIN, 2.0), Turn(20.0, DUSK, 2.0))
    assert weather_at(turns, 0.0) == DAY
    assert weather_at(turns, 9.9) == DAY
    assert DAY.blue > weather_at(turns, 11.0).blue > RAIN.blue
    assert weather_at(turns, 15.0).blue == pytest.approx(RAIN.blue)
    assert weather_at(turns, 30.0).dark == pytest.approx(DUSK.dark)
