"""Sensors that stick, lie and bounce."""

from __future__ import annotations

_BEAT_S = 0.01
"""A bouncing contact opens and closes this often."""


class SimulatedSensors:
    """What inputs show when this is `true`. `bounce_s` is how long a contact chatters after each change."""

    def __init__(self, bounce_s: float) -> None:
        self._bounce_s = bounce_s
        self._stuck: dict[str, bool | None] = {}
        self._lying: set[str] = set()
        self._last: dict[str, bool] = {}
        self._changed_s: dict[str, float] = {}

    def stick(self, name: str, *, reads: bool | None) -> None:
        """Let it read the same for ever."""
        self._stuck[name] = reads

    def lie(self, name: str) -> None:
        """Let it read the opposite."""
        self._lying.add(name)

    def mend(self) -> None:
        """Let all of them read what is true."""
        self._stuck.clear()
        self._lying.clear()

    def shown(self, true: dict[str, bool], now_s: float) -> dict[str, bool | None]:
        """What a reading shows."""
        return {name: self._one(name, now_s, is_on=is_on) for name, is_on in true.items()}

    def _one(self, name: str, now_s: float, *, is_on: bool) -> bool | None:
        if self._last.setdefault(name, is_on) is not is_on:
            self._last[name] = is_on
            self._changed_s[name] = now_s
        if name in self._stuck:
            return self._stuck[name]
        since_s = now_s - self._changed_s.get(name, float("-inf"))
        chattering = 0 <= since_s < self._bounce_s and int(since_s / _BEAT_S) % 2 == 1
        return is_on is not ((name in self._lying) is not chattering)
