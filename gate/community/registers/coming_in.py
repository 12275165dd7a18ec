"""The table of every field that is taken in from elsewhere: made from the mappings themselves."""

from __future__ import annotations

from collections.abc import Iterator

from gate.community.registers.registers import SOURCES
from gate.texts import Language, t


def coming_in_table(language: Language) -> str:
    """A Markdown table: kind of source, field there, and what it becomes here."""
    names = ("kind", "theirs", "ours")
    rows = [tuple(t(f"source.head.{name}", language) for name in names), ("---",) * len(names)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [*rows, *_rows()])


def _rows() -> Iterator[tuple[str, ...]]:
    for part, source in SOURCES.items():
        (kind,) = part.model_fields["kind"].annotation.__args__  # type: ignore[union-attr]
        for theirs, ours in source.fields.items():
            yield (f"`{kind}`", f"`{theirs}`", f"`{ours}`")
