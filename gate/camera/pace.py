"""Playing a file in real time: when each of its pictures is due."""

from __future__ import annotations

GAP_S = 5.0
"""A jump of the timestamps by more than this, or backwards, is an edit in the file and not a time to wait for."""


class Pace:
    """Maps the timestamps of a file to the monotonic clock. A late picture is due at once and none is skipped."""

    def __init__(self, gap_s: float = GAP_S) -> None:
        self._gap_s = gap_s
        self._origin_s: float | None = None
        self._last_s = 0.0

    def delay_s(self, stamp_s: float, clock_s: float) -> float:
        """Seconds to wait at `clock_s` until the picture stamped `stamp_s` is due; never negative."""
        jumped = not 0 <= stamp_s - self._last_s <= self._gap_s
        self._last_s = stamp_s
        if self._origin_s is None or jumped:
            self._origin_s = clock_s - stamp_s
        return max(0.0, self._origin_s + stamp_s - clock_s)
