"""The [[reader]] tables of gate.toml: a card reader at a lane, the line it hangs on, and how its cards are read."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import Field, field_validator, model_validator

from enrollment.card_number import WIDTHS, EightDigits
from gate.part import Id, Part, checked_url, refusal
from gate.reader.format import KNOWN, WHOLE, WIEGAND, CardFormat, Parity
from gate.reader.reader import MOST_BITS

SCHEMES = ("osdp", "osdp+tcp", "wiegand", "wiegand+tcp")
"""What a reader's url may begin with."""
NETWORKED = frozenset({"osdp+tcp", "wiegand+tcp"})
BAUDS = (9600, 19200, 38400, 57600, 115200, 230400)


class ParityPart(Part):
    """A parity bit: the ones among itself and the `count` bits from `first` on are even or odd. Bits count from 0."""

    at: int = Field(ge=0, lt=MOST_BITS, description="the bit that makes it even or odd")
    first: int = Field(ge=0, lt=MOST_BITS, description="first bit that it is over")
    count: int = Field(ge=1, le=MOST_BITS, description="how many bits it is over")
    odd: bool = Field(default=False, description="odd, not even")


class FormatPart(Part):
    """A card format that is none of the usual ones. Bits count from 0, in the order in which they are sent."""

    bits: int = Field(ge=1, le=MOST_BITS, description="so many bits make a card of this format")
    first: int = Field(ge=0, lt=MOST_BITS, description="first bit of the card's number")
    count: int = Field(ge=1, le=WIDTHS[-1], description="bits of the number; a facility before it counts as a part")
    parity: tuple[ParityPart, ...] = Field(default=(), max_length=4, description="[[reader.format.parity]]")

    @model_validator(mode="after")
    def _within(self) -> Self:
        try:
            self.format()
        except ValueError as outside:
            raise refusal("config.format_outside", bits=self.bits) from outside
        if self.bits in {4, 8}:
            raise refusal("config.format_is_keys", bits=self.bits)
        return self

    def format(self) -> CardFormat:
        """What reads it. Raises `ValueError` for a span outside of the bits."""
        parities = tuple(Parity(part.at, part.first, part.count, part.odd) for part in self.parity)
        return CardFormat(self.bits, self.first, self.count, parities)


