"""A vehicle that drives up to a simulated barrier, waits, passes under the arm and leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace

STOP_LINE_M = -1.5
"""Where a driver waits, ahead of the loop, so that a waiting car is not taken for one under the arm."""
LOOP_REACH_M = 1.0
"""The loop in the road reaches so far before and behind the arm: a car shows on it before it stands under the arm."""


@dataclass(frozen=True, slots=True)
class SimulatedVehicle:
    """A vehicle on the lane; the arm is at 0 m and the way leads towards larger numbers.

    `front_m` is its front, negative before the arm. With `waits` it stops at the line until the arm is up; `stands_s`
    is how long it will still stand with its middle under the arm.
    """

    length_m: float
    speed_m_s: float
    front_m: float
    waits: bool = True
    stands_s: float = 0.0

    def __post_init__(self) -> None:
        if not (self.length_m > 0 and self.speed_m_s > 0 and self.stands_s >= 0):
            raise ValueError(f"a vehicle has a length, a speed and no negative times: {self}")

    def moved(self, elapsed_s: float, *, arm_up: bool) -> SimulatedVehicle:
        """The same vehicle a little later."""
        front_m = self.front_m + self.speed_m_s * elapsed_s
        if self.waits and not arm_up and self.front_m <= STOP_LINE_M < front_m:
            return replace(self, front_m=STOP_LINE_M)
        middle_m = self.length_m / 2
        if self.stands_s > 0 and self.front_m <= middle_m < front_m:
            return replace(self, front_m=middle_m, stands_s=max(0.0, self.stands_s - elapsed_s))
        return replace(self, front_m=front_m)

    @property
    def on_loop(self) -> bool:
        """Whether the loop feels it."""
        return self.front_m >= -LOOP_REACH_M and self.front_m - self.length_m <= LOOP_REACH_M

    @property
    def under_arm(self) -> bool:
        """Whether some of it is where the arm comes down."""
        return self.front_m >= 0 >= self.front_m - self.length_m

    @property
    def gone(self) -> bool:
        """Whether it has left the loop behind."""
        return self.front_m - self.length_m > LOOP_REACH_M


PERSON_M = 0.5
"""How much of the way a person takes up."""


@dataclass(frozen=True, slots=True)
class SimulatedPerson:
    """A person on foot who stops under the arm for `stands_s` and walks on; `at_m` is negative before the arm."""

    speed_m_s: float
    at_m: float
    stands_s: float = 0.0

    def __post_init__(self) -> None:
        if not (self.speed_m_s > 0 and self.stands_s >= 0):
            raise ValueError(f"a person has a speed and no negative times: {self}")

    def moved(self, elapsed_s: float) -> SimulatedPerson:
        """The same person a little later."""
        at_m = self.at_m + self.speed_m_s * elapsed_s
        if self.stands_s > 0 and self.at_m <= 0 < at_m:
            return replace(self, at_m=0.0, stands_s=max(0.0, self.stands_s - elapsed_s))
        return replace(self, at_m=at_m)

    @property
    def under_arm(self) -> bool:
        """Whether they are where the arm comes down."""
        return abs(self.at_m) <= PERSON_M

    @property
    def gone(self) -> bool:
        """Whether they have left."""
        return self.at_m > LOOP_REACH_M
