"""The table of characters that look alike."""

from __future__ import annotations

import pytest

from models.plate.grammar import LETTERS, PROVINCES
from models.plate.lookalikes import MEASURED, REPORTED, lookalikes
from models.plate.reader import SYMBOLS

PAIRS = MEASURED + REPORTED


def test_every_pair_is_of_two_signs_a_reader_knows_and_stands_once() -> None:
    assert all(len(set(pair)) == 2 and set(pair) <= set(SYMBOLS) for pair in PAIRS)
    assert len({frozenset(pair) for pair in PAIRS}) == len(PAIRS)


def test_a_province_is_only_like_a_province() -> None:
    for pair in PAIRS:
        assert (pair[0] in PROVINCES) == (pair[1] in PROVINCES), pair


@pytest.mark.parametrize(
    ("character", "others"),
    [("8", {"B", "6"}), ("D", {"0", "Q"}), ("1", {"7", "L"}), ("辽", {"宁"}), ("A", set()), ("9", set()), ("", set())],
)
def test_what_looks_like_it(character: str, others: set[str]) -> None:
    assert lookalikes(character) == others


def test_likeness_holds_both_ways() -> None:
    for one in PROVINCES + LETTERS + "0123456789":
        assert all(one in lookalikes(other) for other in lookalikes(one))
