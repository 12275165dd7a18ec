"""What the project's own weights have learned from, so that no measure is taken on it."""

from __future__ import annotations

import hashlib
import unicodedata
from functools import cache
from importlib import resources
from typing import Literal

Kind = Literal["people", "plates"]

MARK_DIGITS = 16
"""Hex digits of a mark: enough to tell a million names apart, and no way back to one."""


def mark(name: str) -> str:
    """The mark of a person's folder name or of a normalised plate: the first digits of its SHA-256."""
    return hashlib.sha256(unicodedata.normalize("NFC", name).encode()).hexdigest()[:MARK_DIGITS]


@cache
def seen(kind: Kind) -> frozenset[str]:
    """The marks of all people or plates that the weights in `models/weights` have learned from."""
    listed = resources.files("models") / "weights" / f"seen_{kind}.txt"
    return frozenset(listed.read_text(encoding="ascii").split())
