"""How long to wait before what was lost is tried again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential delays with jitter, so that what hangs behind one switch does not all come back in one moment.

    The n-th delay is at most `first_s * factor ** (n - 1)` and `limit_s`, and at least `1 - jitter` of that.
    """

    first_s: float = 0.5
    factor: float = 2.0
    limit_s: float = 15.0
    jitter: float = 0.5

    def __post_init__(self) -> None:
        if not (0 < self.first_s <= self.limit_s and self.factor >= 1 and 0 <= self.jitter <= 1):
            raise ValueError(f"delays must be positive and must not shrink: {self}")

    def delay_s(self, failures: int, chance: float) -> float:
        """Seconds to wait after so many failures in a row (1 is the first); `chance` is random, 0 to 1."""
        whole = self.first_s
        for _ in range(failures - 1):
            whole *= self.factor
            if whole >= self.limit_s:
                break
        return min(whole, self.limit_s) * (1 - self.jitter * chance)
