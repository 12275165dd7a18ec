"""What is told of the past in charts: how many cars stood where hour by hour, and who stayed too long in which week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

Hour = tuple[date, int]
"""An hour of a day in the compound's time zone."""
MOST_HOURS = 24 * 400
NOTHING: Mapping[str, tuple[int, int]] = {}


@dataclass(slots=True)
class Tally:
    """Counted in the time zone `zone`.

    `hours` has each hour in which a zone came to hold more or fewer: by zone the most cars that stood there, and how
    many at the end.
    `overstayed` counts visitors who left late by the Monday of the week in which their time was over.
    """

    zone: tzinfo
    hours: dict[Hour, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    overstayed: Counter[date] = field(default_factory=Counter)

    def copy(self) -> Tally:
        """The same, to go on from."""
        return Tally(self.zone, self.hours.copy(), self.overstayed.copy())

    def stands(self, at: datetime, zone: str, cars: int) -> None:
        """So many cars stand in a zone from then on."""
        local = at.astimezone(self.zone)
        hour = local.date(), local.hour
        before = self.hours.get(hour, NOTHING)
        self.hours[hour] = {**before, zone: (max(before.get(zone, (0, 0))[0], cars), cars)}
        if len(self.hours) > MOST_HOURS:
            del self.hours[next(iter(self.hours))]

    def left_late(self, over_at: datetime) -> None:
        """A visitor has left whose time was over then."""
        self.overstayed[self.week_of(over_at)] += 1

    def week_of(self, at: datetime) -> date:
        """The Monday of its week."""
        day = at.astimezone(self.zone).date()
        return day - timedelta(days=day.weekday())
