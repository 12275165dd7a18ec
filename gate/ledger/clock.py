"""Noticing that the wall clock was set: every step of it becomes a row, so that times in the record can be judged."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

STEP_MS = 2000
"""A time server's gentle correction stays below this; GA/T 1742-2020 allows clocks 5 s."""


class ClockWatch:
    """Compares the wall clock with one that cannot be set."""

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._seen = wall(), monotonic()

    def step_ms(self) -> int | None:
        """By how many milliseconds the wall clock was set since the last call; None for less than `STEP_MS`."""
        wall, monotonic = self._wall(), self._monotonic()
        went_s = (wall - self._seen[0]).total_seconds()
        self._seen, before_s = (wall, monotonic), self._seen[1]
        step = round((went_s - (monotonic - before_s)) * 1000)
        return step if abs(step) >= STEP_MS else None
