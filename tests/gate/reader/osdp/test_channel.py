from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gate.reader.osdp.channel import DEFAULT_KEY, Channel
from gate.reader.osdp.packet import Packet
from tests.gate.reader.direct import KEY

A, B = bytes(range(8)), bytes(range(8, 16))


def both() -> tuple[Channel, Channel]:
    return Channel(KEY, A, B), Channel(KEY, A, B)


def test_the_key_that_everybody_knows_is_the_standards() -> None:
    assert DEFAULT_KEY == b"0123456789:;<=>?"


@given(st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=40)), min_size=1, max_size=5))
def test_what_one_end_seals_the_other_opens_turn_by_turn(turns: list[tuple[bytes, bytes]]) -> None:
    panel, reader = both()
    for number, (asked, told) in enumerate(turns):
        command = Packet(0, number % 3 + 1, 0x69, asked)
        sealed = panel.seal(command)
        assert not asked or asked not in sealed.encoded() or len(asked) < 3
        opened = reader.open(sealed)
        assert opened is not None
        assert (opened.code, opened.data) == (0x69, asked)
        reply = reader.seal(Packet(0, number % 3 + 1, 0x50, told, reply=True))
        back = panel.open(reply)
        assert back is not None
        assert back.data == told


def test_a_packet_of_before_is_not_taken_again() -> None:
    panel, reader = both()
    command = panel.seal(Packet(0, 1, 0x60))
    assert reader.open(command)
    assert reader.open(command) is None
    reply = reader.seal(Packet(0, 1, 0x50, b"card", reply=True))
    assert panel.open(reply)
    reader.open(panel.seal(Packet(0, 2, 0x60)))
    assert panel.open(reply) is None
    assert panel.open(reader.seal(Packet(0, 2, 0x40, reply=True))), "a replayed one has moved nothing"


@given(st.binary(max_size=20), st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_is_noticed(data: bytes, at: int, flipped: int) -> None:
    panel, reader = both()
    sealed = panel.seal(Packet(0, 1, 0x69, data))
    told = bytearray(sealed.data + sealed.mac)
    told[at % len(told)] ^= flipped
    changed = replace(sealed, data=bytes(told[: len(sealed.data)]), mac=bytes(told[len(sealed.data) :]))
    assert reader.open(changed) is None


def test_another_key_proves_nothing() -> None:
    right, wrong = Channel(KEY, A, B), Channel(bytes(16), A, B)
    assert right.reader_cryptogram != wrong.reader_cryptogram
    assert wrong.open(right.seal(Packet(0, 1, 0x60))) is None


def test_what_came_in_the_clear_is_not_opened() -> None:
    panel, _ = both()
    assert panel.open(Packet(0, 1, 0x50, b"card", reply=True)) is None
