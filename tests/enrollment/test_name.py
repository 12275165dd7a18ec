from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.errors import EntryRefused
from enrollment.name import LONGEST, clean_name


@pytest.mark.parametrize(
    "name",
    [
        "张三",
        "𠮷田",
        "王\U0002bcb0",
        "李\U0002ebf0",
        "赵\ue863",
        "欧阳娜娜",
        "阿卜杜热合曼·买买提",
        "Anne-Marie O'Neil",
        "葛\U000e0100飾",
    ],
    ids=["plain", "ext-b", "ext-c", "ext-i", "private-use", "four", "uyghur", "latin", "variation"],
)
def test_rare_characters_are_kept_as_they_are(name: str) -> None:
    assert clean_name(name) == name


@pytest.mark.parametrize(("entered", "kept"), [("  张 三 ", "张 三"), ("Rene\u0301", "René"), ("张\u3000三", "张 三")])
def test_a_name_is_composed_and_spaced_once(entered: str, kept: str) -> None:
    assert clean_name(entered) == kept


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "register.name_empty"),
        (" \u3000", "register.name_empty"),
        ("张" * 51, "register.name_long"),
        ("张\n三", "register.name_unseen"),
        ("张\x00三", "register.name_unseen"),
        ("张\u200b三", "register.name_unseen"),
        ("\u202e三张", "register.name_unseen"),
        ("张\u2028三", "register.name_unseen"),
        ("张\ud842", "register.name_unseen"),
    ],
)
def test_a_name_that_is_none_is_refused(name: str, code: str) -> None:
    with pytest.raises(EntryRefused) as refused:
        clean_name(name)
    assert refused.value.code == code


def test_fifty_characters_are_allowed_whatever_their_bytes() -> None:
    assert clean_name("𠮷" * LONGEST) == "𠮷" * LONGEST


@given(st.text(max_size=60))
def test_a_clean_name_stays_as_it_is_and_can_be_stored(text: str) -> None:
    try:
        name = clean_name(text)
    except EntryRefused:
        return
    assert clean_name(name) == name
    assert name == unicodedata.normalize("NFC", name)
    assert 1 <= len(name) <= LONGEST
    assert name.encode("utf-8")
