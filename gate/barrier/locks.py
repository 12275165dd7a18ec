"""The transition tables of what locks instead of moving: doors and turnstiles. Data only.

`Drive.RAISE` frees the lock and `Drive.LOWER` locks it. The exit button and the key free it whatever anybody wants, and
so do fire and emergency; that both are wired to the lock's own supply as well is the installer's part (GB 50016): this
table only keeps the software out of their way.
"""

from __future__ import annotations

from gate.barrier.act import ActKind
from gate.barrier.code import Code
from gate.barrier.device import Drive
from gate.barrier.move import AGREE, LIFT, RAISE_AGAIN, STAY, Book, Move, Row, Sign, Table, fault, refuse
from gate.barrier.standing import Place, State

DOOR_STATES = frozenset({State.CLOSED, State.RELEASED, State.AJAR, State.FORCED, State.HELD, State.FAULT})
TURNSTILE_STATES = frozenset({State.CLOSED, State.RELEASED, State.HELD, State.FAULT})

DOOR_WATCHED: tuple[Sign, ...] = (
    Sign.FIRE,
    Sign.EMERGENCY_ON,
    Sign.EXIT,
    Sign.BACK_TO_STAY,
    Sign.BACK_SHUT,
    Sign.BACK_OPEN,
    Sign.HELD_WISH,
    Sign.TIMED,
    Sign.HOLD_OVER,
    Sign.WENT_OPEN,
    Sign.ONE_MORE,
    Sign.WENT_SHUT,
    Sign.NOT_LOCKED,
    Sign.LOCKED_AGAIN,
    Sign.LOCK_ONCE_MORE,
    Sign.DUE,
)
TURNSTILE_WATCHED: tuple[Sign, ...] = (
    Sign.FIRE,
    Sign.EMERGENCY_ON,
    Sign.EXIT,
    Sign.BACK_TO_STAY,
    Sign.BACK_SHUT,
    Sign.HELD_WISH,
    Sign.TIMED,
    Sign.HOLD_OVER,
    Sign.STEPPED,
    Sign.NOT_LOCKED,
    Sign.LOCKED_AGAIN,
    Sign.LOCK_ONCE_MORE,
    Sign.DUE,
)

_FREE = Move(State.RELEASED, Drive.RAISE, ActKind.COMMANDED)
_HOLD = Move(State.HELD, Drive.RAISE, ActKind.COMMANDED)
_RELEASE = Move(State.RELEASED, None, ActKind.COMMANDED)
_LET_GO = Move(State.RELEASED, None, ActKind.RELEASED, Code.TIMED_OVER)
_LET_OUT = Move(State.RELEASED, Drive.RAISE, ActKind.RAISED, Code.EXIT_BUTTON)
_OPENED = Move(State.AJAR, None, ActKind.OPENED, Code.DOOR_OPEN)
_ALLOWED = Move(State.AJAR, Drive.RAISE, ActKind.COMMANDED)
_PRIED = Move(State.FORCED, None, ActKind.FORCED, Code.DOOR_FORCED)
_PUSHED = Move(None, None, ActKind.FORCED, Code.PUSHED_THROUGH)
_SHUT = Move(State.CLOSED, Drive.LOWER, ActKind.CLOSED, Code.DOOR_SHUT)
_WENT_THROUGH = Move(State.CLOSED, Drive.LOWER, ActKind.CLOSED, Code.PASSED)
_NEXT = Move(State.RELEASED, Drive.RAISE, ActKind.RELEASED, Code.ONE_MORE)
_TIME_UP = Move(State.CLOSED, Drive.LOWER, ActKind.CLOSED, Code.TIME_UP)
_BACK = Move(State.CLOSED, Drive.LOWER, ActKind.RECOVERED, Code.FOUND_SHUT)
_BACK_OPEN = Move(State.AJAR, None, ActKind.RECOVERED, Code.FOUND_OPEN)
_BACK_TO_STAY = Move(State.HELD, Drive.RAISE, ActKind.RECOVERED, Code.HELD_AGAIN)
_LOCKED = Move(State.CLOSED, None, ActKind.RECOVERED, Code.FOUND_SHUT)
_unlocked = fault(Code.NO_LOCK)
_no_stop = refuse(Code.NO_STOP)
_held = refuse(Code.IS_HELD)
_broken = refuse(Code.IN_FAULT)
_shut_out = refuse(Code.INTERLOCKED)


def _row(
    *,
    closed: Move = STAY,
    released: Move = STAY,
    ajar: Move = STAY,
    forced: Move = STAY,
    held: Move = STAY,
    fault: Move = STAY,
) -> Row:
    return {
        State.CLOSED: closed,
        State.RELEASED: released,
        State.AJAR: ajar,
        State.FORCED: forced,
        State.HELD: held,
        State.FAULT: fault,
    }


