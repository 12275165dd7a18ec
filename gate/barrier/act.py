"""What a barrier was told and what it did, as frozen values for the ledger and the console."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gate.barrier.standing import State


class Command(StrEnum):
    """What a lane or a person may ask. `HOLD` keeps the arm up until `RELEASE`; `CLOSE` waits for a clear way."""

    OPEN = "open"
    CLOSE = "close"
    HOLD = "hold"
    RELEASE = "release"


class ActKind(StrEnum):
    """What happened. Sentences stand under `barrier.act.<kind>`."""

    STARTED = "started"
    COMMANDED = "commanded"
    REFUSED = "refused"
    OPENED = "opened"
    LOWERING = "lowering"
    CLOSED = "closed"
    REOPENED = "reopened"
    FAULTED = "faulted"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class BarrierAct:
    """One thing a barrier did or was asked.

    `before` is None for the first act after a start. `cause` is a code: for `COMMANDED` the one the caller gave, else
    one of `barrier.*` that has a sentence. `command` is set for `COMMANDED` and `REFUSED`; `command_id` is the command
    that led to it, None where the barrier acted by itself. `at_s` is monotonic.
    """

    kind: ActKind
    before: State | None
    after: State
    cause: str
    at_s: float
    command: Command | None = None
    command_id: str | None = None
