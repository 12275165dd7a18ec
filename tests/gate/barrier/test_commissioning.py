"""The walk through the wiring: what passes, what fails and why, on a simulated arm and door."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gate.barrier.commissioning import Check, Commissioning, Result
from gate.barrier.controller import Barrier
from gate.barrier.locks import DOOR
from gate.barrier.simulated_door import SimulatedDoor
from gate.barrier.simulator import SimulatedBarrier
from gate.barrier.standing import State, Timing

TIMING = Timing(travel_s=1.0, hold_open_s=60.0, clear_s=0.2, fault_after_s=1.0)


class Spot:
    """The person on the spot: does what is asked of them, a moment later; `agree` is what they say they see."""

    def __init__(self) -> None:
        self.deeds: dict[str, Callable[[], None]] = {}
        self.skips: set[str] = set()
        self.disagrees: set[str] = set()
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.now_s = 50.0
        self.heard: list[Check] = []

    def ready(self, code: str, **_facts: object) -> bool:
        if code in self.deeds:
            self.later.append((self.now_s + 0.5, self.deeds[code]))
        return code not in self.skips

    def agrees(self, code: str, **_facts: object) -> bool:
        return code not in self.disagrees

    def told(self, check: Check) -> None:
        self.heard.append(check)

    def walk(self, barrier: Barrier) -> dict[str, Check]:
        def wait(seconds: float) -> None:
            self.now_s += seconds
            for at_s, deed in [due for due in self.later if due[0] <= self.now_s]:
                self.later.remove((at_s, deed))
                deed()
            barrier.poll_once()

        barrier.poll_once()
        walk = Commissioning(barrier, self, lambda: self.now_s, wait, wait_s=5.0)
        checks = list(walk.walk())
        assert checks == self.heard
        return {check.name: check for check in checks}


@pytest.fixture
def spot() -> Spot:
    return Spot()


def toggled(spot: Spot, device: SimulatedBarrier | SimulatedDoor, name: str) -> Callable[[], None]:
    def deed() -> None:
        device.set_input(name, reads=True)
        spot.later.append((spot.now_s + 0.5, lambda: device.set_input(name, reads=False)))

    return deed


def arm_of(spot: Spot) -> tuple[SimulatedBarrier, Barrier]:
    arm = SimulatedBarrier(lambda: spot.now_s, travel_s=1.0, unwired=["arm_off"])
    arm.set_input("fire", reads=False)
    arm.set_input("tamper", reads=False)
    barrier = Barrier("arm", arm, TIMING, lambda: spot.now_s, lambda _act: None)
    spot.skips = {"commission.input.open_limit", "commission.input.closed_limit"}
    spot.deeds = {
        "commission.input.presence": lambda: arm.place_vehicle(speed_m_s=4.0, waits=False),
        "commission.input.fire": toggled(spot, arm, "fire"),
        "commission.input.tamper": toggled(spot, arm, "tamper"),
    }
    return arm, barrier


def test_an_arm_that_is_wired_well_passes(spot: Spot) -> None:
    arm, barrier = arm_of(spot)
    checks = spot.walk(barrier)
    results = {name: check.result for name, check in checks.items()}
    assert {name for name, result in results.items() if result is Result.PASSED} == {
        "answers",
        "presence",
        "fire",
        "tamper",
        "open",
        "close",
        "presence_at_motor",
        "arm_by_hand",
    }
    assert results["arm_off"] is Result.NOT_WIRED
    assert results["open_limit"] is Result.SKIPPED
    assert [check.name for check in spot.heard if check.kind == "movement"] == ["close", "open", "close"]
    assert checks["open"].took_s == pytest.approx(1.0, abs=0.1)
    assert checks["close"].took_s == pytest.approx(1.2, abs=0.3)
    assert barrier.standing().state is State.CLOSED
    assert arm.collisions == ()


def test_an_input_that_never_changes_and_one_that_never_comes_back_fail_with_why(spot: Spot) -> None:
    arm, barrier = arm_of(spot)
    spot.deeds["commission.input.presence"] = lambda: None
    spot.deeds["commission.input.tamper"] = lambda: arm.set_input("tamper", reads=True)
    checks = spot.walk(barrier)
    assert (checks["presence"].result, checks["presence"].why) == (Result.FAILED, "commission.never_changed")
    assert (checks["tamper"].result, checks["tamper"].why) == (Result.FAILED, "commission.never_back")


def test_a_motor_that_does_nothing_fails_with_the_fault(spot: Spot) -> None:
    arm, barrier = arm_of(spot)
    spot.deeds["commission.move.open"] = arm.break_motor
    arm.break_motor()
    del spot.deeds["commission.input.fire"]
    checks = spot.walk(barrier)
    assert checks["open"].why == "barrier.no_open_limit"


def test_what_the_installer_did_not_see_move_fails(spot: Spot) -> None:
    _, barrier = arm_of(spot)
    spot.disagrees = {"commission.seen.open", "commission.by_hand.presence_at_motor"}
    checks = spot.walk(barrier)
    assert checks["open"].why == "commission.not_seen"
    assert checks["presence_at_motor"].result is Result.FAILED


def test_a_movement_is_not_passed_where_the_arm_was_at_its_end_already(spot: Spot) -> None:
    arm, barrier = arm_of(spot)
    spot.skips |= {"commission.input.fire", "commission.move.open"}
    checks = spot.walk(barrier)
    assert (checks["close"].result, checks["close"].why) == (Result.SKIPPED, "commission.already_there")
    assert arm.position == 0.0


def test_the_arm_stays_up_however_long_the_installer_looks(spot: Spot) -> None:
    _, barrier = arm_of(spot)

    def look(code: str, **_facts: object) -> bool:
        for _ in range(2000 if code == "commission.seen.open" else 0):
            spot.now_s += 0.05
            barrier.poll_once()
        return barrier.standing().state is not State.CLOSING

    spot.agrees = look  # type: ignore[method-assign]
    assert spot.walk(barrier)["close"].took_s == pytest.approx(1.2, abs=0.3)


def test_a_board_that_does_not_answer_ends_the_walk(spot: Spot) -> None:
    arm, barrier = arm_of(spot)
    arm.fall_silent()
    (check,) = spot.walk(barrier).values()
    assert (check.result, check.why) == (Result.FAILED, "barrier.not_answering")


def test_a_door_is_tried_with_its_exit_button_and_without_the_box(spot: Spot) -> None:
    door = SimulatedDoor(lambda: spot.now_s, unwired=["passed", "presence", "fire", "tamper"])
    barrier = Barrier("door", door, TIMING, lambda: spot.now_s, lambda _act: None, book=DOOR)
    spot.skips = {"commission.input.locked"}
    spot.deeds = {
        "commission.input.exit_button": toggled(spot, door, "exit_button"),
        "commission.input.door_shut": lambda: door.force(0.5),
    }
    checks = spot.walk(barrier)
    assert not [check for check in checks.values() if check.result is Result.FAILED]
    assert checks["exit_button"].result is Result.PASSED
    assert checks["exit_without_box"].result is Result.PASSED
