"""The line to a simulated board, which answers late, twice or never."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import StrEnum

from gate.barrier.device import Drive
from gate.errors import BarrierFault

_LATE_S = 0.02
_MOST = 1000


class Slip(StrEnum):
    """What goes wrong with one call: done, but the answer is lost; done late, and no answer; done twice; not done."""

    LOST = "lost"
    LATE = "late"
    TWICE = "twice"
    NEVER = "never"


class SimulatedLine:
    """Commands reach the board in the order they were given, whatever happens to the answers."""

    def __init__(self) -> None:
        self._next: deque[Slip] = deque()
        self._on_the_way: deque[tuple[float, Drive]] = deque()
        self.taken: deque[Drive] = deque(maxlen=_MOST)
        self.silent = False

    def slip(self, *slips: Slip) -> None:
        """What goes wrong with the next calls, in order."""
        self._next.extend(slips)

    def mend(self) -> None:
        """Let everything be answered."""
        self._next.clear()
        self.silent = False

    def send(self, command: Drive, now_s: float) -> None:
        """A command for the motor. Raises `BarrierFault` where no answer comes."""
        slip = self._called()
        if slip is Slip.NEVER:
            raise BarrierFault("barrier.not_answering")
        late_s = _LATE_S if slip is Slip.LATE else 0.0
        after_s = self._on_the_way[-1][0] if self._on_the_way else now_s
        for _ in range(2 if slip is Slip.TWICE else 1):
            self._on_the_way.append((max(after_s, now_s) + late_s, command))
        if slip in {Slip.LATE, Slip.LOST}:
            raise BarrierFault("barrier.not_answering")

    def ask(self) -> None:
        """A question. Raises `BarrierFault` where no answer comes."""
        if self._called() not in {None, Slip.TWICE}:
            raise BarrierFault("barrier.not_answering")

    def arrive(self, now_s: float, take: Callable[[Drive], None]) -> None:
        """Hand over every command that has arrived by now."""
        while self._on_the_way and self._on_the_way[0][0] <= now_s:
            _, command = self._on_the_way.popleft()
            self.taken.append(command)
            take(command)

    @property
    def quiet(self) -> bool:
        """Whether nothing is on its way."""
        return not self._on_the_way

    def _called(self) -> Slip | None:
        if self.silent:
            raise BarrierFault("barrier.not_answering")
        return self._next.popleft() if self._next else None
