"""Looking for a plate that was seen or written down inexactly: `*` for any characters, and lookalikes as one."""

from __future__ import annotations

from models.plate.grammar import normalise

LOOKALIKES = str.maketrans("ODQILBSZGUA", "000118526V4")
"""Characters that readers and people take for one another, each group as one of them."""
ESCAPE = "\\"


def folded(plate: str) -> str:
    """The plate with every group of lookalikes as one character: `苏A1O8B5` and `苏A10BB5` give the same."""
    return plate.translate(LOOKALIKES)


def like(pattern: str) -> str:
    """The SQL LIKE pattern, to be used with `ESCAPE`, over folded plates; without a `*` it matches whole plates."""
    parts = [folded(normalise(part)) for part in pattern.replace("＊", "*").split("*")]
    return "%".join(_literal(part) for part in parts)


def _literal(part: str) -> str:
    for sign in (ESCAPE, "%", "_"):
        part = part.replace(sign, ESCAPE + sign)
    return part
