from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.errors import EntryRefused
from enrollment.name import LONGEST, clean_name, folded, mentions


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
        "㛃\U00030000\U00031350",
        "Батбаярын Болормаа",
        "ᠪᠠᠲᠤ",
        "ᠰᠠᠷᠠ\u180eᠠ",
        "ᠣ\u180bᠳᠣ\u180fᠨ",
        "ᠨ\u180d\u180eᠠ",
        "ᠪᠠᠲᠤ\u200dᠨᠠᠰᠤ",
        "ᠪᠠᠲᠤ\u200cᠨᠠᠰᠤ",
        "ᠪᠠᠲᠤ\u202fᠶᠢᠨ ᠰᠠᠷᠠ",
        "ئابدۇرەھمان مۇھەممەت",
        "علی\u200cرضا",
        "བཀྲ་ཤིས་ཚེ་རིང་",
        "Xi’an O'Brien",
        "阿依古丽•买买提",
        "マイク・スミス",
        "买买提‧艾力",
    ],
)
def test_rare_characters_are_kept_as_they_are(name: str) -> None:
    assert clean_name(name) == name


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("  张 三 ", "张 三"),
        ("Rene\u0301", "René"),
        ("张\u3000三", "张 三"),
        ("张\u202f三", "张 三"),
        (" \u2068ئابدۇرەھمان\u2069", "ئابدۇرەھمان"),
        ("ᠪᠠᠲᠤ \u202fᠶᠢᠨ", "ᠪᠠᠲᠤ ᠶᠢᠨ"),
    ],
)
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
        ("张\u2068三\u2069李", "register.name_unseen"),
        ("张\u180e三", "register.name_unseen"),
        ("张\u180b三", "register.name_unseen"),
        ("Bat\u180eu", "register.name_unseen"),
        ("\u180eᠪᠠᠲᠤ", "register.name_unseen"),
        ("ᠪᠠᠲᠤ\u180e", "register.name_unseen"),
        ("\u180bᠪᠠᠲᠤ", "register.name_unseen"),
        ("ᠪᠠ\u180b\u180bᠲᠤ", "register.name_unseen"),
        ("ᠪᠠ\u180e\u180eᠲᠤ", "register.name_unseen"),
        ("ᠪᠠᠲᠤ\u200d", "register.name_unseen"),
        ("ᠪᠠ\u200b\u200dᠲᠤ", "register.name_unseen"),
        ("张\u200c三", "register.name_unseen"),
        ("علی\u200c", "register.name_unseen"),
        ("د\u200cر", "register.name_unseen"),
        ("ع\u200dل", "register.name_unseen"),
        ("Ann\u200dа", "register.name_unseen"),
        ("张\u034f三", "register.name_unseen"),
        ("张\u3164三", "register.name_unseen"),
        ("Ann\ufe0fa", "register.name_unseen"),
        ("Ann\U000e0100a", "register.name_unseen"),
        ("张\u2800三", "register.name_unseen"),
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


MARKS = "\u180b\u180c\u180d\u180e\u180f\u200b\u200c\u200d\u200e\u202e\u2060\ufe00\ufeff\u034f\u3164\U000e0100\U000e0001"


@given(st.text(st.sampled_from("张三Aaлᠪᠠᠲ\u0627\u0644\u064a\u062fབ་ " + MARKS), max_size=12))
def test_two_names_that_look_the_same_for_want_of_a_letter_are_not_both_taken_unless_letters_bear_the_mark(
    text: str,
) -> None:
    try:
        name = clean_name(text)
    except EntryRefused:
        return
    for before, mark in zip(" " + name, name, strict=False):
        if mark in MARKS:
            assert before in "ᠪᠠᠲ张三\u0644\u064a\u180b\u180c\u180d\u180f", name.encode("unicode_escape")


@pytest.mark.parametrize(
    ("entered", "typed"),
    [
        ("ᠰᠠᠷᠠ\u180eᠠ", "ᠰᠠᠷᠠᠠ"),
        ("ᠣ\u180bᠳᠣ\u180fᠨ", "ᠣᠳᠣᠨ"),
        ("علی\u200cرضا", "علیرضا"),
        ("葛\U000e0100飾", "葛飾"),
        ("阿依古丽•买买提", "阿依古丽·买买提"),
        ("买买提‧艾力", "买买提・艾力"),
        ("阿依古丽·买买提", "阿依古丽･买买提"),
        ("Xi’an O'Brien", "xian OBRIEN"),
        ("O＇Neil", "oʼneil"),
        ("བཀྲ་ཤིས", "བཀྲ་ཤིས་"),
        ("Anne‑Marie", "anne-marie"),
        ("БАТБАЯР", "батбаяр"),
        ("\ufe8b\ufe8e", "\u0626\u0627"),
    ],
)
def test_a_name_is_found_however_its_marks_are_typed(entered: str, typed: str) -> None:
    assert folded(clean_name(entered)) == folded(typed)


@pytest.mark.parametrize(
    ("text", "called", "named"),
    [
        ("辽A·12 345 来送货", "辽A12345", True),
        ("找阿依古丽•买买提", "阿依古丽·买买提", True),
        ("ᠰᠠᠷᠠᠠ 18:00", "ᠰᠠᠷᠠ\u180eᠠ", True),
        ("O’neil 的客人", "Shane O'Neil", False),
        ("shane o’neil 的客人", "Shane O'Neil", True),
        ("王先生", "王", False),
        ("张三", "", False),
        ("", "张三", False),
    ],
)
def test_what_staff_wrote_names_somebody_however_it_is_spelled(text: str, called: str, named: bool) -> None:
    assert mentions(text, [called]) is named
