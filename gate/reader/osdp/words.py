"""The commands and replies of OSDP that a gate speaks, and what stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from gate.reader.reader import MOST_BITS, CardBits, CardText, Feedback, KeysPressed


class Command(IntEnum):
    """What the panel says (annex A)."""

    POLL = 0x60
    ID = 0x61
    CAP = 0x62
    LSTAT = 0x64
    LED = 0x69
    BUZ = 0x6A
    KEYSET = 0x75
    CHLNG = 0x76
    SCRYPT = 0x77


class Reply(IntEnum):
    """What a reader answers (annex A)."""

    ACK = 0x40
    NAK = 0x41
    PDID = 0x45
    PDCAP = 0x46
    LSTATR = 0x48
    RAW = 0x50
    FMT = 0x51
    KEYPAD = 0x53
    CCRYPT = 0x76
    RMAC_I = 0x78
    BUSY = 0x79


class Nak(IntEnum):
    """Why a reader does not take a command."""

    CHECK = 1
    LENGTH = 2
    UNKNOWN = 3
    SEQUENCE = 4
    BLOCK = 5
    INSECURE = 6


SECURITY = 9
"""The capability whose level says with bit 0 that a reader speaks AES-128."""
_STAR, _HASH = 0x7F, 0x0D
"""What the standard sends for `*` and `#`; some keypads send the signs themselves."""

_BLACK, _RED, _GREEN, _AMBER = 0, 1, 2, 3
_SET_FOR_A_WHILE = 2
_DEFAULT_TONE = 2
_LAMPS = {
    Feedback.ACCEPTED: (10, 0, _GREEN, 30),
    Feedback.REFUSED: (2, 2, _RED, 20),
    Feedback.ASK: (10, 0, _AMBER, 50),
}
"""Tenths of a second on and off, the colour, and for how long in all; then the reader's own lamp is back."""
_TONES = {Feedback.ACCEPTED: (1, 1, 1), Feedback.REFUSED: (2, 1, 3), Feedback.ASK: (5, 2, 1)}
"""Tenths of a second on and off, and how many times."""


def lamp(feedback: Feedback) -> bytes:
    """The data of a LED command for the first lamp of the first reader."""
    on, off, colour, lasts = _LAMPS[feedback]
    for_a_while = bytes((0, 0, _SET_FOR_A_WHILE, on, off, colour, _BLACK)) + lasts.to_bytes(2, "little")
    return for_a_while + bytes(5)  # the lamp that is there for good stays as it is


def tone(feedback: Feedback) -> bytes:
    """The data of a BUZ command for the first reader."""
    return bytes((0, _DEFAULT_TONE, *_TONES[feedback]))


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a reader says it is: the maker's three bytes (an IEEE OUI), model, version, serial number and firmware."""

    maker: bytes
    model: int
    version: int
    serial: int
    firmware: tuple[int, int, int]

    def __str__(self) -> str:
        firmware = ".".join(map(str, self.firmware))
        return f"{self.maker.hex('-').upper()} model {self.model}.{self.version} firmware {firmware}"


def identity(data: bytes) -> Identity | None:
    """What a PDID reply says; None where it is none."""
    if len(data) != 12:
        return None
    return Identity(data[:3], data[3], data[4], int.from_bytes(data[5:9], "little"), (data[9], data[10], data[11]))


def speaks_aes(data: bytes) -> bool:
    """Whether a PDCAP reply tells of a Secure Channel."""
    return any(data[at] == SECURITY and data[at + 1] & 1 for at in range(0, len(data) - 2, 3))


def status(data: bytes) -> tuple[bool, bool] | None:
    """Whether a LSTATR reply says that the reader is tampered with, and that it lacks power; None where it is none."""
    return (data[0] != 0, data[1] != 0) if len(data) == 2 else None


def card_bits(reader: str, data: bytes, at_s: float) -> CardBits | None:
    """The card of a RAW reply; None where its lengths do not fit each other."""
    bits = int.from_bytes(data[2:4], "little")
    sent = data[4:]
    if len(data) < 5 or not 1 <= bits <= MOST_BITS or len(sent) != -(-bits // 8):
        return None
    return CardBits(reader, int.from_bytes(sent) >> (len(sent) * 8 - bits), bits, at_s)


def card_text(reader: str, data: bytes, at_s: float) -> CardText | None:
    """The card of a FMT reply, which makers have filled in many ways: anything but short ASCII is none."""
    if len(data) < 4 or data[2] != len(data) - 3 or not data[3:].isascii():
        return None
    text = data[3:].decode("ascii").strip("\0 \r\n")
    backwards = data[1] == 1
    return CardText(reader, text[::-1] if backwards else text, at_s) if text.isprintable() and text else None


def keys_pressed(reader: str, data: bytes, at_s: float) -> KeysPressed | None:
    """The keys of a KEYPAD reply; None where there is no key among them that a gate knows."""
    if len(data) < 3 or data[1] != len(data) - 2:
        return None
    pressed = "".join(_key(byte) for byte in data[2:])
    return KeysPressed(reader, pressed, at_s) if pressed else None


def _key(byte: int) -> str:
    sign = {_STAR: "*", _HASH: "#"}.get(byte, chr(byte))
    return sign if sign in "0123456789*#" else ""


def keys_sent(keys: str) -> Sequence[int]:
    """The bytes that a keypad sends for keys."""
    return [{"*": _STAR, "#": _HASH}.get(key, ord(key)) for key in keys]
