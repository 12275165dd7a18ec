"""The table itself: whole, and lowering in one place only."""

from __future__ import annotations

import pytest

from gate.barrier.act import ActKind, Command
from gate.barrier.device import Drive
from gate.barrier.standing import Place, State
from gate.barrier.transitions import STARTS, TABLE, WATCHED, Code, Move, Sign
from gate.texts import catalogue

CELLS = [(sign, state, move) for sign, row in TABLE.items() for state, move in row.items()]


def test_every_sign_has_a_move_in_every_state() -> None:
    assert set(TABLE) == set(Sign)
    assert all(set(row) == set(State) for row in TABLE.values())
    assert set(STARTS) == set(Place)


def test_the_arm_is_lowered_from_one_cell_only() -> None:
    lowering = [(sign, state) for sign, state, move in CELLS if move.drive is Drive.LOWER]
    assert lowering == [(Sign.DUE, State.OPEN)]
    assert Drive.LOWER not in {move.drive for move in STARTS.values()}


def test_no_command_leads_towards_closed() -> None:
    for command in Command:
        assert {move.to for move in TABLE[Sign(command.value)].values()}.isdisjoint({State.CLOSING, State.CLOSED})


@pytest.mark.parametrize("state", [State.OPENING, State.OPEN, State.HELD])
def test_a_second_open_moves_nothing(state: State) -> None:
    assert TABLE[Sign.OPEN][state] == Move(act=ActKind.COMMANDED)


@pytest.mark.parametrize("sign", [Sign.OPEN, Sign.HOLD, Sign.OBSTRUCTED])
def test_a_closing_arm_rises_at_once(sign: Sign) -> None:
    move = TABLE[sign][State.CLOSING]
    assert (move.to, move.drive) == (State.OPENING, Drive.RAISE)


def test_whatever_leads_into_fault_stops_the_motor_and_names_the_cause() -> None:
    into = [move for _, _, move in CELLS if move.to is State.FAULT] + [STARTS[Place.BOTH]]
    assert all(move.drive is Drive.STOP and move.act is ActKind.FAULTED and move.code for move in into)


def test_only_a_limit_or_the_travel_time_leads_out_of_fault() -> None:
    out = {sign for sign, row in TABLE.items() if row[State.FAULT].to not in {None, State.FAULT}}
    assert out == {Sign.UP, Sign.UP_TO_STAY, Sign.DOWN}


def test_commands_always_leave_an_act() -> None:
    orders = [Sign.OPEN, Sign.CLOSE, Sign.CLOSE_WHILE_HELD, Sign.HOLD, Sign.RELEASE, Sign.UNHEARD]
    acts = {move.act for sign in orders for move in TABLE[sign].values()}
    assert acts == {ActKind.COMMANDED, ActKind.REFUSED}
    assert set(WATCHED).isdisjoint(orders)


def test_every_code_and_word_has_its_sentence() -> None:
    words = [*Code, *(f"barrier.act.{kind}" for kind in ActKind), *(f"barrier.command.{kind}" for kind in Command)]
    words += [f"barrier_state.{state}" for state in State]
    words += ["barrier.unknown_device", "barrier.sim_unknown_key", "barrier.sim_bad_value"]
    assert not [word for word in words if word not in catalogue()]
