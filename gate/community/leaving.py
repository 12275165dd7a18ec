"""The table of every field that may leave this box: made from the mappings themselves."""

from __future__ import annotations

from collections.abc import Iterator

from gate.community.deliveries import DESTINATIONS
from gate.community.event import SWITCHES
from gate.community.settings import ViewLibraryPart
from gate.community.view_library_community import FIELDS
from gate.texts import Language, t


def leaving_table(language: Language) -> str:
    """A Markdown table: destination, field of its payload, what it is made of, and the switch that lets it out."""
    names = ("kind", "field", "source", "switch")
    rows = [tuple(t(f"community.column.{name}", language) for name in names), ("---",) * len(names)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [*rows, *_rows(language)])


def _rows(language: Language) -> Iterator[tuple[str, ...]]:
    for part, destination in DESTINATIONS.items():
        (kind,) = part.model_fields["kind"].annotation.__args__  # type: ignore[union-attr]
        for field, source in destination.fields.items():
            yield (f"`{kind}`", f"`{field}`", f"`{source}`", _switch(part is ViewLibraryPart, source, language))
    for field, source in FIELDS.items():
        switch = f"community = true; {_switch(source != '-', source, language)}"
        yield ("`gat1400`", f"`{field}`", f"`{source}`", switch)


def _switch(consented_only: bool, source: str, language: Language) -> str:  # noqa: FBT001 - private
    if source == "-":
        return t("community.switch.constant", language)
    if source in SWITCHES:
        name, consent = SWITCHES[source]
        code = "consent" if consent or consented_only else "plain"
        return t(f"community.switch.{code}", language, name=name)
    return t("community.switch.consent_only" if consented_only else "community.switch.always", language)
