"""What a request to a board leaves in braces to be filled in."""

from __future__ import annotations

import string

PLACEHOLDERS = frozenset({"channel", "state", "seconds", "tenths"})


def placeholders(text: str) -> frozenset[str]:
    """The names in a template's braces; one no template has where it cannot be read."""
    try:
        return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
    except ValueError:
        return frozenset({""})
