"""How many cars a household may have inside, and its note: on record, and never over somebody else's change."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from enrollment.act import Act
from enrollment.consent import ConsentForm, Means, Purpose
from enrollment.database import reading
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.finding import Finder
from enrollment.form import PersonForm, Standing, VehicleForm
from enrollment.gallery import register_version
from enrollment.household import HouseholdCode
from enrollment.household_note import LONGEST_NOTE, HouseholdNote
from enrollment.households import Places
from enrollment.register import Register
from enrollment.tables import HouseholdRow


@pytest.fixture
def home(register: Register, engine: Engine) -> str:
    register.add_vehicle("辽A12345", "3-2-501", "office")
    found = Finder(engine).id_of(HouseholdCode.parse("3-2-501"))
    assert found is not None
    return found


def test_a_number_is_set_and_taken_back_on_record(
    register: Register, engine: Engine, home: str, acts: list[Act]
) -> None:
    assert register.households.places(home) == Places(None, 1)
    before = register_version(engine)
    register.households.set_places(home, 2, "office")
    assert register.households.places(home) == Places(2, 2)
    register.households.set_places(home, None, "office", expected=2)
    assert register.households.places(home) == Places(None, 3)
    assert register_version(engine) == before + 2
    told = [(act.kind, act.subject, act.actor, act.facts["before"], act.facts["places"]) for act in acts[-2:]]
    assert told == [
        ("household.places_set", home, "office", None, 2),
        ("household.places_set", home, "office", 2, None),
    ]


@pytest.mark.parametrize("places", [-1, 21])
def test_a_number_that_cannot_be_is_refused(register: Register, home: str, places: int) -> None:
    with pytest.raises(EntryRefused, match=r"register\.bad_places"):
        register.households.set_places(home, places, "office")


def test_the_second_of_two_who_edit_changes_nothing(register: Register, home: str) -> None:
    register.households.set_places(home, 2, "office", expected=1)
    with pytest.raises(EntryRefused, match=r"register\.changed_meanwhile"):
        register.households.set_places(home, 3, "other", expected=1)
    assert register.households.places(home).places == 2


def test_a_household_that_is_none_has_no_places(register: Register) -> None:
    with pytest.raises(NotEnrolled):
        register.households.set_places("none", 2, "office")
    with pytest.raises(NotEnrolled):
        register.households.places("none")


def _home(engine: Engine, code: str = "3-2-501") -> str:
    found = Finder(engine).id_of(HouseholdCode.parse(code))
    assert found is not None
    return found


def test_a_note_is_set_changed_and_taken_away_and_the_record_has_digests_alone(
    register: Register, engine: Engine, home: str, acts: list[Act]
) -> None:
    notes = register.households
    assert notes.note(home) == HouseholdNote(None, 1)
    notes.set_note(home, "  轮椅走侧门\u3000请帮忙 \r\n18:00 以后再打电话\r\n", "office", expected=1)
    assert notes.note(home) == HouseholdNote("轮椅走侧门\u3000请帮忙\n18:00 以后再打电话", 2)
    assert notes.notes() == {HouseholdCode.parse("3-2-501"): "轮椅走侧门\u3000请帮忙\n18:00 以后再打电话"}
    notes.set_note(home, "坐轮椅", "other")
    notes.set_note(home, " \n ", "office")
    assert notes.note(home) == HouseholdNote(None, 4)
    assert notes.notes() == {}
    told = [(act.kind, act.actor, act.facts["version"]) for act in acts[-3:]]
    assert told == [
        ("household.note_set", who, version) for who, version in (("office", 2), ("other", 3), ("office", 4))
    ]
    first, second, third = (act.facts for act in acts[-3:])
    assert (first["before"], third["after"]) == (None, None)
    assert (first["after"], second["after"]) == (second["before"], third["before"])
    assert "轮椅" not in repr(acts)


def test_two_households_with_the_same_note_have_different_digests(
    register: Register, engine: Engine, home: str, acts: list[Act]
) -> None:
    register.add_vehicle("辽A54321", "1-1-101", "office")
    for one in (home, _home(engine, "1-1-101")):
        register.households.set_note(one, "坐轮椅", "office")
    assert acts[-1].facts["after"] != acts[-2].facts["after"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("字" * (LONGEST_NOTE + 1), "register.notes_long"),
        ("a\x00b", "register.notes_unseen"),
        ("a\x1b[31mb", "register.notes_unseen"),
        ("a\u202eb", "register.notes_unseen"),
        ("a\ud842b", "register.notes_unseen"),
    ],
)
def test_a_note_that_is_too_long_or_cannot_be_shown_is_refused(
    register: Register, home: str, words: str, code: str
) -> None:
    with pytest.raises(EntryRefused) as refused:
        register.households.set_note(home, words, "office")
    assert refused.value.code == code
    assert register.households.note(home).words is None


@pytest.mark.parametrize("words", ["字" * LONGEST_NOTE, "👨\u200d👩\u200d👧 ❤\ufe0f", "ᠰᠠᠷᠠ\u180eᠠ", "علی\u200cرضا"])
def test_a_note_may_be_long_and_in_any_script(register: Register, home: str, words: str) -> None:
    register.households.set_note(home, words, "office")
    assert register.households.note(home).words == words


def test_the_second_of_two_who_note_something_changes_nothing(register: Register, home: str) -> None:
    register.households.set_note(home, "一", "office", expected=1)
    with pytest.raises(EntryRefused, match=r"register\.changed_meanwhile"):
        register.households.set_note(home, "二", "other", expected=1)
    assert register.households.note(home).words == "一"
    with pytest.raises(NotEnrolled):
        register.households.set_note("none", "一", "office")


def _noted(register: Register, engine: Engine, words: str = "坐轮椅") -> str:
    home = _home(engine)
    register.households.set_note(home, words, "office")
    return home


def test_a_note_goes_with_the_last_person_and_not_before_although_a_car_stays(
    register: Register, engine: Engine, acts: list[Act]
) -> None:
    one, two = (register.enrol(PersonForm.of(name, "3-2-501"), "office") for name in ("张三", "李四"))
    register.add_vehicle("辽A12345", "3-2-501", "office")
    home = _noted(register, engine)
    register.remove(one.id, "office")
    assert register.households.note(home).words == "坐轮椅"
    assert register.remove(two.id, "office").gone["household_notes"] == 1
    assert acts[-1].facts["household_notes"] == 1
    assert register.households.note(home) == HouseholdNote(None, 3)
    with reading(engine) as session:
        assert session.get_one(HouseholdRow, home).salt is None


def test_a_note_goes_with_the_last_car_where_nobody_is_entered(register: Register, engine: Engine) -> None:
    one, two = (register.add_vehicle(plate, "3-2-501", "office") for plate in ("辽A12345", "辽A54321"))
    home = _noted(register, engine)
    register.remove(one.id, "office")
    assert register.households.note(home).words
    register.remove(two.id, "office")
    assert register.households.note(home).words is None


@pytest.mark.parametrize(
    ("called", "note"),
    [
        ("张三", "张 三坐轮椅"),
        ("古丽娜尔·艾合买提", "找古丽娜尔•艾合买提"),
        ("ᠰᠠᠷᠠ\u180eᠠ", "ᠰᠠᠷᠠᠠ 18:00"),
        ("13800001234", "打 138 0000 1234"),
    ],
)
def test_a_note_that_names_whoever_is_erased_goes_although_others_live_there(
    register: Register, engine: Engine, called: str, note: str
) -> None:
    phone = called if called.isdecimal() else None
    form = PersonForm.of("王五" if phone else called, "3-2-501", phone=phone)
    one, _ = register.enrol(form, "office"), register.enrol(PersonForm.of("李四", "3-2-501"), "office")
    home = _noted(register, engine, note)
    register.remove(one.id, "office")
    assert register.households.note(home).words is None


def test_a_note_goes_when_the_last_moves_to_another_household(
    register: Register, engine: Engine, acts: list[Act]
) -> None:
    person = register.enrol(PersonForm.of("张三", "3-2-501"), "office")
    car = register.add_vehicle("辽A12345", "1-1-101", "office")
    home, other = _noted(register, engine), _home(engine, "1-1-101")
    register.households.set_note(other, "没人", "office")
    register.edit_person(person.id, PersonForm.of("张三", "3-2-501", phone="12345"), "office", 1)
    assert register.households.note(home).words
    register.edit_person(person.id, PersonForm.of("张三", "9-9-901"), "office", 2)
    assert register.households.note(home).words is None
    assert acts[-1].facts["household_notes"] == 1
    register.edit_vehicle(car.id, VehicleForm.of("辽A12345", "9-9-901"), "office", 1)
    assert register.households.note(other).words is None


def test_a_note_stays_while_somebody_has_a_stay_there(register: Register, engine: Engine) -> None:
    person = register.enrol(PersonForm.of("张三", "1-1-101"), "office")
    other = register.enrol(PersonForm.of("李四", "3-2-501"), "office")
    home = _noted(register, engine)
    register.tenancies.begin(person.id, "3-2-501", Standing.TENANT, "office", person.created_at)
    register.remove(other.id, "office")
    assert register.households.note(home).words
    register.remove(person.id, "office")
    assert register.households.note(home).words is None


@pytest.mark.parametrize("notes", ["a\x00b", "a\u202eb"])
def test_the_note_of_a_person_or_car_must_be_one_that_can_be_shown(notes: str) -> None:
    with pytest.raises(EntryRefused, match=r"register\.notes_unseen"):
        PersonForm.of("张三", "3-2-501", notes=notes)
    with pytest.raises(EntryRefused, match=r"register\.notes_unseen"):
        VehicleForm.of("辽A12345", "3-2-501", notes=notes)


def test_a_note_that_names_a_car_goes_when_its_owner_withdraws_the_consent_to_it(
    register: Register, engine: Engine
) -> None:
    person = register.enrol(PersonForm.of("张三", "3-2-501"), "office")
    register.enter_vehicle(VehicleForm.of("辽A12345", "3-2-501", owner=person.id), "office")
    agreed = ConsentForm(Purpose.PLATE_ENTRY, Means.PAPER, person.created_at)
    register.consents.give(person.id, [agreed], "office")
    home = _noted(register, engine, "辽A·12345 请停靠墙一侧")
    register.consents.withdraw(person.id, Purpose.PLATE_ENTRY, "office")
    assert register.vehicles(home) == ()
    assert register.households.note(home).words is None
