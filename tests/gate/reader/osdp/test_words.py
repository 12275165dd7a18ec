from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.reader.osdp import words
from gate.reader.reader import Feedback


@pytest.mark.parametrize(
    ("feedback", "colour", "times"), [(Feedback.ACCEPTED, 2, 1), (Feedback.REFUSED, 1, 3), (Feedback.ASK, 3, 1)]
)
def test_lamp_and_tone_have_the_lengths_and_places_of_the_standard(feedback: Feedback, colour: int, times: int) -> None:
    lamp, tone = words.lamp(feedback), words.tone(feedback)
    assert (len(lamp), len(tone)) == (14, 5)
    assert (lamp[2], lamp[5], lamp[9]) == (2, colour, 0), "for a while, and the lamp that is there for good stays"
    assert int.from_bytes(lamp[7:9], "little") > 0
    assert tone[4] == times


def test_a_reader_says_who_it_is_and_what_it_can() -> None:
    told = words.identity(bytes.fromhex("00164d 07 01 67120000 010203"))
    assert told is not None
    assert (str(told), told.serial) == ("00-16-4D model 7.1 firmware 1.2.3", 4711)
    assert words.speaks_aes(bytes((4, 1, 1, 9, 1, 1)))
    assert not words.speaks_aes(bytes((4, 1, 1, 9, 0, 0)))
    assert words.status(b"\1\0") == (True, False)


def test_a_card_stands_left_in_its_bytes_and_a_text_may_be_backwards() -> None:
    card = words.card_bits("r", bytes((0, 1, 26, 0)) + (0x2A00A42 << 6).to_bytes(4), 1.0)
    assert card is not None
    assert (card.number, card.bits) == (0x2A00A42, 26)
    for direction in (0, 1):
        text = words.card_text("r", bytes((0, direction, 4)) + b"1234", 1.0)
        assert text is not None
        assert text.text == ("4321" if direction else "1234")


@pytest.mark.parametrize(
    "data", [b"", bytes((0, 1, 26, 0)), bytes((0, 1, 26, 0, 1)), bytes((0, 1, 0, 0, 1)), b"\xff" * 9]
)
def test_a_card_whose_lengths_do_not_fit_is_none(data: bytes) -> None:
    assert words.card_bits("r", data, 1.0) is None


@given(st.binary(max_size=80))
def test_no_bytes_make_reading_fail(data: bytes) -> None:
    for read in (words.card_bits, words.card_text, words.keys_pressed):
        read("r", data, 1.0)
    for told in (words.identity, words.speaks_aes, words.status):
        told(data)


@given(st.text("0123456789*#", min_size=1, max_size=20))
def test_keys_that_are_sent_are_the_keys_that_were_pressed(keys: str) -> None:
    told = words.keys_pressed("r", bytes((0, len(keys), *words.keys_sent(keys))), 1.0)
    assert told is not None
    assert told.keys == keys
