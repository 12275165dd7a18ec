"""Random commands, inputs, faults, restarts and clock jumps against the tables of arms, doors and turnstiles.

A world of a few lines follows the motor or the lock, so that a step costs microseconds and a long run is long: see
`long_run`. The simulator's own world, with cars and inertia, is in `test_controller_properties`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gate.barrier.act import ActKind, Command
from gate.barrier.code import Code
from gate.barrier.device import Drive, Inputs
from gate.barrier.locks import DOOR, TURNSTILE
from gate.barrier.machine import Event, Lost, Machine, Order, Outcome, Tick
from gate.barrier.move import Book
from gate.barrier.standing import State, Timing, Wish
from gate.barrier.transitions import ARM
from tests.gate.barrier.long_run import lives

POLL_S = 0.05
TIMING = Timing(travel_s=0.5, hold_open_s=0.4, clear_s=0.2, fault_after_s=0.5, left_open_s=1.0)
OPENING = {Command.OPEN, Command.HOLD, Command.EMERGENCY}


@dataclass
class World:
    """What is true: an arm or a leaf that follows its drive, and what stands or pushes there."""

    drive: Drive = Drive.STOP
    position: float = 0.0
    present: bool = False
    passed: bool = False
    dead: bool = False
    answers: bool = True

    def move(self, seconds: float) -> None:
        way = {Drive.RAISE: 1.0, Drive.LOWER: -1.0, Drive.STOP: 0.0}[self.drive] * (not self.dead)
        self.position = min(1.0, max(0.0, self.position + way * seconds / TIMING.travel_s))


class Rules(RuleBasedStateMachine):
    """Whatever its kind: total, never down on presence, open in fire, and back to a known state in the end."""

    book: Book = ARM
    inputs: tuple[str, ...] = ("fire", "tamper", "power_lost", "manual_key", "arm_off")

    def __init__(self) -> None:
        super().__init__()
        self.machine = Machine(TIMING, presence_wired=True, book=self.book)
        self.world = World()
        self.now_s = 1000.0
        self.timed = False
        self.wish = Wish()
        self.shown: dict[str, bool] = {}
        self.stuck: dict[str, bool] = {}
        self.heard = True
        self.last: Outcome | None = None
        self.count = 0

    @initialize(position=st.sampled_from([0.0, 0.5, 1.0]), present=st.booleans())
    def begin(self, position: float, present: bool) -> None:
        self.world.position = position
        self.world.present = present
        self.start_again()

    @rule()
    def start_again(self) -> None:
        """`kill -9`, or a power cut of the box: what people want comes back, nothing else."""
        if not self.world.answers:
            return
        if self.last is not None:
            self.wish = self.last.standing.wish
        self.heard = True
        self.last = self.machine.start(self.read(), self.now_s, self.wish)
        if self.book is ARM:
            assert Drive.LOWER not in self.last.drives
            assert self.last.drives in {(Drive.STOP,), (Drive.RAISE,)}
            if self.last.standing.inputs.open_limit or self.last.standing.inputs.closed_limit:  # type: ignore[union-attr]
                assert self.last.drives == (Drive.STOP,)
        self.carry_out()

    @rule(
        kind=st.sampled_from([Command.OPEN, Command.CLOSE, *Command]),
        interlocked=st.booleans(),
        burning=st.booleans(),
    )
    def somebody_commands(self, kind: Command, interlocked: bool, burning: bool) -> None:
        self.count += 1
        before = self.standing
        outcome = self.step(Order(kind, str(self.count), "guard", interlocked, burning))
        (act,) = outcome.acts
        assert act.kind in {ActKind.COMMANDED, ActKind.REFUSED}
        assert act.command is kind
        assert Drive.LOWER not in outcome.drives
        if kind in OPENING and before.state in {State.OPENING, State.OPEN}:
            assert outcome.drives == ()
        if kind in OPENING and before.state is State.CLOSING and act.kind is ActKind.COMMANDED and before.inputs:
            assert outcome.drives == (Drive.RAISE,)
        if kind is Command.EMERGENCY:
            assert outcome.standing.emergency
        if kind is Command.ALL_CLEAR and burning:
            assert (act.kind, act.cause) == (ActKind.REFUSED, Code.FIRE)
            assert outcome.standing.wish == before.wish

    @rule(polls=st.integers(1, 30))
    def time_passes(self, polls: int) -> None:
        for _ in range(polls):
            self.now_s += POLL_S
            self.world.move(POLL_S)
            self.poll()

    @rule(jump_s=st.floats(-10_000, 10_000))
    def the_clock_jumps(self, jump_s: float) -> None:
        self.now_s += jump_s
        self.poll()

    @rule(present=st.booleans())
    def something_comes_or_goes(self, present: bool) -> None:
        self.world.present = present

    @rule()
    def somebody_goes_through(self) -> None:
        self.world.passed = True
        self.time_passes(2)
        self.world.passed = False
        self.time_passes(1)

    @rule(data=st.data(), reads=st.booleans())
    def an_input_changes(self, data: st.DataObject, reads: bool) -> None:
        self.shown[data.draw(st.sampled_from(self.inputs))] = reads

    @rule(data=st.data(), reads=st.booleans())
    def a_sensor_sticks(self, data: st.DataObject, reads: bool) -> None:
        self.stuck[data.draw(st.sampled_from(("open_limit", "closed_limit", "locked", "door_shut")))] = reads

    @rule(dead=st.booleans())
    def the_motor_breaks_or_is_mended(self, dead: bool) -> None:
        self.world.dead = dead

    @rule(answers=st.booleans())
    def the_board_falls_silent_or_comes_back(self, answers: bool) -> None:
        self.world.answers = answers
        self.poll()

    @rule(timed=st.booleans())
    def the_market_begins_or_ends(self, timed: bool) -> None:
        self.timed = timed

    @rule(position=st.sampled_from([0.0, 0.3, 1.0]))
    def somebody_moves_it_by_hand(self, position: float) -> None:
        self.world.position = position

    @invariant()
    def it_is_in_a_state_of_its_own_with_a_cause_for_its_fault(self) -> None:
        standing = self.standing
        assert standing.state in self.book.states
        assert (standing.state is State.FAULT) == (standing.code is not None)
        assert not (standing.held and standing.state is State.CLOSING)

    @property
    def standing(self) -> Any:
        return self.last.standing if self.last else self.machine.start(self.read(), self.now_s).standing

    def read(self) -> Inputs:
        world = self.world
        shown = {"open_limit": world.position == 1.0, "closed_limit": world.position == 0.0, "presence": world.present}
        return Inputs(**{**shown, **{k: v for k, v in self.stuck.items() if k in shown}, **self.shown})

    def poll(self) -> None:
        if self.world.answers:
            self.heard = True
            self.step(Tick(self.read(), self.timed))
        elif self.heard:
            self.heard = False
            self.step(Lost())

    def step(self, event: Event) -> Outcome:
        before = self.standing
        self.last = self.machine.step(before, event, self.now_s)
        assert self.last == self.machine.step(before, event, self.now_s)
        self.judge(before, event, self.last)
        self.carry_out()
        return self.last

    def judge(self, before: Any, event: Event, after: Outcome) -> None:
        """What must hold of every single step."""
        if self.book is ARM and Drive.LOWER in after.drives:
            assert isinstance(event, Tick)
            assert not event.inputs.presence
            assert before.state is State.OPEN
            assert not after.standing.stays_open
            assert not event.inputs.power_lost
        if isinstance(event, Tick) and after.standing.urgent:
            assert Drive.LOWER not in after.drives
            assert after.standing.drive is Drive.RAISE or after.standing.state in {State.HELD, State.FAULT}
            if before.drive is not Drive.RAISE and before.state is State.FAULT:
                assert after.drives == (Drive.RAISE,)
        if isinstance(event, Tick) and self.book is ARM and before.state is State.CLOSING and event.inputs.presence:
            assert after.drives == (Drive.RAISE,)
        if isinstance(event, Tick) and event.inputs.exit_button:
            assert after.standing.state is not State.CLOSED
        state = before.state
        for act in after.acts:
            assert act.before is state
            assert act.cause
            state = act.after
        assert after.standing.state is state

    def carry_out(self) -> None:
        if self.world.answers and self.last:
            for drive in self.last.drives:
                self.obey(drive)

    def obey(self, drive: Drive) -> None:
        self.world.drive = drive

    def teardown(self) -> None:
        """Whatever happened: mended and set free, it opens on command, and closes again by itself."""
        self.world.dead = self.world.present = self.timed = False
        self.world.answers = True
        self.stuck.clear()
        self.shown.clear()
        self.time_passes(60)
        for kind in (Command.ALL_CLEAR, Command.RELEASE, Command.OPEN):
            self.somebody_commands(kind, interlocked=False, burning=False)
        self.time_passes(60)
        self.settles()

    def settles(self) -> None:
        if self.standing.state is State.FAULT:
            # Something was stuck at its end: one more command with everything mended clears it.
            self.somebody_commands(Command.OPEN, interlocked=False, burning=False)
            self.time_passes(60)
        assert self.standing.state in {State.CLOSED, State.OPEN}
        assert not self.standing.alarms
        self.time_passes(60)
        assert self.standing.state is State.CLOSED
        assert self.world.position == 0.0


class DoorRules(Rules):
    """A door: the leaf is opened and shut by people, the lock by us."""

    book = DOOR
    inputs = ("fire", "tamper", "power_lost", "manual_key", "exit_button")

    def read(self) -> Inputs:
        world = self.world
        shut = world.position == 0.0
        shown = {"locked": shut and world.drive is not Drive.RAISE, "door_shut": shut, "presence": False}
        stuck = {name: reads for name, reads in self.stuck.items() if name in shown}
        return replace(Inputs(**{**shown, **stuck, **self.shown}), passed=world.passed)

    def obey(self, drive: Drive) -> None:
        if drive is not Drive.STOP:
            self.world.drive = drive

    def time_passes(self, polls: int) -> None:
        for _ in range(polls):
            self.now_s += POLL_S
            self.poll()

    def settles(self) -> None:
        self.world.position = 0.0
        self.time_passes(60)
        assert self.standing.state is State.CLOSED
        assert self.world.drive is Drive.LOWER
        assert not self.standing.alarms


class TurnstileRules(DoorRules):
    """A turnstile: each opening for one."""

    book = TURNSTILE

    def read(self) -> Inputs:
        shown = {"locked": self.world.drive is not Drive.RAISE, "passed": self.world.passed, "presence": False}
        stuck = {name: reads for name, reads in self.stuck.items() if name == "locked"}
        return Inputs(**{**shown, **stuck, **self.shown})


Rules.TestCase.settings = lives(40)
DoorRules.TestCase.settings = lives(40)
TurnstileRules.TestCase.settings = lives(30)
TestArmRules = Rules.TestCase
TestDoorRules = DoorRules.TestCase
TestTurnstileRules = TurnstileRules.TestCase
