from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.barrier.board.wording import Scalar, Wording

SCALARS = st.booleans() | st.integers(-3, 3) | st.text(max_size=3)
TREES = st.recursive(
    SCALARS | st.none() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("answer", "on"),
    [
        ('{"a": {"b": [0, "up"]}}', True),
        ('{"a": {"b": [0, "down"]}}', False),
        ('{"a": {"b": [0, "UP"]}}', None),
        ('{"a": {"b": [0]}}', None),
        ('{"a": {"b": {"1": "up"}}}', True),
        ('{"a": ["b"]}', None),
        ('{"other": "down"}', False),
        ("up", None),
        ("", None),
        ("{", None),
    ],
)
def test_a_value_is_found_where_it_stands(answer: str, on: bool | None) -> None:
    assert Wording("up", "down", ("a/b/{channel}", "other")).read(answer.encode(), 1) is on


@pytest.mark.parametrize(("answer", "on"), [(b"ON", True), (b" OFF\n", False), (b"on", None), (b"\xff", None)])
def test_without_a_place_the_whole_answer_counts(answer: bytes, on: bool | None) -> None:
    assert Wording("ON", "OFF").read(answer, 0) is on


@pytest.mark.parametrize(("on", "answer"), [(True, "1"), (1, "true"), ("1", "1"), (1, '"1"'), (1, "1.0")])
def test_a_value_of_another_type_is_another_value(on: Scalar, answer: str) -> None:
    assert Wording(on, "off", ("v",)).read(f'{{"v": {answer}}}'.encode(), 0) is None


def test_on_and_off_must_differ() -> None:
    with pytest.raises(ValueError, match="differ"):
        Wording("ON", "ON")


@given(st.binary(max_size=60), st.integers(0, 3))
def test_no_bytes_make_reading_fail(answer: bytes, channel: int) -> None:
    for wording in (Wording("ON", "OFF"), Wording(True, False, ("a/{channel}", "b"))):
        wording.read(answer, channel)


@given(TREES, st.sampled_from(["on", "off"]))
def test_what_a_board_wrote_is_read_back(around: object, word: str) -> None:
    answer = json.dumps({"around": around, "state": [word]}).encode()
    assert Wording("on", "off", ("state/0",)).read(answer, 0) is (word == "on")
