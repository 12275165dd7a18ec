"""A barrier wired to a board: what each command does to the relays, and what no sequence of them ever does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.barrier.act import Command
from gate.barrier.board.wiring import AGAIN_S, LONGEST_PULSE_S, WiredBarrier, Wiring
from gate.barrier.controller import Barrier
from gate.barrier.device import Drive, Inputs
from gate.barrier.standing import State, Timing
from gate.errors import BarrierFault, ConfigRefused
from gate.texts import catalogue

RAISE, LOWER, STOP = 0, 1, 2
PULSED = Wiring(RAISE, LOWER, STOP, open_limit=0, closed_limit=1, presence=2)
LEVEL = Wiring(RAISE, LOWER, style="level", open_limit=0, closed_limit=1, presence=2)


class Board:
    """Relays that remember, inputs that are set. A call fails as `failures` says: before or after it was done."""

    def __init__(self, *, left_on: frozenset[int] = frozenset()) -> None:
        self.on = set(left_on)
        self.most_on = 0
        self.told: list[tuple[str, int]] = []
        self.failures: list[str] = []
        self.shown = (False, True, False)
        self.closed = 0

    def switch(self, channel: int, *, on: bool) -> None:
        self._do("on" if on else "off", channel)

    def pulse(self, channel: int, duration_s: float) -> None:
        self._do("pulse", channel)

    def read(self) -> tuple[bool, ...]:
        self._fail("before")
        return self.shown

    def close(self) -> None:
        self.closed += 1
        self.on.clear()

    def _do(self, what: str, channel: int) -> None:
        failure = self._fail("before")
        self.told.append((what, channel))
        (self.on.discard if what == "off" else self.on.add)(channel)
        self.most_on = max(self.most_on, len(self.on))
        if failure == "after":
            raise BarrierFault("board.not_answering", board="test")

    def _fail(self, when: str) -> str:
        failure = self.failures.pop(0) if self.failures else "works"
        if failure == when:
            raise BarrierFault("board.not_answering", board="test")
        return failure


def wired(wiring: Wiring = PULSED) -> tuple[Board, WiredBarrier]:
    board = Board()
    barrier = WiredBarrier(board, board, wiring)
    barrier.inputs()
    board.told.clear()
    return board, barrier


def test_each_changed_command_is_one_pulse() -> None:
    board, barrier = wired()
    for command in (Drive.RAISE, Drive.RAISE, Drive.STOP, Drive.STOP, Drive.LOWER, Drive.LOWER):
        barrier.drive(command)
    assert [told for told in board.told if told[0] == "pulse"] == [("pulse", RAISE), ("pulse", STOP), ("pulse", LOWER)]


def test_a_push_that_moved_nothing_is_pushed_again_on_demand_but_not_at_once() -> None:
    board, now_s = Board(), [0.0]
    barrier = WiredBarrier(board, board, PULSED, lambda: now_s[0])
    for now_s[0] in (0.0, AGAIN_S - 0.1, AGAIN_S, AGAIN_S + 1, 2 * AGAIN_S):
        barrier.drive(Drive.RAISE)
    assert [told for told in board.told if told[0] == "pulse"] == [("pulse", RAISE)] * 3
    board.told.clear()
    board.shown = (True, False, False)
    now_s[0] = 9 * AGAIN_S
    barrier.drive(Drive.RAISE)
    assert not board.told, "the arm is up"


def test_a_repeated_command_is_not_taken_by_a_board_that_is_gone() -> None:
    board, barrier = wired(LEVEL)
    barrier.drive(Drive.RAISE)
    board.failures = ["before"]
    with pytest.raises(BarrierFault):
        barrier.drive(Drive.RAISE)
    board.told.clear()
    barrier.drive(Drive.RAISE)
    assert board.told[-1] == ("on", RAISE)


class Yard:
    """An arm moved for as long as its relay is closed, polled by hand, on a board that can restart unseen."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.board = Board()
        device = WiredBarrier(self.board, self.board, LEVEL)
        timing = Timing(travel_s=1.0, hold_open_s=1.0, clear_s=0.1, fault_after_s=1.0)
        self.barrier = Barrier("arm", device, timing, lambda: self.now_s, lambda _act: None)
        self.run()
        self.barrier.command(Command.OPEN, command_id="1", cause="guard")

    @property
    def state(self) -> State:
        return self.barrier.standing().state

    def run(self, *, open_: bool = False, shut: bool = False, presence: bool = False, polls: int = 1) -> None:
        self.board.shown = (open_, shut, presence)
        for _ in range(polls):
            self.now_s += 0.1
            self.barrier.poll_once()

    def restart(self) -> None:
        """The relays open, and the next attempt at a reading is lost."""
        self.board.on.clear()
        self.board.failures = ["before"]


