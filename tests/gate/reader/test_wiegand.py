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

    def settle(self) -> Sequence[ReaderEvent]:
        """Let the line be still for as long as it has to be."""
        return [event for _ in range(10) for event in self.line.events()]


def test_cards_keys_and_the_tamper_contact_are_told() -> None:
    bench = Bench()
    assert bench.settle() == [Condition("w", ReaderState.ONLINE)]
    bench.end.present(0x2A00A42, 26)
    (card,) = bench.run()
    assert isinstance(card, CardBits)
    assert (card.number, card.bits) == (0x2A00A42, 26)
    bench.end.press("1*#")
    assert [event.keys for event in bench.run("W8:E1") if isinstance(event, KeysPressed)] == ["1", "*", "#", "1"]
    assert bench.run("T1") == [Condition("w", ReaderState.ONLINE, tampered=True)]
    assert bench.run("T0") == [Condition("w", ReaderState.ONLINE, tampered=False)]


@pytest.mark.parametrize(
    "line", ["W26:", "W26:zz", "W26:4000000", "W0:0", "W999:1", "26:1", "W26:1 W26:2", "x" * 500, "W8:11", "W4:C"]
)
def test_a_damaged_line_is_counted_and_is_no_card(line: str) -> None:
    bench = Bench()
    bench.settle()
    assert [type(event) for event in bench.run(line)] == [Misread]
    assert [type(event) for event in bench.run("W26:2A00A42")] == [CardBits]


def test_bytes_that_never_become_a_line_are_damage_and_spoil_no_card_after_them() -> None:
    bench = Bench()
    bench.settle()
    wire: DirectWire = bench.line._wire  # type: ignore[assignment]
    for garbage in (b"\xf3\x00\xe6", b"W26:2A0"):
        wire.spoil = lambda _back, garbage=garbage: garbage  # type: ignore[misc]
        bench.line.events()
        wire.spoil = bytes
        told = [event for _ in range(30) for event in bench.line.events()]
        assert told == [Misread("w", "damaged")]
        assert [type(event) for event in bench.run("W26:2A00A42")] == [CardBits]


def test_a_connection_that_is_new_does_not_say_that_the_contact_is_closed() -> None:
    bench = Bench()
    (online,) = bench.settle()
    assert isinstance(online, Condition)
    assert online.tampered is None
    (closed,) = bench.run("T0")
    assert isinstance(closed, Condition)
    assert closed.tampered is False


def test_lines_that_come_in_pieces_are_put_together() -> None:
    bench = Bench()
    bench.settle()
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


LATE = Misread("w", "late")


def test_what_a_converter_kept_while_it_was_away_is_no_card_that_is_held_now() -> None:
    bench = Bench()
    online = Condition("w", ReaderState.ONLINE)
    assert bench.run("W26:2A00A42", "W4:5", ".") == [LATE, LATE, online]
    bench.clock.now_s += 0.2
    assert bench.run("W26:2A00A42") == [LATE], "it goes on"
    wire: DirectWire = bench.line._wire  # type: ignore[assignment]
    wire.spoil = lambda _back: b"W26:2A0"
    bench.line.events()
    wire.spoil = bytes
    assert bench.settle() == [], "and its end does not come any more"
    assert [type(event) for event in bench.run("W26:2A00A42")] == [CardBits]


def test_signs_of_life_and_the_tamper_contact_do_not_keep_a_line_from_settling() -> None:
    bench = Bench()
    for _ in range(4):
        bench.run("T1", ".")
        bench.clock.now_s += 0.1
    assert [type(event) for event in bench.run("W26:2A00A42")] == [CardBits]


@pytest.mark.parametrize("silent_s", [11.0, 2.0])
def test_what_comes_after_the_converter_or_the_box_was_away_on_one_connection_is_late_too(silent_s: float) -> None:
    bench = Bench(alive_s=10)
    bench.run(".")
    bench.settle()
    bench.clock.now_s += silent_s
    told = bench.run("W26:2A00A42", ".")
    assert [event for event in told if not isinstance(event, Condition)] == [LATE]
    bench.settle()
    assert [type(event) for event in bench.run("W26:2A00A42")] == [CardBits]


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
