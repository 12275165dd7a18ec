from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.reader.osdp.packet import MOST_BYTES, Block, Finder, Packet, checksum, crc16

PACKETS = st.builds(
    Packet,
    address=st.integers(0, 0x7F),
    sequence=st.integers(0, 3),
    code=st.integers(0, 0xFF),
    data=st.binary(max_size=40),
    reply=st.booleans(),
    block=st.none() | st.builds(Block, st.integers(0x11, 0x14), st.binary(max_size=3)),
    crc=st.booleans(),
)
SEALED = st.builds(
    lambda packet, kind, mac: Packet(
        packet.address, packet.sequence, packet.code, packet.data, packet.reply, Block(kind), mac, packet.crc
    ),
    PACKETS,
    st.integers(0x15, 0x18),
    st.binary(min_size=4, max_size=4),
)
POLL = Packet(0, 1, 0x60)


def test_the_crc_is_the_one_that_the_standard_names() -> None:
    """0x1021 from 0x1D0F; 0xE5CC is the published check value of that CRC (CRC-16/SPI-FUJITSU, AUG-CCITT)."""
    assert crc16(b"123456789") == 0xE5CC


def test_a_poll_is_these_bytes() -> None:
    assert POLL.covered == bytes.fromhex("53 00 08 00 05 60")
    plain = Packet(0x7F, 0, 0x61, b"\0", crc=False).encoded()
    assert plain[:-1] == bytes.fromhex("53 7f 08 00 00 61 00")
    assert sum(plain) % 256 == 0
    assert checksum(plain) == 0


@given(st.lists(PACKETS | SEALED, max_size=4), st.data())
def test_packets_are_found_however_they_are_cut(packets: list[Packet], data: st.DataObject) -> None:
    told = b"".join(packet.encoded() for packet in packets)
    finder, found = Finder(), []
    while told:
        size = data.draw(st.integers(1, len(told)))
        found += finder.feed(told[:size])
        told = told[size:]
    assert found == packets
    assert finder.damaged == 0


@given(st.lists(st.binary(max_size=80), max_size=10))
def test_no_bytes_make_finding_fail(pieces: list[bytes]) -> None:
    finder = Finder()
    for piece in pieces:
        for packet in finder.feed(piece):
            assert packet.encoded()


@given(PACKETS, st.integers(0, 10_000), st.integers(1, 255))
def test_a_packet_with_one_wrong_byte_is_none(packet: Packet, at: int, flipped: int) -> None:
    told = bytearray(packet.encoded())
    told[at % len(told)] ^= flipped
    assert packet not in list(Finder().feed(bytes(told)))


@given(st.binary(max_size=30).filter(lambda noise: 0x53 not in noise), PACKETS)
def test_noise_before_a_packet_is_passed_over(noise: bytes, packet: Packet) -> None:
    assert list(Finder().feed(noise + packet.encoded())) == [packet]


@pytest.mark.parametrize("length", [0, 6, MOST_BYTES + 1, 0xFFFF])
def test_a_length_that_cannot_be_holds_up_nothing(length: int) -> None:
    lying = bytes((0x53, 0x80)) + length.to_bytes(2, "little") + b"\x05"
    finder = Finder()
    assert list(finder.feed(lying + POLL.encoded())) == [POLL]
    assert finder.damaged == 1


def test_a_block_longer_than_its_packet_is_damage() -> None:
    packet = bytearray(Packet(0, 1, 0x60, b"\x01\x02", block=Block(0x11, b"\1")).covered)
    packet[5] = 200
    told = bytes(packet) + crc16(bytes(packet)).to_bytes(2, "little")
    finder = Finder()
    assert not list(finder.feed(told))
    assert finder.damaged
