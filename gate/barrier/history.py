"""The last commands of a barrier: who, why, what came of it and how long it took."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from gate.barrier.act import ActKind, BarrierAct, Command

KEPT = 50
_ENDS = {
    Command.CLOSE: frozenset({ActKind.CLOSED}),
    Command.LOCKDOWN: frozenset({ActKind.CLOSED}),
}
_OPEN_ENDS = frozenset({ActKind.OPENED, ActKind.RECOVERED})


@dataclass(frozen=True, slots=True)
class Done:
    """One command.

    `at` is aware UTC, `given_s` the same moment on the monotonic clock. `refusal` is the code of why it was not done.
    `driven_s` is how long until the device had taken it, None where nothing had to move; `took_s` how long until an
    input, or its time, confirmed it; `fault` the fault that came instead.
    """

    command: Command
    command_id: str
    cause: str
    who: str
    why: str
    at: datetime
    given_s: float
    refusal: str | None = None
    driven_s: float | None = None
    took_s: float | None = None
    fault: str | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing more is to come of it."""
        return self.refusal is not None or self.took_s is not None or self.fault is not None

    def after(self, act: BarrierAct) -> Done:
        """The same command once `act` has followed from it."""
        if self.settled or act.command_id != self.command_id:
            return self
        if act.kind in _ENDS.get(self.command, _OPEN_ENDS):
            return replace(self, took_s=act.at_s - self.given_s)
        return replace(self, fault=act.cause) if act.kind is ActKind.FAULTED else self


class History:
    """The newest commands, newest first. Safe to use from several threads."""

    def __init__(self, limit: int = KEPT) -> None:
        self._done: deque[Done] = deque(maxlen=limit)
        self._lock = threading.Lock()

    def add(self, done: Done) -> None:
        """A command was given."""
        with self._lock:
            self._done.appendleft(done)

    def answer(self, command_id: str, refusal: str | None, driven_s: float | None) -> None:
        """How the newest command of that id was answered."""
        with self._lock:
            for place, done in enumerate(self._done):
                if done.command_id == command_id:
                    self._done[place] = replace(done, refusal=refusal, driven_s=driven_s)
                    return

    def follow(self, acts: Iterable[BarrierAct]) -> None:
        """What came of commands."""
        acts = tuple(acts)
        if not acts:
            return
        with self._lock:
            for act in acts:
                for place, done in enumerate(self._done):
                    self._done[place] = done.after(act)

    def latest(self, count: int = KEPT) -> tuple[Done, ...]:
        """The newest, newest first."""
        with self._lock:
            return tuple(self._done)[:count]
