"""The barrier as a pure state machine: a standing and an event give the next standing, the drives and the acts.

It may only make a safe barrier more careful: only a reading, which is fresh, can lower the arm, never a command. What
follows what stands in the tables of `gate.barrier.transitions` and `gate.barrier.locks`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from gate.barrier.act import ActKind, BarrierAct, Command
from gate.barrier.code import ALARMS
from gate.barrier.device import Drive, Inputs
from gate.barrier.move import STAY, Book, Move, Sign
from gate.barrier.signs import SHOWS, View, alarms
from gate.barrier.standing import Standing, State, Timing, Wish, unknown
from gate.barrier.transitions import ARM


@dataclass(frozen=True, slots=True)
class Order:
    """A command with its idempotency key and the code of who or what gave it.

    `interlocked` says that the other of a pair is not shut, `burning` that a barrier hears the fire alarm.
    """

    kind: Command
    command_id: str
    cause: str
    interlocked: bool = False
    burning: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """A reading of all inputs; `timed` says that a timed rule wants the barrier open now."""

    inputs: Inputs
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """The device did not answer."""


Event = Order | Tick | Lost


class Outcome(NamedTuple):
    """What follows an event: the standing, the motor's commands in order, and the acts to record."""

    standing: Standing
    drives: tuple[Drive, ...] = ()
    acts: tuple[BarrierAct, ...] = ()


@dataclass(frozen=True, slots=True)
class Machine:
    """The rules of one barrier. Holds no state of its own.

    `presence_wired` is True where a sensor is known to be under the arm: one that reads None from the start has then
    fallen silent. Where it is False, that is found out with the first reading that is not None. `book` is the table of
    its kind.
    """

    timing: Timing
    presence_wired: bool = False
    book: Book = ARM

    def start(self, inputs: Inputs, now_s: float, wish: Wish | None = None) -> Outcome:
        """The first standing after power-up or a restart, with what was wanted before it.

        It never lowers an arm; one in between is raised.
        """
        wanted = unknown(now_s).wishing(wish or Wish())
        standing = replace(wanted, watched=self.presence_wired).seeing(inputs)
        outcome = self._moved(standing, self._first(standing, inputs), None)
        acts = tuple(replace(act, before=None) for act in outcome.acts)
        return Outcome(outcome.standing.wishing(standing.wish), outcome.drives, acts)

    def _first(self, standing: Standing, inputs: Inputs) -> Move:
        book = self.book
        if book.starts_held is not None and standing.stays_open:
            return book.starts_held
        if book.starts_by_hand is not None and inputs.manual_key and not standing.urgent:
            return book.starts_by_hand
        return book.starts[standing.place]

    def step(self, standing: Standing, event: Event, now_s: float) -> Outcome:
        """The next standing. Total: every event is taken in every state; `now_s` may even run backwards."""
        standing = standing.at(now_s)
        match event:
            case Order():
                return self._ordered(standing, event)
            case Lost():
                return self._moved(standing.unheard(), self.book.table[Sign.LOST][standing.state], None)
            case Tick():
                return self._read(standing, event)

    def _ordered(self, standing: Standing, order: Order) -> Outcome:
        move = self.book.table[_order_sign(standing, order)][standing.state]
        if move.act is ActKind.COMMANDED:
            standing = self._wished(standing, order)
        return self._moved(standing, move, order)

    def _wished(self, standing: Standing, order: Order) -> Standing:
        """What people want, remembered."""
        until_s = max(standing.open_until_s, standing.now_s + self.timing.hold_open_s)
        match order.kind:
            case Command.OPEN:
                wished = replace(_granted(standing), close_asked=False, open_until_s=until_s)
            case Command.CLOSE:
                opened = {State.OPENING, State.OPEN, State.RELEASED}
                wished = replace(standing, close_asked=standing.state in opened)
            case Command.HOLD:
                wished = replace(standing, close_asked=False, held=True)
            case Command.RELEASE:
                wished = replace(standing, held=False, lockdown=False, timed_off=standing.timed, open_until_s=until_s)
            case Command.STOP:
                wished = replace(standing, close_asked=False)
            case Command.LOCKDOWN:
                wished = replace(standing, held=False, lockdown=True)
            case Command.EMERGENCY:
                wished = replace(standing, close_asked=False, emergency=True)
            case Command.ALL_CLEAR:
                burning = standing.fire and standing.inputs is None
                wished = replace(standing, emergency=False, fire=burning, open_until_s=until_s)
        return replace(wished, command_id=order.command_id)

    def _read(self, before: Standing, tick: Tick) -> Outcome:
        standing = before.seeing(tick.inputs).on_timetable(timed=tick.timed)
        view = View(standing, before, tick.inputs, self.timing)
        calling = alarms(view)
        told = _alarm_acts(standing, calling)
        standing = replace(standing, alarms=calling)
        view = replace(view, standing=standing)
        for sign in self.book.watched:
            move = self.book.table[sign][standing.state]
            if move is not STAY and SHOWS[sign](view):
                outcome = self._moved(standing, move, None)
                return outcome._replace(acts=told + outcome.acts)
        return Outcome(standing, (), told)

    def _moved(self, standing: Standing, move: Move, order: Order | None) -> Outcome:
        """The standing after a move, with what the motor is told and what is recorded."""
        before, now_s = standing, standing.now_s
        state = move.to or standing.state
        if state is not standing.state:
            standing = self._entered(standing, state)
        if move.drive is not None:
            standing = replace(standing, drive=move.drive, drive_s=now_s)
        if state is State.FAULT and move.act is ActKind.FAULTED:
            standing = replace(standing, code=move.code)
        acts = tuple(_acts(before, standing, move, order))
        if state is State.CLOSED:
            standing = replace(standing, command_id=None)
        return Outcome(standing, (move.drive,) if move.drive is not None else (), acts)

    def _entered(self, standing: Standing, state: State) -> Standing:
        entered = replace(standing, state=state, since_s=standing.now_s, code=None)
        if standing.state is State.HELD:
            entered = replace(entered, granted=0, through=0)
        if state in {State.OPEN, State.HELD}:
            return replace(entered, open_until_s=max(entered.open_until_s, entered.now_s + self.timing.hold_open_s))
        if state is State.CLOSING:
            return replace(entered, close_asked=False)
        if state is State.RELEASED:
            until_s = max(entered.open_until_s, entered.now_s + self.timing.hold_open_s)
            return replace(entered, again=False, open_until_s=until_s)
        if state is State.CLOSED:
            return replace(entered, close_asked=False, held=False, again=False, granted=0, through=0)
        return entered


