"""What every source is: a small mapping from what a register elsewhere says to `enrollment.told`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol
from zoneinfo import ZoneInfo

from enrollment.errors import EntryRefused
from enrollment.sources import News
from enrollment.told import Told, ToldKind, Wrong
from gate.vocabulary import words


class Source(Protocol):
    """A register elsewhere. Used by one thread at a time.

    `fields` names every field that is read there, with ours that it becomes; nothing else is looked at.
    """

    fields: Mapping[str, str]

    @property
    def address(self) -> str:
        """Where it is, without a secret."""
        ...

    @property
    def rest_s(self) -> float | None:
        """So long from one look to the next, None for what is never asked since it pushes."""
        ...

    def ask(self, tags: Mapping[str, str]) -> News | None:
        """What it has, None where that is what it had when it gave these tags. Raises `Away`, `Refused`, `Failed`."""
        ...

    def kept(self) -> None:
        """What was asked for last is on our disk."""
        ...

    def close(self) -> None:
        """Let go of connections; `ask` makes new ones."""
        ...


class Reading:
    """Turns rows of text into what is told, and keeps those that make no sense apart."""

    def __init__(self, zone: ZoneInfo, more_words: Mapping[str, str] | None = None) -> None:
        self._zone = zone
        self._words = {**words(), **{word.casefold(): ours for word, ours in (more_words or {}).items()}}
        self.told: list[Told] = []
        self.wrong: list[Wrong] = []
        self._refs: set[tuple[ToldKind, str]] = set()

    @property
    def key(self) -> Callable[[str], str]:
        """Our key for a word of theirs."""
        return lambda word: self._words.get(word.casefold(), word.casefold())

    def add(
        self, kind: ToldKind, ref: str, raw: Mapping[str, str], row: int | None = None, *, made: bool = False
    ) -> None:
        """One entry; `raw` is by our names of fields. An id that comes twice is wrong the second time.

        `made` says that the id was made of the fields: where these make no sense, nobody knows whose row it is.
        """
        values = dict(raw)
        if "household" not in values and all(values.get(part) for part in ("building", "unit", "room")):
            values["household"] = "-".join(values[part] for part in ("building", "unit", "room"))
        try:
            told = Told.of(kind, ref, values, self._zone, self.key)
        except EntryRefused as refused:
            self.wrong.append(Wrong(kind, None if made else ref.strip() or None, row, refused))
            return
        if (kind, told.ref) in self._refs:
            self.wrong.append(Wrong(kind, told.ref, row, EntryRefused("told.ref_twice", ref=told.ref)))
            return
        self._refs.add((kind, told.ref))
        self.told.append(told)
