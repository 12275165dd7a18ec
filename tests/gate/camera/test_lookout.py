"""The small stream: what it says about movement, and that nothing is taken for calm that is not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from gate.camera.lookout import CALM_AFTER_S, UNSEEN_S, Lookout
from gate.camera.region import Region
from models.sighting import Picture

STEP_S = 0.04


@dataclass(slots=True)
class _Clock:
    now_s: float = 100.0

    def __call__(self) -> float:
        return self.now_s


def _scene(left: int | None = None) -> Picture:
    picture = np.full((360, 640, 3), 90, np.uint8)
    if left is not None:
        picture[200:260, left : left + 45] = 180
    return picture


def _watched(lookout: Lookout, clock: _Clock, seconds: float, left: int | None = None) -> None:
    for _ in range(round(seconds / STEP_S)):
        clock.now_s += STEP_S
        lookout.see(_scene(left))


def test_it_is_calm_once_nothing_has_moved_for_long_enough_and_stirs_with_the_first_movement() -> None:
    clock = _Clock()
    lookout = Lookout(clock=clock)
    assert not lookout.calm
    _watched(lookout, clock, CALM_AFTER_S)
    assert not lookout.calm
    _watched(lookout, clock, 4 * STEP_S)
    assert lookout.calm
    lookout.see(_scene(100))
    assert not lookout.calm


def test_without_pictures_nothing_is_calm_nor_after_a_gap_in_which_anybody_may_have_come() -> None:
    clock = _Clock()
    lookout = Lookout(clock=clock)
    _watched(lookout, clock, CALM_AFTER_S + 1)
    clock.now_s += UNSEEN_S + STEP_S
    assert not lookout.calm
    lookout.see(_scene())
    assert not lookout.calm


@pytest.mark.parametrize(("left", "calm"), [(40, True), (500, False)])
def test_what_moves_outside_the_lanes_regions_is_no_movement(left: int, calm: bool) -> None:
    clock = _Clock()
    lookout = Lookout([Region(((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)))], clock)
    _watched(lookout, clock, CALM_AFTER_S + 1)
    for number in range(5):
        clock.now_s += STEP_S
        lookout.see(_scene(left + 8 * number))
    assert lookout.calm == calm
