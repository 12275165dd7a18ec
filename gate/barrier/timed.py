"""Timed rules: spans of the week in which a barrier is held open, such as a market morning."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from gate.hours import Hours

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class HeldOpen(Hours):
    """Held open from one time of the day until another, on these days, in the compound's time zone.

    `until` before `from` runs past midnight into the day after.
    """

    days: tuple[Day, ...] = Field(default=DAYS, min_length=1, description="mon, tue, … sun; left out is every day")

    def holds(self, moment: datetime) -> bool:
        """Whether it holds at this local time."""
        clock = moment.timetz().replace(tzinfo=None)
        if self.start < self.end:
            return self.start <= clock < self.end and self._on(moment)
        return (clock >= self.start and self._on(moment)) or (clock < self.end and self._on(moment - timedelta(days=1)))

    def _on(self, moment: datetime) -> bool:
        return DAYS[moment.weekday()] in self.days


def held_now(rules: Iterable[HeldOpen], moment: datetime) -> bool:
    """Whether any rule holds at this local time."""
    return any(rule.holds(moment) for rule in rules)
