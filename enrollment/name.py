"""A person's name as it is kept: any script and any rare character, but nothing that cannot be seen."""

from __future__ import annotations

import unicodedata

from enrollment.errors import EntryRefused

LONGEST = 50
"""Characters. The longest names of the Chinese ID card's holders, Uyghur and Mongolian ones, stay below it."""

_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Controls, format characters such as direction overrides, lone surrogates, line and paragraph separators.

Unassigned (Cn) and private (Co) code points pass: newly encoded rare characters are the first to Python's tables, and
older systems keep rare characters in private ones.
"""


def clean_name(text: str) -> str:
    """The name in NFC with single spaces.

    Raises:
        EntryRefused: `register.name_empty`, `register.name_long`, `register.name_unseen`.
    """
    if any(unicodedata.category(character) in _UNSEEN for character in text):
        raise EntryRefused("register.name_unseen")
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise EntryRefused("register.name_empty")
    if len(name) > LONGEST:
        raise EntryRefused("register.name_long", length=len(name), longest=LONGEST)
    return name
