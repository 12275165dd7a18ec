"""A card reader as the gate sees it: what it tells, what it is told, and how it fares.

READERS.md says how to write one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

KEYS = frozenset("0123456789*#")
MOST_BITS = 512


class Feedback(StrEnum):
    """What whoever stands at a reader is to see and hear."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    ASK = "ask"


class ReaderState(StrEnum):
    """`connecting` until it has answered, `online`, `lost` while it does not answer or its line is down."""

    CONNECTING = "connecting"
    ONLINE = "online"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class CardBits:
    """A card as its bits came over the wire, the first one highest, parities included. `at_s` is monotonic seconds."""

    reader: str
    number: int
    bits: int
    at_s: float

    def __post_init__(self) -> None:
        if not (1 <= self.bits <= MOST_BITS and 0 <= self.number < 1 << self.bits):
            raise ValueError(f"{self.bits} bits hold no such number")

    def __repr__(self) -> str:
        return f"CardBits({self.reader}, {self.bits} bits)"  # a number is no text for logs and tracebacks


@dataclass(frozen=True, slots=True)
class CardText:
    """A card whose number the reader itself made a text of, as a USB reader types it."""

    reader: str
    text: str
    at_s: float

    def __repr__(self) -> str:
        return f"CardText({self.reader}, {len(self.text)} characters)"


@dataclass(frozen=True, slots=True)
class KeysPressed:
    """Keys of a keypad: digits, `*` and `#`."""

    reader: str
    keys: str
    at_s: float

    def __post_init__(self) -> None:
        if not KEYS.issuperset(self.keys):
            raise ValueError("a keypad has digits, * and #")

    def __repr__(self) -> str:
        return f"KeysPressed({self.reader}, {len(self.keys)} keys)"


@dataclass(frozen=True, slots=True)
class Condition:
    """How one reader fares from now on.

    `fault` is the code of why it is not online, with `facts` for its sentence; `secure` says that what it tells is
    encrypted and cannot be replayed; `tampered` and `unpowered` are its own contacts, `tampered` None where nothing was
    told of it: what was known of it before then holds.
    """

    reader: str
    state: ReaderState
    fault: str | None = None
    facts: tuple[tuple[str, object], ...] = ()
    secure: bool = False
    tampered: bool | None = None
    unpowered: bool = False
    model: str = ""


@dataclass(frozen=True, slots=True)
class Misread:
    """Something that came and was no card: a damaged line, a packet that nobody sent just now."""

    reader: str
    why: str


ReaderEvent = CardBits | CardText | KeysPressed | Condition | Misread


class ReaderLine(Protocol):
    """A line with one reader or several: the adapter point. It is used by one thread, `answer` by any."""

    def events(self) -> Sequence[ReaderEvent]:
        """What has happened; waits a quarter of a second at most where nothing does, and for one answer where a reader
        was asked (`reply_s`, 2 s at most).

        A `Condition` is told when it changes. Raises `ReaderFault` when the line itself is gone: it is closed then and
        opened anew, with all its readers lost meanwhile.
        """
        ...

    def answer(self, reader: str, feedback: Feedback, /) -> None:
        """Show it at the reader soon; where that has no lamp and no buzzer nothing happens. Does not wait."""
        ...

    def close(self) -> None:
        """Let go of the line."""
        ...
