"""The simulated door and turnstile behave like real ones."""

from __future__ import annotations

import pytest

from gate.barrier.device import Drive
from gate.barrier.simulated_door import SimulatedDoor
from gate.barrier.simulated_line import Slip
from gate.errors import BarrierFault, ConfigRefused


class HandClock:
    def __init__(self) -> None:
        self.now_s = 5000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_a_locked_door_lets_nobody_through_and_a_free_one_does(clock: HandClock) -> None:
    door = SimulatedDoor(clock)
    door.drive(Drive.LOWER)
    assert not door.come_through()
    assert door.inputs().locked
    door.drive(Drive.RAISE)
    assert door.come_through(1.0)
    shown = door.inputs()
    assert (shown.door_shut, shown.locked) == (False, False)
    door.drive(Drive.LOWER)
    assert door.inputs().locked is False
    clock.now_s += 1.0
    shown = door.inputs()
    assert (shown.door_shut, shown.locked) == (True, True)


def test_a_turnstile_shows_its_turn_and_has_no_leaf(clock: HandClock) -> None:
    gate = SimulatedDoor(clock, "turnstile")
    gate.drive(Drive.RAISE)
    gate.come_through()
    assert (gate.inputs().passed, gate.inputs().door_shut) == (True, None)
    clock.now_s += 0.5
    assert gate.inputs().passed is False
    assert not gate.open


def test_a_door_can_be_broken_open_stuck_and_silent(clock: HandClock) -> None:
    door = SimulatedDoor(clock)
    door.force()
    assert door.open
    door.stick("door_shut", reads=True)
    assert door.inputs().door_shut is True
    door.slip(Slip.NEVER)
    with pytest.raises(BarrierFault):
        door.drive(Drive.RAISE)
    assert not door.free
    door.fall_silent()
    with pytest.raises(BarrierFault):
        door.inputs()
    door.mend()
    assert door.inputs().door_shut is False


def test_letting_go_frees_it(clock: HandClock) -> None:
    door = SimulatedDoor(clock)
    door.close()
    assert door.free
    with pytest.raises(BarrierFault):
        door.inputs()


def test_a_url_says_what_is_wired(clock: HandClock) -> None:
    door = SimulatedDoor.from_url("sim://?unwired=locked,fire&bounce_s=0.1", clock, "door")
    assert (door.inputs().locked, door.inputs().door_shut) == (None, True)
    with pytest.raises(ConfigRefused):
        SimulatedDoor.from_url("sim://?travel_s=1", clock, "door")


def test_an_input_that_moves_by_itself_is_not_set_by_hand(clock: HandClock) -> None:
    door = SimulatedDoor(clock)
    door.set_input("exit_button", reads=True)
    assert door.inputs().exit_button
    with pytest.raises(ValueError, match="door_shut"):
        door.set_input("door_shut", reads=True)
