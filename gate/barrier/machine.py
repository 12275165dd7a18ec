"""The barrier as a pure state machine: a standing and an event give the next standing, the drives and the acts.

It may only make a safe barrier more careful: only a reading, which is fresh, can lower the arm, never a command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from gate.barrier.act import ActKind, BarrierAct, Command
from gate.barrier.device import Drive, Inputs
from gate.barrier.standing import Place, Standing, State, Timing, unknown
from gate.barrier.transitions import STARTS, STAY, TABLE, WATCHED, Code, Move, Sign

SETTLE_S = 0.3
"""An arm bounces on its rest: it has left, or come to, an end without being driven only after so long."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command with its idempotency key and the code of who or what gave it."""

    kind: Command
    command_id: str
    cause: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A reading of all inputs."""

    inputs: Inputs


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
    fallen silent. Where it is False, that is found out with the first reading that is not None.
    """

    timing: Timing
    presence_wired: bool = False

    def start(self, inputs: Inputs, now_s: float) -> Outcome:
        """The first standing after power-up or a restart. It never lowers; an arm in between is raised."""
        standing = replace(unknown(now_s), watched=self.presence_wired).seeing(inputs)
        outcome = self._moved(standing, STARTS[standing.place], None)
        acts = tuple(replace(act, before=None) for act in outcome.acts)
        return outcome._replace(acts=acts)

    def step(self, standing: Standing, event: Event, now_s: float) -> Outcome:
        """The next standing. Total: every event is taken in every state; `now_s` may even run backwards."""
        standing = standing.at(now_s)
        match event:
            case Order():
                return self._ordered(standing, event)
            case Lost():
                return self._moved(standing.unheard(), TABLE[Sign.LOST][standing.state], None)
            case Tick():
                return self._read(standing, event.inputs)

    def _ordered(self, standing: Standing, order: Order) -> Outcome:
        move = TABLE[_order_sign(standing, order.kind)][standing.state]
        if move.act is ActKind.COMMANDED:
            standing = self._wished(standing, order)
        return self._moved(standing, move, order)

    def _wished(self, standing: Standing, order: Order) -> Standing:
        """What people want, remembered."""
        until_s = max(standing.open_until_s, standing.now_s + self.timing.hold_open_s)
        match order.kind:
            case Command.OPEN:
                wished = replace(standing, close_asked=False, open_until_s=until_s)
            case Command.CLOSE:
                wished = replace(standing, close_asked=standing.state in {State.OPENING, State.OPEN})
            case Command.HOLD:
                wished = replace(standing, close_asked=False, held=True)
            case Command.RELEASE:
                wished = replace(standing, held=False, open_until_s=until_s)
        return replace(wished, command_id=order.command_id)

    def _read(self, before: Standing, inputs: Inputs) -> Outcome:
        standing = before.seeing(inputs)
        back = before.inputs is None
        for sign in WATCHED:
            move = TABLE[sign][standing.state]
            if move is not STAY and _SHOWS[sign](_View(standing, inputs, self.timing, back)):
                return self._moved(standing, move, None)
        return Outcome(standing)

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
        if state in {State.OPEN, State.HELD}:
            return replace(entered, open_until_s=max(entered.open_until_s, entered.now_s + self.timing.hold_open_s))
        if state is State.CLOSING:
            return replace(entered, close_asked=False)
        if state is State.CLOSED:
            return replace(entered, close_asked=False, held=False)
        return entered


def _order_sign(standing: Standing, kind: Command) -> Sign:
    if standing.inputs is None:
        return Sign.UNHEARD
    if kind is Command.CLOSE and standing.held:
        return Sign.CLOSE_WHILE_HELD
    return Sign(kind.value)


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


@dataclass(frozen=True, slots=True)
class _View:
    """What the signs are read from: the standing with this reading in it, and whether it ends a silence."""

    standing: Standing
    inputs: Inputs
    timing: Timing
    back: bool

    @property
    def moving_s(self) -> float:
        return self.standing.now_s - self.standing.drive_s

    @property
    def settled(self) -> bool:
        return self.standing.now_s - self.standing.place_s >= SETTLE_S


def _obstructed(view: _View) -> bool:
    return view.standing.clear_s is None


def _both_limits(view: _View) -> bool:
    if view.standing.place is not Place.BOTH:
        return False
    return view.standing.code != Code.BOTH_LIMITS or _late(view)


def _back_down(view: _View) -> bool:
    return view.back and view.standing.place is Place.DOWN


def _back_adrift(view: _View) -> bool:
    return view.back and view.standing.place is not Place.DOWN


def _astray(view: _View) -> bool:
    inputs = view.inputs
    if view.standing.state is State.CLOSED:
        return view.settled and (inputs.closed_limit is False or inputs.open_limit is True)
    return view.settled and (inputs.open_limit is False or inputs.closed_limit is True)


def _up(view: _View) -> bool:
    if view.standing.drive is not Drive.RAISE:
        return _came_by_itself(view, Place.UP)
    by_time = view.inputs.open_limit is None and view.moving_s >= view.timing.travel_s
    return view.standing.place is Place.UP or (by_time and view.inputs.closed_limit is not True)


def _down(view: _View) -> bool:
    if view.standing.drive is not Drive.LOWER:
        return _came_by_itself(view, Place.DOWN)
    by_time = view.inputs.closed_limit is None and view.moving_s >= view.timing.travel_s
    return view.standing.place is Place.DOWN or (by_time and view.inputs.open_limit is not True)


def _came_by_itself(view: _View, place: Place) -> bool:
    """Whether an arm that is not driven has come to an end since the state began: what confirms a mended fault."""
    standing = view.standing
    resting = standing.drive is Drive.STOP
    return resting and standing.place is place and standing.place_s >= standing.since_s and view.settled


def _late(view: _View) -> bool:
    return view.standing.drive is not Drive.STOP and view.moving_s > view.timing.overdue_s


def _overdue(view: _View) -> bool:
    return _late(view) and _awaited(view) is not None


def _immobile(view: _View) -> bool:
    return _late(view) and _awaited(view) is None


def _awaited(view: _View) -> bool | None:
    return view.inputs.closed_limit if view.standing.drive is Drive.LOWER else view.inputs.open_limit


def _due(view: _View) -> bool:
    standing, timing = view.standing, view.timing
    if standing.clear_s is None or standing.now_s - standing.clear_s < timing.clear_s:
        return False
    return standing.close_asked or standing.now_s >= standing.open_until_s


_SHOWS: Mapping[Sign, Callable[[_View], bool]] = {
    Sign.OBSTRUCTED: _obstructed,
    Sign.BOTH_LIMITS: _both_limits,
    Sign.BACK_DOWN: _back_down,
    Sign.BACK_ADRIFT: _back_adrift,
    Sign.ASTRAY: _astray,
    Sign.UP: lambda view: not view.standing.held and _up(view),
    Sign.UP_TO_STAY: lambda view: view.standing.held and _up(view),
    Sign.DOWN: _down,
    Sign.OVERDUE: _overdue,
    Sign.IMMOBILE: _immobile,
    Sign.DUE: _due,
}
