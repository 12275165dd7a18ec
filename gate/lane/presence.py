"""Who was decided in a lane and has not left since: a parked car is decided once, and again only after it was gone."""

from __future__ import annotations

from dataclasses import dataclass

AGAIN_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 60.0, 60.0, 60.0)
"""Whoever stands before a barrier that kept shut is decided about again after so long, and so often: the other door of
a pair shuts, a board comes back. After five minutes it is a person's to see to."""
STEPPED_ASIDE_S = 5.0
"""Whoever was kept out has not left before they were out of sight for so long, if others are decided again sooner."""


@dataclass(slots=True)
class _Stay:
    seen_s: float
    settled: bool
    tries: int = 0
    again_s: float = float("inf")


class Presence:
    """Remembers subject ids and plate texts from their decision until they were out of sight for `rearm_s` seconds.

    Times are monotonic seconds of the frames. It outlives a crash of its lane, and one thread at a time uses it.
    """

    def __init__(self, rearm_s: float) -> None:
        self._rearm_s = rearm_s
        self._stays: dict[str, _Stay] = {}

    def decided(self, key: str, at_s: float, *, settled: bool) -> None:
        """Something was decided about `key`; `settled` says that nothing more is to be decided while it stays."""
        before = self._stays[key] if self.knows(key, at_s) else _Stay(at_s, settled=False)
        self._stays[key] = _Stay(at_s, settled or before.settled, before.tries)

    def kept_out(self, key: str, at_s: float) -> bool:
        """`key` was to be let in and its barrier kept shut; whether it is decided about again while it stays."""
        stay = self._stays[key]
        if stay.tries == len(AGAIN_S):
            return False
        stay.again_s = at_s + AGAIN_S[stay.tries]
        stay.tries += 1
        return True

    def see(self, key: str, at_s: float) -> None:
        """`key` is in the picture; it stays on where it was decided."""
        if self.knows(key, at_s):
            self._stays[key].seen_s = at_s

    def knows(self, key: str, at_s: float) -> bool:
        """Whether something was decided about `key` and it has not left since."""
        for gone in [key for key, stay in self._stays.items() if at_s - stay.seen_s >= self._rearm(stay)]:
            del self._stays[gone]
        return key in self._stays

    def _rearm(self, stay: _Stay) -> float:
        return max(self._rearm_s, STEPPED_ASIDE_S) if stay.tries else self._rearm_s

    def settled(self, key: str, at_s: float) -> bool:
        """Whether nothing more is to be decided about `key` now, while it stays."""
        return self.knows(key, at_s) and self._stays[key].settled and at_s < self._stays[key].again_s
