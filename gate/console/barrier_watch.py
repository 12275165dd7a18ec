"""The barriers as the console sees them: what to show of each, and what may be ordered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from gate.barrier.act import Command


@dataclass(frozen=True, slots=True)
class DoneView:
    """One command of the last ones. `who` is a username, empty for the gate itself; `why` a reason's code and words."""

    command: str
    who: str
    why: str
    cause: str
    at: datetime
    refusal: str | None = None
    driven_ms: float | None = None
    took_s: float | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class BarrierView:
    """A barrier now.

    `state` is a value of `gate.barrier.standing.State`, `since_s` how long ago it began; `inputs` are by name, None for
    one that is not wired, and the whole is None while the board is silent; `board` is what the url begins with; `scene`
    what a simulator has to draw.
    """

    id: str
    name: str
    kind: str
    board: str
    state: str
    since_s: float
    healthy: bool
    inputs: Mapping[str, bool | None] | None = None
    fault: str | None = None
    last_fault: str | None = None
    alarms: Sequence[str] = ()
    held: bool = False
    lockdown: bool = False
    emergency: bool = False
    fire: bool = False
    timed: bool = False
    scene: Mapping[str, Any] | None = None
    done: Sequence[DoneView] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """What came of an order: the state of each barrier by its id, and the code of the reason of each that refused."""

    states: Mapping[str, str]
    refused: Mapping[str, str]


class BarrierWatch(Protocol):
    """The barriers of the running gate. Every method may be called from any thread."""

    def barriers(self) -> Sequence[BarrierView]:
        """Every barrier as it is now, in the order of the configuration."""
        ...

    def order(
        self, barrier_id: str | None, command: Command, *, actor: str, who: str, reason: str, request_id: str
    ) -> OrderOutcome:
        """Record a person's order to one barrier, or to all of them where there is no id, and carry it out.

        `actor` is an account's id and `who` its name; `reason` is a code of `order_reason.*`, followed by `: ` and the
        guard's own words where there are any. The same `request_id` is carried out once.

        Raises:
            LedgerUnwritable: the order could not be recorded, so it was not carried out.
        """
        ...
