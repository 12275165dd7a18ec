"""The transition table of an arm: for every sign and every state, what follows. Data only.

`OPEN` while opening or open changes nothing but the open time, so a second trigger never reverses the arm; `OPEN` while
closing raises at once (GB/T 24973). `Drive.LOWER` stands in one cell alone: an open barrier whose time is up over a
clear way. Fire and emergency stand first among the signs, presence before lockdown, lockdown before people's commands.
"""

from __future__ import annotations

from collections.abc import Mapping

from gate.barrier.act import ActKind
from gate.barrier.code import Code
from gate.barrier.device import Drive
from gate.barrier.move import AGREE, LIFT, RAISE_AGAIN, STAY, Book, Move, Row, Sign, fault, refuse
from gate.barrier.standing import Place, State

STATES = frozenset(
    {
        State.CLOSED,
        State.OPENING,
        State.OPEN,
        State.CLOSING,
        State.HELD,
        State.STOPPED,
        State.MANUAL,
        State.FAULT,
    }
)

WATCHED: tuple[Sign, ...] = (
    Sign.FIRE,
    Sign.EMERGENCY_ON,
    Sign.OBSTRUCTED,
    Sign.KEY_TURNED,
    Sign.KEY_BACK_DOWN,
    Sign.KEY_BACK_UP,
    Sign.KEY_BACK_ADRIFT,
    Sign.BOTH_LIMITS,
    Sign.ARM_OFF,
    Sign.ARM_BACK_DOWN,
    Sign.ARM_BACK_UP,
    Sign.BACK_DOWN,
    Sign.BACK_ADRIFT,
    Sign.ASTRAY,
    Sign.UP,
    Sign.UP_TO_STAY,
    Sign.DOWN,
    Sign.OVERDUE,
    Sign.IMMOBILE,
    Sign.HELD_WISH,
    Sign.TIMED,
    Sign.HOLD_OVER,
    Sign.DUE,
)

_RAISE = Move(State.OPENING, Drive.RAISE, ActKind.COMMANDED)
_STOP = Move(None, Drive.STOP)
_HALT = Move(State.STOPPED, Drive.STOP, ActKind.COMMANDED)
_HALT_AGAIN = Move(None, Drive.STOP, ActKind.COMMANDED)
_HOLD = Move(State.HELD, None, ActKind.COMMANDED)
_RELEASE = Move(State.OPEN, None, ActKind.COMMANDED)
_LET_GO = Move(State.OPEN, None, ActKind.RELEASED, Code.TIMED_OVER)
_LOWER = Move(State.CLOSING, Drive.LOWER, ActKind.LOWERING, Code.WAY_CLEAR)
_REOPEN = Move(State.OPENING, Drive.RAISE, ActKind.REOPENED, Code.PRESENCE)
_SANK = Move(State.OPENING, Drive.RAISE, ActKind.REOPENED, Code.ARM_SANK)
_OPENED = Move(State.OPEN, None, ActKind.OPENED, Code.UP)
_OPENED_TO_STAY = Move(State.HELD, None, ActKind.OPENED, Code.UP)
_CLOSED = Move(State.CLOSED, Drive.STOP, ActKind.CLOSED, Code.DOWN)
_RECOVERED_UP = Move(State.OPEN, None, ActKind.RECOVERED, Code.UP)
_RECOVERED_TO_STAY = Move(State.HELD, None, ActKind.RECOVERED, Code.UP)
_RECOVERED_DOWN = Move(State.CLOSED, Drive.STOP, ActKind.RECOVERED, Code.DOWN)
_HAND_OVER = Move(State.MANUAL, Drive.STOP, ActKind.HANDED_OVER, Code.MANUAL_KEY)
_TAKE_DOWN = Move(State.CLOSED, Drive.STOP, ActKind.TAKEN_BACK, Code.KEY_BACK)
_TAKE_UP = Move(State.OPEN, None, ActKind.TAKEN_BACK, Code.KEY_BACK)
_TAKE_ADRIFT = Move(State.OPENING, Drive.RAISE, ActKind.TAKEN_BACK, Code.KEY_BACK)

