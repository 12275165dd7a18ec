"""What stands over people's commands at an arm: fire, emergency, lockdown, timed rules, the key, a broken arm."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.barrier.act import ActKind, Command
from gate.barrier.code import Code
from gate.barrier.device import Drive, Inputs
from gate.barrier.machine import Lost, Machine, Tick
from gate.barrier.standing import State, Wish
from tests.gate.barrier.test_machine import BETWEEN, DOWN, TICK_S, TIMING, UP, Story, closing, occupied, opened


def test_stop_leaves_a_moving_arm_where_it_is_until_it_is_opened() -> None:
    story = closing()
    story.order(Command.STOP)
    assert (story.state, story.drives) == (State.STOPPED, [Drive.STOP])
    story.watch(20.0, BETWEEN)
    assert (story.state, story.drives) == (State.STOPPED, [Drive.STOP])
    story.order(Command.CLOSE)
    assert story.told()[-1] == (ActKind.REFUSED, Code.IS_STOPPED)
    story.order(Command.OPEN)
    assert (story.state, story.drives[-1]) == (State.OPENING, Drive.RAISE)


@pytest.mark.parametrize("start", [DOWN, UP, BETWEEN])
def test_fire_raises_the_arm_from_wherever_it_is_and_keeps_it_up(start: Inputs) -> None:
    story = Story(start)
    story.watch(0.2, replace(start, fire=True))
    story.watch(0.5, replace(BETWEEN, fire=True)).watch(60.0, replace(UP, fire=True))
    assert story.state is State.HELD
    assert (ActKind.ALARMED, Code.FIRE) in story.told()
    assert Drive.LOWER not in story.drives


def test_a_fire_alarm_that_is_over_keeps_the_arm_up_until_the_all_clear() -> None:
    story = opened()
    story.watch(1.0, replace(UP, fire=True))
    story.order(Command.ALL_CLEAR)
    assert story.told()[-1] == (ActKind.REFUSED, Code.FIRE)
    story.watch(60.0, UP)
    assert story.state is State.HELD
    for kind in (Command.CLOSE, Command.STOP):
        story.order(kind)
        assert story.told()[-1] == (ActKind.REFUSED, Code.FIRE)
    story.order(Command.ALL_CLEAR)
    story.watch(6.0, UP)
    assert story.state is State.CLOSING
    assert (ActKind.CALMED, Code.FIRE) in story.told()


def test_fire_beats_a_lockdown_which_comes_back_after_the_all_clear() -> None:
    story = Story()
    story.order(Command.LOCKDOWN)
    story.watch(0.2, replace(DOWN, fire=True)).watch(1.0, UP)
    assert story.state is State.HELD
    story.order(Command.ALL_CLEAR)
    story.watch(2.0, UP).watch(0.5, BETWEEN).watch(0.5, DOWN)
    assert story.state is State.CLOSED
    story.order(Command.OPEN)
    assert story.told()[-1] == (ActKind.REFUSED, Code.LOCKED_DOWN)


def test_a_lockdown_lowers_an_open_arm_once_the_way_is_clear_and_not_before() -> None:
    story = opened()
    story.order(Command.HOLD)
    story.watch(5.0, occupied(UP))
    story.order(Command.LOCKDOWN)
    story.watch(30.0, occupied(UP))
    assert Drive.LOWER not in story.drives
    story.watch(2.0, UP)
    assert story.state is State.CLOSING


def test_presence_beats_a_lockdown_while_the_arm_comes_down() -> None:
    story = closing()
    story.order(Command.LOCKDOWN)
    story.watch(TICK_S, occupied(BETWEEN))
    assert (story.state, story.drives) == (State.OPENING, [Drive.RAISE])


def test_a_lockdown_refuses_everyone_and_a_release_ends_it() -> None:
    story = Story()
    story.order(Command.LOCKDOWN)
    for kind in (Command.OPEN, Command.HOLD):
        story.order(kind)
        assert story.told()[-1] == (ActKind.REFUSED, Code.LOCKED_DOWN)
    story.order(Command.RELEASE)
    story.order(Command.OPEN)
    assert story.state is State.OPENING


def test_an_emergency_is_remembered_while_the_board_is_silent() -> None:
    story = Story()
    story.event(Lost())
    story.order(Command.EMERGENCY)
    assert story.told()[-1] == (ActKind.COMMANDED, "guard")
    story.watch(0.2, DOWN)
    assert story.drives[-1] is Drive.RAISE
    story.watch(0.3, BETWEEN).watch(30.0, UP)
    assert story.state is State.HELD


def test_a_timed_rule_raises_holds_and_lets_go() -> None:
    story = Story()
    for seconds, seen in [(0.5, DOWN), (0.5, BETWEEN), (60.0, UP)]:
        for _ in range(round(seconds / TICK_S)):
            story.now_s += TICK_S
            story.event(Tick(seen, timed=True))
    assert story.state is State.HELD
    story.order(Command.CLOSE)
    assert story.told()[-1] == (ActKind.REFUSED, Code.IS_TIMED)
    story.watch(6.0, UP)
    assert story.state is State.CLOSING
    assert (ActKind.RELEASED, Code.TIMED_OVER) in story.told()


def test_a_released_timed_rule_stays_away_until_its_next_time() -> None:
    story = Story()

    def timed(seconds: float, seen: Inputs) -> None:
        for _ in range(round(seconds / TICK_S)):
            story.now_s += TICK_S
            story.event(Tick(seen, timed=True))

    timed(0.2, DOWN)
    timed(1.0, UP)
    assert story.state is State.HELD
    story.order(Command.RELEASE)
    timed(6.0, UP)
    timed(1.0, BETWEEN)
    timed(30.0, DOWN)
    assert story.state is State.CLOSED
    story.watch(1.0, DOWN)
    timed(0.2, DOWN)
    assert story.state is State.OPENING


def test_the_manual_key_takes_the_arm_from_the_software_and_gives_it_back_without_a_jump() -> None:
    story = closing()
    key = replace(BETWEEN, manual_key=True)
    story.watch(0.2, key)
    assert (story.state, story.drives) == (State.MANUAL, [Drive.STOP])
    story.order(Command.OPEN)
    assert story.told()[-1] == (ActKind.REFUSED, Code.MANUAL_KEY)
    story.watch(5.0, replace(DOWN, manual_key=True)).watch(1.0, DOWN)
    assert (story.state, story.drives) == (State.CLOSED, [Drive.STOP, Drive.STOP])


def test_fire_takes_the_arm_from_the_key() -> None:
    story = Story()
    story.watch(0.2, replace(DOWN, manual_key=True))
    story.watch(0.2, replace(DOWN, manual_key=True, fire=True))
    assert (story.state, story.drives[-1]) == (State.OPENING, Drive.RAISE)


def test_a_broken_arm_is_a_fault_that_ends_when_it_is_hung_back() -> None:
    story = opened()
    story.watch(0.5, replace(UP, arm_off=True))
    assert (story.state, story.code) == (State.FAULT, Code.ARM_OFF)
    story.watch(30.0, replace(UP, arm_off=True))
    assert Drive.LOWER not in story.drives
    story.watch(1.0, replace(UP, arm_off=False))
    assert story.state is State.OPEN


def test_nothing_is_lowered_without_the_mains() -> None:
    story = opened()
    story.watch(60.0, replace(UP, power_lost=True))
    assert (story.state, story.drives) == (State.OPEN, [])
    story.watch(1.0, UP)
    assert story.state is State.CLOSING
    told = story.told()
    assert told.index((ActKind.ALARMED, Code.POWER_LOST)) < told.index((ActKind.CALMED, Code.POWER_LOST))


def test_a_second_car_on_one_opening_is_called_tailgating() -> None:
    story = opened()
    story.watch(1.0, occupied(UP)).watch(0.8, UP).watch(1.0, occupied(UP))
    assert (ActKind.ALARMED, Code.TAILGATING) in story.told()


def test_tamper_is_told_once_when_it_comes_and_once_when_it_goes() -> None:
    story = Story()
    story.watch(5.0, replace(DOWN, tamper=True)).watch(5.0, DOWN)
    assert story.told()[1:] == [(ActKind.ALARMED, Code.TAMPER), (ActKind.CALMED, Code.TAMPER)]


@pytest.mark.parametrize(
    ("wish", "state", "code"),
    [
        (Wish(held=True), State.OPENING, Code.HELD_AGAIN),
        (Wish(emergency=True), State.OPENING, Code.EMERGENCY),
        (Wish(fire=True), State.OPENING, Code.FIRE),
        (Wish(lockdown=True), State.CLOSED, Code.FOUND_DOWN),
        (Wish(held=True, lockdown=True), State.CLOSED, Code.FOUND_DOWN),
    ],
)
def test_what_a_guard_wanted_outlives_a_restart(wish: Wish, state: State, code: Code) -> None:
    machine = Machine(TIMING)
    started = machine.start(DOWN, 5.0, wish)
    assert started.drives == (Drive.STOP,)
    after = machine.step(started.standing, Tick(DOWN), 5.1)
    assert after.standing.state is state
    assert after.standing.wish == wish
    assert [*started.acts, *after.acts][-1].cause == code


def test_a_restart_moves_nothing_under_the_hands_of_who_has_the_key() -> None:
    started = Machine(TIMING).start(replace(BETWEEN, manual_key=True), 5.0)
    assert (started.standing.state, started.drives) == (State.MANUAL, (Drive.STOP,))
    burning = Machine(TIMING).start(replace(BETWEEN, manual_key=True, fire=True), 5.0)
    assert burning.drives == (Drive.RAISE,)