def _order_sign(standing: Standing, order: Order) -> Sign:
    """What a command means now: fire and emergency over lockdown, lockdown over everyone."""
    kind = order.kind
    if kind is Command.ALL_CLEAR and order.burning:
        return Sign.IN_FIRE
    if standing.inputs is None:
        lasting = kind in {Command.LOCKDOWN, Command.EMERGENCY, Command.ALL_CLEAR}
        return Sign.UNHEARD_WISH if lasting else Sign.UNHEARD
    if kind is Command.ALL_CLEAR:
        kept = (standing.held or (standing.timed and not standing.timed_off)) and not standing.lockdown
        return Sign.IN_FIRE if standing.inputs.fire else Sign.NOTED if kept else Sign.ALL_CLEAR
    if standing.urgent:
        if kind in {Command.CLOSE, Command.STOP}:
            return Sign.IN_FIRE if standing.fire else Sign.IN_EMERGENCY
        return Sign.NOTED if kind in {Command.RELEASE, Command.LOCKDOWN} else Sign(kind.value)
    if kind in {Command.OPEN, Command.HOLD}:
        if standing.lockdown:
            return Sign.LOCKED_OUT
        return Sign.INTERLOCKED if order.interlocked else Sign(kind.value)
    if kind is Command.CLOSE and standing.stays_open:
        return Sign.CLOSE_WHILE_HELD if standing.held else Sign.CLOSE_WHILE_TIMED
    return Sign(kind.value)


def _granted(standing: Standing) -> Standing:
    """One more is let in. A car that waits on the loop already is the one that is meant."""
    if standing.state is State.CLOSED:
        waiting = standing.inputs is not None and standing.inputs.presence is True and standing.inputs.passed is None
        return replace(standing, granted=1, through=int(waiting))
    return replace(standing, granted=standing.granted + 1, again=standing.state is State.AJAR)


def _alarm_acts(standing: Standing, calling: frozenset[str]) -> tuple[BarrierAct, ...]:
    """What began and what ended of what calls for a person."""
    return tuple(
        BarrierAct(
            kind=ActKind.ALARMED if code in calling else ActKind.CALMED,
            before=standing.state,
            after=standing.state,
            cause=code,
            at_s=standing.now_s,
        )
        for code in ALARMS
        if (code in calling) is not (code in standing.alarms)
    )


def _acts(before: Standing, after: Standing, move: Move, order: Order | None) -> tuple[BarrierAct, ...]:
    if move.act is None:
        return ()
    if move.act is ActKind.FAULTED and before.state is State.FAULT and before.code == after.code:
        return ()
    return (
        BarrierAct(
            kind=move.act,
            before=before.state,
            after=after.state,
            cause=move.code or (order.cause if order else ""),
            at_s=after.now_s,
            command=order.kind if order else None,
            command_id=order.command_id if order else after.command_id,
        ),
    )
