"""OSDP packets (IEC 60839-11-5, SIA OSDP 2.2): their bytes, and finding them again among noise.

53 address length(2, low first) control [security block] code data [MAC, 4] checksum(1) or CRC(2, low first)
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from dataclasses import dataclass, replace

START = 0x53
MARK = 0xFF
"""May stand before a packet, to wake the line's receivers; it belongs to none."""
REPLY_BIT = 0x80
ANYBODY = 0x7F
"""The address that every reader answers to."""
MOST_BYTES = 1440
"""The longest packet that the standard lets anybody send."""
MAC_BYTES = 4

_SEQUENCE, _CRC, _BLOCK = 0x03, 0x04, 0x08
_HEAD = 5
_FIRST_WITH_MAC = 0x15
"""The security blocks before this one set a channel up, and carry no MAC."""


@dataclass(frozen=True, slots=True)
class Block:
    """A security block: its type, 0x11 to 0x18, and its own data."""

    kind: int
    data: bytes = b""

    @property
    def has_mac(self) -> bool:
        """Whether a packet with it ends with a MAC."""
        return self.kind >= _FIRST_WITH_MAC


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet. `data` is encrypted where the block says so; `mac` are 4 bytes, none where there is no MAC."""

    address: int
    sequence: int
    code: int
    data: bytes = b""
    reply: bool = False
    block: Block | None = None
    mac: bytes = b""
    crc: bool = True

    @property
    def covered(self) -> bytes:
        """What its MAC and its CRC are made over: everything before them."""
        tail = (MAC_BYTES if self.block is not None and self.block.has_mac else 0) + (2 if self.crc else 1)
        block = b"" if self.block is None else bytes((len(self.block.data) + 2, self.block.kind)) + self.block.data
        control = self.sequence | (_CRC if self.crc else 0) | (_BLOCK if self.block is not None else 0)
        length = _HEAD + len(block) + 1 + len(self.data) + tail
        address = self.address | (REPLY_BIT if self.reply else 0)
        head = bytes((START, address)) + length.to_bytes(2, "little") + bytes((control,))
        return head + block + bytes((self.code,)) + self.data

    def encoded(self) -> bytes:
        """Its bytes on the wire, without a mark."""
        told = self.covered + self.mac
        return told + (crc16(told).to_bytes(2, "little") if self.crc else bytes((checksum(told),)))

    def with_mac(self, mac: bytes) -> Packet:
        """The same packet, authenticated."""
        return replace(self, mac=mac[:MAC_BYTES])


def crc16(told: bytes) -> int:
    """The polynomial 0x1021 from 0x1D0F, highest bit first, as annex C of the standard has it."""
    return binascii.crc_hqx(told, 0x1D0F)


def checksum(told: bytes) -> int:
    """What makes the sum of all bytes a multiple of 256."""
    return -sum(told) & 0xFF


class Finder:
    """Finds whole packets in what comes, however it is cut, and passes over everything else; `damaged` counts that."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self.damaged = 0

    def clear(self) -> None:
        """Forget what has come: it belongs to no answer to what is asked next."""
        self._waiting.clear()

    def feed(self, came: bytes) -> Iterator[Packet]:
        """The packets that are whole now. Their check was right; what they say is not known to be sensible."""
        self._waiting += came
        while (at := self._waiting.find(START)) >= 0:
            del self._waiting[:at]
            if len(self._waiting) < _HEAD:
                return
            length = int.from_bytes(self._waiting[2:4], "little")
            if _HEAD + 2 <= length <= MOST_BYTES:
                if len(self._waiting) < length:
                    return
                packet = _decoded(bytes(self._waiting[:length]))
                if packet is not None:
                    del self._waiting[:length]
                    yield packet
                    continue
            self.damaged += 1
            del self._waiting[:1]
        self._waiting.clear()


def _decoded(told: bytes) -> Packet | None:
    """The packet of bytes whose length is right; None where the check or the rest is not."""
    control = told[4]
    crc = bool(control & _CRC)
    end = len(told) - (2 if crc else 1)
    right = crc16(told[:end]) == int.from_bytes(told[end:], "little") if crc else checksum(told[:end]) == told[end]
    if not right:
        return None
    at, block = _HEAD, None
    if control & _BLOCK:
        size = told[at]
        if size < 2 or at + size > end:
            return None
        block, at = Block(told[at + 1], told[at + 2 : at + size]), at + size
    mac = MAC_BYTES if block is not None and block.has_mac else 0
    if at >= end - mac:
        return None
    return Packet(
        address=told[1] & ~REPLY_BIT,
        sequence=control & _SEQUENCE,
        code=told[at],
        data=told[at + 1 : end - mac],
        reply=bool(told[1] & REPLY_BIT),
        block=block,
        mac=told[end - mac : end],
        crc=crc,
    )
