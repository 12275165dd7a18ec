"""The keys with which a reader is spoken to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """`own` is the reader's key, None for one that is spoken to in the clear.

    With `install`, a reader that does not know its own yet is given it under the key that everybody knows.
    """

    own: bytes | None = None
    install: bool = False

    def __repr__(self) -> str:
        return f"Keys(own={'…' if self.own else None}, install={self.install})"
