from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.reader.reader import CardBits, Condition, Feedback, KeysPressed, Misread, ReaderEvent, ReaderState
from gate.reader.simulated_line import WiegandEnd
from gate.reader.wiegand import WiegandLine
from tests.gate.reader.direct import Clock, DirectWire


class Bench:
    def __init__(self, alive_s: float | None = None) -> None:
        self.clock, self.end = Clock(), WiegandEnd()
        self.line = WiegandLine("w", DirectWire(self.end, self.clock), alive_s, self.clock)

    def run(self, *lines: str) -> Sequence[ReaderEvent]:
        for line in lines:
            self.end.say(line)
        return [*self.line.events(), *self.line.events()]


def test_cards_keys_and_the_tamper_contact_are_told() -> None:
    bench = Bench()
    assert bench.run() == [Condition("w", ReaderState.ONLINE)]
    bench.end.present(0x2A00A42, 26)
    (card,) = bench.run()
    assert isinstance(card, CardBits)
    assert (card.number, card.bits) == (0x2A00A42, 26)
    bench.end.press("1*#")
    assert [event.keys for event in bench.run("W8:E1") if isinstance(event, KeysPressed)] == ["1", "*", "#", "1"]
    assert bench.run("T1") == [Condition("w", ReaderState.ONLINE, tampered=True)]
    assert bench.run("T0") == [Condition("w", ReaderState.ONLINE)]


@pytest.mark.parametrize(
    "line", ["W26:", "W26:zz", "W26:4000000", "W0:0", "W999:1", "26:1", "W26:1 W26:2", "x" * 500, "W8:11", "W4:C"]
)
def test_a_damaged_line_is_counted_and_is_no_card(line: str) -> None:
    bench = Bench()
    bench.run()
    assert [type(event) for event in bench.run(line)] == [Misread]
    assert [type(event) for event in bench.run("W26:2A00A42")] == [CardBits]


def test_lines_that_come_in_pieces_are_put_together() -> None:
    bench = Bench()
    bench.run()
    wire: DirectWire = bench.line._wire  # type: ignore[assignment]
    pieces = iter((b"W2", b"6:2A00", b"A42\nW26", b":1\r\n"))
    wire.spoil = lambda _back: next(pieces, b"")
    events = [event for _ in range(6) for event in bench.line.events()]
    assert [event.number for event in events if isinstance(event, CardBits)] == [0x2A00A42, 1]


def test_a_converter_with_signs_of_life_is_lost_without_them_and_comes_back() -> None:
    bench = Bench(alive_s=10)
    assert bench.run() == []
    assert bench.run(".") == [Condition("w", ReaderState.ONLINE)]
    bench.clock.now_s += 11
    (lost,) = bench.run()
    assert isinstance(lost, Condition)
    assert (lost.state, lost.fault) == (ReaderState.LOST, "reader.says_nothing")
    assert bench.run(".") == [Condition("w", ReaderState.ONLINE)]


def test_the_converter_is_told_what_to_show() -> None:
    bench = Bench()
    for feedback in Feedback:
        bench.line.answer("w", feedback)
    bench.run()
    assert bench.end.shown == list(Feedback)


@given(st.lists(st.binary(max_size=60), max_size=12))
def test_no_bytes_make_reading_fail_or_grow_without_end(pieces: list[bytes]) -> None:
    bench = Bench()
    wire: DirectWire = bench.line._wire  # type: ignore[assignment]
    told = iter(pieces)
    wire.spoil = lambda _back: next(told, b"")
    for _ in pieces:
        for event in bench.line.events():
            assert isinstance(event, Condition | Misread | CardBits | KeysPressed)
        assert len(bench.line._waiting) <= 201
