"""A simulated barrier: an arm that takes its time, limits at its ends, a loop and a photocell, parts that break.

It is as strict as a real one: whenever the arm moves down while a vehicle or a person stands under it, a collision is
recorded.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gate.barrier.device import ARM_INPUTS, Drive, Inputs
from gate.barrier.simulated_arm import SimulatedArm
from gate.barrier.simulated_line import SimulatedLine, Slip
from gate.barrier.simulated_sensors import SimulatedSensors
from gate.barrier.simulated_url import LONGEST_S, SimulatedUrl, seconds, some_of
from gate.barrier.simulated_vehicle import SimulatedPerson, SimulatedVehicle
from gate.errors import BarrierFault

_STEP_S = 0.01
_UP_ENOUGH = 0.9
"""A driver goes on when the arm is nearly up."""
_MOST_ROAD_USERS = 100
_MOST_COLLISIONS = 1000
_KEYS = {
    "travel_s": f"0-{LONGEST_S:g}",
    "start": "closed, open, middle",
    "unwired": ", ".join(ARM_INPUTS),
    "watchdog_s": f"0-{LONGEST_S:g}",
    "inertia_s": f"0-{LONGEST_S:g}",
    "bounce_s": f"0-{LONGEST_S:g}",
    "photocell": "yes, no",
}


class Start(StrEnum):
    """Where the arm is found."""

    CLOSED = "closed"
    OPEN = "open"
    MIDDLE = "middle"


_POSITIONS = {Start.CLOSED: 0.0, Start.MIDDLE: 0.5, Start.OPEN: 1.0}


@dataclass(frozen=True, slots=True)
class Collision:
    """The arm moved down while something stood under it. `position` is 0 (down) to 1 (up); `at_s` is monotonic."""

    at_s: float
    position: float


class SimulatedBarrier:
    """A `BarrierDevice` without hardware. Safe to use from several threads.

    The arm takes `travel_s` from end to end, and `inertia_s` to full speed. As on a relay board with a watchdog, a
    lowering arm stops when nobody has spoken to the device for `watchdog_s`: software that dies leaves no arm coming
    down. The loop feels vehicles; the `photocell` sees people too. Inputs of `unwired` read None.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        travel_s: float = 1.5,
        start: Start = Start.CLOSED,
        unwired: Collection[str] = (),
        watchdog_s: float = 0.5,
        inertia_s: float = 0.0,
        bounce_s: float = 0.0,
        photocell: bool = True,
    ) -> None:
        self._clock = clock
        self._arm = SimulatedArm(_POSITIONS[start], travel_s, inertia_s)
        self._sensors = SimulatedSensors(bounce_s)
        self.line = SimulatedLine()
        self._unwired = frozenset(unwired)
        self._watchdog_s = watchdog_s
        self._photocell = photocell
        self._lock = threading.Lock()
        self._now_s = self._spoken_s = clock()
        self._vehicles: list[SimulatedVehicle] = []
        self._people: list[SimulatedPerson] = []
        self._set: dict[str, bool] = {}
        self._closed = False
        self._collisions: deque[Collision] = deque(maxlen=_MOST_COLLISIONS)

    @classmethod
    def from_url(cls, url: str, clock: Callable[[], float], *, travel_s: float = 1.5) -> SimulatedBarrier:
        """The barrier that `sim://?travel_s=1.2&start=middle&unwired=presence&watchdog_s=0.5` describes.

        Every key may be left out; `travel_s` is then the one given, `start` is closed, everything is wired.
        `unwired` takes several inputs with commas between. Raises `ConfigRefused` for a key or value that cannot be.
        """
        asked = SimulatedUrl(url, _KEYS)
        return cls(
            clock,
            travel_s=asked.get("travel_s", seconds, travel_s),
            start=asked.get("start", Start, Start.CLOSED),
            unwired=asked.get("unwired", some_of(ARM_INPUTS), ()),
            watchdog_s=asked.get("watchdog_s", seconds, 0.5),
            inertia_s=asked.get("inertia_s", seconds, 0.0),
            bounce_s=asked.get("bounce_s", seconds, 0.0),
            photocell=asked.get("photocell", _yes, True),
        )

    def drive(self, command: Drive) -> None:
        """Give the motor a command. Raises `BarrierFault` while the device is silent or closed."""
        with self._lock:
            self._spoken()
            try:
                self.line.send(command, self._now_s)
            finally:
                self.line.arrive(self._now_s, self._take)

    def inputs(self) -> Inputs:
        """Read every input. Raises `BarrierFault` while the device is silent or closed."""
        with self._lock:
            self._spoken()
            self.line.ask()
            true = {
                "open_limit": self._arm.position >= 1.0,
                "closed_limit": self._arm.position <= 0.0,
                "presence": self._felt(),
            }
            shown = self._sensors.shown(true | self._set, self._now_s)
            return Inputs(**shown | dict.fromkeys(self._unwired))

    def close(self) -> None:
        """Let go: a lowering arm stops, a rising one goes on to its end."""
        with self._lock:
            self._advance()
            self._closed = True
            if self._arm.motor is Drive.LOWER:
                self._arm.motor = Drive.STOP

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
            self._must_have_room()
            self._vehicles.append(vehicle)

    def place_person(self, stands_s: float = 2.0, *, speed_m_s: float = 1.2, distance_m: float = 2.0) -> None:
        """Let a person walk under the arm from `distance_m` before it, stand there, and walk on.

        Raises ValueError where the lane is full or the person cannot be.
        """
        person = SimulatedPerson(speed_m_s, -distance_m, stands_s)
        with self._lock:
            self._advance()
            self._must_have_room()
            self._people.append(person)

    def come_through(self) -> None:
        """Let somebody who was let in go through: a car."""
        self.place_vehicle(speed_m_s=4.0, distance_m=2.0)

    def set_input(self, name: str, *, reads: bool) -> None:
        """Let one of the inputs that nothing here moves (fire, tamper, arm off, …) read so. Raises ValueError."""
        if name not in ARM_INPUTS or name in {"open_limit", "closed_limit", "presence"}:
            raise ValueError(name)
        with self._lock:
            self._set[name] = reads

    def stick(self, name: str, *, reads: bool | None) -> None:
        """Let an input read the same for ever, whatever is true."""
        with self._lock:
            self._sensors.stick(name, reads=reads)

    def lie(self, name: str) -> None:
        """Let an input read the opposite of what is true."""
        with self._lock:
            self._sensors.lie(name)

    def slip(self, *slips: Slip) -> None:
        """What goes wrong with the next calls, in order."""
        with self._lock:
            self.line.slip(*slips)

    def break_motor(self) -> None:
        """Let the motor take commands and do nothing."""
        with self._lock:
            self._advance()
            self._arm.dead = True

    def fall_silent(self) -> None:
        """Let every call raise `BarrierFault`."""
        with self._lock:
            self._advance()
            self.line.silent = True

    def mend(self) -> None:
        """Make everything that was broken whole again."""
        with self._lock:
            self._advance()
            self._sensors.mend()
            self.line.mend()
            self._arm.dead = False

    def push(self, position: float) -> None:
        """Move the arm by hand to `position`, 0 (down) to 1 (up)."""
        with self._lock:
            self._advance()
            self._arm.push(position)

    @property
    def presence_wired(self) -> bool:
        """Whether there is a sensor under the arm at all."""
        return "presence" not in self._unwired

    @property
    def position(self) -> float:
        """Where the arm is now, 0 (down) to 1 (up)."""
        with self._lock:
            self._advance()
            return self._arm.position

    @property
    def motor(self) -> Drive:
        """What the motor is doing."""
        with self._lock:
            self._advance()
            return self._arm.motor

    @property
    def vehicles(self) -> tuple[SimulatedVehicle, ...]:
        """The vehicles that have not left yet, first come first."""
        with self._lock:
            self._advance()
            return tuple(self._vehicles)

    @property
    def collisions(self) -> tuple[Collision, ...]:
        """Every moment, up to the last thousand, in which the arm moved down onto something."""
        with self._lock:
            self._advance()
            return tuple(self._collisions)

    def scene(self) -> dict[str, Any]:
        """What there is to draw: the arm's position, the vehicles and the people in metres, the arm at 0."""
        with self._lock:
            self._advance()
            return {
                "position": round(self._arm.position, 3),
                "vehicles": [[round(v.front_m, 2), v.length_m] for v in self._vehicles],
                "people": [round(p.at_m, 2) for p in self._people],
            }

    def _must_have_room(self) -> None:
        if len(self._vehicles) + len(self._people) >= _MOST_ROAD_USERS:
            raise ValueError(f"there are {_MOST_ROAD_USERS} vehicles and people on the lane already")

    def _felt(self) -> bool:
        seen = self._photocell and any(person.under_arm for person in self._people)
        return seen or any(vehicle.on_loop for vehicle in self._vehicles)

    def _spoken(self) -> None:
        self._advance()
        if self._closed or self.line.silent:
            raise BarrierFault("barrier.not_answering")
        self._spoken_s = self._now_s

    def _take(self, command: Drive) -> None:
        self._arm.motor = command

    def _advance(self) -> None:
        """Let the world run on to the clock's time; a long sleep is not worked through step by step."""
        until_s = self._clock()
        if until_s - self._now_s > LONGEST_S:
            self._now_s = until_s - LONGEST_S
        while until_s - self._now_s > 1e-9:
            if self._arm.resting and self.line.quiet and not self._vehicles and not self._people:
                break
            elapsed_s = min(_STEP_S, until_s - self._now_s)
            self._now_s += elapsed_s
            self._step(elapsed_s)
        self._now_s = until_s

    def _step(self, elapsed_s: float) -> None:
        self.line.arrive(self._now_s, self._take)
        if self._arm.motor is Drive.LOWER and self._now_s - self._spoken_s > self._watchdog_s:
            self._arm.motor = Drive.STOP
        before = self._arm.position
        self._arm.move(elapsed_s)
        under = any(v.under_arm for v in self._vehicles) or any(p.under_arm for p in self._people)
        if under and self._arm.position < before:
            self._collisions.append(Collision(self._now_s, before))
        up = self._arm.position >= _UP_ENOUGH
        moved = (vehicle.moved(elapsed_s, arm_up=up) for vehicle in self._vehicles)
        self._vehicles = [vehicle for vehicle in moved if not vehicle.gone]
        walked = (person.moved(elapsed_s) for person in self._people)
        self._people = [person for person in walked if not person.gone]


def _yes(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise ValueError(text)
    return text == "yes"
