"""How many of a household's cars may be inside: set, on record, and never over somebody else's change."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from enrollment.act import Act
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.finding import Finder
from enrollment.gallery import register_version
from enrollment.household import HouseholdCode
from enrollment.households import Places
from enrollment.register import Register


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
