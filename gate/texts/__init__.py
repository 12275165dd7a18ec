"""Every sentence a person reads, in Chinese and in English, from one catalogue.

The catalogue is the TOML files beside this one: a table per code with the keys `zh` and `en`. A sentence may hold
`{facts}` in the manner of `str.format`. Chinese is the default; `GATE_LANG=en` or a page's own choice changes it.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

from models.errors import Fault

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


def system_language() -> Language:
    """The language of `GATE_LANG`, Chinese where it is unset or unknown."""
    return "en" if os.environ.get("GATE_LANG", "").lower().startswith("en") else "zh"


def _flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, dict[str, str]]:
    flat: dict[str, dict[str, str]] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        if set(value) <= set(LANGUAGES):
            flat[name] = value
        else:
            flat |= _flatten(value, f"{name}.")
    return flat


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Code -> language -> sentence, of every file of the catalogue. A code in two files is an error."""
    texts: dict[str, dict[str, str]] = {}
    for file in sorted(resources.files(__name__).iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            added = _flatten(tomllib.loads(file.read_text("utf-8")))
            twice = texts.keys() & added.keys()
            if twice:
                raise ValueError(f"{file.name} repeats {sorted(twice)}")
            texts |= added
    return texts


def t(code: str, language: Language | None = None, /, **facts: object) -> str:
    """The sentence of `code` with its facts filled in. Raises KeyError for a code that is not in the catalogue."""
    told = {name: _apart(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
    return catalogue()[code][language or system_language()].format(**told)


def _apart(fact: str) -> str:
    """Isolated where it is written from the right: a code behind an Arabic name would be read as 501-2-3."""
    return f"\u2068{fact}\u2069" if _RIGHT_TO_LEFT.search(fact) else fact


def explain(fault: Fault, language: Language | None = None) -> str:
    """What to tell a person about a fault; its bare code and facts where no sentence fits it."""
    try:
        return t(fault.code, language, **fault.facts)
    except KeyError:
        return str(fault)
