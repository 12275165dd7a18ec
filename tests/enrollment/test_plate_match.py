"""Which enrolled vehicle a reading means, by tables and by properties."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.candidate import Subject, SubjectKind
from enrollment.gallery import PlateBook
from enrollment.plate_match import Votes, match, neighbours
from models.plate.grammar import classify
from models.plate.lookalikes import lookalikes
from models.sighting import PlateColour

SURE = 0.8
B, G, Y, U = PlateColour.BLUE, PlateColour.GREEN, PlateColour.YELLOW, PlateColour.UNKNOWN


def _book(*plates: str, **colours: PlateColour) -> PlateBook:
    return PlateBook({p: Subject(f"v-{p}", SubjectKind.VEHICLE, "h") for p in plates}, colours=colours)


def _votes(text: str, doubts: dict[int, tuple[float, str, float]] | None = None) -> tuple[Votes, ...]:
    """Sure votes for a text, but for positions (from 0) with a share, another character, and its share."""
    doubts = doubts or {}
    return tuple(Votes(sign, *doubts[at]) if at in doubts else Votes(sign, 0.97) for at, sign in enumerate(text))


def test_a_sure_reading_means_exactly_its_plate() -> None:
    found = match(_book("辽A12845", "辽A12B45"), _votes("辽A12845"), B, SURE)
    assert found is not None
    assert (found.plate, found.doubt) == ("辽A12845", None)


def test_one_doubtful_lookalike_that_was_also_read_means_the_only_plate_that_fits() -> None:
    found = match(_book("辽A12B45", "辽A99999"), _votes("辽A12845", {4: (0.55, "B", 0.4)}), B, SURE)
    assert found is not None
    assert found.plate == "辽A12B45"
    assert found.doubt is not None
    assert (found.doubt.position, found.doubt.read, found.doubt.enrolled) == (5, "8", "B")
    assert found.doubt.share == pytest.approx(0.55)
    assert found.doubt.together == pytest.approx(0.95)


def test_the_enrolled_plate_may_be_the_winner_of_a_doubtful_vote() -> None:
    found = match(_book("辽A12845"), _votes("辽A12845", {4: (0.6, "B", 0.3)}), B, SURE)
    assert found is not None
    assert found.doubt is not None
    assert (found.doubt.read, found.doubt.enrolled, found.doubt.other) == ("8", "8", "B")


@pytest.mark.parametrize(
    ("enrolled", "votes", "colour"),
    [
        (["辽A12B45"], _votes("辽A12845"), B),
        (["辽A12B45"], _votes("辽A12845", {4: (0.79, "", 0.0)}), B),
        (["辽A12B45"], _votes("辽A12845", {4: (0.5, "B", 0.2)}), B),
        (["辽A12345"], _votes("辽A12845", {4: (0.5, "3", 0.45)}), B),
        (["辽A12B45", "辽A12845"], _votes("辽A12845", {4: (0.5, "B", 0.45)}), B),
        (["辽A12645", "辽A12B45"], _votes("辽A12845", {4: (0.5, "B", 0.45)}), B),
        (["辽A12B45"], _votes("辽A12845", {4: (0.5, "6", 0.45)}), B),
        (["辽A1ZB45"], _votes("辽A12845", {3: (0.5, "Z", 0.45), 4: (0.5, "B", 0.45)}), B),
        (["辽A12B45"], _votes("辽A12845", {4: (0.5, "B", 0.45), 6: (0.7, "", 0.0)}), B),
        (["辽A12B45"], _votes("辽A12845", {4: (0.5, "B", 0.45)}), G),
        (["辽A12B4"], _votes("辽A12845", {4: (0.5, "B", 0.45)}), B),
        ([], _votes("辽A12845"), B),
        (["辽A12B45"], (), B),
    ],
    ids=[
        "sure of another character",
        "never read as enrolled",
        "together not sure",
        "no lookalike",
        "two enrolled neighbours",
        "another enrolled lookalike",
        "the enrolled one was not read",
        "two swaps",
        "another doubt beside it",
        "no such plate on that colour",
        "another length",
        "nobody enrolled",
        "nothing read",
    ],
)
def test_what_means_nobody(enrolled: Sequence[str], votes: tuple[Votes, ...], colour: PlateColour) -> None:
    assert match(_book(*enrolled), votes, colour, SURE) is None


def test_a_lookalike_of_another_colour_is_another_car() -> None:
    doubtful = _votes("辽A12845", {4: (0.5, "B", 0.45)})
    assert match(_book("辽A12B45", 辽A12B45=Y), doubtful, B, SURE) is None
    assert match(_book("辽A12B45", 辽A12B45=B), doubtful, B, SURE) is not None
    assert match(_book("辽A12B45", 辽A12B45=Y), doubtful, U, SURE) is not None


@pytest.mark.parametrize(
    "seen",
    ["甘HHHHHW", "川111111", "C00D", "OOOO", "0000", "13912345678", "4008123123", "SINOTRUK", "出口", ""],
)
@pytest.mark.parametrize("share", [0.97, 0.5])
def test_rails_rings_and_telephone_numbers_mean_nobody(seen: str, share: float) -> None:
    """Whatever is enrolled, and if the reader is sure or doubts one position with every lookalike there is."""
    book = _book("甘H12345", "川A11111", "苏C00D11", "粤O00D00", "辽A39123")
    for colour in PlateColour:
        for place in range(max(1, len(seen))):
            for other in sorted(lookalikes(seen[place : place + 1])) or [""]:
                votes = _votes(seen, {place: (share, other, 0.97 - share)} if seen else {})
                assert match(book, votes, colour, SURE) is None


SIGNS = st.sampled_from("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ")
plates = st.tuples(st.sampled_from("辽宁苏桂"), st.sampled_from("ABD"), *[SIGNS] * 5).map("".join)


@given(plates, plates, st.integers(0, 6), st.floats(0, 1), st.floats(0, 1), SIGNS)
def test_at_most_one_lookalike_lies_between_what_was_read_and_whom_it_opens_for(
    enrolled: str, read: str, place: int, share: float, next_share: float, other: str
) -> None:
    text = enrolled[:place] + read[place] + enrolled[place + 1 :]
    found = match(_book(enrolled, read), _votes(text, {place: (share, other, next_share)}), B, SURE)
    if found is None:
        return
    different = [at for at in range(7) if found.plate[at] != text[at]]
    assert classify(found.plate, B) is not None
    assert len(different) <= 1
    if different:
        assert different == [place]
        assert found.plate[place] in lookalikes(text[place])
        assert share < SURE <= share + next_share


def test_neighbours_are_what_the_matcher_accepts_and_nothing_more() -> None:
    found = neighbours(_book("辽A12345"), "辽A12345", U, SURE)
    assert all(one.accepted and one.belongs is None for one in found)
    assert {one.text for one in found} == {
        *("宁A12345", "辽A72345", "辽AL2345", "辽A1Z345", "辽A1234S"),
    }


def test_an_enrolled_neighbour_is_not_accepted_and_is_named() -> None:
    found = {one.text: one for one in neighbours(_book("辽A12345", "辽A1Z345"), "辽A12345", U, SURE)}
    assert not found["辽A1Z345"].accepted
    assert found["辽A1Z345"].belongs is not None
    assert found["辽A72345"].accepted


@given(st.lists(plates, min_size=1, max_size=4, unique=True))
def test_of_two_enrolled_neighbours_neither_is_opened_for_the_other(enrolled: list[str]) -> None:
    book = _book(*enrolled)
    for plate in enrolled:
        for one in neighbours(book, plate, U, SURE):
            assert not (one.accepted and one.belongs)
