"""Doors and turnstiles: who gets in, who gets out, and what is called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.barrier.act import ActKind, Command
from gate.barrier.code import Code
from gate.barrier.device import Drive, Inputs
from gate.barrier.locks import DOOR, TURNSTILE
from gate.barrier.machine import Lost, Machine
from gate.barrier.move import Book
from gate.barrier.standing import State, Timing, Wish
from tests.gate.barrier.test_machine import TICK_S, Story

TIMING = Timing(travel_s=0.5, hold_open_s=3.0, clear_s=0.0, fault_after_s=1.0, left_open_s=10.0)
SHUT = Inputs(door_shut=True, exit_button=False)
OPEN = Inputs(door_shut=False, exit_button=False)


class LockStory(Story):
    def __init__(self, seen: Inputs = SHUT, book: Book = DOOR) -> None:
        self.machine = Machine(TIMING, book=book)
        self.now_s = 1000.0
        self.seen = seen
        self.last = self.machine.start(seen, self.now_s)
        self.drives = list(self.last.drives)
        self.acts = list(self.last.acts)


def let_in() -> LockStory:
    story = LockStory()
    story.order(Command.OPEN)
    story.drives.clear()
    story.acts.clear()
    return story


def test_a_door_is_freed_opened_and_locked_when_it_falls_shut() -> None:
    story = LockStory()
    story.order(Command.OPEN)
    story.watch(1.0, SHUT).watch(2.0, OPEN).watch(1.0, SHUT)
    assert story.told() == [
        (ActKind.STARTED, Code.FOUND_SHUT),
        (ActKind.COMMANDED, "guard"),
        (ActKind.OPENED, Code.DOOR_OPEN),
        (ActKind.CLOSED, Code.DOOR_SHUT),
    ]
    assert story.drives == [Drive.LOWER, Drive.RAISE, Drive.LOWER]


def test_a_door_that_nobody_opens_is_locked_again() -> None:
    story = let_in().watch(3.5, SHUT)
    assert (story.state, story.drives) == (State.CLOSED, [Drive.LOWER])


def test_a_door_without_a_contact_goes_by_time() -> None:
    story = LockStory(Inputs())
    story.order(Command.OPEN)
    story.watch(3.5, Inputs())
    assert (story.state, story.drives) == (State.CLOSED, [Drive.LOWER, Drive.RAISE, Drive.LOWER])


def test_a_door_opened_without_permission_raises_an_alarm_until_it_is_shut() -> None:
    story = LockStory().watch(1.0, OPEN)
    assert story.state is State.FORCED
    assert story.told()[1:] == [(ActKind.FORCED, Code.DOOR_FORCED), (ActKind.ALARMED, Code.DOOR_FORCED)]
    story.watch(1.0, SHUT)
    assert story.state is State.CLOSED
    assert story.told()[-1] == (ActKind.CALMED, Code.DOOR_FORCED)


def test_a_door_left_open_raises_an_alarm() -> None:
    story = let_in().watch(12.0, OPEN)
    assert (ActKind.ALARMED, Code.LEFT_OPEN) in story.told()
    assert Drive.LOWER not in story.drives
    story.watch(1.0, SHUT)
    assert story.told()[-1] == (ActKind.CALMED, Code.LEFT_OPEN)


def test_the_exit_button_frees_the_door_even_in_a_lockdown_and_in_fault() -> None:
    story = LockStory()
    story.order(Command.LOCKDOWN)
    story.order(Command.OPEN)
    assert story.told()[-1] == (ActKind.REFUSED, Code.LOCKED_DOWN)
    story.watch(TICK_S, replace(SHUT, exit_button=True))
    assert (story.state, story.drives[-1]) == (State.RELEASED, Drive.RAISE)
    story.watch(1.0, OPEN).watch(1.0, SHUT)
    assert story.state is State.CLOSED
    assert Code.DOOR_FORCED not in {act.cause for act in story.acts}
    story.watch(3.0, replace(SHUT, locked=False))
    assert (story.state, story.code) == (State.FAULT, Code.NO_LOCK)
    story.watch(TICK_S, replace(SHUT, locked=False, exit_button=True))
    assert story.drives[-1] is Drive.RAISE


def test_a_lock_that_does_not_say_it_locked_is_a_fault_that_ends_when_it_does() -> None:
    story = let_in().watch(6.0, replace(SHUT, locked=False))
    assert (story.state, story.code) == (State.FAULT, Code.NO_LOCK)
    story.watch(0.5, replace(SHUT, locked=True))
    assert story.state is State.CLOSED


def test_somebody_let_in_while_the_door_stands_open_gets_in_after_it_fell_shut() -> None:
    story = let_in().watch(1.0, OPEN)
    story.order(Command.OPEN)
    story.watch(0.5, SHUT)
    assert story.state is State.RELEASED
    story.watch(0.5, OPEN).watch(0.5, SHUT)
    assert story.state is State.CLOSED


def test_two_through_a_door_on_one_permission_is_tailgating() -> None:
    beam, quiet = replace(OPEN, passed=True), replace(OPEN, passed=False)
    story = let_in().watch(0.5, replace(SHUT, passed=False)).watch(0.5, quiet)
    story.watch(0.3, beam).watch(0.3, quiet)
    assert (ActKind.ALARMED, Code.TAILGATING) not in story.told()
    story.watch(0.3, beam).watch(0.3, quiet)
    assert (ActKind.ALARMED, Code.TAILGATING) in story.told()


@pytest.mark.parametrize("book", [DOOR, TURNSTILE], ids=lambda book: book.name)
def test_fire_frees_and_keeps_free_until_the_all_clear(book: Book) -> None:
    quiet = SHUT if book is DOOR else Inputs()
    story = LockStory(quiet, book)
    story.watch(1.0, replace(quiet, fire=True)).watch(60.0, quiet)
    assert (story.state, story.drives[-1]) == (State.HELD, Drive.RAISE)
    story.order(Command.ALL_CLEAR)
    story.watch(4.0, quiet)
    assert (story.state, story.drives[-1]) == (State.CLOSED, Drive.LOWER)


def test_a_held_door_raises_no_alarm_however_long_it_stands_open() -> None:
    story = LockStory()
    story.order(Command.HOLD)
    story.watch(60.0, OPEN)
    assert [act for act in story.acts if act.kind is ActKind.ALARMED] == []
    story.order(Command.RELEASE)
    story.watch(1.0, SHUT)
    story.watch(4.0, SHUT)
    assert story.state is State.CLOSED


def test_a_board_that_comes_back_finds_the_door_as_it_is() -> None:
    for seen, state in ((SHUT, State.CLOSED), (OPEN, State.AJAR)):
        story = LockStory()
        story.event(Lost())
        assert story.state is State.FAULT
        story.watch(TICK_S, seen)
        assert story.state is state


def test_a_hold_is_taken_up_again_when_the_board_is_back() -> None:
    story = LockStory()
    story.order(Command.HOLD)
    story.event(Lost())
    story.watch(TICK_S, SHUT)
    assert (story.state, story.drives[-1]) == (State.HELD, Drive.RAISE)


STILL, TURNING = Inputs(passed=False), Inputs(passed=True)


def test_a_turnstile_lets_one_through_for_each_opening() -> None:
    story = LockStory(STILL, TURNSTILE)
    story.order(Command.OPEN)
    story.order(Command.OPEN)
    story.watch(0.5, STILL).watch(0.3, TURNING).watch(0.3, STILL)
    assert story.state is State.RELEASED
    story.watch(0.3, TURNING).watch(0.3, STILL)
    assert story.state is State.CLOSED
    assert story.told()[-1] == (ActKind.CLOSED, Code.PASSED)


def test_a_turn_that_nobody_was_granted_is_told() -> None:
    story = LockStory(STILL, TURNSTILE).watch(0.5, STILL).watch(0.3, TURNING)
    assert story.told()[-1] == (ActKind.FORCED, Code.PUSHED_THROUGH)
    assert story.state is State.CLOSED


def test_a_turnstile_that_nobody_uses_is_locked_again() -> None:
    story = LockStory(STILL, TURNSTILE)
    story.order(Command.OPEN)
    story.watch(3.5, STILL)
    assert story.told()[-1] == (ActKind.CLOSED, Code.TIME_UP)


def test_a_door_has_nothing_to_stop() -> None:
    story = LockStory()
    story.order(Command.STOP)
    assert story.told()[-1] == (ActKind.REFUSED, Code.NO_STOP)


@pytest.mark.parametrize("wish", [Wish(held=True), Wish(emergency=True), Wish(fire=True)])
def test_a_door_that_was_to_stay_open_is_not_locked_for_a_moment_by_a_restart(wish: Wish) -> None:
    started = Machine(TIMING, book=DOOR).start(SHUT, 5.0, wish)
    assert (started.standing.state, started.drives) == (State.HELD, (Drive.RAISE,))
    burning = Machine(TIMING, book=DOOR).start(replace(SHUT, fire=True), 5.0)
    assert burning.drives == (Drive.RAISE,)
    locked = Machine(TIMING, book=DOOR).start(SHUT, 5.0, Wish(held=True, lockdown=True))
    assert locked.drives == (Drive.LOWER,)


@pytest.mark.parametrize("kind", [Command.OPEN, None], ids=["a guard", "the exit button"])
def test_a_lock_in_fault_that_was_freed_for_somebody_is_locked_again_and_recovers(kind: Command | None) -> None:
    story = let_in().watch(6.0, replace(SHUT, locked=False))
    assert story.code == Code.NO_LOCK
    if kind is None:
        story.watch(TICK_S, replace(SHUT, locked=False, exit_button=True))
    else:
        story.order(kind)
    assert story.drives[-1] is Drive.RAISE
    story.watch(2.0, replace(SHUT, locked=False))
    assert story.drives[-1] is Drive.RAISE
    story.watch(2.0, replace(SHUT, locked=False))
    assert (story.state, story.drives[-1]) == (State.FAULT, Drive.LOWER)
    story.watch(0.5, replace(SHUT, locked=True))
    assert story.state is State.CLOSED


def test_a_signal_that_sticks_on_locked_does_not_end_a_fault_while_the_lock_is_free() -> None:
    story = let_in().watch(6.0, replace(SHUT, locked=False))
    story.order(Command.OPEN)
    story.watch(1.0, replace(SHUT, locked=True))
    assert story.state is State.FAULT


def test_a_turnstile_stays_free_while_the_exit_button_is_pushed() -> None:
    pushed = Inputs(passed=False, exit_button=True)
    story = LockStory(STILL, TURNSTILE).watch(0.2, pushed)
    story.watch(0.3, replace(pushed, passed=True)).watch(0.5, pushed)
    assert story.state is State.RELEASED
    story.watch(4.0, STILL)
    assert story.state is State.CLOSED


def test_a_door_that_falls_shut_under_a_pushed_exit_button_is_locked_only_when_it_is_let_go() -> None:
    story = let_in().watch(1.0, OPEN).watch(1.0, replace(SHUT, exit_button=True))
    assert story.drives == []
    story.watch(0.5, SHUT)
    assert (story.state, story.drives) == (State.CLOSED, [Drive.LOWER])
