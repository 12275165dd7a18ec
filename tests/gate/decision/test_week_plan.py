"""Week plans at midnight, on holidays and in zones whose clocks are changed."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gate.decision.moment import DayKind, Moment
from gate.decision.week_plan import open_at
from gate.week import Day, WeekHours

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY, SATURDAY, SUNDAY = (date(2026, 3, day) for day in (6, 7, 8))


def _span(begins: str | None = None, ends: str | None = None, *days: Day) -> WeekHours:
    given_ = {"from": begins, "until": ends} if begins else {}
    return WeekHours.model_validate({**given_, "days": days} if days else given_)


def _at(
    day: date, clock: str, today: DayKind = DayKind.PLAIN, yesterday: DayKind = DayKind.PLAIN, zone: ZoneInfo = SHANGHAI
) -> Moment:
    return Moment(datetime.fromisoformat(f"{day.isoformat()}T{clock}").replace(tzinfo=zone), today, yesterday)


NIGHT = _span("22:00", "06:00", "fri")
WORK = _span("08:00", "18:00", "workday")
OFF = _span("10:00", "16:00", "day_off")
FEAST = _span("12:00", "13:00", "holiday")


@pytest.mark.parametrize(
    ("plan", "moment", "holds"),
    [
        ((NIGHT,), _at(FRIDAY, "21:59:59"), False),
        ((NIGHT,), _at(FRIDAY, "22:00"), True),
        ((NIGHT,), _at(SATURDAY, "00:00"), True),
        ((NIGHT,), _at(SATURDAY, "05:59:59"), True),
        ((NIGHT,), _at(SATURDAY, "06:00"), False),
        ((NIGHT,), _at(SATURDAY, "22:00"), False),
        ((NIGHT,), _at(FRIDAY, "05:00"), False),
        ((_span("22:00", "00:00", "fri"),), _at(FRIDAY, "23:59:59"), True),
        ((_span("22:00", "00:00", "fri"),), _at(SATURDAY, "00:00"), False),
        ((_span(None, None, "sat"),), _at(SATURDAY, "00:00"), True),
        ((_span(None, None, "sat"),), _at(SUNDAY, "00:00"), False),
        ((WORK,), _at(FRIDAY, "09:00"), True),
        ((WORK,), _at(SATURDAY, "09:00"), False),
        ((WORK,), _at(SATURDAY, "09:00", DayKind.MAKE_UP), True),
        ((WORK,), _at(FRIDAY, "09:00", DayKind.HOLIDAY), False),
        ((WORK,), _at(FRIDAY, "09:00", DayKind.UNKNOWN), True),
        ((OFF,), _at(FRIDAY, "12:30", DayKind.HOLIDAY), True),
        ((OFF,), _at(SATURDAY, "12:30", DayKind.MAKE_UP), False),
        ((WORK, OFF, FEAST), _at(FRIDAY, "10:30", DayKind.HOLIDAY), False),
        ((WORK, OFF, FEAST), _at(FRIDAY, "12:30", DayKind.HOLIDAY), True),
        ((_span("08:00", "18:00"), FEAST), _at(FRIDAY, "09:00", DayKind.HOLIDAY), False),
        ((_span("08:00", "18:00", "sat"),), _at(SATURDAY, "09:00", DayKind.MAKE_UP), True),
        ((_span("22:00", "06:00", "workday"),), _at(SATURDAY, "01:00", DayKind.HOLIDAY, DayKind.PLAIN), True),
        ((_span("22:00", "06:00", "workday"),), _at(SATURDAY, "01:00", DayKind.PLAIN, DayKind.HOLIDAY), False),
        ((_span("22:00", "06:00"), FEAST), _at(SATURDAY, "01:00", DayKind.HOLIDAY), True),
        ((), _at(FRIDAY, "03:00"), True),
        ((_span("22:00", "06:00"),), _at(date.min, "01:00", zone=SHANGHAI), False),
    ],
)
def test_a_span_belongs_to_the_day_it_starts_on(plan: tuple[WeekHours, ...], moment: Moment, holds: bool) -> None:
    assert open_at(plan, moment) is holds


@pytest.mark.parametrize("written", [{}, {"from": "06:00"}, {"from": "06:00", "until": "06:00"}, {"days": ["someday"]}])
def test_hours_that_could_mean_two_things_are_refused(written: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        WeekHours.model_validate(written)


clocks = st.times().filter(lambda clock: clock.microsecond == 0)
zones = st.sampled_from([ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Africa/Casablanca")])


@given(clocks, clocks, st.datetimes(timezones=zones), st.sampled_from(DayKind), st.sampled_from(DayKind))
def test_every_day_of_every_zone_is_either_inside_or_outside(
    begins: object, ends: object, at: datetime, today: DayKind, yesterday: DayKind
) -> None:
    if begins == ends:
        return
    moment = Moment(at, today, yesterday)
    inside = WeekHours.model_validate({"from": begins, "until": ends})
    outside = WeekHours.model_validate({"from": ends, "until": begins})
    if at.date() > date.min:
        assert open_at((inside,), moment) is not open_at((outside,), moment)
