from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.plate.grammar import MOST_LETTERS, NEW_ENERGY, PROVINCES, RULES, Rule, classify, normalise
from models.sighting import PlateColour, PlateKind

B, G, Y, YG, W, K, U = (
    PlateColour.BLUE,
    PlateColour.GREEN,
    PlateColour.YELLOW,
    PlateColour.YELLOW_GREEN,
    PlateColour.WHITE,
    PlateColour.BLACK,
    PlateColour.UNKNOWN,
)


@pytest.mark.parametrize(
    ("text", "colour", "kind"),
    [
        ("辽A12345", B, PlateKind.CAR),
        ("京NB1C34", B, PlateKind.CAR),
        ("粤OA2160", B, PlateKind.CAR),
        ("辽A12345", Y, PlateKind.CAR),
        ("辽A12345", W, PlateKind.CAR),
        ("辽A12345", K, PlateKind.CAR),
        ("辽AD12345", G, PlateKind.NEW_ENERGY_SMALL),
        ("苏BFD1188", G, PlateKind.NEW_ENERGY_SMALL),
        ("京AK01234", G, PlateKind.NEW_ENERGY_SMALL),
        ("辽A12345D", YG, PlateKind.NEW_ENERGY_LARGE),
        ("辽A12345F", G, PlateKind.NEW_ENERGY_LARGE),
        ("辽A12345F", Y, PlateKind.NEW_ENERGY_LARGE),
        ("辽A1234挂", Y, PlateKind.TRAILER),
        ("辽AB234学", Y, PlateKind.COACH),
        ("辽A1234警", W, PlateKind.POLICE),
        ("WJ警00081", W, PlateKind.ARMED_POLICE),
        ("WJ京1234J", W, PlateKind.ARMED_POLICE),
        ("WJ1234X", W, PlateKind.ARMED_POLICE),
        ("VA12345", W, PlateKind.MILITARY),
        ("粤Z1A23港", K, PlateKind.CROSS_BORDER),
        ("粤ZAB12澳", K, PlateKind.CROSS_BORDER),
        ("使014578", K, PlateKind.EMBASSY),
        ("224578使", K, PlateKind.EMBASSY),
        ("沪A0023领", K, PlateKind.CONSULATE),
        ("京X1234应急", W, PlateKind.EMERGENCY),
        ("民航A1234", G, PlateKind.CIVIL_AVIATION),
        ("辽AD12345", U, PlateKind.NEW_ENERGY_SMALL),
        ("辽A1234警", U, PlateKind.POLICE),
    ],
)
def test_every_kind_is_known_by_text_and_colour(text: str, colour: PlateColour, kind: PlateKind) -> None:
    assert normalise(text) == text
    assert classify(text, colour) is kind


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("", U),
        ("A12345", U),
        ("辽A1234", U),
        ("辽A123456", U),
        ("辽112345", U),
        ("川111111", U),
        ("辽I12345", U),
        ("辽A1234O", U),
        ("辽AI2345", U),
        ("甘HHHHHW", U),
        ("辽AABC12", U),
        ("夏A12345", U),
        ("辽AL12345", G),
        ("辽AD1234A", G),
        ("辽A12345L", YG),
        ("辽A12345", G),
        ("苏F01188", G),
        ("辽AD12345", B),
        ("辽A1234警", B),
        ("辽A1234挂", B),
        ("辽Z1234港", K),
        ("粤Z1234港", B),
        ("辽A12345\n", B),
        ("甘HHHH挂", Y),
        ("甘HHHH警", W),
        ("粤ZABC2港", K),
        ("沪AABC3领", K),
        ("民航AHHHH", G),
        ("京XHHH1应急", W),
    ],
)
def test_what_fits_no_rule_has_no_kind(text: str, colour: PlateColour) -> None:
    assert classify(text, colour) is None


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("辽A·12345", "辽A12345"),
        (" 辽a 12 345 ", "辽A12345"),
        ("辽Ａ１２３４５", "辽A12345"),
        ("辽A-12345", "辽A12345"),
        ("辽AO1I34", "辽A01134"),
        ("粤OA2160", "粤OA2160"),
        ("粤0A2160", "粤OA2160"),
        ("粤oa2160", "粤OA2160"),
        ("使014·578", "使014578"),
        ("wj京1234j", "WJ京1234J"),
        ("", ""),
        ("0", "0"),
    ],
)
def test_however_it_is_typed_a_plate_is_stored_one_way(typed: str, stored: str) -> None:
    assert normalise(typed) == stored