def test_a_raising_arm_is_told_again_by_a_board_that_restarted_within_the_attempts_at_one_reading() -> None:
    yard = Yard()
    yard.run()
    assert (yard.state, yard.board.on) == (State.OPENING, {RAISE})
    yard.restart()
    yard.run()
    assert (yard.state, yard.board.on) == (State.OPENING, {RAISE})


@pytest.mark.parametrize("presence", [False, True])
def test_a_lowering_arm_whose_board_restarted_within_one_reading_is_in_fault_and_raised(presence: bool) -> None:
    yard = Yard()
    yard.run(open_=True, polls=12)
    yard.run()
    assert (yard.state, yard.board.on) == (State.CLOSING, {LOWER})
    yard.board.told.clear()
    yard.restart()
    yard.run(presence=presence)
    assert (yard.state, yard.board.on) == (State.FAULT, set())
    yard.run(presence=presence)
    assert (yard.state, yard.board.on) == (State.FAULT, {RAISE})
    assert ("on", LOWER) not in yard.board.told
    yard.run(open_=True)
    assert yard.state is State.OPEN


def test_an_arm_that_was_stopped_is_not_told_to_move_by_a_board_that_restarted() -> None:
    yard = Yard()
    yard.run()
    yard.barrier.command(Command.STOP, command_id="2", cause="guard")
    yard.restart()
    yard.run(polls=3)
    assert (yard.state, yard.board.on) == (State.STOPPED, set())


def test_the_other_relay_is_opened_before_one_is_closed() -> None:
    board, barrier = wired(LEVEL)
    barrier.drive(Drive.LOWER)
    barrier.drive(Drive.RAISE)
    barrier.drive(Drive.STOP)
    assert board.told == [("on", LOWER), ("off", LOWER), ("on", RAISE), ("off", RAISE)]


def test_a_stop_that_is_not_wired_only_opens_the_relays() -> None:
    board, barrier = wired(Wiring(RAISE, LOWER))
    barrier.drive(Drive.RAISE)
    barrier.drive(Drive.STOP)
    assert board.told == [("pulse", RAISE), ("off", RAISE)]


def test_relays_left_closed_by_another_process_are_opened_after_the_first_reading() -> None:
    board = Board(left_on=frozenset({LOWER}))
    barrier = WiredBarrier(board, board, LEVEL)
    board.failures = ["before"]
    with pytest.raises(BarrierFault):
        barrier.inputs()
    assert board.on == {LOWER}
    barrier.inputs()
    assert board.on == set()
    barrier.inputs()
    assert len(board.told) == 2


def test_a_command_that_failed_is_given_again() -> None:
    board, barrier = wired()
    board.failures = ["before"]
    with pytest.raises(BarrierFault):
        barrier.drive(Drive.RAISE)
    barrier.drive(Drive.RAISE)
    barrier.drive(Drive.RAISE)
    assert board.told == [("pulse", RAISE)]


def test_an_arm_that_sank_is_raised_again() -> None:
    board, barrier = wired()
    barrier.drive(Drive.RAISE)
    for shown, pulses in ((False, 1), (True, 1), (False, 2)):
        board.shown = (shown, False, False)
        barrier.inputs()
        barrier.drive(Drive.RAISE)
        assert board.told.count(("pulse", RAISE)) == pulses


@pytest.mark.parametrize("shown", [(a, b, c) for a in (False, True) for b in (False, True) for c in (False, True)])
def test_inputs_are_read_as_wired(shown: tuple[bool, bool, bool]) -> None:
    board, barrier = wired()
    board.shown = shown
    assert barrier.inputs() == Inputs(*shown)
    crossed = Wiring(RAISE, LOWER, closed_limit=2, presence=0, inverted=frozenset({"presence"}))
    assert WiredBarrier(board, board, crossed).inputs() == Inputs(None, shown[2], not shown[0])


