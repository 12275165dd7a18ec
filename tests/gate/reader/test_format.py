from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.card_number import CardNumber
from gate.reader.format import KNOWN, WIEGAND, CardFormat, Parity, wiegand
from gate.reader.reader import CardBits

WIDTHS = {26: 24, 34: 32, 37: 35}


def bits(number: int, count: int) -> CardBits:
    return CardBits("r", number, count, 0.0)


@pytest.mark.parametrize(
    ("sent", "count", "value"),
    [
        # Facility 128, number 2626: even parity over 100000000000, odd over 101001000010.
        (0b1_100000000000_101001000010_1, 26, 0x800A42),
        (0b1_0001001010000000_0000101001000010_1, 34, 0x12800A42),
        (0b1_000000000000000001_00000000000000000_0, 37, 0x20000),
    ],
)
def test_the_usual_formats_are_read_as_their_makers_describe_them(sent: int, count: int, value: int) -> None:
    assert WIEGAND[count].read(bits(sent, count)) == CardNumber(value, WIDTHS[count])


@given(st.sampled_from(sorted(WIEGAND)), st.integers(0, 2**35 - 1))
def test_what_is_sent_is_read_and_no_single_wrong_bit_is(count: int, value: int) -> None:
    card = CardNumber(value & (2 ** WIDTHS[count] - 1), WIDTHS[count])
    sent = wiegand(card, count)
    assert WIEGAND[count].read(bits(sent, count)) == card
    for at in range(count):
        wrong = WIEGAND[count].read(bits(sent ^ 1 << at, count))
        # The two halves of 37 bits share their middle bit, which both parities notice.
        assert wrong is None


@given(st.sampled_from(sorted(KNOWN)).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, 2**n - 1))))
def test_any_bits_are_a_card_or_none(sent: tuple[int, int]) -> None:
    count, number = sent
    card = KNOWN[count].read(bits(number, count))
    assert card is None or card.value < 2**card.bits


def test_a_format_of_ones_own_and_bytes_told_backwards() -> None:
    own = CardFormat(20, 2, 16, (Parity(0, 2, 8, odd=True), Parity(19, 10, 8, odd=False)))
    assert own.read(bits(0b00_00000011_00000011_00, 20)) is None
    assert own.read(bits(0b00_00000001_00000011_00, 20)) == CardNumber(0x0103, 24)
    assert own.read(bits(0b00_00000001_00000011_00, 20), reversed_bytes=True) == CardNumber(0x0301, 24)
    assert KNOWN[32].read(bits(0x12800A42, 32), reversed_bytes=True) == CardNumber(0x420A8012, 32)


@pytest.mark.parametrize("wrong", [(0, 0, 1), (26, 20, 8), (26, 0, 0), (80, 0, 70), (600, 0, 8)])
def test_a_number_outside_of_the_bits_is_no_format(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="within"):
        CardFormat(*wrong)


def test_a_card_says_nothing_of_its_number_in_a_text() -> None:
    assert str(0x12800A42) not in f"{bits(0x12800A42, 32)!r} {bits(0x12800A42, 32)}"
