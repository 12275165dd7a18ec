"""The simulated barrier behaves like a real one, also when it breaks."""

from __future__ import annotations

import pytest

from gate.barrier.device import Drive, Inputs
from gate.barrier.simulated_line import Slip
from gate.barrier.simulator import SimulatedBarrier, Start
from gate.errors import BarrierFault, ConfigRefused
from gate.texts import explain


class HandClock:
    def __init__(self) -> None:
        self.now_s = 5000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_the_arm_takes_its_travel_time_and_stops_at_its_limit(clock: HandClock) -> None:
    arm = SimulatedBarrier(clock, travel_s=2.0)
    assert arm.inputs() == Inputs(open_limit=False, closed_limit=True, presence=False)
    arm.drive(Drive.RAISE)
    clock.now_s += 1.0
    assert arm.inputs() == Inputs(open_limit=False, closed_limit=False, presence=False)
    assert arm.position == pytest.approx(0.5)
    clock.now_s += 1.0
    assert arm.inputs() == Inputs(open_limit=True, closed_limit=False, presence=False)
    clock.now_s += 1.0
    assert arm.position == 1.0


def test_a_new_command_turns_the_arm_round_where_it_is(clock: HandClock) -> None:
    arm = SimulatedBarrier(clock, travel_s=2.0, start=Start.OPEN, watchdog_s=10.0)
    arm.drive(Drive.LOWER)
    clock.now_s += 0.5
    arm.drive(Drive.RAISE)
    clock.now_s += 0.25
    assert arm.position == pytest.approx(0.875)
    arm.drive(Drive.STOP)
    clock.now_s += 5.0
    assert arm.position == pytest.approx(0.875)


def test_a_lowering_arm_stops_when_nobody_speaks_to_the_device_any_more(clock: HandClock) -> None:
    arm = SimulatedBarrier(clock, travel_s=2.0, start=Start.OPEN, watchdog_s=0.5)
    arm.drive(Drive.LOWER)
    clock.now_s += 30.0
    assert arm.motor is Drive.STOP
    assert arm.position == pytest.approx(0.75, abs=0.01)


def test_a_vehicle_blocks_the_loop_for_its_length_at_its_speed(clock: HandClock) -> None:
    arm = SimulatedBarrier(clock, start=Start.OPEN)
    arm.place_vehicle(length_m=4.0, speed_m_s=2.0, distance_m=3.0)
    blocked_s = 0.0
    for _ in range(100):
        clock.now_s += 0.1
        blocked_s += 0.1 * bool(arm.inputs().presence)
    assert blocked_s == pytest.approx(3.0, abs=0.2)
    assert arm.vehicles == ()


def test_a_driver_waits_before_a_closed_arm_and_goes_when_it_is_up(clock: HandClock) -> None:
    arm = SimulatedBarrier(clock, travel_s=1.0)
    arm.place_vehicle()
    clock.now_s += 30.0
    assert arm.inputs().presence is False
    arm.drive(Drive.RAISE)
    clock.now_s += 2.0
    assert arm.inputs().presence is True


def test_an_arm_that_comes_down_on_a_vehicle_is_recorded_as_a_collision(clock: HandClock) -> None:
    arm = SimulatedBarrier(clock, start=Start.OPEN, watchdog_s=10.0)
    arm.place_vehicle(distance_m=-1.0, stands_s=60.0)
    arm.drive(Drive.LOWER)
    clock.now_s += 1.0
    assert arm.collisions
    assert arm.collisions[0].position == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("name", ["open_limit", "closed_limit", "presence"])
@pytest.mark.parametrize("reads", [True, False, None])
def test_a_stuck_input_reads_the_same_until_it_is_mended(clock: HandClock, name: str, reads: bool | None) -> None:
    arm = SimulatedBarrier(clock)
    honest = arm.inputs()
    arm.stick(name, reads=reads)
    assert getattr(arm.inputs(), name) is reads
    arm.mend()
    assert arm.inputs() == honest


def test_a_dead_motor_takes_commands_and_does_nothing(clock: HandClock) -> None:
    arm = SimulatedBarrier(clock)
    arm.break_motor()
    arm.drive(Drive.RAISE)
    clock.now_s += 10.0
    assert arm.position == 0.0


def test_a_silent_or_closed_device_raises(clock: HandClock) -> None:
    arm = SimulatedBarrier(clock)
    arm.fall_silent()
    with pytest.raises(BarrierFault, match=r"barrier\.not_answering"):
        arm.inputs()
    with pytest.raises(BarrierFault):
        arm.drive(Drive.RAISE)
    arm.mend()
    arm.drive(Drive.RAISE)
    arm.close()
    arm.close()
    with pytest.raises(BarrierFault):
        arm.inputs()


def test_closing_the_device_stops_an_arm_on_its_way_down(clock: HandClock) -> None:
    arm = SimulatedBarrier(clock, start=Start.OPEN)
    arm.drive(Drive.LOWER)
    clock.now_s += 0.3
    arm.close()
    where = arm.position
    clock.now_s += 10.0
    assert 0 < arm.position == where


