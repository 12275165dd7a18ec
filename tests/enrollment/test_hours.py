"""The line in which people write when a right holds."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.errors import EntryRefused
from enrollment.hours import DAYS, WEEKDAYS, Span, parse_hours, written
from gate.rights import hours_line
from gate.texts import LANGUAGES


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("", None),
        (" ； ", None),
        ("mon-fri 07:00-19:00; sat 08:00-12:00", "mon,tue,wed,thu,fri 07:00-19:00; sat 08:00-12:00"),
        ("周一至周五 7:00—19:00；周六 8：00到12：00", "mon,tue,wed,thu,fri 07:00-19:00; sat 08:00-12:00"),
        ("工作日 06:00-09:00, 17:00-20:00", "workday 06:00-09:00; workday 17:00-20:00"),
        ("周一、周三和星期五 22:00-6:00", "mon,wed,fri 22:00-06:00"),
        ("星期一至五", "mon,tue,wed,thu,fri"),
        ("Sat-Mon", "mon,sat,sun"),
        ("07:00-19:00", "07:00-19:00"),
        ("每天 18:00-24:00", "18:00-00:00"),
        ("每天", ",".join(WEEKDAYS)),
        ("00:00-24:00", ",".join(WEEKDAYS)),
        ("Day off; holidays 9:00-10:00", "day_off; holiday 09:00-10:00"),
        ("周末\n周末", "sat,sun"),
    ],
)
def test_a_line_is_read_as_people_write_it(line: str, kept: str | None) -> None:
    assert written(parse_hours(line)) == kept


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("白天", "hours.unreadable"),
        ("7-19", "hours.unreadable"),
        ("mon 07:00-19:00 tue", "hours.unreadable"),
        ("mon-workday 07:00-19:00", "hours.unreadable"),
        ("mon- 07:00-19:00", "hours.unreadable"),
        ("25:00-26:00", "hours.no_time"),
        ("07:00-24:30", "hours.no_time"),
        ("sat 07:00-07:00", "hours.empty"),
        ("; ".join(f"{hour:02}:{minute:02}-23:59" for hour in (1, 2) for minute in range(20)), "hours.many"),
        ("<b>mon</b>", "hours.unreadable"),
    ],
)
def test_what_can_not_be_read_is_said(line: str, code: str) -> None:
    with pytest.raises(EntryRefused, match=code):
        parse_hours(line)


clock = st.times().map(lambda at: at.replace(second=0, microsecond=0))
days = st.lists(st.sampled_from(DAYS), unique=True).map(lambda some: tuple(day for day in DAYS if day in some))
spans = st.tuples(days, clock, clock).filter(lambda one: one[0] or one[1] != one[2]).map(lambda one: Span(*one))


@given(st.lists(spans, max_size=8, unique=True))
def test_what_is_written_is_read_again_in_every_language(plan: list[Span]) -> None:
    kept = {Span(span.days) if span.whole_day else span for span in plan}
    lines = [written(plan) or "", *(hours_line(plan, language) for language in LANGUAGES)]
    assert all(set(parse_hours(line)) == kept for line in lines)


def test_a_span_of_every_day_whole_is_none() -> None:
    with pytest.raises(ValueError, match="days and hours"):
        Span((), time(8), time(8))
    with pytest.raises(ValueError, match="days and hours"):
        Span(("someday",))
