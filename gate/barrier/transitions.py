"""The barrier's transition table: for every sign and every state, what follows. Data only.

`OPEN` while opening or open changes nothing but the open time, so a second trigger never reverses the arm; `OPEN` while
closing raises at once (GB/T 24973). `Drive.LOWER` stands in one cell alone: an open barrier whose time is up over a
clear way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gate.barrier.act import ActKind
from gate.barrier.device import Drive
from gate.barrier.standing import Place, State


class Code(StrEnum):
    """Why a barrier did what nobody commanded, or refused what somebody did. Each has a sentence."""

    FOUND_DOWN = "barrier.found_down"
    FOUND_UP = "barrier.found_up"
    FOUND_BETWEEN = "barrier.found_between"
    UP = "barrier.up"
    DOWN = "barrier.down"
    WAY_CLEAR = "barrier.way_clear"
    PRESENCE = "barrier.presence"
    ARM_SANK = "barrier.arm_sank"
    FORCED = "barrier.forced"
    NO_OPEN_LIMIT = "barrier.no_open_limit"
    NO_CLOSED_LIMIT = "barrier.no_closed_limit"
    BOTH_LIMITS = "barrier.both_limits"
    ARM_STUCK = "barrier.arm_stuck"
    NOT_ANSWERING = "barrier.not_answering"
    IS_HELD = "barrier.is_held"
    IN_FAULT = "barrier.in_fault"


class Sign(StrEnum):
    """What an event means to the machine."""

    OPEN = "open"
    CLOSE = "close"
    CLOSE_WHILE_HELD = "close_while_held"
    HOLD = "hold"
    RELEASE = "release"
    UNHEARD = "unheard"
    """A command while the device does not answer."""
    LOST = "lost"
    """The device stopped answering."""
    OBSTRUCTED = "obstructed"
    """Something is under the arm, or the sensor that should know has fallen silent."""
    BOTH_LIMITS = "both_limits"
    BACK_DOWN = "back_down"
    """The device answers again and the arm is down."""
    BACK_ADRIFT = "back_adrift"
    """The device answers again and the arm is anywhere else."""
    ASTRAY = "astray"
    """The arm has left its end without being driven."""
    UP = "up"
    UP_TO_STAY = "up_to_stay"
    """The arm is up, and a person wants it held there."""
    DOWN = "down"
    OVERDUE = "overdue"
    """The limit the arm moves to has not come in time."""
    IMMOBILE = "immobile"
    """The limit the arm moves to is not wired, and the one it should have left still shows."""
    DUE = "due"
    """The open time is over, or closing was asked for, and the way has been clear long enough."""


WATCHED: tuple[Sign, ...] = (
    Sign.OBSTRUCTED,
    Sign.BOTH_LIMITS,
    Sign.BACK_DOWN,
    Sign.BACK_ADRIFT,
    Sign.ASTRAY,
    Sign.UP,
    Sign.UP_TO_STAY,
    Sign.DOWN,
    Sign.OVERDUE,
    Sign.IMMOBILE,
    Sign.DUE,
)
"""The signs a reading can give, the most urgent first: the first that moves the present state counts."""


@dataclass(frozen=True, slots=True)
class Move:
    """What follows: the state to go to (None stays), the motor's command, what is recorded and why."""

    to: State | None = None
    drive: Drive | None = None
    act: ActKind | None = None
    code: Code | None = None


STAY = Move()
_AGREE = Move(act=ActKind.COMMANDED)
_RAISE = Move(State.OPENING, Drive.RAISE, ActKind.COMMANDED)
_LIFT = Move(None, Drive.RAISE, ActKind.COMMANDED)
_STOP = Move(None, Drive.STOP)
_RECOVER = Move(None, Drive.RAISE)
_HOLD = Move(State.HELD, None, ActKind.COMMANDED)
_RELEASE = Move(State.OPEN, None, ActKind.COMMANDED)
_LOWER = Move(State.CLOSING, Drive.LOWER, ActKind.LOWERING, Code.WAY_CLEAR)
_REOPEN = Move(State.OPENING, Drive.RAISE, ActKind.REOPENED, Code.PRESENCE)
_RAISE_AGAIN = Move(State.OPENING, Drive.RAISE, ActKind.REOPENED, Code.ARM_SANK)
_OPENED = Move(State.OPEN, None, ActKind.OPENED, Code.UP)
_OPENED_TO_STAY = Move(State.HELD, None, ActKind.OPENED, Code.UP)
_CLOSED = Move(State.CLOSED, Drive.STOP, ActKind.CLOSED, Code.DOWN)
_RECOVERED_UP = Move(State.OPEN, None, ActKind.RECOVERED, Code.UP)
_RECOVERED_TO_STAY = Move(State.HELD, None, ActKind.RECOVERED, Code.UP)
_RECOVERED_DOWN = Move(State.CLOSED, Drive.STOP, ActKind.RECOVERED, Code.DOWN)


