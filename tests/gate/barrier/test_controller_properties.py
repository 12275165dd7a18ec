"""Random cars, buttons and breakages: the arm never comes down on a car, and the barrier always ends safe."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gate.barrier.act import BarrierAct, Command
from gate.barrier.controller import Barrier
from gate.barrier.device import Drive
from gate.barrier.simulated_line import Slip
from gate.barrier.simulator import SimulatedBarrier, Start
from gate.barrier.standing import State, Timing, Wish
from tests.gate.barrier.long_run import lives

UNWIRED = ((), ("open_limit",), ("closed_limit",), ("open_limit", "closed_limit"))


class Traffic(RuleBasedStateMachine):
    """Cars that wait, cars that do not, cars that break down, and guards who press every button."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.number = 0
        self.acts: list[BarrierAct] = []
        self.skew_s = 0.0
        self.market = False
        self.wish = Wish()
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
        self.barrier = Barrier(
            "arm",
            self.arm,
            self.timing,
            lambda: self.now_s + self.skew_s,
            self.acts.append,
            presence_wired=True,
            timed=lambda: self.market,
            wish=self.wish,
            on_wish=self.remember,
        )
        self.barrier.poll_once()
        on_its_way = not self.arm.line.quiet
        assert self.arm.motor is not Drive.LOWER or not self.barrier.standing().healthy or on_its_way

    def remember(self, wish: Wish) -> None:
        self.wish = wish

    @rule(back_s=st.floats(0, 5000), forth_s=st.floats(0, 5000))
    def the_clock_jumps(self, back_s: float, forth_s: float) -> None:
        self.skew_s += forth_s - back_s
        self.barrier.poll_once()

    @rule()
    def the_market_begins_or_ends(self) -> None:
        self.market = not self.market

    @rule(stands_s=st.floats(0, 5), speed_m_s=st.floats(0.5, 1.5))
    def a_person_walks_under_the_arm(self, stands_s: float, speed_m_s: float) -> None:
        # The photocell sees them only once they stand in its beam: nobody runs under a moving arm here.
        if len(self.arm.vehicles) < 50 and self.arm.motor is not Drive.LOWER:
            self.arm.place_person(stands_s, speed_m_s=speed_m_s, distance_m=0.5)
            self.time_passes(1, 0.03)

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
        now = self.barrier.standing()
        barred = (now.wish.lockdown and not now.wish.emergency and not now.wish.fire) or now.state is State.MANUAL
        if kind in {Command.OPEN, Command.HOLD, Command.EMERGENCY} and now.healthy and not barred:
            raised = self.arm.motor is Drive.RAISE or not self.arm.line.quiet
            assert raised or now.state in {State.OPEN, State.HELD}

    @invariant()
    def fire_and_emergency_keep_it_open(self) -> None:
        now = self.barrier.standing()
        if (now.wish.fire or now.wish.emergency) and now.healthy:
            self.time_passes(1, 0.03)
            now = self.barrier.standing()
            assert not now.healthy or self.arm.motor is Drive.RAISE or now.state in {State.HELD, State.FAULT}

    @invariant()
    def no_vehicle_was_ever_hit(self) -> None:
        assert self.arm.collisions == ()

    def teardown(self) -> None:
        """Whatever happened: mended, set free, opened and left alone, the barrier comes up."""
        self.arm.mend()
        for name in ("fire", "tamper", "power_lost", "manual_key", "arm_off"):
            self.arm.set_input(name, reads=False)
        self.market = False
        self.time_passes(200, 0.05)
        self.somebody_commands(Command.ALL_CLEAR)
        self.somebody_commands(Command.RELEASE)
        self.somebody_commands(Command.HOLD)
        self.time_passes(200, 0.05)
        assert self.arm.position == 1.0
        assert self.barrier.standing().state is State.HELD
        assert self.barrier.standing().alarms == ()
        assert self.arm.collisions == ()
        self.acts.clear()


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

    @rule(
        name=st.sampled_from(["fire", "tamper", "power_lost", "manual_key", "arm_off"]),
        reads=st.booleans(),
    )
    def an_input_changes(self, name: str, reads: bool) -> None:
        self.arm.set_input(name, reads=reads)

    @rule(slips=st.lists(st.sampled_from(Slip), min_size=1, max_size=4))
    def the_board_answers_late_twice_or_never(self, slips: list[Slip]) -> None:
        self.arm.slip(*slips)

    @rule(position=st.floats(0, 1))
    def somebody_lifts_the_arm(self, position: float) -> None:
        if position > self.arm.position:
            self.arm.push(position)


Traffic.TestCase.settings = lives(12)
Trouble.TestCase.settings = lives(12)
TestTraffic = Traffic.TestCase
TestTrouble = Trouble.TestCase