@given(st.text(max_size=20))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(
    st.from_regex(r"[京沪粤辽川][A-HJ-NP-Z][0-9A-HJ-NP-Z]{5}", fullmatch=True), st.sampled_from([" ", "·", "-", "."])
)
def test_separators_and_case_never_matter(plate: str, separator: str) -> None:
    assert normalise(separator.join(plate).lower()) == normalise(plate)


@given(st.from_regex(f"[{PROVINCES}][A-HJ-NP-Z][0-9A-HJ-NP-Z]{{5}}", fullmatch=True))
def test_a_car_has_two_letters_in_its_sequence_at_most(plate: str) -> None:
    letters = sum(sign.isalpha() for sign in plate[2:])
    assert (classify(plate, B) is PlateKind.CAR) == (letters <= MOST_LETTERS)


@pytest.mark.parametrize("colour", [B, G, Y, YG, W, K, U])
@pytest.mark.parametrize(
    "text",
    [
        *("甘HHHHHW", "甘HHHHH", "川111111", "川1111111", "吉11111", "HHHHHHH", "甘HHHHHHW"),
        *("C00D", "OOOO", "0000", "QQQQ", "AUDI", "0OO0"),
        *("13912345678", "4008123123", "02412345678", "024-12345678", "114", "1391234", "辽13912345", "电13912345"),
        *("TAXI", "欢迎光临", "限速5", "出口", "停车场", "SINOTRUK", "P", "辽", "·"),
    ],
)
def test_rails_rings_and_telephone_numbers_are_no_plates_on_any_colour(text: str, colour: PlateColour) -> None:
    assert classify(normalise(text), colour) is None


LENGTHS = {B: {7}, G: {7, 8}, Y: {7, 8}, YG: {8}, W: {7, 8}, K: {7}}
"""How many characters a plate of a colour has; green of 7 is civil aviation, white of 8 WJ with a province and 应急."""


@given(st.one_of([st.tuples(st.from_regex(rule.form, fullmatch=True), st.just(rule)) for rule in RULES]))
def test_length_and_colour_agree(drawn: tuple[str, Rule]) -> None:
    text, rule = drawn
    for colour in rule.colours:
        if classify(text, colour):
            assert len(text) in LENGTHS[colour]


@given(st.one_of([st.from_regex(rule.form, fullmatch=True) for rule in RULES]), st.sampled_from([B, G, Y, YG, W, K, U]))
def test_no_i_or_o_stands_in_a_sequence(text: str, colour: PlateColour) -> None:
    for place in range(2, len(text)):
        for letter in "IO":
            assert classify(text[:place] + letter + text[place + 1 :], colour) is None


@given(st.text(max_size=9), st.sampled_from([B, G, Y, YG, W, K]))
def test_what_fits_a_colour_fits_without_one(text: str, colour: PlateColour) -> None:
    assert classify(text, colour) is None or classify(text, U) is not None


@given(st.one_of([st.from_regex(rule.form, fullmatch=True) for rule in RULES]))
def test_every_form_of_the_table_is_its_own_normal_form(text: str) -> None:
    assert normalise(text) == text


def test_ten_letters_mark_new_energy() -> None:
    marks = {letter for letter in "ABCDEFGHJKLMNPQRSTUVWXYZ" if classify(f"辽A{letter}12345", G)}
    assert marks == set(NEW_ENERGY)
    assert len(marks) == 10
    assert len(set(PROVINCES)) == 31
