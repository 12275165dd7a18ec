"""Where a barrier stands: its state, what its inputs last showed, and what has been asked of it, as one frozen value.

All times are seconds on one monotonic clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from gate.barrier.device import Drive, Inputs

LONGEST_GAP_S = 0.5
"""Readings further apart than this leave time in which nobody watched: the wait for a clear way starts again."""


SETTLE_S = 0.3
"""An arm bounces on its rest and a leaf in its frame: either has really come or gone only after so long."""


class State(StrEnum):
    """What the barrier is doing.

    `HELD` is open until a person, a rule or the end of an alarm releases it; in `FAULT` nothing ever lowers. `CLOSED`
    is down or, for a door and a turnstile, locked. Only arms are `OPENING`, `OPEN`, `CLOSING`, `STOPPED` half way by a
    person, or in `MANUAL`, moved by a person with the key. Only locks are `RELEASED` (free, the leaf not moved yet),
    `AJAR` (the leaf is open, by permission) and `FORCED` (open without).
    """

    CLOSED = "closed"
    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    HELD = "held"
    FAULT = "fault"
    STOPPED = "stopped"
    MANUAL = "manual"
    RELEASED = "released"
    AJAR = "ajar"
    FORCED = "forced"


class Place(StrEnum):
    """Where the limits say the arm is. `UNKNOWN` is no limit wired or no reading; `BOTH` cannot be.

    For a door `DOWN` is a shut leaf and `UP` an open one.
    """

    DOWN = "down"
    BETWEEN = "between"
    UP = "up"
    BOTH = "both"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things take, in seconds.

    `travel_s` is the arm's way from one end to the other (GB/T 24973 sorts arms by it: under 1.4, to 4, to 5 s);
    `hold_open_s` how long it stays up by itself; `clear_s` how long nothing may have been under it before it goes down;
    `fault_after_s` how far past `travel_s` a limit may come; `left_open_s` how long a door may stand open, or stay free
    past its time. Raises ValueError for a time that cannot be.
    """

    travel_s: float
    hold_open_s: float
    clear_s: float
    fault_after_s: float
    left_open_s: float = 30.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{field.name} must be a time of 0 s or more, not {value}")
        if self.travel_s == 0:
            raise ValueError("travel_s must be more than 0")

    @property
    def overdue_s(self) -> float:
        """A movement that lasts longer than this has failed."""
        return self.travel_s + self.fault_after_s


