from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.reader.keypad import LONGEST, Keypad, Typed
from gate.reader.reader import KeysPressed


def typed(*pressed: tuple[float, str]) -> list[Typed]:
    keypad = Keypad()
    return [one for at_s, keys in pressed for one in keypad.press(KeysPressed("r", keys, at_s))]


@pytest.mark.parametrize(
    ("pressed", "meant"),
    [
        ([(0, "3*2*501#"), (1, "135792#")], [Typed("3-2-501", "135792")]),
        ([(at, key) for at, key in enumerate("3*2*501#135792#")], [Typed("3-2-501", "135792")]),
        ([(0, "12345678#")], [Typed("", "12345678")]),
        ([(0, "12345678"), (11, "#")], []),
        ([(0, "12"), (11, "345678#")], [Typed("", "345678")]),
        ([(0, "3*2*501#"), (21, "135792#")], [Typed("", "135792")]),
        ([(0, "3*2*501#"), (19, "135792#")], [Typed("3-2-501", "135792")]),
        ([(0, "3*2*501#"), (1, "135"), (12, "12345678#")], [Typed("", "12345678")]),
        ([(0, "3*2*501#"), (1, "*"), (2, "12345678#")], [Typed("", "12345678")]),
        ([(0, "3*2*501#"), (1, "135792#"), (2, "135792#")], [Typed("3-2-501", "135792"), Typed("", "135792")]),
        ([(0, "####")], []),
        ([(0, "1" * (LONGEST + 1) + "#")], []),
    ],
)
def test_what_is_typed_is_a_household_and_its_pin_or_a_visitors(
    pressed: list[tuple[float, str]], meant: list[Typed]
) -> None:
    assert typed(*pressed) == meant


@given(st.lists(st.tuples(st.floats(0, 1e6), st.text("0123456789*#", max_size=40)), max_size=20))
def test_any_keys_are_bounded(pressed: list[tuple[float, str]]) -> None:
    assert all(0 < len(one.pin) <= LONGEST and len(one.household) <= LONGEST for one in typed(*pressed))


def test_a_pin_shows_in_no_text() -> None:
    assert "135792" not in f"{Typed('3-2-501', '135792')!r} {KeysPressed('r', '135792', 0.0)!r}"
