"""What the decision is told of rights: when they begin and end, and where somebody lives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from enrollment.act import Act
from enrollment.database import reading
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.form import PersonForm, Standing, Term, VehicleForm
from enrollment.gallery import load_gallery, load_plate_book
from enrollment.keyring import Keyring
from enrollment.register import Register
from enrollment.subjects import next_start, resident_subjects, vehicle_subjects
from gate.lane.register_watch import RegisterWatch
from models.sighting import FaceSighting
from tests.consents import FACE

MakeFace = Callable[..., FaceSighting]
NOW = datetime(2026, 2, 17, 15, 10, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def register(engine: Engine, keyring: Keyring, acts: list[Act]) -> Register:
    return Register(engine, keyring, lambda _session, act: acts.append(act), now=lambda: NOW)


def test_a_subject_knows_its_building_and_the_ends_of_right_and_block(
    register: Register, engine: Engine, keyring: Keyring, make_face: MakeFace
) -> None:
    person = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    form = PersonForm.of("张三", "3-2-501", term=Term(until=NOW + 9 * DAY))
    register.edit_person(person.id, form, "t", expected=1)
    register.block(person.id, "欠费", "t", until=NOW + DAY)
    (subject,) = load_gallery(engine, keyring, "m1").subjects
    assert (subject.building, subject.until, subject.blocked_until) == ("3", NOW + 9 * DAY, NOW + DAY)
    register.unblock(person.id, "t")
    assert load_gallery(engine, keyring, "m1").subjects[0].blocked_until is None


def test_the_last_stay_ends_the_right_and_an_open_one_does_not(register: Register, engine: Engine) -> None:
    person = register.enrol(PersonForm.of("张三", "3-2-501"), "t")
    (stay,) = register.tenancies.of(person.id)
    assert (stay.household, stay.standing, stay.ends_at) == ("3-2-501", Standing.FAMILY, None)
    stays = register.tenancies.begin(person.id, "5-1-101", Standing.TENANT, "t", NOW, NOW + 30 * DAY)
    assert {one.household for one in stays} == {"3-2-501", "5-1-101"}
    with reading(engine) as session:
        assert resident_subjects(session)[person.id].until is None
    register.tenancies.end(stay.id, NOW + DAY, "t")
    with reading(engine) as session:
        assert resident_subjects(session)[person.id].until == NOW + 30 * DAY
    register.tenancies.end(stay.id, None, "t")
    with reading(engine) as session:
        assert resident_subjects(session)[person.id].until is None, "the end was taken back"


def test_a_car_has_no_longer_right_than_its_owner(register: Register, engine: Engine) -> None:
    person = register.enrol(PersonForm.of("张三", "3-2-501", term=Term(until=NOW + DAY)), "t")
    own = register.enter_vehicle(VehicleForm.of("辽A12345", "3-2-501", owner=person.id), "t")
    let = VehicleForm.of("辽A54321", "3-2-501", term=Term(until=NOW + 2 * DAY))
    other = register.enter_vehicle(let, "t")
    with reading(engine) as session:
        subjects = vehicle_subjects(session)
    assert (subjects[own.id].until, subjects[other.id].until) == (NOW + DAY, NOW + 2 * DAY)


def test_a_right_that_begins_later_is_in_force_from_then_on(register: Register, engine: Engine) -> None:
    later = VehicleForm.of("辽A12345", "3-2-501", term=Term(since=NOW + DAY))
    car = register.enter_vehicle(later, "t")
    with reading(engine) as session:
        assert vehicle_subjects(session, NOW) == {}
        assert next_start(session, NOW) == NOW + DAY
        assert list(vehicle_subjects(session, NOW + DAY)) == [car.id]
        assert next_start(session, NOW + DAY) is None
    register.block(car.id, "占道", "t")
    with reading(engine) as session:
        assert vehicle_subjects(session, NOW)[car.id].blocked


def test_a_running_gate_takes_a_right_in_when_it_begins(
    register: Register, engine: Engine, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    register.enter_vehicle(VehicleForm.of("辽A12345", "3-2-501", term=Term(since=soon)), "t")
    watch = RegisterWatch(engine, keyring, None)
    assert not watch.refresh()
    assert watch.book().vehicles == {}

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return soon

    monkeypatch.setattr("enrollment.subjects.datetime", Later)
    assert watch.refresh()
    assert list(watch.book().vehicles) == list(load_plate_book(engine).vehicles) == ["辽A12345"]
    assert not watch.refresh()


def test_two_editors_notice_each_other(register: Register, acts: list[Act]) -> None:
    person = register.enrol(PersonForm.of("张三", "3-2-501"), "t")
    first = register.edit_person(person.id, PersonForm.of("张三丰", "3-2-501"), "a", person.version)
    assert (first.name, first.version) == ("张三丰", 2)
    for act in (
        lambda: register.edit_person(person.id, PersonForm.of("李四", "3-2-501"), "b", person.version),
        lambda: register.block(person.id, "因", "b", expected=person.version),
        lambda: register.remove(person.id, "b", expected=person.version),
    ):
        with pytest.raises(EntryRefused) as refused:
            act()
        assert refused.value.code == "register.changed_meanwhile"
        assert refused.value.facts == {"id": person.id, "version": 2, "expected": 1}
    assert register.residents() == (first,)
    assert [act.actor for act in acts] == ["t", "a"]


def test_a_change_is_recorded_with_its_version_and_digests_that_join(register: Register, acts: list[Act]) -> None:
    person = register.enrol(PersonForm.of("张三", "3-2-501", phone="138-0000 1234"), "t")
    register.edit_person(person.id, PersonForm.of("张三", "3-2-502", ["east"], notes="听力不好"), "t", 1)
    register.edit_person(person.id, PersonForm.of("张三", "3-2-502", ["west"], notes="听力不好"), "t", 2)
    added, edited, again = acts
    assert (added.facts["version"], edited.facts["version"], again.facts["version"]) == (1, 2, 3)
    assert added.facts["after"] == edited.facts["before"]
    assert edited.facts["after"] == again.facts["before"]
    assert again.facts["after"] not in {again.facts["before"], added.facts["after"]}
    assert "听力" not in str(acts)
    assert "1380000" not in str(acts)
    assert [stay.household for stay in register.tenancies.of(person.id)] == ["3-2-502"]


def test_an_edited_vehicle_may_keep_its_plate_but_not_take_anothers(register: Register) -> None:
    register.add_vehicle("辽A54321", "3-2-501", "t")
    car = register.add_vehicle("辽A12345", "3-2-501", "t")
    moved = register.edit_vehicle(car.id, VehicleForm.of("辽A12345", "3-2-502", notes="租的"), "t", 1)
    assert (moved.household, moved.notes, moved.version) == ("3-2-502", "租的", 2)
    with pytest.raises(EntryRefused, match=r"register\.plate_taken"):
        register.edit_vehicle(car.id, VehicleForm.of("辽A54321", "3-2-502"), "t", 2)
    with pytest.raises(NotEnrolled, match=r"register\.nobody"):
        register.enter_vehicle(VehicleForm.of("辽A99999", "1-1-1", owner="nobody"), "t")


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        (lambda: PersonForm.of("张三", "3-2-501", phone="打我"), "register.phone"),
        (lambda: PersonForm.of("张三", "3-2-501", notes="记" * 201), "register.notes_long"),
        (lambda: Term(NOW, NOW), "register.ends_before_it_begins"),
        (lambda: PersonForm.of("张三", "3-2-501", []), "register.no_lanes"),
    ],
)
def test_a_form_that_means_nothing_is_refused(attempt: Callable[[], object], code: str) -> None:
    with pytest.raises(EntryRefused) as refused:
        attempt()
    assert refused.value.code == code


@pytest.mark.parametrize("name", ["𠮷", "㛃", "阿", "买买提·吐尔逊·阿卜杜热合曼·艾则孜江山", "ᠪᠠᠲᠤ", "孛儿只斤·铁木真"])
def test_rare_short_and_long_names_are_kept_as_they_are(register: Register, name: str) -> None:
    assert register.enrol(PersonForm.of(name, "3-2-501"), "t").name == name


def test_households_are_listed_by_building_with_who_lives_there(register: Register) -> None:
    register.enrol(PersonForm.of("张三", "10-1-101"), "t")
    gone = register.enrol(PersonForm.of("李四", "2-1-101"), "t")
    register.add_vehicle("辽A12345", "2-1-101", "t")
    register.remove(gone.id, "t")
    homes = [(str(home.code), home.residents, home.vehicles) for home in register.households.list()]
    assert homes == [("2-1-101", 0, 1), ("10-1-101", 1, 0)]
    assert [str(home.code) for home in register.households.list("10")] == ["10-1-101"]