@dataclass(frozen=True, slots=True)
class Wish:
    """What outlives a restart: the guard's hold, lockdown and emergency, a fire alarm that nobody has ended, and a
    timed rule that a guard has sent home for today.
    """

    held: bool = False
    lockdown: bool = False
    emergency: bool = False
    fire: bool = False
    timed_off: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the machine remembers.

    `since_s` is when the state began, `drive` the last command to the motor and `drive_s` its time. `inputs` is None
    while the device has not been heard. `place_s` is when the arm came to `place`; `clear_s` is since when the way has
    been watched clear, None while it is not. `watched` is True where the presence input is known to be wired or has
    ever been read: a None is then a sensor that fell silent. `held` and `close_asked` are what people want;
    `open_until_s` is the end of the open time; `code` names the fault; `command_id` is the command that set the present
    movement going. `timed` says that a timed rule wants it open now. `alarms` call for a person. `granted` people or
    cars were let in since it was last closed or held and `through` went; `again` is one let in while the leaf stood
    open.
    """

    state: State
    since_s: float
    now_s: float
    drive: Drive
    drive_s: float
    place_s: float
    open_until_s: float
    read_s: float
    inputs: Inputs | None = None
    place: Place = Place.UNKNOWN
    clear_s: float | None = None
    watched: bool = False
    held: bool = False
    lockdown: bool = False
    emergency: bool = False
    fire: bool = False
    timed: bool = False
    timed_off: bool = False
    close_asked: bool = False
    again: bool = False
    code: str | None = None
    command_id: str | None = None
    alarms: frozenset[str] = frozenset()
    granted: int = 0
    through: int = 0

    @property
    def urgent(self) -> bool:
        """Whether it must be open whatever anybody wants."""
        return self.fire or self.emergency

    @property
    def stays_open(self) -> bool:
        """Whether it is to stay open until further notice: fire over lockdown over everyone."""
        return self.urgent or (not self.lockdown and (self.held or (self.timed and not self.timed_off)))

    @property
    def wish(self) -> Wish:
        """What of this outlives a restart."""
        return Wish(self.held, self.lockdown, self.emergency, self.fire, self.timed_off)

    def wishing(self, wish: Wish) -> Standing:
        """The same standing with what was wanted before a restart."""
        return replace(self, **{field.name: getattr(wish, field.name) for field in fields(Wish)})

    def at(self, now_s: float) -> Standing:
        """The same standing at `now_s`.

        A clock that went back takes every time back with it, so that no wait is cut short, and the wait for a clear way
        starts again: nobody knows how long it really was.
        """
        if now_s >= self.now_s:
            return replace(self, now_s=now_s)
        back = now_s - self.now_s
        return replace(
            self,
            now_s=now_s,
            since_s=self.since_s + back,
            drive_s=self.drive_s + back,
            place_s=self.place_s + back,
            open_until_s=self.open_until_s + back,
            read_s=self.read_s + back,
            clear_s=None,
        )

    def seeing(self, inputs: Inputs) -> Standing:
        """The same standing after a reading taken now."""
        watched = self.watched or inputs.presence is not None
        clear = inputs.presence is False or (inputs.presence is None and not watched)
        unwatched = self.clear_s is None or self.now_s - self.read_s > LONGEST_GAP_S
        place = place_of(inputs)
        return replace(
            self,
            inputs=inputs,
            fire=self.fire or inputs.fire is True,
            through=self.through + self._steps_in(inputs),
            read_s=self.now_s,
            watched=watched,
            clear_s=None if not clear else self.now_s if unwatched else self.clear_s,
            place=place,
            place_s=self.place_s if place is self.place else self.now_s,
        )

    def on_timetable(self, *, timed: bool) -> Standing:
        """The same standing with what the timed rules want now; a rule that is over forgets that it was sent home."""
        return replace(self, timed=timed, timed_off=self.timed_off and timed)

    def _steps_in(self, inputs: Inputs) -> int:
        """1 where this reading shows somebody new on the way through, after a way that was clear for a moment."""
        if inputs.passed is not None:
            return int(inputs.passed and self.inputs is not None and self.inputs.passed is False)
        settled = self.clear_s is not None and self.now_s - self.clear_s >= SETTLE_S
        return int(inputs.presence is True and settled)

    def unheard(self) -> Standing:
        """The same standing once the device has stopped answering: nothing that was read counts any more."""
        return replace(self, inputs=None, clear_s=None, place=Place.UNKNOWN, place_s=self.now_s)


def unknown(now_s: float) -> Standing:
    """The standing of a barrier that has not been heard yet: a fault without a code, the motor taken as stopped."""
    return Standing(
        state=State.FAULT,
        since_s=now_s,
        now_s=now_s,
        drive=Drive.STOP,
        drive_s=now_s,
        place_s=now_s,
        open_until_s=now_s,
        read_s=now_s,
    )


def place_of(inputs: Inputs) -> Place:
    """Where the limits say the arm is, or the contact the leaf; what is not wired says nothing."""
    if inputs.door_shut is not None:
        return Place.DOWN if inputs.door_shut else Place.UP
    if inputs.open_limit and inputs.closed_limit:
        return Place.BOTH
    if inputs.open_limit:
        return Place.UP
    if inputs.closed_limit:
        return Place.DOWN
    if inputs.open_limit is None and inputs.closed_limit is None:
        return Place.UNKNOWN
    return Place.BETWEEN
