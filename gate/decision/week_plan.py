"""Whether a week plan holds at a moment: a pure function of its spans, the clock and the calendar."""

from __future__ import annotations

from datetime import date, timedelta

from gate.decision.moment import DayKind, Moment
from gate.week import WEEKDAYS, WeekHours


def open_at(hours: tuple[WeekHours, ...], moment: Moment) -> bool:
    """Whether one of the spans holds; no span at all holds always.

    Where a plan has spans for `holiday`, they alone hold on a holiday.
    """
    if not hours:
        return True
    clock, today = moment.at.time(), moment.at.date()
    for span in spans_of(hours, today, moment.today):
        if span.whole_day or (span.start <= clock and (clock < span.end or span.end < span.start)):
            return True
    if today == date.min:
        return False
    before = spans_of(hours, today - timedelta(days=1), moment.yesterday)
    return any(span.end < span.start and clock < span.end for span in before)


def spans_of(hours: tuple[WeekHours, ...], day: date, kind: DayKind) -> list[WeekHours]:
    """The spans that start on this day."""
    if kind is DayKind.HOLIDAY and any("holiday" in span.days for span in hours):
        return [span for span in hours if "holiday" in span.days]
    names = day_names(day, kind)
    return [span for span in hours if not span.days or not names.isdisjoint(span.days)]


def day_names(day: date, kind: DayKind) -> frozenset[str]:
    """The names by which a plan may call this day."""
    works = kind is DayKind.MAKE_UP or (kind is not DayKind.HOLIDAY and day.weekday() < 5)
    names = {WEEKDAYS[day.weekday()], "workday" if works else "day_off"}
    return frozenset(names | {"holiday"} if kind is DayKind.HOLIDAY else names)