class ReaderPart(Part):
    """A card reader at a lane.

    `url` is `osdp+tcp://host:port` or `osdp:/dev/serial/by-id/…?baud=9600`, `wiegand+tcp://host:port` or
    `wiegand:/dev/…?baud=9600`. OSDP readers with different addresses may share a url.
    """

    id: Id
    url: str = Field(min_length=1)
    lane: Id
    address: int | None = Field(default=None, ge=0, le=126, description="OSDP: its address on the line; unset: 0")
    key_file: Path | None = Field(
        default=None, description="OSDP: file with the reader's own key, 32 hex digits, not readable by others"
    )
    reply_s: float = Field(
        default=0.2, ge=0.2, le=2, description="OSDP: longest wait for an answer; more behind a slow serial server"
    )
    install: bool = Field(default=False, description="OSDP: give a new reader its key; take it out again afterwards")
    formats: tuple[int, ...] | None = Field(
        default=None, min_length=1, description="bits of the cards taken: 26, 34, 37 with parities; 32, 40, 56, 64"
    )
    format: tuple[FormatPart, ...] = Field(default=(), max_length=8, description="[[reader.format]], other formats")
    reversed_bytes: bool = Field(default=False, description="the reader tells a card's last byte first")
    eight_digits: EightDigits | None = Field(
        default=None, description="what eight digits in the register mean: facility, hex, decimal; unset: nothing else"
    )
    alive_s: float | None = Field(
        default=None, ge=1, le=600, description="Wiegand: a converter that says nothing for so long is lost"
    )

    @property
    def scheme(self) -> str:
        """What the url begins with."""
        return urlsplit(self.url).scheme

    @property
    def is_osdp(self) -> bool:
        """Whether it speaks OSDP."""
        return self.scheme.startswith("osdp")

    @property
    def is_networked(self) -> bool:
        """Whether its line is reached over the network."""
        return self.scheme in NETWORKED

    @property
    def line(self) -> tuple[object, ...]:
        """What it hangs on, however its url is spelled."""
        parts = urlsplit(self.url)
        if self.is_networked:
            return (parts.hostname, parts.port)
        return (unquote(parts.path),)

    def read_by(self) -> Mapping[int, CardFormat]:
        """The formats that its cards may have, by their bits. Over Wiegand those without parities only where named."""
        usual = (*WIEGAND, *WHOLE) if self.is_osdp else tuple(WIEGAND)
        named = {bits: KNOWN[bits] for bits in (usual if self.formats is None else self.formats)}
        return {**named, **{part.bits: part.format() for part in self.format}}

    @field_validator("url")
    @classmethod
    def _known_url(cls, url: str) -> str:
        checked_url(url, "reader", SCHEMES, NETWORKED)
        parts = urlsplit(url)
        asked = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.scheme in NETWORKED:
            if parts.port is None or parts.query or parts.path not in {"", "/"}:
                raise refusal("config.reader_needs_port", scheme=parts.scheme)
        elif not parts.path.startswith("/") or asked.keys() - {"baud"}:
            raise refusal("config.reader_needs_path", scheme=parts.scheme)
        elif "baud" in asked and asked["baud"] not in map(str, BAUDS):
            raise refusal("config.reader_baud", known=", ".join(map(str, BAUDS)))
        return url

    @field_validator("formats")
    @classmethod
    def _known_formats(cls, formats: tuple[int, ...] | None) -> tuple[int, ...] | None:
        for bits in formats or ():
            if bits not in KNOWN:
                raise refusal("config.format_unknown", bits=bits, known=", ".join(map(str, sorted(KNOWN))))
        return formats

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        others = ("alive_s",) if self.is_osdp else ("address", "key_file", "install", "reply_s")
        for key in others:
            if key in self.model_fields_set:
                raise refusal("config.reader_key_elsewhere", key=key, scheme=self.scheme)
        if self.install and self.key_file is None:
            raise refusal("config.install_needs_key")
        if self.reversed_bytes and all(form.count % 8 for form in self.read_by().values()):
            raise refusal("config.reversed_needs_bytes")
        return self

    def anchored(self, folder: Path) -> ReaderPart:
        """The same with its key file counted from `folder`."""
        return self.model_copy(update={"key_file": self.key_file and folder / self.key_file})


def must_fit(readers: Iterable[ReaderPart], lanes: Mapping[str, Collection[str]]) -> None:
    """Refuse readers at no lane or at one that takes neither cards nor PINs, and two that cannot share a line.

    `lanes` gives the credentials that each lane takes, none for all of them.
    """
    before: list[ReaderPart] = []
    for part in readers:
        if part.lane not in lanes:
            near = ", ".join(difflib.get_close_matches(part.lane, lanes, 1) or lanes)
            raise refusal("config.reader_names_no_lane", reader=part.id, lane=part.lane, near=near)
        if (taken := lanes[part.lane]) and not {"card", "pin"} & set(taken):
            raise refusal("config.cards_not_taken", reader=part.id, lane=part.lane)
        for other in before:
            if part.line == other.line:
                _must_share(other, part)
        before.append(part)


def _must_share(one: ReaderPart, other: ReaderPart) -> None:
    if not (one.is_osdp and other.is_osdp):
        raise refusal("config.reader_line_shared", one=one.id, other=other.id)
    if one.url != other.url:
        raise refusal("config.reader_line_spelled", one=one.id, other=other.id)
    if (one.address or 0) == (other.address or 0):
        raise refusal("config.reader_address_shared", one=one.id, other=other.id, address=one.address or 0)
