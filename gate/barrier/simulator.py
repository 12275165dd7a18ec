"""A simulated barrier: an arm that takes its time, limits at its ends, a loop that feels vehicles, parts that break.

It is as strict as a real one: whenever the arm moves down while a vehicle stands under it, a collision is recorded.
"""

from __future__ import annotations

import difflib
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeVar
from urllib.parse import parse_qsl, urlsplit

from gate.barrier.device import Drive, Inputs
from gate.barrier.simulated_vehicle import SimulatedVehicle
from gate.errors import BarrierFault, ConfigRefused

T = TypeVar("T")
InputName = Literal["open_limit", "closed_limit", "presence"]
INPUT_NAMES: tuple[InputName, ...] = ("open_limit", "closed_limit", "presence")

_STEP_S = 0.005
_LONGEST_S = 60.0
"""No arm travels and no vehicle passes for longer: what is older than this is not worked through step by step."""
_UP_ENOUGH = 0.9
"""A driver goes on when the arm is nearly up."""
_ENDS = {Drive.RAISE: 1.0, Drive.LOWER: 0.0}
_MOST_VEHICLES = 100
_MOST_COLLISIONS = 1000


class Start(StrEnum):
    """Where the arm is found."""

    CLOSED = "closed"
    OPEN = "open"
    MIDDLE = "middle"


_POSITIONS = {Start.CLOSED: 0.0, Start.MIDDLE: 0.5, Start.OPEN: 1.0}


@dataclass(frozen=True, slots=True)
class Collision:
    """The arm moved down while a vehicle stood under it. `position` is 0 (down) to 1 (up); `at_s` is monotonic."""

    at_s: float
    position: float


