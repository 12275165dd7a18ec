"""What a day is by the holidays that hold: China's statutory ones with their make-up workdays, and the compound's own.

The State Council announces a year's holidays in the autumn before it, and `chinesecalendar` knows them by a release of
its own. A day of a year that it does not know is `UNKNOWN`, never a guess: then the plain week plan holds.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar

from gate.access_rules import AccessRules
from gate.decision.moment import DayKind, Moment


@lru_cache(maxsize=4096)
def statutory(day: date) -> DayKind:
    """What the day is by the announcements of the State Council."""
    try:
        works, celebrated = chinese_calendar.is_workday(day), day in chinese_calendar.holidays
    except NotImplementedError:
        return DayKind.UNKNOWN
    if celebrated:
        return DayKind.HOLIDAY
    return DayKind.MAKE_UP if works and day.weekday() >= 5 else DayKind.PLAIN


def day_kind(day: date, rules: AccessRules) -> DayKind:
    """What the day is by these rules; the compound's own days come before the statutory ones."""
    if day in rules.days_off:
        return DayKind.HOLIDAY
    if day in rules.workdays:
        return DayKind.MAKE_UP if day.weekday() >= 5 else DayKind.PLAIN
    return statutory(day) if rules.holidays == "cn" else DayKind.PLAIN


def moment_of(at: datetime, zone: ZoneInfo, rules: AccessRules) -> Moment:
    """The moment of an aware time, in the compound's zone."""
    local = at.astimezone(zone)
    today = local.date()
    before = today if today == date.min else today - timedelta(days=1)
    return Moment(local, day_kind(today, rules), day_kind(before, rules))


def unknown_years(today: date, rules: AccessRules) -> tuple[int, ...]:
    """The years from today until a month ahead whose holidays nobody knows here yet."""
    if rules.holidays != "cn":
        return ()
    years = sorted({today.year, (today + timedelta(days=31)).year})
    return tuple(year for year in years if statutory(date(year, 1, 1)) is DayKind.UNKNOWN)
