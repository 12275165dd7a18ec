"""What a barrier does, told as stories: readings and commands in, drives and acts out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.barrier.act import ActKind, Command
from gate.barrier.code import Code
from gate.barrier.device import Drive, Inputs
from gate.barrier.machine import Event, Lost, Machine, Order, Outcome, Tick
from gate.barrier.standing import SETTLE_S, State, Timing

TIMING = Timing(travel_s=1.0, hold_open_s=4.0, clear_s=1.0, fault_after_s=2.0)
DOWN = Inputs(open_limit=False, closed_limit=True, presence=False)
BETWEEN = Inputs(open_limit=False, closed_limit=False, presence=False)
UP = Inputs(open_limit=True, closed_limit=False, presence=False)
BOTH = Inputs(open_limit=True, closed_limit=True, presence=False)
BLIND = Inputs(open_limit=None, closed_limit=None, presence=False)
TICK_S = 0.1


def occupied(inputs: Inputs) -> Inputs:
    return replace(inputs, presence=True)


class Story:
    """A machine stepped by hand; `seen` is what the inputs read."""

    def __init__(self, seen: Inputs = DOWN, timing: Timing = TIMING) -> None:
        self.machine = Machine(timing)
        self.now_s = 1000.0
        self.seen = seen
        self.last = self.machine.start(seen, self.now_s)
        self.drives = list(self.last.drives)
        self.acts = list(self.last.acts)

    def event(self, event: Event) -> Outcome:
        self.last = self.machine.step(self.last.standing, event, self.now_s)
        self.drives += self.last.drives
        self.acts += self.last.acts
        return self.last

    def order(self, kind: Command) -> Outcome:
        return self.event(Order(kind, f"{kind}-{len(self.acts)}", "guard"))

    def watch(self, seconds: float, seen: Inputs | None = None) -> Story:
        """Read the inputs every tenth of a second for so long."""
        self.seen = self.seen if seen is None else seen
        for _ in range(round(seconds / TICK_S)):
            self.now_s += TICK_S
            self.event(Tick(self.seen))
        return self

    @property
    def state(self) -> State:
        return self.last.standing.state

    @property
    def code(self) -> str | None:
        return self.last.standing.code

    def told(self) -> list[tuple[ActKind, str]]:
        return [(act.kind, act.cause) for act in self.acts]


def opened(timing: Timing = TIMING) -> Story:
    """A barrier that was just opened by a command."""
    story = Story(timing=timing)
    story.order(Command.OPEN)
    story.watch(0.5, BETWEEN).watch(TICK_S, UP)
    assert story.state is State.OPEN
    story.drives.clear()
    story.acts.clear()
    return story


def closing() -> Story:
    """A barrier halfway down."""
    story = opened().watch(4.5)
    assert story.state is State.CLOSING
    story.watch(0.3, BETWEEN)
    story.drives.clear()
    story.acts.clear()
    return story


def test_a_whole_passage_is_told_act_by_act() -> None:
    story = Story()
    story.order(Command.OPEN)
    for seconds, seen in [(1.0, BETWEEN), (1.0, UP), (2.0, occupied(UP)), (3.0, UP), (1.0, BETWEEN), (0.2, DOWN)]:
        story.watch(seconds, seen)
    assert story.told() == [
        (ActKind.STARTED, Code.FOUND_DOWN),
        (ActKind.COMMANDED, "guard"),
        (ActKind.OPENED, Code.UP),
        (ActKind.LOWERING, Code.WAY_CLEAR),
        (ActKind.CLOSED, Code.DOWN),
    ]
    assert story.drives == [Drive.STOP, Drive.RAISE, Drive.LOWER, Drive.STOP]
    assert {act.command_id for act in story.acts[1:]} == {"open-1"}
    assert [(act.before, act.after) for act in story.acts[:2]] == [
        (None, State.CLOSED),
        (State.CLOSED, State.OPENING),
    ]


@pytest.mark.parametrize(
    ("found", "state", "drive"),
    [
        (DOWN, State.CLOSED, Drive.STOP),
        (UP, State.OPEN, Drive.STOP),
        (BETWEEN, State.OPENING, Drive.RAISE),
        (BLIND, State.OPENING, Drive.RAISE),
        (occupied(BETWEEN), State.OPENING, Drive.RAISE),
        (BOTH, State.FAULT, Drive.STOP),
    ],
)
def test_after_a_restart_it_goes_to_a_safe_state_without_lowering(found: Inputs, state: State, drive: Drive) -> None:
    story = Story(found)
    assert (story.state, story.drives) == (state, [drive])
    assert story.acts[0].before is None


def test_found_open_over_a_vehicle_it_stays_up_until_the_vehicle_has_been_seen_to_leave() -> None:
    story = Story(occupied(UP)).watch(30.0)
    assert story.state is State.OPEN
    assert story.watch(0.9, UP).state is State.OPEN
    assert story.watch(0.3).state is State.CLOSING


def test_a_second_open_while_opening_moves_nothing() -> None:
    story = Story()
    story.order(Command.OPEN)
    story.watch(0.3, BETWEEN)
    assert story.order(Command.OPEN).drives == ()
    assert story.state is State.OPENING


def test_a_second_open_while_open_only_lengthens_the_open_time() -> None:
    story = opened().watch(3.0)
    assert story.order(Command.OPEN).drives == ()
    assert story.watch(3.9).state is State.OPEN
    assert story.watch(0.3).state is State.CLOSING


def test_an_open_while_closing_raises_at_once() -> None:
    story = closing()
    assert story.order(Command.OPEN).drives == (Drive.RAISE,)
    assert story.state is State.OPENING


def test_a_vehicle_under_a_closing_arm_raises_it_with_the_same_reading() -> None:
    story = closing()
    outcome = story.event(Tick(occupied(BETWEEN)))
    assert outcome.drives == (Drive.RAISE,)
    assert [(act.kind, act.cause) for act in outcome.acts] == [(ActKind.REOPENED, Code.PRESENCE)]


def test_a_sensor_that_falls_silent_while_closing_counts_as_a_vehicle() -> None:
    assert closing().event(Tick(replace(BETWEEN, presence=None))).drives == (Drive.RAISE,)


def test_a_raised_arm_waits_its_whole_open_time_again_after_a_vehicle() -> None:
    story = closing()
    story.watch(0.5, occupied(BETWEEN)).watch(TICK_S, UP)
    assert story.watch(3.8).state is State.OPEN
    assert story.watch(0.4).state is State.CLOSING


def test_a_person_may_close_early_but_not_before_the_way_is_clear() -> None:
    story = opened().watch(0.5, occupied(UP))
    story.order(Command.CLOSE)
    assert story.watch(2.0).state is State.OPEN
    assert story.watch(0.9, UP).state is State.OPEN
    assert story.watch(0.3).state is State.CLOSING


def test_an_open_after_a_close_takes_the_close_back() -> None:
    story = opened().watch(0.2, occupied(UP))
    story.order(Command.CLOSE)
    story.order(Command.OPEN)
    assert story.watch(3.0, UP).state is State.OPEN


def test_a_close_while_opening_lets_the_arm_come_up_first() -> None:
    story = Story()
    story.order(Command.OPEN)
    story.watch(0.5, BETWEEN)
    assert story.order(Command.CLOSE).drives == ()
    story.watch(TICK_S, UP)
    assert story.state is State.OPEN
    assert story.watch(0.6).state is State.CLOSING


def test_a_held_barrier_stays_up_until_released_and_then_closes_by_itself() -> None:
    story = opened()
    story.order(Command.HOLD)
    assert story.watch(100.0).state is State.HELD
    refused = story.order(Command.CLOSE).acts[0]
    assert (refused.kind, refused.cause) == (ActKind.REFUSED, Code.IS_HELD)
    story.order(Command.RELEASE)
    assert story.watch(3.8).state is State.OPEN
    assert story.watch(0.4).state is State.CLOSING


@pytest.mark.parametrize("arm", [Story, closing])
def test_hold_raises_an_arm_that_is_not_up(arm: type[Story]) -> None:
    story = arm()
    assert story.order(Command.HOLD).drives == (Drive.RAISE,)
    assert [act.cause for act in story.order(Command.CLOSE).acts] == [Code.IS_HELD]
    assert story.watch(0.5, BETWEEN).watch(1.0, UP).state is State.HELD


def test_a_held_arm_that_faults_is_held_again_once_it_is_up() -> None:
    story = opened()
    story.order(Command.HOLD)
    story.watch(TICK_S, BOTH)
    assert story.code == Code.BOTH_LIMITS
    story.watch(1.0, BETWEEN).watch(1.0, UP)
    assert story.state is State.HELD


@pytest.mark.parametrize(
    ("command", "seen", "code"),
    [
        (Command.OPEN, BETWEEN, Code.NO_OPEN_LIMIT),
        (Command.OPEN, DOWN, Code.NO_OPEN_LIMIT),
        (Command.OPEN, replace(DOWN, open_limit=None), Code.ARM_STUCK),
        (Command.CLOSE, BETWEEN, Code.NO_CLOSED_LIMIT),
        (Command.CLOSE, UP, Code.NO_CLOSED_LIMIT),
        (Command.CLOSE, replace(UP, closed_limit=None), Code.ARM_STUCK),
    ],
)
def test_a_movement_that_is_not_confirmed_is_a_fault_that_names_what_did_not_come(
    command: Command, seen: Inputs, code: Code
) -> None:
    story = Story() if command is Command.OPEN else opened().watch(1.0)
    story.order(command)
    story.watch(TICK_S)
    story.watch(2.8, seen)
    assert story.state is (State.OPENING if command is Command.OPEN else State.CLOSING)
    story.watch(0.5)
    assert (story.state, story.code, story.drives[-1]) == (State.FAULT, code, Drive.STOP)


@pytest.mark.parametrize("arm", [Story, opened, closing])
def test_both_limits_at_once_are_a_fault(arm: type[Story]) -> None:
    story = arm().watch(TICK_S, BOTH)
    assert (story.state, story.code, story.last.drives) == (State.FAULT, Code.BOTH_LIMITS, (Drive.STOP,))


def test_an_arm_lifted_by_hand_is_reported_and_put_down_by_hand_is_over() -> None:
    story = Story().watch(0.2, BETWEEN)
    assert story.state is State.CLOSED
    story.watch(SETTLE_S, BETWEEN)
    assert (story.state, story.code) == (State.FAULT, Code.FORCED)
    story.watch(10.0).watch(SETTLE_S + 2 * TICK_S, DOWN)
    assert story.state is State.CLOSED
    assert story.told()[-2:] == [(ActKind.FAULTED, Code.FORCED), (ActKind.RECOVERED, Code.DOWN)]
    assert story.acts[-1].command_id is None


def test_an_arm_that_bounces_on_its_rest_is_not_forced() -> None:
    story = Story()
    for _ in range(5):
        story.watch(0.2, BETWEEN).watch(0.2, DOWN)
    assert story.state is State.CLOSED
    assert len(story.acts) == 1


@pytest.mark.parametrize("held", [False, True])
def test_an_arm_that_sinks_is_raised_again(held: bool) -> None:
    story = opened()
    if held:
        story.order(Command.HOLD)
    story.watch(0.5, BETWEEN)
    assert story.told()[-1] == (ActKind.REOPENED, Code.ARM_SANK)
    assert story.watch(0.5, UP).state is (State.HELD if held else State.OPEN)


def test_in_fault_close_is_refused_and_nothing_lowers() -> None:
    story = Story().watch(1.0, BETWEEN)
    assert story.order(Command.CLOSE).acts[0].cause == Code.IN_FAULT
    story.watch(60.0)
    assert story.drives == [Drive.STOP, Drive.STOP]


def test_open_from_fault_raises_and_the_limit_ends_the_fault() -> None:
    story = Story().watch(1.0, BETWEEN)
    assert story.order(Command.OPEN).drives == (Drive.RAISE,)
    assert story.watch(0.5).state is State.FAULT
    story.watch(TICK_S, UP)
    assert (story.state, story.told()[-1]) == (State.OPEN, (ActKind.RECOVERED, Code.UP))


def test_open_from_fault_that_fails_again_stops_the_motor_and_stays_in_fault() -> None:
    story = Story()
    story.order(Command.OPEN)
    story.watch(4.0)
    story.order(Command.OPEN)
    story.watch(4.0)
    assert (story.state, story.code, story.drives[-2:]) == (State.FAULT, Code.NO_OPEN_LIMIT, [Drive.RAISE, Drive.STOP])
    assert [kind for kind, _ in story.told()].count(ActKind.FAULTED) == 1


def test_a_dead_motor_is_not_taken_as_recovered_because_the_arm_still_lies_at_its_end() -> None:
    story = Story()
    story.order(Command.OPEN)
    assert story.watch(60.0).state is State.FAULT


@pytest.mark.parametrize(
    ("seen", "drive", "state"),
    [
        (DOWN, Drive.STOP, State.CLOSED),
        (UP, Drive.RAISE, State.OPEN),
        (BETWEEN, Drive.RAISE, State.FAULT),
        (BLIND, Drive.RAISE, State.FAULT),
        (BOTH, Drive.STOP, State.FAULT),
    ],
)
def test_a_device_that_comes_back_is_read_before_anything_moves(seen: Inputs, drive: Drive, state: State) -> None:
    story = closing()
    assert story.event(Lost()).drives == (Drive.STOP,)
    assert (story.state, story.code) == (State.FAULT, Code.NOT_ANSWERING)
    assert [act.cause for act in story.order(Command.OPEN).acts] == [Code.NOT_ANSWERING]
    assert story.last.drives == ()
    assert story.watch(TICK_S, seen).last.drives == (drive,)
    assert story.watch(0.4).state is state
    assert Drive.LOWER not in story.drives


def test_without_limits_the_travel_time_confirms() -> None:
    story = Story(BLIND)
    assert story.watch(0.9).state is State.OPENING
    assert story.watch(0.2).state is State.OPEN
    assert story.watch(4.1).state is State.CLOSING
    assert story.watch(1.1).state is State.CLOSED
    assert story.drives == [Drive.RAISE, Drive.LOWER, Drive.STOP]


def test_without_limits_a_lost_device_is_raised_for_the_travel_time() -> None:
    story = Story(BLIND)
    story.event(Lost())
    assert story.watch(0.5).state is State.FAULT
    assert story.watch(1.0).state is State.OPEN


def test_without_any_sensor_under_the_arm_the_times_alone_close_it() -> None:
    story = Story(replace(UP, presence=None))
    assert story.watch(3.9).state is State.OPEN
    assert story.watch(0.2).state is State.CLOSING


def test_a_sensor_known_to_be_wired_that_reads_nothing_from_the_start_keeps_the_arm_up() -> None:
    machine = Machine(TIMING, presence_wired=True)
    standing = machine.start(replace(UP, presence=None), 0.0).standing
    for number in range(1, 1000):
        standing = machine.step(standing, Tick(replace(UP, presence=None)), number * TICK_S).standing
    assert standing.state is State.OPEN


def test_a_clock_that_goes_back_neither_closes_early_nor_sticks() -> None:
    story = opened().watch(3.0)
    story.now_s -= 500.0
    assert story.watch(0.9).state is State.OPEN
    assert story.watch(1.0).state is State.CLOSING


def test_a_pause_in_which_nobody_looked_does_not_lower_the_arm_by_itself() -> None:
    story = opened()
    story.now_s += 3600.0
    assert story.watch(TICK_S).state is State.OPEN
    assert story.watch(1.1).state is State.CLOSING