def test_the_lane_is_bounded(clock: HandClock) -> None:
    arm = SimulatedBarrier(clock)
    for _ in range(100):
        arm.place_vehicle()
    with pytest.raises(ValueError, match="100 vehicles"):
        arm.place_vehicle()


def test_a_url_describes_the_barrier(clock: HandClock) -> None:
    arm = SimulatedBarrier.from_url("sim://?travel_s=4&start=middle&unwired=open_limit,presence", clock, travel_s=1.0)
    assert arm.inputs() == Inputs(open_limit=None, closed_limit=False, presence=None)
    arm.drive(Drive.RAISE)
    clock.now_s += 1.0
    assert arm.position == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("travel=1", "did you mean travel_s?"),
        ("colour=red", "did you mean travel_s, start, unwired, watchdog_s, inertia_s, bounce_s, photocell?"),
        ("travel_s=fast", "cannot have fast for travel_s"),
        ("travel_s=0", "use 0-60"),
        ("travel_s=nan", "use 0-60"),
        ("start=ajar", "use closed, open, middle"),
        ("unwired=loop", "use open_limit, closed_limit, presence"),
    ],
)
def test_a_url_that_cannot_be_says_what_can(clock: HandClock, query: str, says: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        SimulatedBarrier.from_url(f"sim://?{query}", clock)
    assert says in explain(refused.value, "en")


def test_an_arm_with_inertia_goes_on_for_a_moment_after_it_was_told_to_turn(clock: HandClock) -> None:
    arm = SimulatedBarrier(clock, travel_s=2.0, start=Start.OPEN, watchdog_s=10.0, inertia_s=0.2)
    arm.drive(Drive.LOWER)
    clock.now_s += 1.0
    turned = arm.position
    arm.drive(Drive.RAISE)
    clock.now_s += 0.1
    assert arm.position < turned
    clock.now_s += 3.0
    assert arm.position == 1.0


def test_a_person_under_the_arm_is_seen_by_the_photocell_and_not_by_the_loop(clock: HandClock) -> None:
    for photocell in (True, False):
        arm = SimulatedBarrier(clock, start=Start.OPEN, photocell=photocell, watchdog_s=60.0)
        arm.place_person(stands_s=5.0, distance_m=1.0)
        clock.now_s += 2.0
        assert arm.inputs().presence is photocell
        arm.drive(Drive.LOWER)
        clock.now_s += 1.0
        assert arm.collisions


def test_a_contact_chatters_after_it_changed_and_then_rests(clock: HandClock) -> None:
    arm = SimulatedBarrier(clock, travel_s=1.0, bounce_s=0.1)
    arm.inputs()
    arm.drive(Drive.RAISE)
    clock.now_s += 0.5
    seen = []
    for _ in range(30):
        seen.append(arm.inputs().closed_limit)
        clock.now_s += 0.01
    assert True in seen[:10]
    assert False in seen[:10]
    assert set(seen[12:]) == {False}


def test_a_sensor_that_lies_shows_the_opposite_until_it_is_mended(clock: HandClock) -> None:
    arm = SimulatedBarrier(clock)
    arm.lie("presence")
    assert arm.inputs().presence is True
    arm.mend()
    assert arm.inputs().presence is False


@pytest.mark.parametrize(
    ("slip", "answered", "taken"),
    [(Slip.LOST, False, 1), (Slip.LATE, False, 1), (Slip.TWICE, True, 2), (Slip.NEVER, False, 0)],
)
def test_a_board_answers_late_twice_or_never(clock: HandClock, slip: Slip, answered: bool, taken: int) -> None:
    arm = SimulatedBarrier(clock)
    arm.slip(slip)
    if answered:
        arm.drive(Drive.RAISE)
    else:
        with pytest.raises(BarrierFault):
            arm.drive(Drive.RAISE)
    assert (arm.motor is Drive.RAISE) is (slip in {Slip.LOST, Slip.TWICE})
    clock.now_s += 0.1
    assert arm.position >= 0.0
    assert list(arm.line.taken) == [Drive.RAISE] * taken


def test_late_commands_arrive_in_the_order_they_were_given(clock: HandClock) -> None:
    arm = SimulatedBarrier(clock)
    arm.slip(Slip.LATE)
    with pytest.raises(BarrierFault):
        arm.drive(Drive.RAISE)
    arm.drive(Drive.STOP)
    clock.now_s += 0.1
    assert arm.position >= 0.0
    assert list(arm.line.taken) == [Drive.RAISE, Drive.STOP]


def test_the_scene_says_where_everything_is(clock: HandClock) -> None:
    arm = SimulatedBarrier(clock, start=Start.MIDDLE)
    arm.place_vehicle(distance_m=2.0)
    arm.place_person(distance_m=1.5)
    assert arm.scene() == {"position": 0.5, "vehicles": [[-2.0, 4.6]], "people": [-1.5]}
