"""Rights on lanes and hours: a resident's, a vehicle's, a whole household's, and which of them holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from enrollment.act import Act
from enrollment.candidate import Subject
from enrollment.database import reading
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.form import PersonForm, VehicleForm
from enrollment.gallery import load_gallery
from enrollment.hours import parse_hours
from enrollment.household import HouseholdCode
from enrollment.keyring import Keyring
from enrollment.register import Register
from enrollment.rights import NO_RIGHT, Right
from enrollment.subjects import resident_subjects, vehicle_subjects
from gate.lane.register_watch import RegisterWatch
from models.sighting import FaceSighting
from tests.consents import FACE

MakeFace = Callable[..., FaceSighting]
DAY = parse_hours("07:00-19:00")
WORK = parse_hours("workday 08:00-18:00")
HOME = HouseholdCode("3", "2", "501")


@pytest.fixture
def person(register: Register) -> str:
    return register.enrol(PersonForm.of("张三", "3-2-501"), "t").id


@pytest.fixture
def car(register: Register) -> str:
    return register.enter_vehicle(VehicleForm.of("辽A12345", "3-2-501"), "t").id


def _subject(engine: Engine, subject_id: str) -> Subject:
    with reading(engine) as session:
        return (resident_subjects(session) | vehicle_subjects(session))[subject_id]


def test_a_right_is_kept_with_its_lanes_and_hours_and_goes_when_it_is_taken_away(
    register: Register, person: str, car: str, acts: list[Act]
) -> None:
    for one in (person, car):
        register.rights.give(one, Right(("north-in",), DAY), "t", expected=1)
        kept = register.find(one)
        assert kept is not None
        assert (kept.lanes, kept.hours, kept.version) == (("north-in",), DAY, 2)
        act = acts[-1]
        assert act.kind.endswith(".right_given")
        assert (act.actor, act.facts["lanes"], act.facts["hours"]) == ("t", ["north-in"], "07:00-19:00")
        register.rights.give(one, NO_RIGHT, "t")
        kept = register.find(one)
        assert kept is not None
        assert (kept.lanes, kept.hours) == (None, ())


def test_of_two_who_give_a_right_at_once_the_second_is_told(register: Register, person: str) -> None:
    register.rights.give(person, Right(hours=DAY), "t", expected=1)
    with pytest.raises(EntryRefused, match=r"register\.changed_meanwhile"):
        register.rights.give(person, NO_RIGHT, "t", expected=1)
    with pytest.raises(NotEnrolled, match=r"register\.nobody"):
        register.rights.give("none", NO_RIGHT, "t")


def test_a_household_has_a_right_for_whoever_has_none(
    register: Register, engine: Engine, person: str, car: str, acts: list[Act]
) -> None:
    register.rights.give_home(HOME, Right(("north-in", "south-in"), DAY), "t")
    given = acts[-1]
    assert (given.kind, given.actor) == ("household.right_given", "t")
    assert (given.facts["lanes"], given.facts["lanes_before"]) == (["north-in", "south-in"], None)
    for one in (person, car):
        told = _subject(engine, one)
        assert (told.lanes, told.hours, told.home_hours) == (frozenset({"north-in", "south-in"}), (), DAY)
    register.rights.give(person, Right(("north-in",), WORK), "t")
    told = _subject(engine, person)
    assert (told.lanes, told.hours, told.home_hours) == (frozenset({"north-in"}), WORK, DAY)
    register.rights.give(person, Right(hours=WORK), "t")
    assert _subject(engine, person).lanes == frozenset({"north-in", "south-in"}), "each part by itself"
    register.edit_person(person, PersonForm.of("张三", "4-1-101"), "t", expected=3)
    assert _subject(engine, person).home_hours == (), "whoever moves leaves it behind"


def test_the_right_of_a_household_is_changed_by_its_version(register: Register, engine: Engine, person: str) -> None:
    home = _subject(engine, person).household
    assert register.rights.of_household(home) == (NO_RIGHT, 1)
    register.rights.give_household(home, Right(hours=DAY), "t", 1)
    with pytest.raises(EntryRefused, match=r"register\.changed_meanwhile"):
        register.rights.give_household(home, Right(hours=WORK), "t", 1)
    assert register.rights.of_households() == {HOME: Right(hours=DAY)}
    with pytest.raises(NotEnrolled, match=r"register\.no_household"):
        register.rights.of_household("none")
    with pytest.raises(NotEnrolled, match=r"register\.no_household"):
        register.rights.give_household("none", NO_RIGHT, "t")


def test_a_household_may_have_a_right_before_anybody_lives_there(register: Register, engine: Engine) -> None:
    register.rights.give_home(HOME, Right(hours=DAY), "t")
    assert _subject(engine, register.enrol(PersonForm.of("李四", "3-2-501"), "t").id).home_hours == DAY


def test_a_running_gate_has_a_changed_right_with_its_next_look(
    register: Register, engine: Engine, keyring: Keyring, make_face: MakeFace, car: str
) -> None:
    person = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    watch = RegisterWatch(engine, keyring, "m1")
    register.rights.give(person.id, Right(("north-in",), DAY), "t")
    assert watch.refresh()
    (known,) = watch.gallery().subjects
    assert (known.lanes, known.hours) == (frozenset({"north-in"}), DAY)
    assert watch.people()[person.id].hours == DAY
    register.rights.give_home(HOME, Right(hours=WORK), "t")
    assert watch.refresh()
    assert watch.book().vehicles["辽A12345"].home_hours == WORK
    assert load_gallery(engine, keyring, "m1").subjects[0].home_hours == WORK


def test_a_right_is_erased_with_whose_it_is(register: Register, engine: Engine, person: str, car: str) -> None:
    for one in (person, car):
        register.rights.give(one, Right(("north-in",), DAY), "t")
        register.block(one, "欠费", "id-laowang")
        register.remove(one, "t")
    with reading(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM access_right")) == 0
        for table in ("resident", "vehicle"):
            left = session.execute(text(f"SELECT hours, blocked_by, blocked_at, blocked_reason FROM {table}")).one()
            assert set(left) == {None}


def test_other_edits_leave_a_right_as_it_is_said_in_them(register: Register, person: str) -> None:
    register.rights.give(person, Right(("north-in",), DAY), "t")
    register.edit_person(person, PersonForm.of("张三丰", "3-2-501", ["north-in"], hours=DAY), "t", expected=2)
    kept = register.find(person)
    assert kept is not None
    assert (kept.lanes, kept.hours) == (("north-in",), DAY)


def test_who_blocked_somebody_and_when_is_kept_until_it_is_taken_back(register: Register, person: str) -> None:
    kept = register.block(person, "欠费", "id-laowang")
    assert kept.blocked_by == "id-laowang"
    assert kept.blocked_since is not None
    kept = register.unblock(person, "id-laowang")
    assert (kept.blocked_by, kept.blocked_since, kept.blocked_reason) == (None, None, None)


def test_no_lane_at_all_is_none_named() -> None:
    assert Right.of([], "") == NO_RIGHT
    assert Right.of(["b", "a", "a"], "07:00-19:00") == Right(("a", "b"), DAY)
