"""The vote of a vehicle's readings."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.lane.voting import PlateVote
from models.sighting import Box, PlateColour, PlateKind, PlateSighting


def _read(
    text: str, confidences: tuple[float, ...] | float = 0.97, colour: PlateColour = PlateColour.BLUE, height: float = 40
) -> PlateSighting:
    each = (confidences,) * len(text) if isinstance(confidences, float) else confidences
    corners = np.zeros((4, 2), np.float32)
    return PlateSighting(Box(0, 0, 120, height), corners, 1, 0.9, text, each, colour, None)


def _elect(*sightings: PlateSighting) -> PlateVote:
    vote = PlateVote()
    for sighting in sightings:
        vote.add(sighting)
    return vote


def test_agreeing_readings_win_with_their_confidence() -> None:
    elected = _elect(*[_read("辽A12345")] * 5).elect()
    assert elected.text == "辽A12345"
    assert elected.kind is PlateKind.CAR
    assert min(elected.confidences) == pytest.approx(0.97)


def test_one_bad_character_is_not_hidden_by_the_good_ones() -> None:
    good, bad = (0.99,) * 6, 0.4
    elected = _elect(*[_read("辽A12345", (*good, bad))] * 8).elect()
    assert min(elected.confidences) == pytest.approx(bad)
    assert max(elected.confidences) == pytest.approx(0.99)


def test_dissent_at_one_position_shows_there_alone() -> None:
    elected = _elect(*[_read("辽A12345")] * 6, *[_read("辽A12375")] * 4).elect()
    assert elected.text == "辽A12345"
    assert elected.confidences[5] == pytest.approx(0.97 * 0.6)
    assert elected.confidences[4] == pytest.approx(0.97)


def test_small_and_doubtful_readings_weigh_little() -> None:
    far = [_read("皖A12345", 0.5, height=8)] * 10
    elected = _elect(*far, *[_read("辽A12345")] * 5).elect()
    assert elected.text == "辽A12345"
    assert elected.confidences[0] > 0.6


def test_a_plate_cut_short_takes_from_every_position() -> None:
    elected = _elect(*[_read("辽A12345")] * 5, *[_read("辽A1234")] * 5).elect()
    assert elected.text == "辽A12345"
    assert max(elected.confidences) < 0.6


def test_colour_and_length_must_agree() -> None:
    assert _elect(*[_read("辽AD12345", colour=PlateColour.GREEN)] * 3).elect().kind is PlateKind.NEW_ENERGY_SMALL
    assert _elect(*[_read("辽A12345", colour=PlateColour.GREEN)] * 3).elect().kind is None


def test_one_clear_reading_among_blurred_ones_is_counted_as_one() -> None:
    elected = _elect(_read("辽A12345"), *[_read("辽A12345", 0.3)] * 2).elect()
    assert elected.clear == {"辽A12345": 1}
    assert min(elected.confidences) > 0.8


def test_nothing_read_elects_nothing() -> None:
    vote = _elect(_read(""))
    assert vote.readings == 0
    assert vote.elect().text == ""


@given(st.lists(st.tuples(st.sampled_from(["辽A12345", "辽A1234", "辽AD12345", "吉B0"]), st.floats(0, 1)), max_size=12))
def test_shares_are_fractions_and_fit_the_text(readings: list[tuple[str, float]]) -> None:
    elected = _elect(*(_read(text, confidence) for text, confidence in readings)).elect()
    assert len(elected.text) == len(elected.confidences)
    assert all(0 <= share <= 1 for share in elected.confidences)


confidences = st.lists(st.floats(0.01, 1), min_size=7, max_size=7).map(tuple)


@given(st.lists(confidences, min_size=1, max_size=12), st.integers(0, 6), st.floats(0.01, 0.7))
def test_no_number_of_good_characters_lifts_a_bad_one(
    readings: list[tuple[float, ...]], place: int, bad: float
) -> None:
    """A position that no reading was sure of stays unsure, whatever the other six and however many frames."""
    spoilt = [(*each[:place], min(each[place], bad), *each[place + 1 :]) for each in readings]
    elected = _elect(*(_read("辽A12345", each) for each in spoilt)).elect()
    assert elected.confidences[place] <= bad + 1e-9


@given(st.lists(confidences, min_size=1, max_size=12), confidences, st.integers(2, 6))
def test_dissent_takes_from_its_position_and_shows_as_the_next(
    readings: list[tuple[float, ...]], dissent: tuple[float, ...], place: int
) -> None:
    text = "辽A12345"
    other = text[:place] + "X" + text[place + 1 :]
    agreed = _elect(*(_read(text, each) for each in readings)).elect()
    elected = _elect(*(_read(text, each) for each in readings), _read(other, dissent)).elect()
    vote = elected.votes[place]
    assert {vote.first, vote.next} == {text[place], "X"}
    assert vote.share + vote.next_share <= 1 + 1e-9
    if vote.first == text[place]:
        assert vote.share < agreed.confidences[place]


@given(st.lists(confidences, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_readings_does_not_matter(readings: list[tuple[float, ...]], random: Random) -> None:
    mixed = random.sample(readings, len(readings))
    one = _elect(*(_read("辽A12345", each) for each in readings)).elect()
    other = _elect(*(_read("辽A12345", each) for each in mixed)).elect()
    assert one.text == other.text
    assert one.confidences == pytest.approx(other.confidences)
