"""Random cars, buttons and breakages: the arm never comes down on a car, and the barrier always ends safe."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gate.barrier.act import BarrierAct, Command
from gate.barrier.controller import Barrier
from gate.barrier.device import Drive
from gate.barrier.simulator import SimulatedBarrier, Start
from gate.barrier.standing import State, Timing

UNWIRED = ((), ("open_limit",), ("closed_limit",), ("open_limit", "closed_limit"))


class Traffic(RuleBasedStateMachine):
    """Cars that wait, cars that do not, cars that break down, and guards who press every button."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.number = 0
        self.acts: list[BarrierAct] = []
        self.build(Start.CLOSED, (), Timing(travel_s=1.0, hold_open_s=1.0, clear_s=0.5, fault_after_s=1.0))

    @initialize(
        start=st.sampled_from(Start),
        unwired=st.sampled_from(UNWIRED),
        timing=st.builds(
            Timing,
            travel_s=st.floats(0.5, 5),
            hold_open_s=st.floats(0, 3),
            clear_s=st.floats(0, 2),
            fault_after_s=st.just(1.0),
        ),
    )
    def build(self, start: Start, unwired: Any, timing: Timing) -> None:
        self.timing = timing
        self.arm = SimulatedBarrier(self.clock, travel_s=timing.travel_s, start=start, unwired=unwired, watchdog_s=0.1)
        self.reborn()

    def clock(self) -> float:
        return self.now_s

    @rule()
    def reborn(self) -> None:
        """The program was killed and started again, by the same arm."""
        self.barrier = Barrier("arm", self.arm, self.timing, self.clock, self.acts.append, presence_wired=True)
        self.barrier.poll_once()
        assert self.arm.motor is not Drive.LOWER or not self.barrier.standing().healthy

    @rule(polls=st.integers(1, 80), every_s=st.floats(0.02, 0.05))
    def time_passes(self, polls: int, every_s: float) -> None:
        for _ in range(polls):
            self.now_s += every_s
            self.barrier.poll_once()

    @rule(seconds=st.floats(0, 6))
    def more_time_passes(self, seconds: float) -> None:
        self.time_passes(round(seconds / 0.03), 0.03)

    @rule(
        length_m=st.floats(1, 8),
        speed_m_s=st.floats(1, 8),
        distance_m=st.floats(1.6, 5),
        waits=st.booleans(),
        stands_s=st.sampled_from([0.0, 0.0, 5.0]),
    )
    def a_vehicle_comes(
        self, length_m: float, speed_m_s: float, distance_m: float, waits: bool, stands_s: float
    ) -> None:
        if len(self.arm.vehicles) < 50:
            self.arm.place_vehicle(length_m, speed_m_s, distance_m=distance_m, waits=waits, stands_s=stands_s)

    @rule(kind=st.sampled_from([Command.OPEN, Command.OPEN, *Command]))
    def somebody_commands(self, kind: Command) -> None:
        self.number += 1
        before = self.arm.motor
        self.barrier.command(kind, command_id=str(self.number), cause="guard")
        assert self.arm.motor is not Drive.LOWER or before is Drive.LOWER
        if kind in {Command.OPEN, Command.HOLD} and self.barrier.standing().healthy:
            assert self.arm.motor is Drive.RAISE or self.barrier.standing().state in {State.OPEN, State.HELD}

    @invariant()
    def no_vehicle_was_ever_hit(self) -> None:
        assert self.arm.collisions == ()

    def teardown(self) -> None:
        """Whatever happened: mended, opened and left alone, the barrier comes up."""
        self.arm.mend()
        self.time_passes(200, 0.05)
        self.somebody_commands(Command.HOLD)
        self.time_passes(200, 0.05)
        assert self.arm.position == 1.0
        assert self.barrier.standing().state is State.HELD
        assert self.arm.collisions == ()


class Trouble(Traffic):
    """The same with parts that break. The sensor may stick on or go silent, never off: that is the hardware's part."""

    @rule(
        name=st.sampled_from(["open_limit", "closed_limit"]),
        reads=st.sampled_from([True, False]),
    )
    def a_limit_sticks(self, name: Any, reads: bool) -> None:
        self.arm.stick(name, reads=reads)

    @rule(reads=st.sampled_from([True, None]))
    def the_presence_sensor_sticks(self, reads: bool | None) -> None:
        self.arm.stick("presence", reads=reads)

    @rule()
    def the_motor_dies(self) -> None:
        self.arm.break_motor()

    @rule()
    def the_device_falls_silent(self) -> None:
        self.arm.fall_silent()

    @rule()
    def somebody_mends_it(self) -> None:
        self.arm.mend()

    @rule(position=st.floats(0, 1))
    def somebody_lifts_the_arm(self, position: float) -> None:
        if position > self.arm.position:
            self.arm.push(position)


Traffic.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
Trouble.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestTraffic = Traffic.TestCase
TestTrouble = Trouble.TestCase
