"""What staff did to the register, as a frozen value for whoever keeps the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlalchemy.orm import Session

FactValue: TypeAlias = str | int | float | bool | list[str] | None


@dataclass(frozen=True, slots=True)
class Act:
    """One change: its kind such as `resident.added`, the opaque id it is about, and who did it.

    `facts` never hold a name, a plate or a reason in free words: the record outlives the person's stay.
    """

    kind: str
    subject: str
    actor: str
    facts: Mapping[str, FactValue] = field(default_factory=dict)


Record: TypeAlias = Callable[[Session, Act], None]
"""Keeps an act in the session's own transaction."""
