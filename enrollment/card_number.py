"""One card, however its number is written.

A card's chip holds 32 bits or more. A USB reader types them as ten decimal digits or as hex, a label prints the low 24
as `128,02626`, and a 26-bit reader never tells more than those. Two numbers mean the same card where they agree in
every bit that both know. The register keeps a mark of the text alone, so a card is found by the texts that mean it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

FACILITY_BITS = 24
DECIMAL_BITS = 32
LONG_BITS = 35
"""What 37-bit readers tell without the parities: eleven decimal digits."""
TAG_BITS = 40
"""The whole of an EM4100 tag: a maker's byte before the 32 bits."""
WHOLE = (56, 64)
"""Chips whose number is told whole or not at all."""
WIDTHS = (FACILITY_BITS, DECIMAL_BITS, LONG_BITS, TAG_BITS, *WHOLE)

_FACILITY = re.compile(r"([0-9]{1,3})[,/]([0-9]{1,5})|([0-9]{3})[-:. ]([0-9]{5})")
_WRITTEN = re.compile(r"[0-9A-F]{4,32}")
_SHORT = (5, 6, 7, 9)
"""Digits of a decimal number without its leading zeros. Eight could as well be hex, or facility and number in one."""


class EightDigits(StrEnum):
    """What eight digits without a letter mean in a compound's register: nothing on them tells."""

    FACILITY = "facility"
    HEX = "hex"
    DECIMAL = "decimal"


@dataclass(frozen=True, slots=True)
class CardNumber:
    """What is known of a card: the low `bits` of its number, 24, 32, 35, 40, 56 or 64 of them."""

    value: int = field(repr=False)  # a number is no text for logs and tracebacks
    bits: int

    def __post_init__(self) -> None:
        if self.bits not in WIDTHS:
            raise ValueError(f"{self.bits} bits are no card number's width")
        if not 0 <= self.value < 1 << self.bits:
            raise ValueError(f"a number of {self.bits} bits does not hold that value")


def plain_number(typed: str) -> str | None:
    """The one text that is kept of a typed number; None for what is none: 4 to 32 hex digits, or `128,02626`."""
    text = " ".join(unicodedata.normalize("NFKC", typed).split()).upper()
    if split := _FACILITY.fullmatch(text):
        facility, number = (int(part) for part in split.groups() if part is not None)
        return f"{facility:03},{number:05}" if facility <= 0xFF and number <= 0xFFFF else None
    text = re.sub(r"[\s:.-]", "", text)
    return text if _WRITTEN.fullmatch(text) else None


def meant_by(plain: str) -> CardNumber | None:
    """The card that a kept text means; None for one that means nothing but itself, as eight digits do."""
    facility, comma, number = plain.partition(",")
    if comma:
        return CardNumber(int(facility) << 16 | int(number), FACILITY_BITS)
    if len(plain) * 4 in WHOLE:
        return CardNumber(int(plain, 16), len(plain) * 4)
    if not plain.isdecimal():
        return CardNumber(int(plain, 16), len(plain) * 4) if len(plain) in {6, 8, 10} else None
    bits = {10: DECIMAL_BITS, 11: LONG_BITS}.get(len(plain))
    if bits is None and len(plain) in _SHORT and not plain.startswith("0"):
        bits = DECIMAL_BITS
    return CardNumber(int(plain), bits) if bits is not None and int(plain) < 1 << bits else None


def spellings(card: CardNumber, eight: EightDigits | None = None) -> tuple[str, ...]:
    """Every kept text that means this card as far as both are known; with `eight`, also those of eight digits.

    A few, or some hundred where 8 bits are not known. A tag of 40 bits is not told from its low 24 alone.
    """
    return tuple(dict.fromkeys(_spelled(card, eight)))


def _spelled(card: CardNumber, eight: EightDigits | None) -> Iterator[str]:
    if card.bits in WHOLE:
        yield f"{card.value:0{card.bits // 4}X}"
    elif card.bits == LONG_BITS:
        yield f"{card.value:011}"
    elif card.bits == FACILITY_BITS:
        yield from _of_24(card.value, eight)
        for above in range(256):
            yield from _of_32(above << FACILITY_BITS | card.value, eight)
    else:
        low = card.value & 0xFFFFFFFF
        yield from _of_24(low & 0xFFFFFF, eight)
        yield from _of_32(low, eight)
        makers = range(256) if card.bits == DECIMAL_BITS else (card.value >> DECIMAL_BITS,)
        yield from filter(_has_letter, (f"{maker:02X}{low:08X}" for maker in makers))


def _of_24(value: int, eight: EightDigits | None) -> Iterator[str]:
    facility, number = divmod(value, 1 << 16)
    yield f"{facility:03},{number:05}"
    if eight is EightDigits.FACILITY:
        yield f"{facility:03}{number:05}"
    if _has_letter(short := f"{value:06X}"):
        yield short


def _of_32(value: int, eight: EightDigits | None) -> Iterator[str]:
    yield f"{value:010}"
    if len(str(value)) in _SHORT:
        yield str(value)
    if _has_letter(hexed := f"{value:08X}") or eight is EightDigits.HEX:
        yield hexed
    if eight is EightDigits.DECIMAL and value < 10**8:
        yield f"{value:08}"


def _has_letter(text: str) -> bool:
    return not text.isdecimal()