def test_an_input_the_board_does_not_have_is_a_fault() -> None:
    board, barrier = wired()
    board.shown = (True, True, False)[:2]
    with pytest.raises(BarrierFault) as missing:
        barrier.inputs()
    assert missing.value.code == "board.no_such_input"
    assert missing.value.code in catalogue()


def test_wired_inputs_need_a_board_with_inputs() -> None:
    with pytest.raises(ConfigRefused) as refused:
        WiredBarrier(Board(), None, PULSED)
    assert refused.value.code in catalogue()
    assert WiredBarrier(Board(), None, Wiring(RAISE, LOWER)).inputs() == Inputs(None, None, None)


@pytest.mark.parametrize(("command", "stopped"), [(Drive.LOWER, True), (Drive.RAISE, False), (Drive.STOP, False)])
def test_closing_stops_a_lowering_arm_and_lets_go(command: Drive, stopped: bool) -> None:
    board, barrier = wired()
    barrier.drive(command)
    board.told.clear()
    barrier.close()
    assert (("pulse", STOP) in board.told) is stopped
    assert board.closed == 1
    assert board.on == set()


def test_closing_a_board_that_is_gone_is_no_fault() -> None:
    board, barrier = wired()
    barrier.drive(Drive.LOWER)
    board.failures = ["before"]
    barrier.close()
    assert board.closed == 1


@pytest.mark.parametrize(
    ("wiring", "named"),
    [
        ({"lower": 0}, "lower"),
        ({"stop": 0}, "stop"),
        ({"stop": 2, "style": "level"}, "stop"),
        ({"style": "toggle"}, "style"),
        ({"pulse_s": 0}, "pulse_s"),
        ({"pulse_s": LONGEST_PULSE_S * 1.01}, "pulse_s"),
        ({"pulse_s": float("nan")}, "pulse_s"),
        ({"raise_": 32}, "raise"),
        ({"lower": -1}, "lower"),
        ({"presence": 32}, "presence"),
        ({"open_limit": 3, "closed_limit": 3}, "closed_limit"),
        ({"inverted": frozenset({"presence"})}, "inverted"),
        ({"inverted": frozenset({"lamp"})}, "inverted"),
    ],
)
def test_a_wiring_that_cannot_be_names_its_key(wiring: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}:"):
        Wiring(**{"raise_": 0, "lower": 1} | wiring)


@pytest.mark.parametrize(("wiring", "count"), [(PULSED, 3), (Wiring(0, 1), 0), (Wiring(0, 1, presence=7), 8)])
def test_a_board_is_asked_for_as_many_inputs_as_are_wired(wiring: Wiring, count: int) -> None:
    assert wiring.input_count == count


steps = st.lists(
    st.tuples(
        st.sampled_from([*Drive, "read", "ends"]),
        st.lists(st.sampled_from(["works", "before", "after"]), max_size=4),
        st.tuples(st.booleans(), st.booleans(), st.booleans()),
    ),
    max_size=40,
)


@given(
    wiring=st.sampled_from([PULSED, LEVEL, Wiring(RAISE, LOWER)]), left_on=st.sampled_from([None, 0, 1]), steps=steps
)
def test_two_relays_are_never_closed_together(
    wiring: Wiring, left_on: int | None, steps: list[tuple[Drive | str, list[str], tuple[bool, bool, bool]]]
) -> None:
    board = Board(left_on=frozenset() if left_on is None else frozenset({left_on}))
    barrier = WiredBarrier(board, board, wiring)
    for step, failures, shown in steps:
        board.failures, board.shown = list(failures), shown
        try:
            if isinstance(step, Drive):
                barrier.drive(step)
            elif step == "read":
                barrier.inputs()
            elif wiring.style == "pulse":
                board.on.clear()
        except BarrierFault:
            continue
        if isinstance(step, Drive) and wiring.style == "level":
            assert board.on == {own for own in [wiring.output(step)] if own is not None}
    assert board.most_on <= 1
