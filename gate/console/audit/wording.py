"""How rows of the chain are named and told on a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gate.archive import Act
from gate.texts import Language, catalogue, t

UNTOLD = frozenset({"actor", "remark", "words", "details", "command_id", "passage"})
"""Keys of a body that are shown in a column of their own, or say nothing to a person."""


NOT_TOLD = frozenset({"rests_on"})
"""Details that are kept for making the decision again, and say nothing to a person beside the others."""


VALUES = {
    "colour": "bench.colour_{}",
    "kind": "audit.value.kind.{}",
    "movement": "audit.value.movement.{}",
    "fault": "audit.value.fault.{}",
    "life_doubts": "audit.value.life_doubt.{}",
}
"""Where the words for a detail's value stand, for those that are codes."""


def act_name(language: Language, act: Act) -> str:
    """What a row is called: a barrier's by its act, any other by its kind; the bare kind where it has no name yet."""
    for code in (f"audit.kind.{act.kind}.{act.body.get('act') or act.body.get('state')}", f"audit.kind.{act.kind}"):
        for known in (code, f"{code}.any"):
            if known in catalogue():
                return t(known, language)
    return act.kind


def details_of(language: Language, details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a passage was decided on, each detail with its name; one that has no name yet goes by its key."""
    score, runner_up = details.get("score"), details.get("runner_up")
    told = [(name, _value(language, name, value)) for name, value in details.items() if name not in NOT_TOLD]
    if score and runner_up is not None:
        told.append(("margin", f"{score - runner_up:.4f}"))
    return [
        (t(code, language) if (code := f"audit.detail.{name}") in catalogue() else name, value) for name, value in told
    ]


def _value(language: Language, name: str, value: Any) -> str:
    if value is None or value == []:
        return "—"
    if isinstance(value, list):
        return ", ".join(_value(language, name, one) for one in value)
    if name == "doubt":
        return t("audit.value.doubt", language, **value)
    code = VALUES.get(name, "").format(value)
    return t(code, language) if code in catalogue() else str(value)


def facts_of(act: Act) -> str:
    """The rest of a row's body, short."""
    told = ((key, value) for key, value in act.body.items() if key not in UNTOLD and value not in (None, "", [], {}))
    return " ".join(f"{key}={value}" for key, value in told)[:200]
