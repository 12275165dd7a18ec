"""What crossings and counts add up to: by tables of small stories, and whatever happens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.parking.event import Counted, Crossing, Event, NotTaken, OpenedByHand, SetBack
from gate.parking.settings import Parking, Zone
from gate.parking.yard import Oddity, Stay, Yard

NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)
YARD = Zone(id="yard", name="地面", spaces=3, enter=("in",), leave=("out",))
ONE = Parking(zone=(YARD,))
"""One zone behind one gate."""
INNER = Parking(
    zone=(
        Zone(id="yard", name="地面", spaces=2, takes="both", enter=("in", "up"), leave=("out", "down")),
        Zone(id="garage", name="车库", spaces=2, takes="residents", enter=("down",), leave=("up",)),
    )
)
"""A garage that one drives into from the yard."""
SPLIT = Parking(
    zone=(
        Zone(id="own", name="住户区", spaces=2, takes="residents", enter=("in",), leave=("out",)),
        Zone(id="guests", name="访客区", spaces=1, takes="both", enter=("in",), leave=("out",)),
    )
)
"""Two zones behind one gate."""


class Story:
    """Events in order, a minute and a row apart unless told otherwise."""

    def __init__(self, parking: Parking = ONE) -> None:
        self.yard = Yard(parking, UTC)
        self.seq = 0

    def pass_(
        self, lane: str, car: str | None, minute: float, *, visitor: bool = False, opened: bool = True
    ) -> Crossing:
        return self._take(Crossing(self._next(), _at(minute), lane, f"p{self.seq}", car, visitor, opened))

    def stay(self, car: str) -> Stay:
        return next(stay for stay in self.yard.inside() if stay.car == car)

    def hand(self, lane: str, minute: float, command: str = "g:1", passage: str | None = None) -> None:
        self._take(OpenedByHand(self._next(), _at(minute), lane, command, passage))

    def count(self, cars: int, minute: float, zone: str = "yard", entered: float | None = None) -> None:
        recorded = _at(minute if entered is None else entered)
        self._take(Counted(self._next(), _at(minute), zone, cars, recorded, "id-guard"))

    def not_taken(self, command: str) -> None:
        self._take(NotTaken(self._next(), command))

    def set_back(self) -> None:
        self._take(SetBack(self._next()))

    def _next(self) -> int:
        self.seq += 1
        return self.seq

    def _take(self, event: Any) -> Any:
        self.yard.take([event])
        return event

    @property
    def cars(self) -> set[str]:
        return {stay.car for stay in self.yard.inside()}

    def odd(self) -> list[tuple[Oddity, str]]:
        return [(note.what, note.car) for note in self.yard.notes]


def _at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def test_who_is_opened_for_is_who_was_asked_about_and_not_who_came_last() -> None:
    story = Story()
    asked = story.pass_("in", "苏Z1", 0, opened=False)
    story.pass_("in", "苏Z2", 1, opened=False)
    story.hand("in", 9, passage=asked.passage)
    assert story.cars == {"苏Z1"}
    story.hand("in", 9.5, passage=asked.passage)
    story.hand("in", 10, passage="p-of-long-ago")
    assert story.cars == {"苏Z1"}


def test_a_car_whose_vehicle_was_erased_is_one_that_nobody_knows_and_may_leave() -> None:
    story = Story()
    story.pass_("in", "v1", 0)
    story.yard.unname(frozenset({"v1", "v2"}))
    assert (story.cars, story.yard.occupied("yard")) == (set(), 1)
    story.pass_("out", "苏Z10001", 30)
    assert story.yard.occupied("yard") == 0


def test_what_comes_in_is_inside_until_it_leaves() -> None:
    story = Story()
    story.pass_("in", "v1", 0)
    story.pass_("in", "苏Z10B88", 5, visitor=True)
    assert (story.cars, story.yard.occupied("yard")) == ({"v1", "苏Z10B88"}, 2)
    story.pass_("out", "v1", 30)
    assert (story.cars, story.yard.occupied("yard"), story.odd()) == ({"苏Z10B88"}, 1, [])


def test_who_was_asked_about_comes_in_once_a_person_has_opened() -> None:
    story = Story()
    story.pass_("in", "苏Z10B88", 0, visitor=True, opened=False)
    assert story.yard.occupied("yard") == 0
    story.hand("out", 0.2)
    assert story.yard.occupied("yard") == 0
    story.hand("in", 0.5)
    story.hand("in", 0.6)
    assert (story.cars, story.stay("苏Z10B88").since) == ({"苏Z10B88"}, _at(0.5))


def test_an_order_long_after_a_passage_is_no_answer_to_it() -> None:
    story = Story()
    story.pass_("in", "苏Z10B88", 0, visitor=True, opened=False)
    story.hand("in", 3)
    assert story.yard.occupied("yard") == 0


def test_what_the_barrier_did_not_take_has_not_happened() -> None:
    story = Story()
    story.pass_("in", "v1", 0)
    refused = story.pass_("out", "v1", 30)
    story.not_taken(refused.passage)
    assert (story.cars, story.stay("v1").since) == ({"v1"}, NOON)
    story.not_taken("somebody-elses")
    refused = story.pass_("in", None, 31)
    assert story.yard.occupied("yard") == 2
    story.not_taken(refused.passage)
    unentered = story.pass_("out", "v9", 32)
    assert story.odd() == [(Oddity.LEFT_WITHOUT_ENTRY, "v9")]
    story.not_taken(unentered.passage)
    assert (story.yard.occupied("yard"), story.odd()) == (1, [])


def test_a_plate_that_enters_twice_counts_once_and_is_noted() -> None:
    story = Story()
    story.pass_("in", "v1", 0)
    story.pass_("in", "v1", 1)
    assert (story.odd(), story.stay("v1").since) == ([], NOON)
    story.pass_("in", "v1", 300)
    assert (story.yard.occupied("yard"), story.odd()) == (1, [(Oddity.ENTERED_TWICE, "v1")])
    assert story.stay("v1").since == _at(300)


def test_a_car_without_an_entry_is_noted_when_it_leaves() -> None:
    story = Story()
    story.pass_("out", "v1", 0)
    story.pass_("out", "v1", 1)
    assert (story.yard.occupied("yard"), story.odd()) == (0, [(Oddity.LEFT_WITHOUT_ENTRY, "v1")])


@pytest.mark.parametrize(
    ("lane", "car", "left"),
    [("out", "v9", 2), ("out", None, 2), ("out", "v1", 2)],
    ids=["one nobody saw come in", "one that nobody read", "one that is known"],
)
def test_every_car_that_leaves_makes_room_after_a_count(lane: str, car: str | None, left: int) -> None:
    story = Story()
    story.pass_("in", "v1", 0)
    story.count(3, 10)
    assert (story.yard.occupied("yard"), story.yard.others("yard")) == (3, 2)
    story.pass_(lane, car, 20)
    assert story.yard.occupied("yard") == left


def test_a_count_that_finds_fewer_is_settled_as_the_missing_cars_turn_up() -> None:
    story = Story()
    for number in range(3):
        story.pass_("in", f"v{number}", number)
    story.count(2, 10)
    assert (story.yard.occupied("yard"), story.yard.others("yard")) == (2, -1)
    story.pass_("in", "v0", 60)
    assert (story.yard.occupied("yard"), story.yard.others("yard")) == (3, 0)
    story.count(0, 70)
    assert story.yard.occupied("yard") == 0
    story.pass_("in", "v1", 80)
    assert story.yard.occupied("yard") == 1


def test_a_count_holds_from_the_moment_it_was_made() -> None:
    story = Story()
    story.pass_("in", "v1", 0)
    story.pass_("in", "v2", 20)
    story.pass_("out", "v1", 25)
    story.pass_("in", "v3", 26)
    story.count(5, 10, entered=30)
    assert story.yard.occupied("yard") == 5 + 1
    counted, expected = story.yard.counts["yard"]
    assert (counted.cars, expected) == (5, 1)


def test_a_new_count_replaces_the_one_before() -> None:
    story = Story()
    story.pass_("in", "v1", 0)
    story.count(30, 1)
    story.count(3, 2)
    assert story.yard.occupied("yard") == 3
    story.count(3, 3, zone="gone")
    assert story.yard.occupied("yard") == 3


def test_a_row_that_comes_late_is_told_by_its_own_time() -> None:
    story = Story()
    story.pass_("in", "v1", 0)
    story.pass_("in", "v1", 60)
    story.pass_("out", "v1", 50)
    assert story.cars == {"v1"}
    story.pass_("out", "v2", 90)
    story.pass_("in", "v2", 70)
    assert (story.cars, story.odd()) == ({"v1"}, [(Oddity.ENTERED_TWICE, "v1")])


def test_a_clock_that_was_set_back_makes_no_row_late() -> None:
    story = Story()
    story.pass_("in", "v1", 60)
    story.set_back()
    story.pass_("out", "v1", 10)
    assert story.cars == set()
    story.pass_("out", "v2", 100)
    story.set_back()
    story.pass_("in", "v2", 20)
    assert story.cars == {"v2"}


def test_a_car_goes_on_from_the_yard_into_the_garage_and_back() -> None:
    story = Story(INNER)
    story.pass_("in", "v1", 0)
    story.pass_("down", "v1", 5)
    assert (story.yard.occupied("yard"), story.yard.occupied("garage")) == (0, 1)
    story.pass_("up", "v1", 50)
    story.pass_("out", "v1", 55)
    assert (story.yard.inside(), story.odd()) == ((), [])
    story.pass_("down", "v2", 60)
    assert story.odd() == [(Oddity.LEFT_WITHOUT_ENTRY, "v2")]
    assert (story.yard.occupied("yard"), story.yard.occupied("garage")) == (0, 1)


def test_cars_fill_the_first_zone_that_is_for_them() -> None:
    story = Story(SPLIT)
    for number in range(4):
        story.pass_("in", f"v{number}", number)
    assert [story.yard.occupied(zone) for zone in ("own", "guests")] == [3, 1]
    story.pass_("in", "苏Z10B88", 9, visitor=True)
    assert story.yard.occupied("guests") == 2


def test_a_plate_that_is_enrolled_while_its_car_is_inside_is_the_same_car() -> None:
    story = Story()
    story.pass_("in", "苏Z10B88", 0, visitor=True)
    story.yard.rename({"苏Z10B88": "v1"})
    assert (story.cars, story.stay("v1").visitor) == ({"v1"}, False)
    story.pass_("in", "苏Z10B88", 10)
    story.yard.rename({"苏Z10B88": "v1"})
    assert story.yard.occupied("yard") == 1


def test_a_car_that_was_not_seen_for_long_counts_no_more() -> None:
    story = Story()
    for number in range(3):
        story.pass_("in", f"v{number}", number * 1000)
    assert (story.yard.occupied("yard", _at(999)), len(story.yard.inside(_at(999)))) == (2, 2)
    story.count(2, 2001)
    assert story.yard.occupied("yard", _at(999)) == 2


def test_a_car_for_which_the_barrier_kept_shut_comes_in_when_a_person_opens() -> None:
    story = Story()
    kept_out = story.pass_("in", "v1", 0).passage
    story.not_taken(kept_out)
    assert story.cars == set()
    story.hand("in", 1, "g:1", passage=kept_out)
    assert story.cars == {"v1"}
    story.not_taken("g:1")
    assert story.cars == set()
    story.hand("in", 2, "g:2", passage=kept_out)
    assert (story.cars, story.yard.occupied("yard")) == ({"v1"}, 1)


def test_a_copy_goes_its_own_way() -> None:
    story = Story()
    story.pass_("in", "v1", 0)
    twin = story.yard.copy()
    twin.take([Crossing(9, _at(9), "in", "p9", "v2", visitor=False, opened=True)])
    assert (story.yard.occupied("yard"), twin.occupied("yard")) == (1, 2)
    assert story.yard.tally.hours != twin.tally.hours


moments = st.integers(0, 600).map(_at)
lanes = st.sampled_from(["in", "out", "up", "down", "elsewhere"])
cars = st.none() | st.sampled_from(["v1", "v2", "v3", "苏Z10B88"])
crossings = st.builds(
    Crossing, st.just(0), moments, lanes, st.sampled_from(["p1", "p2", "p3"]), cars, st.booleans(), st.booleans()
)
events = st.lists(
    crossings
    | st.builds(OpenedByHand, st.just(0), moments, lanes, st.sampled_from(["p1", "g1"]))
    | st.builds(NotTaken, st.just(0), st.sampled_from(["p1", "p2", "g1"]))
    | st.builds(
        Counted, st.just(0), moments, st.sampled_from(["yard", "garage"]), st.integers(0, 9), moments, st.just("a")
    )
    | st.builds(SetBack, st.just(0)),
    max_size=40,
)


def _numbered(told: Iterable[Event]) -> list[Event]:
    return [replace(event, seq=number) for number, event in enumerate(told, 1)]


@given(events)
def test_no_zone_ever_holds_fewer_than_none_and_no_car_stands_twice(told: list[Event]) -> None:
    yard = Yard(INNER, UTC)
    for event in _numbered(told):
        yard.take([event])
        for zone in yard.zones:
            named = sum(stay.zone == zone for stay in yard.inside())
            assert named + yard.others(zone) == yard.occupied(zone) >= 0
            assert yard.occupied(zone, _at(300)) >= 0


@given(events, st.integers(0, 9))
def test_after_a_count_a_zone_holds_what_was_counted(told: list[Event], cars: int) -> None:
    yard = Yard(INNER, UTC)
    yard.take(_numbered(told))
    yard.take([Counted(99, _at(700), "yard", cars, _at(700), "a")])
    assert yard.occupied("yard") == cars


@given(events, st.integers(0, 40))
def test_the_same_record_adds_up_to_the_same_however_it_is_read(told: list[Event], place: int) -> None:
    whole, parts = Yard(INNER, UTC), Yard(INNER, UTC)
    numbered = _numbered(told)
    whole.take(numbered)
    parts.take(numbered[:place])
    parts = parts.copy()
    parts.take(numbered[place:])
    assert whole.inside() == parts.inside()
    assert [whole.others(zone) for zone in whole.zones] == [parts.others(zone) for zone in parts.zones]
    assert (whole.notes, whole.tally) == (parts.notes, parts.tally)
