"""How full it was hour by hour, and how many visitors stayed too long week by week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from gate.parking.overstay import Overstay
from gate.parking.tally import Hour
from gate.parking.yard import Yard


@dataclass(frozen=True, slots=True)
class HourBar:
    """The most cars in each zone within an hour; none in an hour that is still to come."""

    day: date
    hour: int
    cars: Mapping[str, int]

    @property
    def total(self) -> int:
        """In all zones together."""
        return sum(self.cars.values())


def by_hour(yard: Yard, first: date, last: date, now: datetime) -> tuple[HourBar, ...]:
    """The hours of the days from `first` to `last`, both included; `now` is in the compound's time zone.

    In an hour in which nothing happened as many stood there as at the end of the one before.
    """
    standing: dict[str, int] = {}
    for hour in sorted(hour for hour in yard.tally.hours if hour < (first, 0)):
        standing |= _last(yard, hour)
    bars = []
    for number in range(24 * ((last - first).days + 1)):
        hour = first + timedelta(days=number // 24), number % 24
        if hour > (now.date(), now.hour):
            bars.append(HourBar(*hour, {}))
            continue
        happened = yard.tally.hours.get(hour)
        peaks = {zone: peak for zone, (peak, _) in happened.items()} if happened else {}
        bars.append(HourBar(*hour, {zone: max(peaks.get(zone, 0), standing.get(zone, 0)) for zone in yard.zones}))
        standing |= _last(yard, hour) if happened else {}
    return tuple(bars)


def _last(yard: Yard, hour: Hour) -> Mapping[str, int]:
    return {zone: last for zone, (_, last) in yard.tally.hours[hour].items()}


def by_week(yard: Yard, inside: Sequence[Overstay], now: datetime, weeks: int) -> tuple[tuple[date, int], ...]:
    """The newest weeks by their Mondays, and in how many cases a visitor's time was over in each.

    `inside` are those that have not left yet.
    """
    monday = yard.tally.week_of(now)
    still: dict[date, int] = {}
    for one in inside:
        week = yard.tally.week_of(one.over_at)
        still[week] = still.get(week, 0) + 1
    newest = [monday - timedelta(weeks=back) for back in reversed(range(weeks))]
    return tuple((week, yard.tally.overstayed[week] + still.get(week, 0)) for week in newest)
