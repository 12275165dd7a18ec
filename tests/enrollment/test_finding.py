from __future__ import annotations

import pytest
from sqlalchemy import Engine

from enrollment.finding import MOST, Finder
from enrollment.form import PersonForm, VehicleForm
from enrollment.household import HouseholdCode
from enrollment.register import Register


@pytest.fixture
def finder(engine: Engine, register: Register) -> Finder:
    for name, home, phone in (
        ("张三", "3-2-501", "13800001234"),
        ("单雄信", "3-2-502", None),
        ("吐尔逊·买买提", "10-1-101", None),
        ("𠮷田", "10-1-102", "13900005678"),
        ("张思", "2-1-301", None),
        ("ᠰᠠᠷᠠ\u180eᠠ ᠣ\u180bᠳᠣᠨ", "11-1-101", None),
        ("ئابدۇرەھمان", "11-1-102", None),
        ("བཀྲ་ཤིས་ཚེ་རིང་", "11-1-103", None),
        ("Батбаярын Болормаа", "11-1-104", None),
        ("Shane O'Neil", "11-1-105", None),
        ("㛃\U00030000\U00031350", "11-1-106", None),
    ):
        register.enrol(PersonForm.of(name, home, phone=phone), "t")
    register.enter_vehicle(VehicleForm.of("辽A12345", "3-2-501"), "t")
    return Finder(engine)


@pytest.mark.parametrize(
    ("words", "homes"),
    [
        ("张", ["2-1-301", "3-2-501"]),
        ("张三", ["3-2-501"]),
        ("zhangsan", ["3-2-501"]),
        ("ZHANGS", ["2-1-301", "3-2-501"]),
        ("zs", ["2-1-301", "3-2-501"]),
        ("shanxx", []),
        ("sxx", ["3-2-502"]),
        ("shanxiongxin", ["3-2-502"]),
        ("danxiongxin", ["3-2-502"]),
        ("买买提", ["10-1-101"]),
        ("tuerxun", ["10-1-101"]),
        ("tuerxunmaimaiti", ["10-1-101"]),
        ("texmmt", ["10-1-101"]),
        ("吐尔逊买买提", ["10-1-101"]),
        ("吐尔逊•买", ["10-1-101"]),
        ("𠮷", ["10-1-102"]),
        ("3-2", ["3-2-501", "3-2-502"]),
        ("3-2-501", ["3-2-501"]),
        ("32501", ["3-2-501"]),
        ("a123", ["3-2-501"]),
        ("辽a12345", ["3-2-501"]),
        ("1234", ["3-2-501"]),
        ("5678", ["10-1-102"]),
        ("678", []),
        ("zs 3-2", ["3-2-501"]),
        ("ᠰᠠᠷᠠᠠ", ["11-1-101"]),
        ("ᠣᠳᠣᠨ ᠰᠠᠷᠠ\u180eᠠ", ["11-1-101"]),
        ("ئابدۇرەھمان", ["11-1-102"]),
        ("བཀྲ་ཤིས", ["11-1-103"]),
        ("ཚེ་རིང", ["11-1-103"]),
        ("болормаа", ["11-1-104"]),
        ("oneil", ["11-1-105"]),
        ("shane o’n", ["11-1-105"]),
        ("\U00030000", ["11-1-106"]),
        ("\u180e", []),
        ("  ", []),
        ("nobody", []),
        ("%", []),
    ],
)
def test_a_household_is_found_by_what_people_know_of_it(finder: Finder, words: str, homes: list[str]) -> None:
    assert [found.code for found in finder.find(words)] == homes


def test_what_is_entered_or_erased_is_found_or_gone_at_once(finder: Finder, register: Register) -> None:
    assert finder.find("赵六") == ()
    added = register.enrol(PersonForm.of("赵六", "5-1-101"), "t")
    [found] = finder.find("zhaoliu")
    assert (found.code, found.names, found.plates) == ("5-1-101", ("赵六",), ())
    assert finder.household(found.id) == "5-1-101"
    assert finder.id_of(HouseholdCode.parse("5-1-101")) == found.id
    register.remove(added.id, "t")
    assert finder.find("zhaoliu") == ()
    assert [one.names for one in finder.find("5-1-101")] == [()]


def test_only_so_many_are_told(finder: Finder, register: Register) -> None:
    for room in range(MOST + 5):
        register.enrol(PersonForm.of("钱七", f"7-1-{room + 100}"), "t")
    assert len(finder.find("qianqi")) == MOST
    assert finder.household("none") is None
    assert finder.id_of(HouseholdCode.parse("9-9-9")) is None
