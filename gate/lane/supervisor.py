"""The one place that may catch everything: it keeps a lane running, restarts it within a budget, and says so once."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from gate.crash_site import crash_site
from gate.lane.lane import LaneWorker

log = structlog.get_logger("lane")

BUDGET = 5
"""Restarts allowed within `WINDOW_S`; past that the lane pauses for `PAUSE_S` and the console says so."""
WINDOW_S = 60.0
PAUSE_S = 30.0
STEADY_S = 5.0
"""A lane that has worked for so long since its last crash has recovered."""


@dataclass(frozen=True, slots=True)
class LaneHealth:
    """`restarts` since the start; `paused` while the budget is used up; `fault` is the last error's type name."""

    restarts: int
    paused: bool
    fault: str | None


class Supervisor:
    """Runs one lane in a thread of its own. `build` makes the lane afresh after each crash: no state is carried."""

    def __init__(self, lane: str, build: Callable[[], LaneWorker], clock: Callable[[], float] = time.monotonic) -> None:
        self._lane = lane
        self._build = build
        self._clock = clock
        self._stopping = threading.Event()
        self._crashes: deque[float] = deque(maxlen=BUDGET)
        self._health = LaneHealth(0, paused=False, fault=None)
        self._broken = False
        self.worker = build()
        self._thread = threading.Thread(target=self._run, name=f"lane-{lane}", daemon=True)

    def start(self) -> None:
        """Begin working."""
        self._thread.start()

    def stop(self, timeout_s: float = 3.0) -> None:
        """Ask the lane to end and wait for it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def health(self) -> LaneHealth:
        """Counters now."""
        return self._health

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._broken:
                    self.worker = self._build()
                    self._broken = False
                self.worker.step()
            except Exception as crash:  # noqa: BLE001 - the supervisor's own task: the lane must go on
                self._note(crash)
            else:
                self._note_health()

    def _note_health(self) -> None:
        if self._health.fault is not None and self._clock() - self._crashes[-1] >= STEADY_S:
            log.info("lane.recovered", lane=self._lane)
            self._health = LaneHealth(self._health.restarts, paused=False, fault=None)

    def _note(self, crash: Exception) -> None:
        now = self._clock()
        used_up = len(self._crashes) == BUDGET and now - self._crashes[0] < WINDOW_S
        self._crashes.append(now)
        name = type(crash).__name__
        if self._health.fault != name:
            log.error("lane.crashed", lane=self._lane, fault=name, where=crash_site(crash))
        self._health = LaneHealth(self._health.restarts + 1, paused=used_up, fault=name)
        if used_up:
            log.error("lane.out_of_order", lane=self._lane, pause_s=PAUSE_S)
            self._stopping.wait(PAUSE_S)
        self._broken = True
