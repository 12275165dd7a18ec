"""Parking as people see it, and the counts that they enter."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from enrollment.database import reading
from enrollment.errors import EntryRefused
from gate.ledger.tables import LedgerRow
from tests.gate.parking.conftest import NOW, Box, ago


def test_visitors_are_listed_once_their_time_is_over(any_box: Box) -> None:
    box = any_box
    for minutes, plate in ((500, "苏Z20B01"), (121, "苏Z20B02"), (119, "苏Z20B03")):
        box.passed("in", minutes, plate=plate, reason="service_window")
    for minutes, plate, ends in ((400, "苏Z20B04", ago(-60)), (300, "苏Z20B05", ago(60))):
        passage = box.passed("in", minutes, plate=plate, reason="visitor_pass")
        box.visitors_pass(passage, f"pass-{plate[-1]}", ends)
    box.passed("in", 9999, "v1")
    box.book.refresh(NOW)
    late = box.room.view(NOW).overstays
    told = [(one.plate, one.over_at, one.by_pass) for one in late]
    assert told == [("苏Z20B01", ago(380), False), ("苏Z20B05", ago(60), True), ("苏Z20B02", ago(1), False)]


def test_a_pass_that_was_recorded_before_its_passage_is_the_passages(box: Box) -> None:
    passage = box.passed("in", 300, plate="苏Z20B05", reason="visitor_pass")
    box.visitors_pass(passage, "pass-1", ago(-600))
    assert not Box(box.engine).room.view(NOW).overstays
    fresh = Box(box.engine)
    fresh.book.refresh(NOW)
    assert not fresh.room.view(NOW).overstays


def test_households_with_more_cars_than_places_are_listed(box: Box) -> None:
    for minutes, car in ((90, "v1"), (80, "v2"), (70, "v3"), (60, "v4")):
        box.passed("in", minutes, car)
    box.book.refresh(NOW)
    (home,) = box.room.view(NOW).homes
    assert (home.code, home.places, [car.plate for car in home.cars]) == ("3-2-501", 1, ["苏Z10001", "苏Z10002"])


def test_cars_without_an_entry_are_listed_for_a_week(box: Box) -> None:
    box.passed("out", 60 * 24 * 8, "v3")
    box.passed("out", 60, "v1")
    box.passed("out", 30, plate="苏Z20B01", reason="service_window")
    box.passed("in", 20, "v2")
    box.passed("in", 5, "v2")
    box.book.refresh(NOW)
    view = box.room.view(NOW)
    assert [one.plate for one in view.unentered] == ["苏Z20B01", "苏Z10001"]
    assert [one.plate for one in view.twice] == ["苏Z10002"]


def test_a_count_is_on_record_holds_and_is_undone_by_another(box: Box) -> None:
    box.passed("in", 90, "v1")
    box.passed("in", 10, "v3")
    box.book.refresh(NOW)
    box.room.count("yard", 3, ago(30), "id-guard", NOW)
    zone = box.room.view(NOW).zones[0]
    assert (zone.occupied, zone.free, zone.others) == (4, 0, 2)
    assert zone.count is not None
    assert (zone.count.cars, zone.count.expected, zone.count.at, zone.count.by) == (3, 1, ago(30), "id-guard")
    box.room.count("yard", 2, NOW + timedelta(minutes=1), "id-guard", NOW)
    assert Box(box.engine).standing["yard"] == 2
    with reading(box.engine) as session:
        rows = session.scalars(
            select(LedgerRow.body).where(LedgerRow.kind == "parking.counted").order_by(LedgerRow.seq)
        )
        assert rows.all()[0] == '{"actor":"id-guard","at":"2026-03-04T03:30:00+00:00","counted":3,"subject":"yard"}'


@pytest.mark.parametrize(
    ("zone", "cars", "at", "code"),
    [
        ("garage", 1, NOW, "parking.no_such_zone"),
        ("yard", -1, NOW, "parking.bad_count"),
        ("yard", 1, NOW - timedelta(hours=25), "parking.bad_moment"),
        ("yard", 1, NOW + timedelta(minutes=3), "parking.bad_moment"),
    ],
)
def test_a_count_that_cannot_be_is_refused(box: Box, zone: str, cars: int, at: datetime, code: str) -> None:
    with pytest.raises(EntryRefused) as refused:
        box.room.count(zone, cars, at, "id-guard", NOW)
    assert refused.value.code == code


def test_the_hours_go_on_as_they_stood_and_the_weeks_count_who_left_late(box: Box) -> None:
    box.passed("in", 60 * 24 * 7, plate="苏Z20B02", reason="service_window")
    box.passed("in", 60 * 30, "v1")
    box.passed("in", 60 * 4, plate="苏Z20B01", reason="service_window")
    box.passed("in", 60 * 3, "v3")
    box.passed("out", 60 * 3 - 5, "v3")
    box.passed("out", 10, plate="苏Z20B01", reason="service_window")
    box.book.refresh(NOW)
    view = box.room.view(NOW)
    assert [bar.total for bar in view.day] == [3, 4, 3, 3, 2, *[0] * 19]
    assert len(view.days) == 24 * 7
    assert [bar.total for bar in view.days[24 * 5 - 3 : 24 * 5]] == [1, 2, 2]
    assert [bar.total for bar in box.room.view(NOW, NOW.date() - timedelta(days=1)).day] == [2] * 24
    assert [count for _, count in view.weeks] == [0, 0, 0, 0, 1, 1]
