"""The tables themselves: whole, an arm lowered in one place only, fire and exit before everything."""

from __future__ import annotations

import pytest

from gate.barrier.act import ActKind, Command
from gate.barrier.code import ALARMS, Code
from gate.barrier.device import Drive
from gate.barrier.locks import DOOR, TURNSTILE
from gate.barrier.move import Book, Move, Sign
from gate.barrier.signs import SHOWS
from gate.barrier.standing import Place, State
from gate.barrier.transitions import ARM, STARTS, TABLE
from gate.texts import catalogue

BOOKS = [ARM, DOOR, TURNSTILE]
books = pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
CELLS = [(sign, state, move) for sign, row in TABLE.items() for state, move in row.items()]
ORDERS = {
    *(Sign(command.value) for command in Command),
    Sign.NOTED,
    Sign.CLOSE_WHILE_HELD,
    Sign.CLOSE_WHILE_TIMED,
    Sign.LOCKED_OUT,
    Sign.INTERLOCKED,
    Sign.IN_FIRE,
    Sign.IN_EMERGENCY,
    Sign.UNHEARD,
    Sign.UNHEARD_WISH,
}


@books
def test_every_sign_has_a_move_in_every_state(book: Book) -> None:
    assert set(book.table) == ORDERS | {Sign.LOST} | set(book.watched)
    assert all(set(row) == book.states for row in book.table.values())
    assert {move.to for row in book.table.values() for move in row.values()} <= {None, *book.states}


def test_every_sign_of_a_reading_can_be_read() -> None:
    watched = {sign for book in BOOKS for sign in book.watched}
    assert set(SHOWS) == watched
    assert watched.isdisjoint(ORDERS)
    assert watched | ORDERS | {Sign.LOST} == set(Sign)


def test_an_arm_starts_safe_wherever_it_is_found() -> None:
    assert set(STARTS) == set(Place)
    assert Drive.LOWER not in {move.drive for move in STARTS.values()}


def test_the_arm_is_lowered_from_one_cell_only() -> None:
    lowering = [(sign, state) for sign, state, move in CELLS if move.drive is Drive.LOWER]
    assert lowering == [(Sign.DUE, State.OPEN)]


def test_no_command_leads_an_arm_towards_closed() -> None:
    for command in Command:
        assert {move.to for move in TABLE[Sign(command.value)].values()}.isdisjoint({State.CLOSING, State.CLOSED})


@pytest.mark.parametrize("state", [State.OPENING, State.OPEN, State.HELD])
def test_a_second_open_moves_nothing(state: State) -> None:
    assert TABLE[Sign.OPEN][state] == Move(act=ActKind.COMMANDED)


def test_an_interlock_keeps_down_only_an_arm_known_to_be_down_and_shut_every_lock_not_known_to_be_open() -> None:
    kept = {
        book.name: {state for state, move in book.table[Sign.INTERLOCKED].items() if move.code == Code.INTERLOCKED}
        for book in (ARM, DOOR, TURNSTILE)
    }
    locks = {State.CLOSED, State.FAULT}
    assert kept == {"arm": {State.CLOSED}, "door": locks, "turnstile": locks}


@pytest.mark.parametrize(
    "sign", [Sign.OPEN, Sign.INTERLOCKED, Sign.HOLD, Sign.EMERGENCY, Sign.OBSTRUCTED, Sign.FIRE, Sign.TIMED]
)
def test_a_closing_arm_rises_at_once(sign: Sign) -> None:
    move = TABLE[sign][State.CLOSING]
    assert (move.to, move.drive) == (State.OPENING, Drive.RAISE)


@books
def test_fire_and_emergency_come_first_and_open_from_everywhere(book: Book) -> None:
    assert book.watched[:2] == (Sign.FIRE, Sign.EMERGENCY_ON)
    for sign in (Sign.FIRE, Sign.EMERGENCY_ON, Sign.EMERGENCY):
        for state, move in book.table[sign].items():
            on_the_way = state in {State.OPENING, State.OPEN, State.HELD, State.RELEASED, State.AJAR}
            assert move.drive is Drive.RAISE or (on_the_way and move.drive is None)


@pytest.mark.parametrize("book", [DOOR, TURNSTILE], ids=lambda book: book.name)
def test_the_exit_button_frees_a_lock_from_everywhere_it_is_locked(book: Book) -> None:
    assert book.watched[2] is Sign.EXIT
    locked = {State.CLOSED, State.FAULT} | ({State.FORCED} & book.states)
    assert {state for state, move in book.table[Sign.EXIT].items() if move.drive is Drive.RAISE} == locked


@books
def test_whatever_leads_into_fault_stops_the_motor_and_names_the_cause(book: Book) -> None:
    moves = [move for row in book.table.values() for move in row.values()] + list(book.starts.values())
    into = [move for move in moves if move.to is State.FAULT]
    assert into
    assert all(move.drive is Drive.STOP and move.act is ActKind.FAULTED and move.code for move in into)


@books
def test_a_state_never_changes_unrecorded(book: Book) -> None:
    moves = [move for row in book.table.values() for move in row.values()] + list(book.starts.values())
    moves += [move for move in (book.starts_held, book.starts_by_hand) if move is not None]
    assert all(move.act for move in moves if move.to is not None)


def test_only_an_end_the_travel_time_or_the_key_leads_an_arm_out_of_fault() -> None:
    out = {sign for sign, row in TABLE.items() if row[State.FAULT].to not in {None, State.FAULT}}
    assert out == {
        Sign.UP,
        Sign.UP_TO_STAY,
        Sign.DOWN,
        Sign.ARM_BACK_DOWN,
        Sign.ARM_BACK_UP,
        Sign.KEY_TURNED,
    }


@books
def test_commands_always_leave_an_act(book: Book) -> None:
    acts = {move.act for sign in ORDERS for move in book.table[sign].values()}
    assert acts == {ActKind.COMMANDED, ActKind.REFUSED}


def test_every_code_and_word_has_its_sentence() -> None:
    words = [*Code, *(f"barrier.act.{kind}" for kind in ActKind), *(f"barrier.command.{kind}" for kind in Command)]
    words += [f"barrier_state.{state}" for state in State]
    words += ["barrier.unknown_device", "barrier.sim_unknown_key", "barrier.sim_bad_value"]
    assert not [word for word in words if word not in catalogue()]
    assert set(ALARMS) <= set(Code)
