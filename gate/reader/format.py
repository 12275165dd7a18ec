"""How the bits of a card are read: where its number stands, and which parities must be right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from enrollment.card_number import WIDTHS, CardNumber
from gate.reader.reader import MOST_BITS, CardBits


@dataclass(frozen=True, slots=True)
class Parity:
    """The bit `at` makes the number of ones among itself and the `count` bits from `first` on even or `odd`."""

    at: int
    first: int
    count: int
    odd: bool


@dataclass(frozen=True, slots=True)
class CardFormat:
    """Bits are counted from 0, in the order in which they are sent. The number is `count` bits from `first` on."""

    bits: int
    first: int
    count: int
    parities: tuple[Parity, ...] = ()

    def __post_init__(self) -> None:
        spans = [(self.first, self.count), *((p.first, p.count) for p in self.parities)]
        if not 1 <= self.bits <= MOST_BITS or any(f < 0 or c < 1 or f + c > self.bits for f, c in spans):
            raise ValueError(f"a span of {spans} is not within {self.bits} bits")
        if self.count > WIDTHS[-1] or any(not 0 <= p.at < self.bits for p in self.parities):
            raise ValueError("the number or a parity is not within the bits")

    def read(self, card: CardBits, *, reversed_bytes: bool = False) -> CardNumber | None:
        """The card's number; None where a parity is wrong. With `reversed_bytes` its last byte comes first."""
        if any(self._ones(card.number, p) % 2 != int(p.odd) for p in self.parities):
            return None
        value = self._part(card.number, self.first, self.count)
        if reversed_bytes and self.count % 8 == 0:
            value = int.from_bytes(value.to_bytes(self.count // 8), "little")
        return CardNumber(value, next(width for width in WIDTHS if width >= self.count))

    def _ones(self, number: int, parity: Parity) -> int:
        own = self._part(number, parity.at, 1)
        return own + self._part(number, parity.first, parity.count).bit_count()

    def _part(self, number: int, first: int, count: int) -> int:
        return number >> (self.bits - first - count) & ((1 << count) - 1)


WIEGAND: Mapping[int, CardFormat] = {
    26: CardFormat(26, 1, 24, (Parity(0, 1, 12, odd=False), Parity(25, 13, 12, odd=True))),
    34: CardFormat(34, 1, 32, (Parity(0, 1, 16, odd=False), Parity(33, 17, 16, odd=True))),
    37: CardFormat(37, 1, 35, (Parity(0, 1, 18, odd=False), Parity(36, 18, 18, odd=True))),
}
"""The formats with parities, by their bits: H10301, its 34-bit sibling, and H10302/H10304, whose halves share a bit."""

WHOLE: Mapping[int, CardFormat] = {bits: CardFormat(bits, 0, bits) for bits in (32, 40, 56, 64)}
"""A chip's number as it is, without parities. Over D0/D1 a lost bit goes unnoticed in these."""

KNOWN: Mapping[int, CardFormat] = {**WIEGAND, **WHOLE}


def wiegand(card: CardNumber, bits: int) -> int:
    """The bits that a reader of 26, 34 or 37 bits sends for a card."""
    form = WIEGAND[bits]
    sent = (card.value & ((1 << form.count) - 1)) << (bits - form.first - form.count)
    for parity in form.parities:
        span = sent >> (bits - parity.first - parity.count) & ((1 << parity.count) - 1)
        if span.bit_count() % 2 != int(parity.odd):
            sent |= 1 << (bits - 1 - parity.at)
    return sent