_key = refuse(Code.MANUAL_KEY)
_held = refuse(Code.IS_HELD)
_broken = refuse(Code.IN_FAULT)
_halted = refuse(Code.IS_STOPPED)
_shut_out = refuse(Code.INTERLOCKED)
_stuck = fault(Code.ARM_STUCK)
_late_up = fault(Code.NO_OPEN_LIMIT)
_late_down = fault(Code.NO_CLOSED_LIMIT)
_off = fault(Code.ARM_OFF)


def _row(
    *,
    closed: Move = STAY,
    opening: Move = STAY,
    open_: Move = STAY,
    closing: Move = STAY,
    held: Move = STAY,
    stopped: Move = STAY,
    manual: Move = STAY,
    fault: Move = STAY,
) -> Row:
    return {
        State.CLOSED: closed,
        State.OPENING: opening,
        State.OPEN: open_,
        State.CLOSING: closing,
        State.HELD: held,
        State.STOPPED: stopped,
        State.MANUAL: manual,
        State.FAULT: fault,
    }


def _everywhere(move: Move) -> Row:
    return dict.fromkeys(STATES, move)


def _urgent(code: Code) -> Row:
    """Up from wherever it is, whoever has the key, and again for as long as it is in fault."""
    up = Move(State.OPENING, Drive.RAISE, ActKind.RAISED, code)
    stay = Move(State.HELD, None, ActKind.RAISED, code)
    return _row(closed=up, open_=stay, closing=up, stopped=up, manual=up, fault=RAISE_AGAIN)


def _wanted_open(code: Code) -> Row:
    up = Move(State.OPENING, Drive.RAISE, ActKind.RAISED, code)
    return _row(closed=up, open_=Move(State.HELD, None, ActKind.RAISED, code), closing=up)


