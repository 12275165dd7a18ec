"""A name that is written from the right leaves the rest of a sentence where it stands."""

from __future__ import annotations

import pytest

from gate.texts import t


@pytest.mark.parametrize("name", ["ئابدۇرەھمان", "דוד", "Ali (علی)"])
def test_a_code_behind_a_name_from_the_right_is_not_turned_round(name: str) -> None:
    said = t("enroll.person_added", "zh", name=name, household="3-2-501", id="a")
    assert said == f"已登记 \u2068{name}\u2069（3-2-501），编号 a"


@pytest.mark.parametrize("name", ["张三", "ᠪᠠᠲᠤ", "བཀྲ་ཤིས", "Anne-Marie O'Neil", "Батбаяр"])
def test_other_names_stand_in_a_sentence_as_they_are(name: str) -> None:
    said = t("enroll.person_added", "en", name=name, household="3-2-501", id="a")
    assert said == f"Enrolled {name} (3-2-501), id a"
