"""A growing delay for whoever guesses."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FIRST_DELAY_S = 2.0
LONGEST_DELAY_S = 900.0
FORGET_AFTER_S = 3600.0


@dataclass(frozen=True, slots=True)
class _Attempts:
    count: int
    last_s: float


class Throttle:
    """Counts failed attempts per key: `free` of them cost nothing, each further one doubles the wait.

    The wait starts at 2 s, is at most `longest_delay_s` (15 minutes) and is forgotten after an hour without an attempt.
    At most `limit` keys are remembered, the most recent ones. `now` is the monotonic clock in seconds.
    """

    def __init__(
        self, *, free: int, limit: int, now: Callable[[], float], longest_delay_s: float = LONGEST_DELAY_S
    ) -> None:
        self._free = free
        self._limit = limit
        self._now = now
        self._longest_delay_s = longest_delay_s
        self._lock = threading.Lock()
        self._attempts: OrderedDict[str, _Attempts] = OrderedDict()

    def begin(self, key: str) -> float:
        """Start an attempt: 0 where it may go on, else the seconds to wait.

        It counts as failed until `succeeded` says otherwise, so that many at once are no way around the wait.
        """
        now = self._now()
        with self._lock:
            before = self._attempts.get(key)
            if before is None or now - before.last_s > FORGET_AFTER_S:
                before = _Attempts(0, now)
            wait_s = before.last_s + self._delay_s(before.count) - now
            if wait_s > 0:
                return wait_s
            self._attempts[key] = _Attempts(before.count + 1, now)
            self._attempts.move_to_end(key)
            while len(self._attempts) > self._limit:
                self._attempts.popitem(last=False)
            return 0.0

    def wait_s(self, key: str) -> float:
        """The seconds that an attempt would have to wait now, 0 for none; nothing is counted."""
        now = self._now()
        with self._lock:
            before = self._attempts.get(key)
            if before is None or now - before.last_s > FORGET_AFTER_S:
                return 0.0
            return max(0.0, before.last_s + self._delay_s(before.count) - now)

    def succeeded(self, key: str) -> None:
        """Forget the failures of a key."""
        with self._lock:
            self._attempts.pop(key, None)

    def _delay_s(self, failures: int) -> float:
        if failures < self._free:
            return 0.0
        doublings = min(failures - self._free, 20)
        return min(FIRST_DELAY_S * 2.0**doublings, self._longest_delay_s)
