"""How rows of the chain are named and told on a page."""

from __future__ import annotations

from gate.archive import Act
from gate.texts import Language, catalogue, t

UNTOLD = frozenset({"actor", "remark", "words", "details", "command_id", "passage"})
"""Keys of a body that are shown in a column of their own, or say nothing to a person."""


def act_name(language: Language, act: Act) -> str:
    """What a row is called: a barrier's by its act, any other by its kind; the bare kind where it has no name yet."""
    for code in (f"audit.kind.{act.kind}.{act.body.get('act') or act.body.get('state')}", f"audit.kind.{act.kind}"):
        for known in (code, f"{code}.any"):
            if known in catalogue():
                return t(known, language)
    return act.kind


def facts_of(act: Act) -> str:
    """The rest of a row's body, short."""
    told = ((key, value) for key, value in act.body.items() if key not in UNTOLD and value not in (None, "", [], {}))
    return " ".join(f"{key}={value}" for key, value in told)[:200]
