"""How much one key may ask: so many requests in each minute, counted here and told with every answer."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Rate:
    """What is left of a minute after this request; `allowed` is False for one too many."""

    limit: int
    remaining: int
    reset_s: int
    allowed: bool

    @property
    def headers(self) -> Mapping[str, str]:
        """The three headers that clients know."""
        told = {"Limit": self.limit, "Remaining": self.remaining, "Reset": self.reset_s}
        return {f"RateLimit-{name}": str(value) for name, value in told.items()}


class Rates:
    """Counts requests per key in windows that begin with a key's first request. `now` is monotonic, in seconds."""

    def __init__(self, limit: int, now: Callable[[], float]) -> None:
        self._limit = limit
        self._now = now
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}
        """By the key's id, so never more than there are keys."""

    def take(self, key_id: str) -> Rate:
        """Count one request."""
        now = self._now()
        with self._lock:
            begun_s, count = self._windows.get(key_id, (now, 0))
            if now - begun_s >= WINDOW_S:
                begun_s, count = now, 0
            allowed = count < self._limit
            count += allowed
            self._windows[key_id] = begun_s, count
        reset_s = max(1, math.ceil(begun_s + WINDOW_S - now))
        return Rate(self._limit, self._limit - count, reset_s, allowed)
