"""A barrier wired to a relay board: which relay tells its controller "up", which input is the closed limit."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from gate.barrier.board.board import Contacts, Relays
from gate.barrier.device import ARM_INPUTS, LOCK_INPUTS, Drive, Inputs
from gate.errors import BarrierFault, ConfigRefused

Style = Literal["pulse", "level"]
HIGHEST_CHANNEL = 31
AGAIN_S = 6.0
"""A push of a button that has brought the arm nowhere is pushed again on demand, but no sooner: it is longer than any
pulse, so that two pushes never run into one."""
LONGEST_PULSE_S = 5.0
"""A pulse stands for a push of a button; the longest that common barrier controllers ask for is about 2 s."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """Which channel of the board is what, counted from 0; None is not wired.

    `style` "pulse" pushes the controller's button for `pulse_s`; "level" keeps the relay closed for as long as the
    command stands, and stops by opening it. `inverted` names the inputs whose contact opens when they have something to
    say (normally closed ones). Raises ValueError for a wiring that cannot be, the key first.
    """

    raise_: int
    lower: int
    stop: int | None = None
    style: Style = "pulse"
    pulse_s: float = 0.5
    open_limit: int | None = None
    closed_limit: int | None = None
    presence: int | None = None
    arm_off: int | None = None
    fire: int | None = None
    tamper: int | None = None
    power_lost: int | None = None
    manual_key: int | None = None
    inverted: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.style not in ("pulse", "level"):
            raise ValueError(f"style: pulse or level, not {self.style!r}")
        if not (math.isfinite(self.pulse_s) and 0 < self.pulse_s <= LONGEST_PULSE_S):
            raise ValueError(f"pulse_s: more than 0 and up to {LONGEST_PULSE_S:g} s, not {self.pulse_s}")
        if self.style == "level" and self.stop is not None:
            raise ValueError("stop: in level style the arm stops when raise and lower are off; leave stop out")
        _distinct({"raise": self.raise_, "lower": self.lower, "stop": self.stop})
        _check_inputs(self.inputs, self.inverted)

    @property
    def inputs(self) -> dict[str, int]:
        """The channel of each input that is wired, by its name in `Inputs`."""
        return {name: channel for name in ARM_INPUTS if (channel := getattr(self, name)) is not None}

    def output(self, command: Drive) -> int | None:
        """The channel whose relay gives this command."""
        return {Drive.RAISE: self.raise_, Drive.LOWER: self.lower, Drive.STOP: self.stop}[command]

    @property
    def outputs(self) -> tuple[int, ...]:
        """Every relay that is wired."""
        return tuple(channel for channel in (self.raise_, self.lower, self.stop) if channel is not None)

    @property
    def input_count(self) -> int:
        """How many inputs a board has to be asked for, from channel 0."""
        return max(self.inputs.values(), default=-1) + 1


@dataclass(frozen=True, slots=True)
class LockWiring:
    """Which channel of the board is what for a door or a turnstile, counted from 0; None is not wired.

    `style` "holds" is a relay that, closed, locks: a magnetic lock fed through it, free when the board or the power is
    gone. "releases" is one that, closed, frees: a strike, a turnstile's opening input. Raises ValueError for a wiring
    that cannot be, the key first.
    """

    lock: int
    style: Literal["holds", "releases"]
    locked: int | None = None
    door_shut: int | None = None
    passed: int | None = None
    presence: int | None = None
    exit_button: int | None = None
    fire: int | None = None
    tamper: int | None = None
    power_lost: int | None = None
    manual_key: int | None = None
    inverted: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.style not in ("holds", "releases"):
            raise ValueError(f"style: holds or releases, not {self.style!r}")
        _distinct({"lock": self.lock})
        _check_inputs(self.inputs, self.inverted)

    @property
    def inputs(self) -> dict[str, int]:
        """The channel of each input that is wired, by its name in `Inputs`."""
        return {name: channel for name in LOCK_INPUTS if (channel := getattr(self, name)) is not None}

    @property
    def outputs(self) -> tuple[int, ...]:
        """Every relay that is wired."""
        return (self.lock,)

    @property
    def input_count(self) -> int:
        """How many inputs a board has to be asked for, from channel 0."""
        return max(self.inputs.values(), default=-1) + 1


def _check_inputs(inputs: Mapping[str, int], inverted: frozenset[str]) -> None:
    _distinct(inputs)
    for name in sorted(inverted):
        if name not in inputs:
            raise ValueError(f"inverted: {name!r} is not a wired input")


def shown(wired: Mapping[str, int], inverted: frozenset[str], read: tuple[bool, ...]) -> Inputs:
    """What was read from a board, by name. Raises `BarrierFault` where it lacks a wired input."""
    lacking = next((channel for channel in wired.values() if channel >= len(read)), None)
    if lacking is not None:
        raise BarrierFault("board.no_such_input", channel=lacking, count=len(read))
    return Inputs(**{name: read[channel] is not (name in inverted) for name, channel in wired.items()})


def _distinct(channels: Mapping[str, int | None]) -> None:
    taken: dict[int, str] = {}
    for name, channel in channels.items():
        if channel is None:
            continue
        if not 0 <= channel <= HIGHEST_CHANNEL:
            raise ValueError(f"{name}: channels run from 0 to {HIGHEST_CHANNEL}, not {channel}")
        if channel in taken:
            raise ValueError(f"{name}: channel {channel} is {taken[channel]} already")
        taken[channel] = name


class WiredBarrier:
    """A `BarrierDevice` on a relay board. Safe to use from several threads; the board is its own from here on.

    Break before make: a relay is closed only after every other one of this barrier is known to be open, so "up" and
    "down" are never given together. Relays that a process before this one may have left closed are opened with the
    first reading or command. A command is given once, and a repeated one finds out whether the board is still there. It
    is given again after a `BarrierFault`, after the arm has left the end that the command had brought it to, and, where
    it is a pulse that may have gone unheard by the motor, on demand every `AGAIN_S`.

    In level style a board that misses one attempt at a reading may have restarted with its relay open. A raising arm is
    then told again by the next reading that succeeds; a lowering one is not, as something may stand under it by now:
    every reading is the same fault until another command is given, so that the board is taken as lost.

    `contacts` is also read where no input is wired, to hear whether the board is still there. Raises `ConfigRefused`
    where inputs are wired and there is nothing to read them from.
    """

    def __init__(
        self,
        relays: Relays,
        contacts: Contacts | None,
        wiring: Wiring,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if contacts is None and wiring.input_count:
            raise ConfigRefused("board.has_no_inputs")
        self._relays = relays
        self._contacts = contacts
        self._wiring = wiring
        self._clock = clock
        self._lock = threading.Lock()
        self._given: Drive | None = None
        self._interrupted: tuple[Drive, BarrierFault] | None = None
        self._given_s = clock()
        self._arrived = False
        self._maybe_closed = set(wiring.outputs)
        self._swept = False

    def drive(self, command: Drive) -> None:
        """Give the motor a command. Raises `BarrierFault`; whether the relay closed is then not known."""
        with self._lock:
            self._interrupted = None
            if command is self._given:
                self._read()
            if command is not self._given or self._unheard():
                self._give(command)

    def inputs(self) -> Inputs:
        """Every wired input now. Raises `BarrierFault` where the board does not answer or lacks a wired input."""
        with self._lock:
            return self._read()

    def close(self) -> None:
        """Stop a lowering arm as far as the board still listens, open every relay, and let go of the board.

        The barrier's own controller keeps the arm where it is, or brings it to the end it was told.
        """
        with self._lock:
            if self._given is Drive.LOWER:
                with contextlib.suppress(BarrierFault):
                    self._give(Drive.STOP)
            self._given = self._interrupted = None
            self._relays.close()

    def _read(self) -> Inputs:
        try:
            read = self._contacts.read() if self._contacts is not None else ()
        except BarrierFault as lost:
            # A board that was away may have been without power: what it was told counts no more.
            if self._wiring.style == "level" and self._given in {Drive.RAISE, Drive.LOWER}:
                self._interrupted = (self._given, lost)
            self._given = None
            raise
        if not self._swept:
            self._open_all_but(None)
        if self._interrupted is not None:
            self._take_up(*self._interrupted)
        inputs = shown(self._wiring.inputs, self._wiring.inverted, read)
        self._watch(inputs)
        return inputs

    def _take_up(self, command: Drive, lost: BarrierFault) -> None:
        if command is Drive.LOWER:
            raise lost
        self._give(command)
        self._interrupted = None

    def _unheard(self) -> bool:
        """Whether the push that was given last may be given again."""
        pushed = self._wiring.style == "pulse" and not self._arrived
        return pushed and self._clock() - self._given_s >= AGAIN_S

    def _give(self, command: Drive) -> None:
        own = self._wiring.output(command)
        self._given = None
        self._arrived = False
        self._open_all_but(own)
        if own is not None:
            self._maybe_closed.add(own)
            if self._wiring.style == "pulse":
                self._relays.pulse(own, self._wiring.pulse_s)
            else:
                self._relays.switch(own, on=True)
        self._given, self._given_s = command, self._clock()

    def _open_all_but(self, own: int | None) -> None:
        for channel in sorted(self._maybe_closed - {own}):
            self._relays.switch(channel, on=False)
            self._maybe_closed.discard(channel)
        self._swept = True

    def _watch(self, inputs: Inputs) -> None:
        """A command has done its work once its end shows; when the arm leaves that end, the command may come again."""
        end = {Drive.RAISE: inputs.open_limit, Drive.LOWER: inputs.closed_limit}.get(self._given or Drive.STOP)
        if end:
            self._arrived = True
        elif end is False and self._arrived:
            self._given = None
            self._arrived = False
