"""Whose a plate is: looked up in the register, among the passes and on the lists of blocked plates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from enrollment.finding import Finder
from enrollment.passes import Passes
from enrollment.register import Register
from gate.patrol.case import Standing, Whose


class Standings:
    """`blocked` says whether a list blocks a plate at a moment."""

    def __init__(
        self, register: Register, passes: Passes, finder: Finder, blocked: Callable[[str, datetime], bool]
    ) -> None:
        self._register = register
        self._passes = passes
        self._finder = finder
        self._blocked = blocked

    def of(self, plate: str, at: datetime) -> Whose:
        """What a normalised plate is known as. A block is said first: a blocked car should not be here at all."""
        listed = self._blocked(plate, at)
        car = self._register.find_plate(plate)
        if car is not None:
            blocked = listed or (car.blocked and (car.blocked_until is None or at < car.blocked_until))
            return Whose(Standing.BLOCKED if blocked else Standing.RESIDENT, car.id, car.household)
        if listed:
            return Whose(Standing.BLOCKED)
        for one in self._passes.kept():
            if one.plate == plate and (one.lets_in(at) or one.lets_out(at)):
                home = self._finder.household(one.household) if one.household else None
                return Whose(Standing.VISITOR, one.id, home, one.over_at)
        return Whose(Standing.UNKNOWN)
