"""The arm of a simulated barrier: it takes its time, and does not stop or turn at once."""

from __future__ import annotations

from gate.barrier.device import Drive

_WAYS = {Drive.RAISE: 1.0, Drive.LOWER: -1.0, Drive.STOP: 0.0}
_ENDS = {Drive.RAISE: 1.0, Drive.LOWER: 0.0}


class SimulatedArm:
    """`position` is 0 (down) to 1 (up). Full speed takes it from end to end in `travel_s`; it gains and loses full
    speed in `inertia_s`, and is held fast where it meets an end.
    """

    def __init__(self, position: float, travel_s: float, inertia_s: float) -> None:
        self.position = position
        self.motor = Drive.STOP
        self.dead = False
        self._travel_s = travel_s
        self._inertia_s = inertia_s
        self._speed = 0.0

    @property
    def resting(self) -> bool:
        """Whether time changes nothing."""
        return self._speed == 0 and self.position == _ENDS.get(self.motor, self.position)

    @property
    def sinking(self) -> bool:
        """Whether it moves down."""
        return self._speed < 0 and self.position > 0

    def move(self, elapsed_s: float) -> None:
        """Let a short time pass."""
        wanted = 0.0 if self.dead else _WAYS[self.motor] / self._travel_s
        if self._inertia_s > 0:
            most = elapsed_s / self._travel_s / self._inertia_s
            self._speed += min(most, max(-most, wanted - self._speed))
        else:
            self._speed = wanted
        reached = self.position + self._speed * elapsed_s
        # Many small steps must still end exactly on a limit.
        self.position = round(min(1.0, max(0.0, reached)), 9)
        if (self.position == 1.0 and self._speed > 0) or (self.position == 0.0 and self._speed < 0):
            self._speed = 0.0

    def push(self, position: float) -> None:
        """Put it somewhere by hand."""
        self.position = round(min(1.0, max(0.0, position)), 9)
        self._speed = 0.0
