from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.bench.confusion import Confusion, align, edits, most_frequent, table

TEXTS = st.text("ABC", max_size=8)


@pytest.mark.parametrize(
    ("plate", "read", "pairs"),
    [
        ("", "", []),
        ("辽A1", "辽A1", [("辽", "辽"), ("A", "A"), ("1", "1")]),
        ("辽A1", "辽B1", [("辽", "辽"), ("A", "B"), ("1", "1")]),
        ("辽A1", "A1", [("辽", ""), ("A", "A"), ("1", "1")]),
        ("A1", "A01", [("A", "A"), ("", "0"), ("1", "1")]),
        ("辽", "", [("辽", "")]),
        ("", "7", [("", "7")]),
    ],
)
def test_characters_stand_beside_what_was_read_for_them(plate: str, read: str, pairs: list[tuple[str, str]]) -> None:
    assert align(plate, read) == pairs


@given(TEXTS, TEXTS)
def test_an_alignment_loses_no_character_and_faces_no_gap_with_a_gap(plate: str, read: str) -> None:
    pairs = align(plate, read)
    assert "".join(one for one, _ in pairs) == plate
    assert "".join(other for _, other in pairs) == read
    assert ("", "") not in pairs


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [("", "", 0), ("辽A12345", "辽A12345", 0), ("辽A12345", "辽A1234", 1), ("川AM118G", "川AM1186", 1), ("", "辽A", 2)],
)
def test_edits_are_counted(one: str, other: str, count: int) -> None:
    assert edits(one, other) == count


@given(TEXTS, TEXTS, TEXTS)
def test_edits_are_a_distance(one: str, two: str, three: str) -> None:
    assert edits(one, two) == edits(two, one)
    assert (edits(one, two) == 0) == (one == two)
    assert edits(one, three) <= edits(one, two) + edits(two, three)
    assert abs(len(one) - len(two)) <= edits(one, two) <= max(len(one), len(two))


def test_a_table_counts_right_and_wrong_and_the_most_frequent_wrong_ones_come_first() -> None:
    counts = table([("辽A1", "辽A7"), ("辽A1", "辽A7"), ("辽A1", "辽A1"), ("苏B8", "辽B8"), ("苏B8", "苏B")])
    assert counts == {
        "1": {"1": 1, "7": 2},
        "8": {"": 1, "8": 1},
        "A": {"A": 3},
        "B": {"B": 2},
        "苏": {"苏": 1, "辽": 1},
        "辽": {"辽": 3},
    }
    assert most_frequent(counts, 2) == [Confusion("1", "7", 2), Confusion("8", "", 1)]
    assert most_frequent({}, 3) == []