class SimulatedBarrier:
    """A `BarrierDevice` without hardware. Safe to use from several threads.

    The arm takes `travel_s` from end to end. As on a relay board with a watchdog, a lowering arm stops when nobody has
    spoken to the device for `watchdog_s`: software that dies leaves no arm coming down.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        travel_s: float = 1.5,
        start: Start = Start.CLOSED,
        unwired: Collection[InputName] = (),
        watchdog_s: float = 0.5,
    ) -> None:
        self._clock = clock
        self._travel_s = travel_s
        self._unwired = frozenset(unwired)
        self._watchdog_s = watchdog_s
        self._lock = threading.Lock()
        self._now_s = self._spoken_s = clock()
        self._position = _POSITIONS[start]
        self._motor = Drive.STOP
        self._vehicles: list[SimulatedVehicle] = []
        self._stuck: dict[InputName, bool | None] = {}
        self._motor_dead = False
        self._silent = False
        self._closed = False
        self._collisions: deque[Collision] = deque(maxlen=_MOST_COLLISIONS)

    @classmethod
    def from_url(cls, url: str, clock: Callable[[], float], *, travel_s: float = 1.5) -> SimulatedBarrier:
        """The barrier that `sim://?travel_s=1.2&start=middle&unwired=presence&watchdog_s=0.5` describes.

        Every key may be left out; `travel_s` is then the one given, `start` is closed, everything is wired.
        `unwired` takes several inputs with commas between. Raises `ConfigRefused` for a key or value that cannot be.
        """
        asked = _query(url)
        return cls(
            clock,
            travel_s=_asked(url, asked, "travel_s", _seconds, travel_s),
            start=_asked(url, asked, "start", Start, Start.CLOSED),
            unwired=_asked(url, asked, "unwired", _names, ()),
            watchdog_s=_asked(url, asked, "watchdog_s", _seconds, 0.5),
        )

    def drive(self, command: Drive) -> None:
        """Give the motor a command. Raises `BarrierFault` while the device is silent or closed."""
        with self._lock:
            self._spoken()
            self._motor = command

    def inputs(self) -> Inputs:
        """Read every input. Raises `BarrierFault` while the device is silent or closed."""
        with self._lock:
            self._spoken()
            true: dict[InputName, bool | None] = {
                "open_limit": self._position >= 1.0,
                "closed_limit": self._position <= 0.0,
                "presence": any(vehicle.on_loop for vehicle in self._vehicles),
            }
            shown = true | self._stuck | dict.fromkeys(self._unwired)
            return Inputs(**shown)

    def close(self) -> None:
        """Let go: a lowering arm stops, a rising one goes on to its end."""
        with self._lock:
            self._advance()
            self._closed = True
            if self._motor is Drive.LOWER:
                self._motor = Drive.STOP

    def place_vehicle(
        self,
        length_m: float = 4.6,
        speed_m_s: float = 2.0,
        *,
        distance_m: float = 4.0,
        waits: bool = True,
        stands_s: float = 0.0,
    ) -> None:
        """Let a vehicle come, its front `distance_m` before the arm.

        It stays on the loop for its length and the loop's two metres at its speed, and for `stands_s` in the middle if
        it breaks down there. Raises ValueError where the lane is full or the vehicle cannot be.
        """
        vehicle = SimulatedVehicle(length_m, speed_m_s, -distance_m, waits, stands_s)
        with self._lock:
            self._advance()
            if len(self._vehicles) >= _MOST_VEHICLES:
                raise ValueError(f"there are {_MOST_VEHICLES} vehicles on the lane already")
            self._vehicles.append(vehicle)

    def stick(self, name: InputName, *, reads: bool | None) -> None:
        """Let an input read the same for ever, whatever is true."""
        with self._lock:
            self._stuck[name] = reads

    def break_motor(self) -> None:
        """Let the motor take commands and do nothing."""
        with self._lock:
            self._advance()
            self._motor_dead = True

    def fall_silent(self) -> None:
        """Let every call raise `BarrierFault`."""
        with self._lock:
            self._advance()
            self._silent = True

    def mend(self) -> None:
        """Make everything that was broken whole again."""
        with self._lock:
            self._advance()
            self._stuck.clear()
            self._motor_dead = self._silent = False

    def push(self, position: float) -> None:
        """Move the arm by hand to `position`, 0 (down) to 1 (up)."""
        with self._lock:
            self._advance()
            self._position = min(1.0, max(0.0, position))

    @property
    def presence_wired(self) -> bool:
        """Whether there is a loop under the arm at all."""
        return "presence" not in self._unwired

    @property
    def position(self) -> float:
        """Where the arm is now, 0 (down) to 1 (up)."""
        with self._lock:
            self._advance()
            return self._position

    @property
    def motor(self) -> Drive:
        """What the motor is doing."""
        with self._lock:
            self._advance()
            return self._motor

    @property
    def vehicles(self) -> tuple[SimulatedVehicle, ...]:
        """The vehicles that have not left yet, first come first."""
        with self._lock:
            self._advance()
            return tuple(self._vehicles)

    @property
    def collisions(self) -> tuple[Collision, ...]:
        """Every moment, up to the last thousand, in which the arm moved down onto a vehicle."""
        with self._lock:
            self._advance()
            return tuple(self._collisions)

    def _spoken(self) -> None:
        self._advance()
        if self._silent or self._closed:
            raise BarrierFault("barrier.not_answering")
        self._spoken_s = self._now_s

    def _advance(self) -> None:
        """Let the world run on to the clock's time."""
        until_s = self._clock()
        if until_s - self._now_s > _LONGEST_S:
            self._now_s = until_s - _LONGEST_S
        while until_s - self._now_s > 1e-9:
            if self._resting():
                break
            elapsed_s = min(_STEP_S, until_s - self._now_s)
            self._now_s += elapsed_s
            self._move_arm(elapsed_s)
            up = self._position >= _UP_ENOUGH
            moved = (vehicle.moved(elapsed_s, arm_up=up) for vehicle in self._vehicles)
            self._vehicles = [vehicle for vehicle in moved if not vehicle.gone]
        self._now_s = until_s

    def _resting(self) -> bool:
        """Whether time changes nothing."""
        at_end = self._position == _ENDS.get(self._motor, self._position)
        return at_end and not self._vehicles

    def _move_arm(self, elapsed_s: float) -> None:
        if self._motor is Drive.LOWER and self._now_s - self._spoken_s > self._watchdog_s:
            self._motor = Drive.STOP
        if self._motor_dead or self._motor is Drive.STOP:
            return
        way = elapsed_s / self._travel_s
        if self._motor is Drive.RAISE:
            self._position = _rounded(min(1.0, self._position + way))
            return
        if self._position > 0 and any(vehicle.under_arm for vehicle in self._vehicles):
            self._collisions.append(Collision(self._now_s, self._position))
        self._position = _rounded(max(0.0, self._position - way))


def _rounded(position: float) -> float:
    """Many small steps must still end exactly on a limit."""
    return round(position, 9)


_KEYS: Mapping[str, str] = {
    "travel_s": f"0-{_LONGEST_S:g}",
    "start": ", ".join(Start),
    "unwired": ", ".join(INPUT_NAMES),
    "watchdog_s": f"0-{_LONGEST_S:g}",
}
"""The keys of a `sim://` url and what each may be."""


def _query(url: str) -> dict[str, str]:
    asked = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    for key in asked:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1, 0.5)
            raise ConfigRefused("barrier.sim_unknown_key", url=url, key=key, near=near[0] if near else ", ".join(_KEYS))
    return asked


def _asked(url: str, asked: Mapping[str, str], key: str, parse: Callable[[str], T], default: T) -> T:
    if key not in asked:
        return default
    try:
        return parse(asked[key])
    except ValueError as wrong:
        raise ConfigRefused("barrier.sim_bad_value", url=url, key=key, value=asked[key], allowed=_KEYS[key]) from wrong


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= _LONGEST_S:
        raise ValueError(text)
    return value


def _names(text: str) -> tuple[InputName, ...]:
    asked = {name for name in text.split(",") if name}
    if not asked <= set(INPUT_NAMES):
        raise ValueError(text)
    return tuple(name for name in INPUT_NAMES if name in asked)
