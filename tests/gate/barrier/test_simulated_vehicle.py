from __future__ import annotations

import pytest

from gate.barrier.simulated_vehicle import LOOP_REACH_M, STOP_LINE_M, SimulatedVehicle


def test_a_driver_waits_at_the_line_until_the_arm_is_up() -> None:
    vehicle = SimulatedVehicle(length_m=4.0, speed_m_s=2.0, front_m=-2.0)
    for _ in range(10):
        vehicle = vehicle.moved(0.5, arm_up=False)
    assert vehicle.front_m == STOP_LINE_M
    assert not vehicle.on_loop
    assert vehicle.moved(0.5, arm_up=True).on_loop


def test_one_that_does_not_wait_drives_on() -> None:
    vehicle = SimulatedVehicle(4.0, 2.0, -2.0, waits=False).moved(1.5, arm_up=False)
    assert vehicle.under_arm


def test_a_vehicle_shows_on_the_loop_before_it_is_under_the_arm_and_after() -> None:
    seen = []
    vehicle = SimulatedVehicle(length_m=3.0, speed_m_s=1.0, front_m=-2.0)
    while not vehicle.gone:
        seen.append((vehicle.on_loop, vehicle.under_arm))
        vehicle = vehicle.moved(0.1, arm_up=True)
    assert seen.index((True, False)) < seen.index((True, True))
    assert seen[-1] == (True, False)
    assert sum(on_loop for on_loop, _ in seen) * 0.1 == pytest.approx(3.0 + 2 * LOOP_REACH_M, abs=0.2)


def test_a_vehicle_that_breaks_down_stands_under_the_arm_for_its_time() -> None:
    vehicle = SimulatedVehicle(4.0, 2.0, 0.0, stands_s=10.0)
    stood = [vehicle := vehicle.moved(0.5, arm_up=True) for _ in range(20)]
    assert all(later.under_arm for later in stood[4:])
    for _ in range(40):
        vehicle = vehicle.moved(0.5, arm_up=True)
    assert vehicle.gone


@pytest.mark.parametrize(("length_m", "speed_m_s", "stands_s"), [(0.0, 1.0, 0.0), (4.0, 0.0, 0.0), (4.0, 1.0, -1.0)])
def test_a_vehicle_that_cannot_be_is_refused(length_m: float, speed_m_s: float, stands_s: float) -> None:
    with pytest.raises(ValueError, match="vehicle"):
        SimulatedVehicle(length_m, speed_m_s, -2.0, stands_s=stands_s)
