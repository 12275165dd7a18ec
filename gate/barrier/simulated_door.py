"""A simulated door or turnstile: a lock, a leaf with its contact, people who go through, push, and leave it open."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Any, Literal

from gate.barrier.device import LOCK_INPUTS, Drive, Inputs
from gate.barrier.simulated_line import SimulatedLine, Slip
from gate.barrier.simulated_sensors import SimulatedSensors
from gate.barrier.simulated_url import LONGEST_S, SimulatedUrl, seconds, some_of
from gate.errors import BarrierFault

_LEAF_S = 1.0
"""A leaf stands open for so long when somebody goes through."""
_TURN_S = 0.3
"""So long shows the signal of a turnstile's turn."""
_KEYS = {"unwired": ", ".join(LOCK_INPUTS), "bounce_s": f"0-{LONGEST_S:g}"}


class SimulatedDoor:
    """A `BarrierDevice` without hardware, `RAISE` frees it. Safe to use from several threads. Inputs of `unwired` read
    None.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        kind: Literal["door", "turnstile"] = "door",
        *,
        unwired: Collection[str] = (),
        bounce_s: float = 0.0,
    ) -> None:
        self._clock = clock
        self._kind = kind
        self._sensors = SimulatedSensors(bounce_s)
        self.line = SimulatedLine()
        self._unwired = frozenset(unwired) | ({"door_shut"} if kind == "turnstile" else set())
        self._lock = threading.Lock()
        self._free = False
        self._open = False
        self._shuts_s: float | None = None
        self._turned_s = float("-inf")
        self._set: dict[str, bool] = {}
        self._closed = False

    @classmethod
    def from_url(cls, url: str, clock: Callable[[], float], kind: Literal["door", "turnstile"]) -> SimulatedDoor:
        """The door of `sim://?unwired=locked&bounce_s=0.05`. Raises `ConfigRefused`."""
        asked = SimulatedUrl(url, _KEYS)
        return cls(
            clock,
            kind,
            unwired=asked.get("unwired", some_of(LOCK_INPUTS), ()),
            bounce_s=asked.get("bounce_s", seconds, 0.0),
        )

    def drive(self, command: Drive) -> None:
        """Free the lock or lock it. Raises `BarrierFault` while the device is silent or closed."""
        with self._lock:
            self._answers()
            try:
                self.line.send(command, self._clock())
            finally:
                self.line.arrive(self._clock(), self._take)

    def inputs(self) -> Inputs:
        """Read every input. Raises `BarrierFault` while the device is silent or closed."""
        with self._lock:
            self._answers()
            self.line.ask()
            now_s = self._clock()
            true = {
                "locked": not self._free and not self._open,
                "door_shut": not self._open,
                "passed": 0 <= now_s - self._turned_s < _TURN_S,
                "presence": False,
                "exit_button": False,
            }
            shown = self._sensors.shown(true | self._set, now_s)
            return Inputs(**shown | dict.fromkeys(self._unwired))

    def close(self) -> None:
        """Let go: the lock is free."""
        with self._lock:
            self._closed = True
            self._free = True

    def come_through(self, stays_s: float = _LEAF_S) -> bool:
        """Let somebody try to go through, and leave a door open for so long. Whether it let them."""
        with self._lock:
            self._advance()
            if self._free or self._open:
                self._pass(stays_s)
                return True
            return False

    def force(self, stays_s: float = _LEAF_S) -> None:
        """Let somebody break through, whatever the lock says."""
        with self._lock:
            self._advance()
            self._pass(stays_s)

    def set_input(self, name: str, *, reads: bool) -> None:
        """Let one of the inputs that nothing here moves (exit button, fire, tamper, …) read so. Raises ValueError."""
        if name not in LOCK_INPUTS or name in {"locked", "door_shut", "passed"}:
            raise ValueError(name)
        with self._lock:
            self._set[name] = reads

    def stick(self, name: str, *, reads: bool | None) -> None:
        """Let an input read the same for ever, whatever is true."""
        with self._lock:
            self._sensors.stick(name, reads=reads)

    def slip(self, *slips: Slip) -> None:
        """What goes wrong with the next calls, in order."""
        with self._lock:
            self.line.slip(*slips)

    def fall_silent(self) -> None:
        """Let every call raise `BarrierFault`."""
        with self._lock:
            self.line.silent = True

    def mend(self) -> None:
        """Make everything that was broken whole again."""
        with self._lock:
            self._sensors.mend()
            self.line.mend()

    @property
    def free(self) -> bool:
        """Whether the lock lets people through."""
        with self._lock:
            self._advance()
            return self._free

    @property
    def open(self) -> bool:
        """Whether the leaf stands open."""
        with self._lock:
            self._advance()
            return self._open

    def scene(self) -> dict[str, Any]:
        """What there is to draw."""
        with self._lock:
            self._advance()
            turning = 0 <= self._clock() - self._turned_s < _TURN_S
            return {"position": float(self._open), "free": self._free, "turning": turning}

    def _pass(self, stays_s: float) -> None:
        now_s = self._clock()
        self._turned_s = now_s
        if self._kind == "door":
            self._open = True
            self._shuts_s = now_s + stays_s

    def _answers(self) -> None:
        self._advance()
        if self._closed or self.line.silent:
            raise BarrierFault("barrier.not_answering")

    def _take(self, command: Drive) -> None:
        if command is not Drive.STOP:
            self._free = command is Drive.RAISE

    def _advance(self) -> None:
        now_s = self._clock()
        self.line.arrive(now_s, self._take)
        if self._shuts_s is not None and now_s >= self._shuts_s:
            self._open = False
            self._shuts_s = None