def _refuse(code: Code) -> Move:
    return Move(act=ActKind.REFUSED, code=code)


def _fault(code: Code) -> Move:
    return Move(State.FAULT, Drive.STOP, ActKind.FAULTED, code)


def _row(*, closed: Move, opening: Move, open_: Move, closing: Move, held: Move, fault: Move) -> Mapping[State, Move]:
    return {
        State.CLOSED: closed,
        State.OPENING: opening,
        State.OPEN: open_,
        State.CLOSING: closing,
        State.HELD: held,
        State.FAULT: fault,
    }


def _everywhere(move: Move) -> Mapping[State, Move]:
    return dict.fromkeys(State, move)


_no = _refuse(Code.IS_HELD)
_broken = _refuse(Code.IN_FAULT)
_stuck = _fault(Code.ARM_STUCK)
_late_up = _fault(Code.NO_OPEN_LIMIT)
_late_down = _fault(Code.NO_CLOSED_LIMIT)
_pried = _fault(Code.FORCED)

# fmt: off
TABLE: Mapping[Sign, Mapping[State, Move]] = {
    Sign.OPEN: _row(
        closed=_RAISE, opening=_AGREE, open_=_AGREE, closing=_RAISE, held=_AGREE, fault=_LIFT),
    Sign.CLOSE: _row(
        closed=_AGREE, opening=_AGREE, open_=_AGREE, closing=_AGREE, held=_no, fault=_broken),
    Sign.CLOSE_WHILE_HELD: _row(
        closed=_no, opening=_no, open_=_no, closing=_no, held=_no, fault=_broken),
    Sign.HOLD: _row(
        closed=_RAISE, opening=_AGREE, open_=_HOLD, closing=_RAISE, held=_AGREE, fault=_LIFT),
    Sign.RELEASE: _row(
        closed=_AGREE, opening=_AGREE, open_=_AGREE, closing=_AGREE, held=_RELEASE, fault=_AGREE),
    Sign.UNHEARD: _everywhere(_refuse(Code.NOT_ANSWERING)),
    Sign.LOST: _everywhere(_fault(Code.NOT_ANSWERING)),
    Sign.OBSTRUCTED: _row(
        closed=STAY, opening=STAY, open_=STAY, closing=_REOPEN, held=STAY, fault=STAY),
    Sign.BOTH_LIMITS: _everywhere(_fault(Code.BOTH_LIMITS)),
    Sign.BACK_DOWN: _row(
        closed=STAY, opening=STAY, open_=STAY, closing=STAY, held=STAY, fault=_STOP),
    Sign.BACK_ADRIFT: _row(
        closed=STAY, opening=STAY, open_=STAY, closing=STAY, held=STAY, fault=_RECOVER),
    Sign.ASTRAY: _row(
        closed=_pried, opening=STAY, open_=_RAISE_AGAIN, closing=STAY, held=_RAISE_AGAIN, fault=STAY),
    Sign.UP: _row(
        closed=STAY, opening=_OPENED, open_=STAY, closing=STAY, held=STAY, fault=_RECOVERED_UP),
    Sign.UP_TO_STAY: _row(
        closed=STAY, opening=_OPENED_TO_STAY, open_=STAY, closing=STAY, held=STAY, fault=_RECOVERED_TO_STAY),
    Sign.DOWN: _row(
        closed=STAY, opening=STAY, open_=STAY, closing=_CLOSED, held=STAY, fault=_RECOVERED_DOWN),
    Sign.OVERDUE: _row(
        closed=STAY, opening=_late_up, open_=STAY, closing=_late_down, held=STAY, fault=_late_up),
    Sign.IMMOBILE: _row(
        closed=STAY, opening=_stuck, open_=STAY, closing=_stuck, held=STAY, fault=_stuck),
    Sign.DUE: _row(
        closed=STAY, opening=STAY, open_=_LOWER, closing=STAY, held=STAY, fault=STAY),
}
# fmt: on

STARTS: Mapping[Place, Move] = {
    Place.DOWN: Move(State.CLOSED, Drive.STOP, ActKind.STARTED, Code.FOUND_DOWN),
    Place.UP: Move(State.OPEN, Drive.STOP, ActKind.STARTED, Code.FOUND_UP),
    Place.BETWEEN: Move(State.OPENING, Drive.RAISE, ActKind.STARTED, Code.FOUND_BETWEEN),
    Place.UNKNOWN: Move(State.OPENING, Drive.RAISE, ActKind.STARTED, Code.FOUND_BETWEEN),
    Place.BOTH: _fault(Code.BOTH_LIMITS),
}
"""What follows when the device is heard for the first time: an arm between its ends is raised, never lowered."""
