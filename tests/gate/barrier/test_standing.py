"""What is remembered between readings."""

from __future__ import annotations

import pytest

from gate.barrier.device import Inputs
from gate.barrier.standing import LONGEST_GAP_S, Place, Timing, place_of, unknown


def _presence(value: bool | None) -> Inputs:
    return Inputs(open_limit=True, closed_limit=False, presence=value)


@pytest.mark.parametrize(
    ("open_limit", "closed_limit", "place"),
    [
        (True, False, Place.UP),
        (True, None, Place.UP),
        (False, True, Place.DOWN),
        (None, True, Place.DOWN),
        (False, False, Place.BETWEEN),
        (False, None, Place.BETWEEN),
        (None, False, Place.BETWEEN),
        (True, True, Place.BOTH),
        (None, None, Place.UNKNOWN),
    ],
)
def test_the_limits_tell_where_the_arm_is(open_limit: bool | None, closed_limit: bool | None, place: Place) -> None:
    assert place_of(Inputs(open_limit, closed_limit, None)) is place


def test_the_clear_wait_starts_with_the_first_clear_reading_and_ends_with_a_vehicle() -> None:
    first = unknown(10.0).seeing(_presence(False))
    assert first.clear_s == 10.0
    assert first.at(10.4).seeing(_presence(False)).clear_s == 10.0
    assert first.at(10.4).seeing(_presence(True)).clear_s is None


def test_time_in_which_nobody_looked_does_not_count_as_clear() -> None:
    first = unknown(10.0).seeing(_presence(False))
    later = 10.0 + LONGEST_GAP_S + 0.1
    assert first.at(later).seeing(_presence(False)).clear_s == later


def test_a_sensor_that_was_never_wired_leaves_the_way_clear_and_one_that_fell_silent_does_not() -> None:
    never = unknown(0.0).seeing(_presence(None))
    assert never.clear_s == 0.0
    silent = unknown(0.0).seeing(_presence(False)).at(0.1).seeing(_presence(None))
    assert silent.clear_s is None


def test_a_clock_that_goes_back_takes_the_times_along_and_starts_the_clear_wait_again() -> None:
    before = unknown(100.0).at(100.4).seeing(_presence(False))
    after = before.at(40.0)
    assert (after.now_s, after.since_s, after.open_until_s) == (40.0, pytest.approx(39.6), pytest.approx(39.6))
    assert after.seeing(_presence(False)).clear_s == 40.0


@pytest.mark.parametrize(
    "wrong", [{"travel_s": 0.0}, {"travel_s": -1.0}, {"clear_s": -0.1}, {"hold_open_s": float("nan")}]
)
def test_times_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    good = {"travel_s": 1.0, "hold_open_s": 1.0, "clear_s": 1.0, "fault_after_s": 1.0}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Timing(**(good | wrong))
