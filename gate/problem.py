"""What is wrong with a line of gate.toml, as a Fault with a sentence in both languages."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from gate.barrier.settings import keys_beside
from models.errors import Fault

_LIMITS: Mapping[str, tuple[str, str]] = {
    "less_than": ("config.not_below", "lt"),
    "less_than_equal": ("config.too_much", "le"),
    "greater_than": ("config.not_above", "gt"),
    "greater_than_equal": ("config.too_little", "ge"),
    "string_too_short": ("config.text_too_short", "min_length"),
    "string_pattern_mismatch": ("config.bad_pattern", "pattern"),
    "too_short": ("config.too_few", "min_length"),
    "too_long": ("config.too_many", "max_length"),
}
"""The sentence for each of pydantic's types of error that has a limit, and the limit's name in the error's context."""

_KINDS: Mapping[str, str] = {
    "string": "config.not_text",
    "path": "config.not_text",
    "int": "config.not_whole",
    "float": "config.not_number",
    "finite": "config.not_number",
    "bool": "config.not_bool",
    "date": "config.not_date",
    "datetime": "config.not_date",
    "tuple": "config.not_list",
    "list": "config.not_list",
    "set": "config.not_list",
    "frozen": "config.not_list",
    "model": "config.not_table",
    "dict": "config.not_table",
}
"""The sentence for each kind of value with which pydantic begins an error's type, as in `float_parsing`."""


def problem_of(
    error: Mapping[str, Any], root: type[BaseModel], raw: Mapping[str, Any], file: str = "gate.toml"
) -> Fault:
    """The Fault for one of pydantic's errors about `raw`, which was to be a `root` and stands in `file`."""
    loc, kind, context = _without_tags(error["loc"], raw), error["type"], error.get("ctx", {})
    where = ".".join(str(step) for step in loc) or file
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(loc[-1]), keys_at(loc[:-1], root, raw), 1, 0.5)
        if near:
            return Fault("config.unknown_key_near", where=where, near=near[0])
        return Fault("config.unknown_key", where=where)
    if kind == "missing":
        return Fault("config.missing_key", where=where)
    if kind == "union_tag_not_found":
        return Fault("config.missing_key", where=f"{where}.{_tag_key(context)}")
    if kind == "union_tag_invalid":
        return Fault("config.not_one_of", where=f"{where}.{_tag_key(context)}", allowed=context["expected_tags"])
    if kind.startswith("config."):
        return Fault(kind, where=where, **context)
    if kind in _LIMITS:
        code, limit = _LIMITS[kind]
        most = context[limit]
        return Fault(code, where=where, limit=f"{most:g}" if isinstance(most, float) else most)
    if kind in {"literal_error", "enum"}:
        return Fault("config.not_one_of", where=where, allowed=context["expected"].replace(" or ", ", "))
    if (beginning := kind.partition("_")[0]) in _KINDS:
        return Fault(_KINDS[beginning], where=where)
    return Fault("config.bad_value", where=where, why=error["msg"])


def keys_at(loc: tuple[str | int, ...], root: type[BaseModel], raw: Mapping[str, Any]) -> list[str]:
    """The keys that the part at `loc` may have."""
    part: type[BaseModel] = root
    here: Any = raw
    inner: list[type[BaseModel]] = []
    for step in loc:
        above, here = here, here[step]
        if isinstance(step, int):
            part = _of_kind(inner, here) or part
            continue
        found = next((f for name, f in part.model_fields.items() if step in {name, f.alias}), None)
        inner = [] if found is None else [a for a in _annotations(found.annotation) if _is_part(a)]
        if len(inner) > 1 and not isinstance(here, list):
            return keys_beside(step, above)
        if not inner:
            return []
        part = inner[0]
    return [field.alias or name for name, field in part.model_fields.items()]


def _of_kind(parts: list[type[BaseModel]], table: Any) -> type[BaseModel] | None:
    """Of several parts that a table may be, the one whose `kind` it names."""
    kind = table.get("kind") if isinstance(table, Mapping) else None
    tagged = (part for part in parts if "kind" in part.model_fields)
    return next((part for part in tagged if kind in _annotations(part.model_fields["kind"].annotation)), None)


def _without_tags(loc: tuple[str | int, ...], raw: Any) -> tuple[str | int, ...]:
    """The place without pydantic's own steps, which name the kind of a table and no key of it."""
    steps: list[str | int] = []
    here = raw
    for step in loc:
        if isinstance(here, Mapping) and step not in here and here.get("kind") == step:
            continue
        steps.append(step)
        inside = isinstance(here, list) and isinstance(step, int) and step < len(here)
        here = here[step] if inside or (isinstance(here, Mapping) and step in here) else None
    return tuple(steps)


def _tag_key(context: Mapping[str, Any]) -> str:
    return str(context["discriminator"]).strip("'")


def _annotations(annotation: Any) -> tuple[Any, ...]:
    """A type and what it is made of, however deep: of a list of one of several parts, each of these."""
    inside = getattr(annotation, "__args__", ())
    return (annotation, *(found for each in inside for found in _annotations(each)))


def _is_part(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
