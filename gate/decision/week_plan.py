"""Whether a week plan holds at a moment: a pure function of its spans, the clock and the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Protocol, TypeVar

from enrollment.hours import WEEKDAYS
from gate.decision.moment import DayKind, Moment


class Spanning(Protocol):
    """A span of a plan: `gate.week.WeekHours` of the rules or `enrollment.hours.Span` of the register."""

    @property
    def days(self) -> tuple[str, ...]:
        """The days by their names, none for every day."""
        ...

    @property
    def start(self) -> time:
        """When it begins."""
        ...

    @property
    def end(self) -> time:
        """When it ends, before `start` where it runs past midnight."""
        ...

    @property
    def whole_day(self) -> bool:
        """Whether it has neither beginning nor end."""
        ...


Kind = TypeVar("Kind", bound=Spanning)


def open_at(hours: Sequence[Spanning], moment: Moment) -> bool:
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


def spans_of(hours: Sequence[Kind], day: date, kind: DayKind) -> list[Kind]:
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
