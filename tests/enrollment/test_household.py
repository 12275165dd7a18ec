from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.errors import EntryRefused
from enrollment.household import HouseholdCode

PART = st.from_regex(r"[1-9A-Z][0-9A-Z]{0,7}", fullmatch=True)


@pytest.mark.parametrize(
    "text",
    [
        "3-2-501",
        " 3-2-501 ",
        "03-02-0501",
        "３－２－５０１",
        "3—2—501",
        "3 - 2 - 501",
        "3号楼2单元501室",
        "3栋2单元501",
        "3幢 2单元 501号",
        "3楼2单元501室",
    ],
)
def test_one_household_has_one_code_however_it_is_written(text: str) -> None:
    assert str(HouseholdCode.parse(text)) == "3-2-501"


@pytest.mark.parametrize(("text", "code"), [("b1-a-0", "B1-A-0"), ("12-1-12a", "12-1-12A"), ("0-00-1", "0-0-1")])
def test_letters_are_capitals_and_a_zero_stays_one(text: str, code: str) -> None:
    assert str(HouseholdCode.parse(text)) == code


@pytest.mark.parametrize(
    "text",
    ["", "501", "3-501", "3-2-501-1", "3--501", "-2-501", "3-2-", "三-2-501", "3-2-5/1", "3-2-123456789", "3-2-\u0000"],
)
def test_anything_else_is_refused_and_shown_as_it_was_entered(text: str) -> None:
    with pytest.raises(EntryRefused) as refused:
        HouseholdCode.parse(text)
    assert refused.value.code == "register.household_code"
    assert refused.value.facts == {"entered": text}


@given(PART, PART, PART)
def test_a_code_reads_back_as_itself(building: str, unit: str, room: str) -> None:
    code = HouseholdCode(building, unit, room)
    assert HouseholdCode.parse(str(code)) == code


@given(st.text(max_size=30))
def test_any_text_gives_a_code_or_a_refusal(text: str) -> None:
    try:
        code = HouseholdCode.parse(text)
    except EntryRefused:
        return
    assert HouseholdCode.parse(str(code)) == code


def test_codes_sort_by_number() -> None:
    texts = ["10-1-101", "2-1-1001", "2-1-201", "2-10-101"]
    assert [str(code) for code in sorted(map(HouseholdCode.parse, texts), key=lambda code: code.order)] == [
        "2-1-201",
        "2-1-1001",
        "2-10-101",
        "10-1-101",
    ]
