"""Barriers of which only one may be open: an airlock of two doors, two arms one behind the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Member(Protocol):
    """One of them."""

    @property
    def shut(self) -> bool:
        """Whether it is known to be shut."""
        ...


class Interlock:
    """Tells a member whether another one is not shut, and lets one at a time ask and act on it.

    It keeps people's commands apart. Fire, emergency and the exit button do not ask: who is inside gets out.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._members: list[Member] = []

    def join(self, member: Member) -> None:
        """Make it one of them; before any of them is started."""
        self._members.append(member)

    @contextmanager
    def turn(self, member: Member) -> Iterator[bool]:
        """Whether another one is not shut; it stays so, as far as commands go, while inside."""
        with self._turn:
            yield any(not other.shut for other in self._members if other is not member)
