"""What a day is by the holidays of China and of the compound."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from gate.access_rules import AccessRules
from gate.decision.moment import DayKind
from gate.holidays import day_kind, moment_of, unknown_years

CHINA = AccessRules()


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 2, 14), DayKind.MAKE_UP),
        (date(2026, 2, 17), DayKind.HOLIDAY),
        (date(2026, 2, 21), DayKind.HOLIDAY),
        (date(2026, 3, 4), DayKind.PLAIN),
        (date(2026, 3, 7), DayKind.PLAIN),
        (date(2001, 1, 1), DayKind.UNKNOWN),
        (date(2200, 1, 1), DayKind.UNKNOWN),
    ],
)
def test_statutory_holidays_and_make_up_workdays_are_told_apart(day: date, kind: DayKind) -> None:
    assert day_kind(day, CHINA) is kind


def test_the_compounds_own_days_come_first() -> None:
    own = AccessRules(days_off=(date(2200, 1, 29),), workdays=(date(2026, 2, 17), date(2026, 3, 7)))
    days = [date(2200, 1, 29), date(2026, 2, 17), date(2026, 3, 7)]
    assert [day_kind(day, own) for day in days] == [DayKind.HOLIDAY, DayKind.PLAIN, DayKind.MAKE_UP]


def test_a_compound_elsewhere_has_no_holidays_of_china() -> None:
    elsewhere = AccessRules(holidays="none")
    assert day_kind(date(2026, 2, 17), elsewhere) is DayKind.PLAIN
    assert unknown_years(date(2200, 1, 1), elsewhere) == ()


def test_a_moment_has_the_day_of_the_compounds_zone() -> None:
    moment = moment_of(datetime(2026, 2, 14, 17, tzinfo=UTC), ZoneInfo("Asia/Shanghai"), CHINA)
    assert (moment.at.day, moment.today, moment.yesterday) == (15, DayKind.HOLIDAY, DayKind.MAKE_UP)


def test_a_year_that_is_not_known_is_said_a_month_ahead() -> None:
    assert unknown_years(date(2025, 12, 15), CHINA) == ()
    assert unknown_years(date(2200, 12, 15), CHINA) == (2200, 2201)