# fmt: off
TABLE: Mapping[Sign, Row] = {
    Sign.OPEN: _row(
        closed=_RAISE, opening=AGREE, open_=AGREE, closing=_RAISE, held=AGREE, stopped=_RAISE, manual=_key, fault=LIFT),
    # Only an arm that is known to be down may be kept from rising: any other may hang over a car.
    Sign.INTERLOCKED: _row(
        closed=_shut_out, opening=AGREE, open_=AGREE, closing=_RAISE, held=AGREE, stopped=_RAISE, manual=_key,
        fault=LIFT),
    Sign.CLOSE: _row(
        closed=AGREE, opening=AGREE, open_=AGREE, closing=AGREE, held=_held, stopped=_halted, manual=_key,
        fault=_broken),
    Sign.CLOSE_WHILE_HELD: {**_everywhere(_held), State.FAULT: _broken},
    Sign.CLOSE_WHILE_TIMED: {**_everywhere(refuse(Code.IS_TIMED)), State.FAULT: _broken},
    Sign.HOLD: _row(
        closed=_RAISE, opening=AGREE, open_=_HOLD, closing=_RAISE, held=AGREE, stopped=_RAISE, manual=_key,
        fault=LIFT),
    Sign.RELEASE: {**_everywhere(AGREE), State.HELD: _RELEASE},
    Sign.STOP: _row(
        closed=AGREE, opening=_HALT, open_=AGREE, closing=_HALT, held=AGREE, stopped=_HALT_AGAIN, manual=_HALT_AGAIN,
        fault=_HALT_AGAIN),
    Sign.LOCKDOWN: {**_everywhere(AGREE), State.HELD: _RELEASE},
    Sign.EMERGENCY: _row(
        closed=_RAISE, opening=AGREE, open_=_HOLD, closing=_RAISE, held=AGREE, stopped=_RAISE, manual=_RAISE,
        fault=LIFT),
    Sign.ALL_CLEAR: {**_everywhere(AGREE), State.HELD: _RELEASE},
    Sign.NOTED: _everywhere(AGREE),
    Sign.LOCKED_OUT: _everywhere(refuse(Code.LOCKED_DOWN)),
    Sign.IN_FIRE: _everywhere(refuse(Code.FIRE)),
    Sign.IN_EMERGENCY: _everywhere(refuse(Code.EMERGENCY)),
    Sign.UNHEARD: _everywhere(refuse(Code.NOT_ANSWERING)),
    Sign.UNHEARD_WISH: _everywhere(AGREE),
    Sign.LOST: _everywhere(fault(Code.NOT_ANSWERING)),
    Sign.FIRE: _urgent(Code.FIRE),
    Sign.EMERGENCY_ON: _urgent(Code.EMERGENCY),
    Sign.OBSTRUCTED: _row(closing=_REOPEN),
    Sign.KEY_TURNED: {**_everywhere(_HAND_OVER), State.MANUAL: STAY},
    Sign.KEY_BACK_DOWN: _row(manual=_TAKE_DOWN),
    Sign.KEY_BACK_UP: _row(manual=_TAKE_UP),
    Sign.KEY_BACK_ADRIFT: _row(manual=_TAKE_ADRIFT),
    Sign.BOTH_LIMITS: _everywhere(fault(Code.BOTH_LIMITS)),
    Sign.ARM_OFF: {**_everywhere(_off), State.MANUAL: STAY},
    Sign.ARM_BACK_DOWN: _row(fault=_RECOVERED_DOWN),
    Sign.ARM_BACK_UP: _row(fault=_RECOVERED_UP),
    Sign.BACK_DOWN: _row(fault=_STOP),
    Sign.BACK_ADRIFT: _row(fault=RAISE_AGAIN),
    Sign.ASTRAY: _row(closed=fault(Code.FORCED), open_=_SANK, held=_SANK),
    Sign.UP: _row(opening=_OPENED, stopped=_OPENED, fault=_RECOVERED_UP),
    Sign.UP_TO_STAY: _row(opening=_OPENED_TO_STAY, stopped=_OPENED_TO_STAY, fault=_RECOVERED_TO_STAY),
    Sign.DOWN: _row(closing=_CLOSED, stopped=_CLOSED, fault=_RECOVERED_DOWN),
    Sign.OVERDUE: _row(opening=_late_up, closing=_late_down, fault=_late_up),
    Sign.IMMOBILE: _row(opening=_stuck, closing=_stuck, fault=_stuck),
    Sign.HELD_WISH: _wanted_open(Code.HELD_AGAIN),
    Sign.TIMED: _wanted_open(Code.TIMED),
    Sign.HOLD_OVER: _row(held=_LET_GO),
    Sign.DUE: _row(open_=_LOWER),
}
# fmt: on

STARTS: Mapping[Place, Move] = {
    Place.DOWN: Move(State.CLOSED, Drive.STOP, ActKind.STARTED, Code.FOUND_DOWN),
    Place.UP: Move(State.OPEN, Drive.STOP, ActKind.STARTED, Code.FOUND_UP),
    Place.BETWEEN: Move(State.OPENING, Drive.RAISE, ActKind.STARTED, Code.FOUND_BETWEEN),
    Place.UNKNOWN: Move(State.OPENING, Drive.RAISE, ActKind.STARTED, Code.FOUND_BETWEEN),
    Place.BOTH: fault(Code.BOTH_LIMITS),
}
"""What follows when the device is heard for the first time: an arm between its ends is raised, never lowered."""

BY_HAND = Move(State.MANUAL, Drive.STOP, ActKind.STARTED, Code.MANUAL_KEY)
"""The same while a person has the key: nothing moves under their hands."""

ARM = Book("arm", STATES, TABLE, WATCHED, STARTS, starts_by_hand=BY_HAND)
"""A vehicle barrier."""
