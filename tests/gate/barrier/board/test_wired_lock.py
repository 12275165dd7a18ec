"""A lock on a relay: which way is free, what a silent board makes of it, and where letting go leaves it."""

from __future__ import annotations

from typing import Any

import pytest

from gate.barrier.board.wired_lock import WiredLock
from gate.barrier.board.wiring import LockWiring
from gate.barrier.controller import Barrier
from gate.barrier.device import Drive, Inputs
from gate.barrier.locks import DOOR
from gate.barrier.standing import Timing
from gate.errors import BarrierFault, ConfigRefused


class Board:
    def __init__(self) -> None:
        self.switched: list[tuple[int, bool]] = []
        self.inputs = [False] * 4
        self.there = True
        self.closed = False

    def switch(self, channel: int, *, on: bool) -> None:
        if not self.there:
            raise BarrierFault("board.not_answering")
        self.switched.append((channel, on))

    def pulse(self, channel: int, duration_s: float) -> None:
        raise AssertionError("a lock is not pulsed")

    def read(self) -> tuple[bool, ...]:
        if not self.there:
            raise BarrierFault("board.not_answering")
        return tuple(self.inputs)

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(("style", "free"), [("holds", False), ("releases", True)])
def test_a_magnet_is_freed_by_an_open_relay_and_a_strike_by_a_closed_one(style: Any, free: bool) -> None:
    board = Board()
    lock = WiredLock(board, board, LockWiring(2, style))
    for drive in (Drive.RAISE, Drive.RAISE, Drive.STOP, Drive.LOWER):
        lock.drive(drive)
    assert board.switched == [(2, free), (2, not free)]


def test_inputs_are_read_by_name_and_inverted_where_they_are_normally_closed() -> None:
    board = Board()
    wiring = LockWiring(0, "holds", door_shut=0, exit_button=1, fire=2, inverted=frozenset({"fire"}))
    lock = WiredLock(board, board, wiring)
    board.inputs = [True, False, False, False]
    assert lock.inputs() == Inputs(door_shut=True, exit_button=False, fire=True)


def test_a_board_that_was_away_is_told_again() -> None:
    board = Board()
    lock = WiredLock(board, board, LockWiring(0, "holds"))
    lock.drive(Drive.LOWER)
    board.there = False
    with pytest.raises(BarrierFault):
        lock.inputs()
    board.there = True
    lock.drive(Drive.LOWER)
    assert board.switched == [(0, True), (0, True)]


class Rebooting(Board):
    """A board whose relays open when it restarts, and whose next reading alone is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.on = False
        self.restarted = False

    def restart(self) -> None:
        self.on = False
        self.restarted = True

    def switch(self, channel: int, *, on: bool) -> None:
        super().switch(channel, on=on)
        self.on = on

    def read(self) -> tuple[bool, ...]:
        if self.restarted:
            self.restarted = False
            raise BarrierFault("board.not_answering")
        return super().read()


@pytest.mark.parametrize("style", ["holds", "releases"])
@pytest.mark.parametrize("burning", [False, True])
def test_a_board_that_restarts_within_the_attempts_at_one_reading_gets_its_lock_back(style: Any, burning: bool) -> None:
    board = Rebooting()
    lock = WiredLock(board, board, LockWiring(0, style, door_shut=0, fire=1))
    board.inputs = [True, burning, False, False]
    door = Barrier("door", lock, Timing(1.0, 5.0, 1.0, 1.0), lambda: 0.0, lambda _act: None, book=DOOR)
    door.poll_once()
    door.poll_once()
    before = board.on
    assert before is (burning is (style == "releases"))
    board.restart()
    door.poll_once()
    assert not board.restarted
    assert board.on is before


def test_a_board_that_was_lost_for_good_is_told_nothing_of_itself() -> None:
    board = Rebooting()
    lock = WiredLock(board, board, LockWiring(0, "releases"))
    lock.drive(Drive.RAISE)
    board.restart()
    with pytest.raises(BarrierFault):
        lock.inputs()
    lock.drive(Drive.STOP)
    lock.inputs()
    assert board.switched == [(0, True)]


def test_letting_go_lets_go_of_the_board() -> None:
    board = Board()
    lock = WiredLock(board, board, LockWiring(0, "holds"))
    lock.close()
    assert board.closed


def test_what_cannot_be_wired_is_refused() -> None:
    with pytest.raises(ConfigRefused):
        WiredLock(Board(), None, LockWiring(0, "holds", door_shut=0))
    for wrong in ({"style": "pulse"}, {"lock": 32}, {"door_shut": 1, "fire": 1}, {"inverted": frozenset({"fire"})}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            LockWiring(**{"lock": 0, "style": "holds", **wrong})
