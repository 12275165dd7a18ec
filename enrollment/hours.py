"""When a right holds: hours of days of the week, as plain values and as the line that people write them in.

A line is `mon-fri 07:00-19:00; sat 08:00-12:00` or `周一至周五 7:00-19:00；周六 8:00-12:00`: days, hours or both, one
`;` between the parts. Days without hours are whole days, hours without days are of every day.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from functools import lru_cache
from typing import TypeAlias

from enrollment.errors import EntryRefused

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAYS = (*WEEKDAYS, "workday", "day_off", "holiday")
"""`workday` is a day that people work on, a make-up Saturday too, `day_off` any other, `holiday` a statutory one."""

MOST_SPANS = 20
LONGEST_LINE = 1500
"""Characters; the most spans, each of all kinds of days, fit."""

_IN_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CHINESE = "一二三四五六日"
_WORDS = {
    **{day: (day,) for day in DAYS},
    **{word: (day,) for word, day in zip(_IN_FULL, WEEKDAYS, strict=True)},
    **{f"{week}{sign}": (day,) for week in ("周", "星期") for sign, day in zip(_CHINESE, WEEKDAYS, strict=True)},
    **dict(zip(_CHINESE, ((day,) for day in WEEKDAYS), strict=True)),
    "周天": ("sun",),
    "星期天": ("sun",),
    "天": ("sun",),
    "周末": ("sat", "sun"),
    "weekend": ("sat", "sun"),
    "工作日": ("workday",),
    "休息日": ("day_off",),
    "节假日": ("holiday",),
    "节日": ("holiday",),
    "workdays": ("workday",),
    "days off": ("day_off",),
    "day off": ("day_off",),
    "holidays": ("holiday",),
    **dict.fromkeys(("每天", "天天", "every day", "daily"), DAYS[:0]),
}
_WORD = "|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True))
_SOME_DAYS = re.compile(rf"[\s,、和]*({_WORD})(?:\s*-\s*({_WORD}))?[\s,、和]*")
_CLOCKS = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})(?:[\s,、和]*(?=\d)|\s*$)")
_DASHES = str.maketrans({**dict.fromkeys("‐‑‒–—―−~至到", "-"), "\n": ";"})


@dataclass(frozen=True, slots=True)
class Span:
    """A span of the days it names, or of every day; `end` before `start` runs past midnight.

    With `start` equal to `end` it is the whole day. Raises ValueError for a day that is none, and for every day whole,
    which is no span at all.
    """

    days: tuple[str, ...] = ()
    start: time = time(0)
    end: time = time(0)

    def __post_init__(self) -> None:
        if not set(self.days) <= set(DAYS) or (not self.days and self.whole_day):
            raise ValueError(f"a span is of days and hours: {self.days}, {self.start}")

    @property
    def whole_day(self) -> bool:
        """Whether it has neither beginning nor end."""
        return self.start == self.end

    def __str__(self) -> str:
        clocks = "" if self.whole_day else f"{self.start:%H:%M}-{self.end:%H:%M}"
        return " ".join(part for part in (",".join(self.days), clocks) if part)


Hours: TypeAlias = tuple[Span, ...]
"""Whoever has a right comes in within one of the spans; without any, no hours are said."""


def written(hours: Iterable[Span]) -> str | None:
    """The line for these, in the one way that the register keeps it; None for none."""
    return "; ".join(map(str, hours)) or None


@lru_cache(maxsize=512)
def parse_hours(line: str) -> Hours:
    """The spans of a line; none for an empty one.

    Raises:
        EntryRefused: `hours.unreadable` with the part that is, `hours.no_time`, `hours.empty` where it begins when it
            ends, `hours.many`.
    """
    if len(line) > LONGEST_LINE:
        raise EntryRefused("hours.many", most=MOST_SPANS)
    plain = unicodedata.normalize("NFKC", line).translate(_DASHES).casefold()
    spans = [span for part in plain.split(";") if part.strip() for span in _spans(part.strip())]
    if len(spans) > MOST_SPANS:
        raise EntryRefused("hours.many", most=MOST_SPANS)
    return tuple(dict.fromkeys(spans))


def _spans(part: str) -> list[Span]:
    first = re.search(r"\d", part)
    days_said, clocks_said = (part, "") if first is None else (part[: first.start()], part[first.start() :])
    days, clocks = _days(days_said, part), _clocks(clocks_said, part)
    return [Span(days, *ends) for ends in clocks] or [Span(days or WEEKDAYS)]


def _days(said: str, part: str) -> tuple[str, ...]:
    named: set[str] = set()
    at = 0
    while at < len(said):
        found = _SOME_DAYS.match(said, at)
        if found is None:
            if said[at:].strip():
                raise EntryRefused("hours.unreadable", part=part)
            break
        first, last = _WORDS[found[1]], _WORDS[found[2]] if found[2] else None
        named.update(first if last is None else _from_to(first, last, part))
        at = found.end()
    return tuple(day for day in DAYS if day in named)


def _from_to(first: tuple[str, ...], last: tuple[str, ...], part: str) -> tuple[str, ...]:
    if len(first) != 1 or len(last) != 1 or not {*first, *last} <= set(WEEKDAYS):
        raise EntryRefused("hours.unreadable", part=part)
    begins, ends = WEEKDAYS.index(first[0]), WEEKDAYS.index(last[0])
    return tuple(WEEKDAYS[(begins + step) % 7] for step in range((ends - begins) % 7 + 1))


def _clocks(said: str, part: str) -> list[tuple[time, time]]:
    found: list[tuple[time, time]] = []
    at = 0
    while at < len(said):
        one = _CLOCKS.match(said, at)
        if one is None:
            raise EntryRefused("hours.unreadable", part=part)
        start, end = _time(one[1], one[2], part), _time(one[3], one[4], part)
        if start == end and one[3] != "24":
            raise EntryRefused("hours.empty", part=part)
        if start != end:
            found.append((start, end))
        at = one.end()
    return found


def _time(hour: str, minute: str, part: str) -> time:
    """24:00 is the midnight at the end of the day."""
    if (int(hour), int(minute)) == (24, 0):
        return time(0)
    if int(hour) > 23 or int(minute) > 59:
        raise EntryRefused("hours.no_time", part=part)
    return time(int(hour), int(minute))