def _everywhere(move: Move) -> Row:
    return dict.fromkeys(DOOR_STATES, move)


def _urgent(code: Code) -> Row:
    free = Move(State.HELD, Drive.RAISE, ActKind.RAISED, code)
    return _row(closed=free, released=free, ajar=free, forced=free, fault=RAISE_AGAIN)


def _wanted_open(code: Code) -> Row:
    free = Move(State.HELD, Drive.RAISE, ActKind.RAISED, code)
    return _row(closed=free, released=free, ajar=free)


# fmt: off
_COMMON: Table = {
    Sign.OPEN: _row(closed=_FREE, released=AGREE, ajar=AGREE, forced=_ALLOWED, held=AGREE, fault=LIFT),
    # A lock in fault hurts nobody by staying as it is, and freeing it may open the second door of an airlock: a person
    # inside still gets out by exit button, key, fire and emergency. One that is open already gets no more open.
    Sign.INTERLOCKED: _row(
        closed=_shut_out, released=AGREE, ajar=AGREE, forced=_ALLOWED, held=AGREE, fault=_shut_out),
    Sign.CLOSE: _row(closed=AGREE, released=AGREE, ajar=AGREE, forced=AGREE, held=_held, fault=_broken),
    Sign.CLOSE_WHILE_HELD: {**_everywhere(_held), State.FAULT: _broken},
    Sign.CLOSE_WHILE_TIMED: {**_everywhere(refuse(Code.IS_TIMED)), State.FAULT: _broken},
    Sign.HOLD: _row(closed=_HOLD, released=_HOLD, ajar=_HOLD, forced=_HOLD, held=AGREE, fault=LIFT),
    Sign.RELEASE: {**_everywhere(AGREE), State.HELD: _RELEASE},
    Sign.STOP: _everywhere(_no_stop),
    Sign.LOCKDOWN: {**_everywhere(AGREE), State.HELD: _RELEASE},
    Sign.EMERGENCY: _row(closed=_HOLD, released=_HOLD, ajar=_HOLD, forced=_HOLD, held=AGREE, fault=LIFT),
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
    Sign.EXIT: _row(closed=_LET_OUT, forced=Move(State.AJAR, Drive.RAISE, ActKind.RAISED, Code.EXIT_BUTTON),
                    fault=RAISE_AGAIN),
    Sign.BACK_TO_STAY: _row(fault=_BACK_TO_STAY),
    Sign.BACK_SHUT: _row(fault=_BACK),
    Sign.NOT_LOCKED: _row(closed=_unlocked),
    Sign.LOCKED_AGAIN: _row(fault=_LOCKED),
    Sign.LOCK_ONCE_MORE: _row(fault=Move(None, Drive.LOWER)),
    Sign.HELD_WISH: _wanted_open(Code.HELD_AGAIN),
    Sign.TIMED: _wanted_open(Code.TIMED),
    Sign.HOLD_OVER: _row(held=_LET_GO),
    Sign.DUE: _row(released=_TIME_UP),
}
# fmt: on

_STAYS_OPEN = Move(State.HELD, Drive.RAISE, ActKind.STARTED, Code.HELD_AGAIN)
_FOUND_SHUT = Move(State.CLOSED, Drive.LOWER, ActKind.STARTED, Code.FOUND_SHUT)

DOOR = Book(
    "door",
    DOOR_STATES,
    {
        **_COMMON,
        Sign.BACK_OPEN: _row(fault=_BACK_OPEN),
        Sign.WENT_OPEN: _row(closed=_PRIED, released=_OPENED),
        Sign.ONE_MORE: _row(ajar=_NEXT),
        Sign.WENT_SHUT: _row(ajar=_SHUT, forced=_SHUT),
    },
    DOOR_WATCHED,
    {
        Place.DOWN: _FOUND_SHUT,
        Place.UNKNOWN: _FOUND_SHUT,
        Place.UP: Move(State.AJAR, None, ActKind.STARTED, Code.FOUND_OPEN),
    },
    _STAYS_OPEN,
)
"""A door with a magnetic lock or a strike. Without a contact of the leaf it goes by time alone."""

TURNSTILE = Book(
    "turnstile",
    TURNSTILE_STATES,
    {
        **{sign: {state: row[state] for state in TURNSTILE_STATES} for sign, row in _COMMON.items()},
        Sign.STEPPED: {**dict.fromkeys(TURNSTILE_STATES, STAY), State.CLOSED: _PUSHED, State.RELEASED: _WENT_THROUGH},
    },
    TURNSTILE_WATCHED,
    {Place.UNKNOWN: _FOUND_SHUT},
    _STAYS_OPEN,
)
"""A turnstile or a flap: each opening is for one, counted by the signal of its turn; without it, by time alone."""
