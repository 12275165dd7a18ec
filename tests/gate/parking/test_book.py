"""What is inside, followed through a real record."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from enrollment.candidate import Subject, SubjectKind
from enrollment.database import reading, writing
from enrollment.tables import VehicleRow
from gate.decision.parked import NOBODY_KNOWS, Parked
from gate.ledger.ledger import Passage, append_passage
from gate.ledger.tables import NOT_TAKEN
from gate.parking.settings import Parking
from tests.gate.parking.conftest import NOW, PARKING, Box, ago

V1, V2 = (Subject(car, SubjectKind.VEHICLE, "h1") for car in ("v1", "v2"))
V4 = Subject("v4", SubjectKind.VEHICLE, "h2")
SOMEBODY = Subject("r1", SubjectKind.RESIDENT, "h1")


def test_nothing_is_known_until_the_record_has_been_read(box: Box) -> None:
    assert box.book.parked(V1, None) == NOBODY_KNOWS
    assert not box.room.view(NOW).known
    box.book.refresh(NOW)
    assert box.book.parked(V1, None) == Parked((("yard", 0), ("guests", 0)), 0)


def test_what_passed_is_known_again_after_a_restart_and_on_every_box(any_box: Box) -> None:
    box = any_box
    box.passed("in", 300, "v1")
    box.passed("in", 200, "v2", verdict="ask", reason="places_taken")
    box.note("manual.open", 199.8, lane="in", actor="id-guard", command_id="g:1")
    box.passed("in", 100, plate="苏Z20B88", verdict="ask", reason="unknown_vehicle")
    box.passed("walk", 90, "r1")
    box.passed("in", 50, plate="苏Z2", verdict="ask", reason="unreadable_plate")
    box.note("manual.open", 49.8, lane="in", actor="id-guard", command_id="g:2")
    assert box.standing == {"yard": 3, "guests": 0}
    other = Box(box.engine)
    assert other.standing == box.standing
    other.passed("out", 10, "v1")
    assert box.standing == {"yard": 2, "guests": 0}
    assert [stay.car for stay in other.book.yard().inside()] == ["v1", "v2"]


def test_what_the_barrier_did_not_take_did_not_pass(any_box: Box) -> None:
    box = any_box
    passage = box.passed("in", 30, "v1")
    assert box.standing["yard"] == 1
    refused = {
        "barrier": "arm",
        "act": "refused",
        "before": "closed",
        "after": "closed",
        "cause": "barrier.locked_down",
    }
    box.note("barrier", 29.9, command="open", command_id=passage.id, **refused)
    assert box.standing["yard"] == 0
    assert Box(box.engine).standing["yard"] == 0


def test_commands_that_were_not_taken_are_found_without_reading_the_record(box: Box) -> None:
    with reading(box.engine) as session:
        if session.get_bind().dialect.name != "sqlite":
            pytest.skip("a server plans by what it has counted")
        plan = session.execute(
            text(f"EXPLAIN QUERY PLAN SELECT seq FROM ledger WHERE seq BETWEEN 1 AND 9 AND {NOT_TAKEN}")
        )
        assert "ledger_not_taken" in str(plan.all())


def test_each_asks_about_the_others_of_its_household_and_not_about_itself(box: Box) -> None:
    for minutes, car in ((90, "v1"), (80, "v3")):
        box.passed("in", minutes, car)
    box.book.refresh(NOW)
    assert box.book.parked(V2, None) == Parked((("yard", 2), ("guests", 0)), 1)
    assert box.book.parked(V1, None) == Parked((("yard", 1), ("guests", 0)), 0)
    assert box.book.parked(V4, None) == Parked((("yard", 2), ("guests", 0)), 1, 2)
    assert box.book.parked(SOMEBODY, None) == Parked((("yard", 2), ("guests", 0)), 0)
    assert box.book.parked(None, "苏Z20B88") == Parked((("yard", 2), ("guests", 0)), 0)
    assert Box(box.engine, Parking()).book.parked(V1, None) is None


def test_a_passage_counts_before_the_record_has_it_and_once_when_it_has(box: Box) -> None:
    box.book.refresh(NOW)
    for lane in ("in", "walk"):
        box.book.entered(Passage("p-ahead", ago(1), lane, "open", "visitor_pass", None, "v1", {"plate": "苏Z20B88"}))
    assert box.book.parked(V1, None) == Parked((("yard", 1), ("guests", 0)), 0)
    assert box.standing["yard"] == 1
    same = box.passed("in", 1, plate="苏Z20B88", reason="visitor_pass")
    box.book.entered(same)
    assert box.standing["yard"] == 1


@pytest.mark.parametrize("subject", ["v1", "r1"], ids=["a vehicle", "a card of somebody whose car nobody read"])
def test_a_passage_that_the_record_has_told_before_its_lane_does_counts_once(box: Box, subject: str) -> None:
    passage = box.passed("in", 1, subject)
    assert box.standing["yard"] == 1
    box.book.entered(passage)
    box.passed("out", 0.5, subject)
    assert box.standing["yard"] == 0
    assert box.book.parked(V2, None) == Parked((("yard", 0), ("guests", 0)), 0)


def test_a_passage_that_was_answered_by_name_counts_however_late_and_no_other(box: Box) -> None:
    asked = box.passed("in", 30, plate="苏Z1", verdict="ask", reason="unknown_vehicle")
    box.passed("in", 26, plate="苏Z2", verdict="refuse", reason="blocked_plate")
    box.note("manual.open", 25, lane="in", actor="id-guard", command_id="g:1", passage=asked.id)
    assert box.standing["yard"] == 1
    assert [stay.car for stay in box.book.yard().inside()] == ["苏Z1"]
    box.note("manual.open", 24, barrier="arm", actor="id-guard", command_id="g:2")
    assert box.standing["yard"] == 1


def test_what_is_too_old_is_forgotten_by_a_box_that_runs_as_by_one_that_starts(box: Box) -> None:
    box.room.count("yard", 3, ago(60), "id-guard", NOW)
    box.passed("in", 50, "v1")
    assert box.standing["yard"] == 4
    later = NOW + timedelta(days=31)
    box.passed("walk", -60 * 24 * 31, "r1")
    box.book.refresh(later)
    fresh = Box(box.engine)
    fresh.book.refresh(later)
    assert box.book.yard().occupied("yard") == fresh.book.yard().occupied("yard") == 0


def test_a_plate_that_is_enrolled_while_its_car_is_inside_is_that_vehicle(box: Box) -> None:
    box.passed("in", 60, plate="苏Z30B88", verdict="ask", reason="unknown_vehicle")
    box.note("manual.open", 59.9, lane="in", actor="id-guard", command_id="g:1")
    assert box.standing["yard"] == 1
    with writing(box.engine) as session:
        session.add(VehicleRow(id="v9", plate="苏Z30B88", colour="blue", household_id="h1", created_at=NOW))
    box.changed()
    box.book.refresh(NOW)
    assert box.book.parked(V1, None) == Parked((("yard", 1), ("guests", 0)), 1)
    box.passed("out", 1, "v9")
    assert box.standing["yard"] == 0


def test_an_erased_vehicle_counts_until_it_leaves(box: Box) -> None:
    box.passed("in", 60, "v1")
    with writing(box.engine) as session:
        session.execute(text("UPDATE vehicle SET plate = NULL, ended_at = created_at WHERE id = 'v1'"))
    box.changed()
    assert box.standing["yard"] == 1
    assert Box(box.engine).standing["yard"] == 1
    box.passed("out", 1, plate="苏Z10001", verdict="ask", reason="unknown_vehicle")
    assert box.standing["yard"] == 1
    box.note("manual.open", 0.9, lane="out", actor="id-guard", command_id="g:1")
    assert box.standing["yard"] == Box(box.engine).standing["yard"] == 0


@pytest.mark.parametrize("now", [NOW, NOW + timedelta(days=4000)], ids=["today", "a clock far ahead"])
def test_a_car_that_was_not_seen_for_long_is_forgotten_by_the_record_and_not_by_a_wrong_clock(
    box: Box, now: datetime
) -> None:
    box.passed("in", 60 * 24 * 31, "v1")
    box.passed("in", 60, "v2")
    fresh = Box(box.engine)
    fresh.book.refresh(now)
    assert [stay.car for stay in fresh.book.yard().inside()] == ["v2"]


def test_what_stood_at_an_earlier_moment_is_told_from_the_record(box: Box) -> None:
    box.passed("in", 60, "v1")
    box.passed("out", 30, "v1")
    earlier = Box(box.engine, PARKING)
    earlier.book.refresh(ago(45), until=ago(45))
    assert earlier.book.parked(V2, None) == Parked((("yard", 1), ("guests", 0)), 1)


def _other(**changed: object) -> Parking:
    return Parking.model_validate({**PARKING.model_dump(), **changed})


def test_other_numbers_hold_at_once_over_what_is_inside_and_the_record_is_read_by_them(any_box: Box) -> None:
    box = any_box
    for number in range(3):
        box.passed("in", 100 - number, plate=f"苏Z2000{number}")
    box.book.refresh(NOW)
    assert box.book.parked(None, "苏Z29999") == Parked((("yard", 3), ("guests", 0)), 0)
    yard, guests = PARKING.zone
    box.book.follow(_other(zone=(yard.model_copy(update={"spaces": 2}), guests)))
    assert box.book.parked(None, "苏Z29999") == Parked((("yard", 3), ("guests", 0)), 0)
    assert box.standing == {"yard": 2, "guests": 1}


def test_other_lanes_leave_nothing_known_until_the_record_has_been_read_by_them(any_box: Box) -> None:
    box = any_box
    box.passed("in", 60, "v1")
    box.passed("south-in", 50, "v3")
    assert box.standing["yard"] == 1
    yard, _ = PARKING.zone
    box.book.follow(_other(zone=(yard.model_copy(update={"enter": ("in", "south-in")}),)))
    assert box.book.parked(V1, None) == NOBODY_KNOWS
    assert not box.room.view(NOW).known
    assert box.standing == {"yard": 2}
    assert box.book.parked(V2, None) == Parked((("yard", 2),), 1)


def test_what_has_just_come_in_is_counted_once_over_a_change_of_lanes(box: Box) -> None:
    box.book.refresh(NOW)
    ahead = Passage("a1", ago(0), "in", "open", "known_vehicle", "v1", "v1", {})
    box.book.entered(ahead)
    yard, guests = PARKING.zone
    box.book.follow(_other(zone=(yard.model_copy(update={"leave": ("out", "south-out")}), guests)))
    assert box.standing == {"yard": 1, "guests": 0}
    with writing(box.engine) as session:
        append_passage(session, ahead, None)
    assert box.standing == {"yard": 1, "guests": 0}


def test_counting_can_be_left_off_and_taken_up_again(any_box: Box) -> None:
    box = any_box
    box.passed("in", 60, "v1")
    box.book.refresh(NOW)
    box.book.follow(Parking())
    assert box.book.parked(V1, None) is None
    assert box.standing == {}
    box.book.follow(PARKING)
    assert box.book.parked(V1, None) == NOBODY_KNOWS
    assert box.standing == {"yard": 1, "guests": 0}


def test_a_car_that_is_remembered_for_longer_is_known_again(any_box: Box) -> None:
    box = any_box
    box.book.follow(_other(forget_after_days=1))
    box.passed("in", 3 * 24 * 60, "v1")
    box.passed("in", 60, "v2")
    assert box.standing["yard"] == 1
    box.book.follow(_other(forget_after_days=5))
    assert box.standing["yard"] == 2
    box.book.follow(_other(forget_after_days=1))
    assert box.book.parked(None, None) is not None
    assert box.standing["yard"] == 1
