"""Which people and plates a recipe may learn from, and which are kept to measure by.

A person or a plate falls on one side by the hash of its name alone, so that every recipe, machine and later run draws
the same line, and two pictures of one person never stand on both sides. What was learned from is written down as marks
(the first digits of the hash), not as names: the list travels with the weights and names nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from models.holdout import Kind, mark

HELD_OUT: Mapping[Kind, int] = {"people": 5, "plates": 3}
"""One name in so many is kept to measure by; of plates there are fewer, and a measure needs its number."""


def is_held_out(name: str, kind: Kind) -> bool:
    """Whether the person or (normalised) plate of that name is kept to measure by."""
    return int(mark(name), 16) % HELD_OUT[kind] == 0


def write_marks(names: Iterable[str], target: Path) -> None:
    """Write down what was learned from: one mark a line, sorted."""
    lines = sorted({mark(name) for name in names})
    target.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
