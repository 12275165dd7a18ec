"""What every destination is: a small mapping from events to what its peer understands, and what it says of a failure.

GateError
+-- Away        the peer is not there, or lets nobody in: everything waits for it
+-- Refused     the peer takes no such event: it becomes a dead letter, as soon as the peer takes another one
+-- Failed      the peer stumbled over this event: it is tried again a few times while others pass
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gate.community.event import Event
from gate.errors import GateError


class Away(GateError):
    """The peer takes nothing now."""


class Refused(GateError):
    """The peer will never take this event as it is."""


class Failed(GateError):
    """The peer did not take this event this time."""


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out: `where` is the call, topic or file, and `body` JSON-able."""

    where: str
    body: Any


class Destination(Protocol):
    """A peer outside this box. Used by one thread at a time.

    `batch` is how many events one `send` may have. `fields` names every field that a payload may hold, with the field
    of `Event` that it is made of, or `-` where it tells nothing about a passage.
    """

    batch: int
    fields: Mapping[str, str]

    @property
    def address(self) -> str:
        """What it connects to, without a secret."""
        ...

    def render(self, event: Event) -> Sequence[Message]:
        """What `send` makes of an event, for a person to look at; nothing for what the peer has no place for."""
        ...

    def send(self, events: Sequence[Event]) -> None:
        """Have all of them taken. Raises `Away`, `Refused` or `Failed`; then any of them may have been taken or not."""
        ...

    def rest_s(self) -> float:
        """How long it wants nothing, 0 for what takes events at any time."""
        ...

    def tick(self) -> None:
        """Called before each round, every second or so: heartbeats, connections. Raises as `send`."""
        ...

    def close(self) -> None:
        """Let go of connections; `send` makes new ones."""
        ...
