"""The same card, whichever reader reads it and however its number was typed; and never another one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrollment.card_number import CardNumber, EightDigits, meant_by, plain_number, spellings

CHIP = 0x12800A42
"""As printed on its card: 0310381122 128,02626; its maker's byte is 1A."""

ONE_CARD = ("0310381122", "310381122", "12800a42", "12:80:0A:42", "128,02626", "128/2626", "128-02626", "1A12800A42")


@pytest.mark.parametrize("typed", [text for text in ONE_CARD if text != "12800a42"])
def test_a_reader_of_26_bits_finds_the_card_by_the_low_24(typed: str) -> None:
    kept = plain_number(typed)
    whole_tag = kept == "1A12800A42"
    assert (kept in spellings(CardNumber(CHIP & 0xFFFFFF, 24))) is not whole_tag


@pytest.mark.parametrize("typed", ONE_CARD)
@pytest.mark.parametrize("read", [CardNumber(CHIP, 32), CardNumber(0x1A << 32 | CHIP, 40)])
def test_readers_that_tell_more_find_every_way_to_write_it(typed: str, read: CardNumber) -> None:
    assert plain_number(typed) in spellings(read)


@pytest.mark.parametrize("typed", ["0310381123", "12800A43", "129,02626", "1B12800A42", "0000000000"])
def test_another_card_is_not_found(typed: str) -> None:
    assert plain_number(typed) not in spellings(CardNumber(0x1A << 32 | CHIP, 40))


def test_a_card_whose_upper_bits_are_known_is_not_one_with_others() -> None:
    assert plain_number("0310381122") not in spellings(CardNumber(0x13800A42, 32))
    assert plain_number("128,02626") in spellings(CardNumber(0x13800A42, 32)), "its upper bits are not known"


@pytest.mark.parametrize(
    ("eight", "kept"),
    [(EightDigits.FACILITY, "12802626"), (EightDigits.HEX, "00800142"), (EightDigits.DECIMAL, "08388930")],
)
def test_eight_digits_mean_something_only_where_the_site_says_what(eight: EightDigits, kept: str) -> None:
    read = CardNumber(0x00800A42 if eight is EightDigits.FACILITY else 0x00800142, 32)
    assert kept in spellings(read, eight)
    assert kept not in spellings(read)
    assert meant_by(kept) is None


@pytest.mark.parametrize("typed", ["256,00001", "128,65536", "128,", ",5", "", "4", "12G4", "卡"])
def test_what_is_no_number_is_none(typed: str) -> None:
    assert plain_number(typed) is None


@given(st.text(max_size=40) | st.from_regex(r"[0-9A-F,:]{4,16}", fullmatch=True))
def test_anything_typed_is_a_number_or_none_and_a_number_is_found_as_it_was_typed(typed: str) -> None:
    kept = plain_number(typed)
    card = meant_by(kept) if kept is not None else None
    if card is not None:
        assert kept in spellings(card)
        assert plain_number(kept or "") == kept


@settings(max_examples=20, deadline=None)
@given(st.sampled_from((24, 32, 35, 40, 56, 64)).flatmap(lambda b: st.tuples(st.integers(0, 2**b - 1), st.just(b))))
def test_every_spelling_means_a_card_that_agrees_in_all_bits_that_both_know(read: tuple[int, int]) -> None:
    value, bits = read
    for text in spellings(CardNumber(value, bits)):
        meant = meant_by(text)
        assert meant is not None
        known = (1 << min(bits, meant.bits)) - 1
        assert meant.value & known == value & known


def test_a_number_stands_in_no_log_line_that_shows_a_card() -> None:
    card = CardNumber(310381122, 32)
    assert "310381122" not in f"{card!r} {card}"
    assert "32" in repr(card)
