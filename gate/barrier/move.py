"""The cells that a barrier's transition table is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gate.barrier.act import ActKind
from gate.barrier.code import Code
from gate.barrier.device import Drive
from gate.barrier.standing import Place, State


class Sign(StrEnum):
    """What an event means to the machine."""

    OPEN = "open"
    CLOSE = "close"
    HOLD = "hold"
    RELEASE = "release"
    STOP = "stop"
    LOCKDOWN = "lockdown"
    EMERGENCY = "emergency"
    ALL_CLEAR = "all_clear"
    NOTED = "noted"
    """A command that changes what is wanted but, now, nothing that is done."""
    CLOSE_WHILE_HELD = "close_while_held"
    CLOSE_WHILE_TIMED = "close_while_timed"
    LOCKED_OUT = "locked_out"
    INTERLOCKED = "interlocked"
    """A command to open while the other of the pair is not shut."""
    IN_FIRE = "in_fire"
    IN_EMERGENCY = "in_emergency"
    UNHEARD = "unheard"
    """A command while the device does not answer."""
    UNHEARD_WISH = "unheard_wish"
    """The same for one that counts until it is taken back, so that it is remembered."""
    LOST = "lost"
    """The device stopped answering."""
    FIRE = "fire"
    EMERGENCY_ON = "emergency_on"
    KEY_TURNED = "key_turned"
    KEY_BACK_DOWN = "key_back_down"
    KEY_BACK_UP = "key_back_up"
    KEY_BACK_ADRIFT = "key_back_adrift"
    OBSTRUCTED = "obstructed"
    """Something is under the arm, or the sensor that should know has fallen silent."""
    BOTH_LIMITS = "both_limits"
    ARM_OFF = "arm_off"
    ARM_BACK_DOWN = "arm_back_down"
    ARM_BACK_UP = "arm_back_up"
    BACK_DOWN = "back_down"
    """The device answers again and the arm is down."""
    BACK_ADRIFT = "back_adrift"
    """The device answers again and the arm is anywhere else."""
    BACK_SHUT = "back_shut"
    BACK_OPEN = "back_open"
    BACK_TO_STAY = "back_to_stay"
    """The device answers again and the barrier is to stay open."""
    ASTRAY = "astray"
    """The arm has left its end without being driven."""
    UP = "up"
    UP_TO_STAY = "up_to_stay"
    """The arm is up, and is to stay there."""
    DOWN = "down"
    OVERDUE = "overdue"
    """The limit the arm moves to has not come in time."""
    IMMOBILE = "immobile"
    """The limit the arm moves to is not wired, and the one it should have left still shows."""
    EXIT = "exit"
    """Somebody inside pushes the exit button, or turns the key."""
    WENT_OPEN = "went_open"
    ONE_MORE = "one_more"
    """The leaf is shut again, and somebody was let in while it stood open."""
    WENT_SHUT = "went_shut"
    STEPPED = "stepped"
    """Somebody went through, and nobody else is let in."""
    NOT_LOCKED = "not_locked"
    LOCKED_AGAIN = "locked_again"
    LOCK_ONCE_MORE = "lock_once_more"
    """A lock in fault was freed for somebody, and its time is up."""
    HELD_WISH = "held_wish"
    """A guard's hold from before a restart."""
    TIMED = "timed"
    HOLD_OVER = "hold_over"
    """Nothing keeps a held barrier open any more."""
    DUE = "due"
    """The open time is over, or closing was asked for, and the way has been clear long enough."""


@dataclass(frozen=True, slots=True)
class Move:
    """What follows: the state to go to (None stays), the motor's command, what is recorded and why."""

    to: State | None = None
    drive: Drive | None = None
    act: ActKind | None = None
    code: Code | None = None


STAY = Move()
AGREE = Move(act=ActKind.COMMANDED)
LIFT = Move(None, Drive.RAISE, ActKind.COMMANDED)
RAISE_AGAIN = Move(None, Drive.RAISE)

Row = Mapping[State, Move]
Table = Mapping[Sign, Row]


@dataclass(frozen=True, slots=True)
class Book:
    """The rules of one kind of barrier, as data: for every sign and every state of its own, what follows.

    `watched` are the signs a reading can give, the most urgent first: the first that moves the present state counts.
    `starts` is what follows when the device is heard for the first time: `starts_held` for a lock that is to stay open,
    and `starts_by_hand` for an arm whose manual key is turned, instead. `states` are those it can be in.
    """

    name: str
    states: frozenset[State]
    table: Table
    watched: tuple[Sign, ...]
    starts: Mapping[Place, Move]
    starts_held: Move | None = None
    starts_by_hand: Move | None = None


def refuse(code: Code) -> Move:
    """A command that is not done, and why."""
    return Move(act=ActKind.REFUSED, code=code)


def fault(code: Code) -> Move:
    """Into fault, the motor stopped."""
    return Move(State.FAULT, Drive.STOP, ActKind.FAULTED, code)
