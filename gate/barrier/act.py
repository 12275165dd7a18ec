"""What a barrier was told and what it did, as frozen values for the ledger and the console."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gate.barrier.standing import State


class Command(StrEnum):
    """What a lane or a person may ask.

    `CLOSE` waits for a clear way. `HOLD` keeps it open and `LOCKDOWN` keeps it shut to everyone, both until `RELEASE`,
    which also ends the timed rule that holds it now. `STOP` leaves an arm where it is. `EMERGENCY` opens and keeps open
    over everything else, until `ALL_CLEAR`, which also ends a fire alarm that is quiet again at every barrier.
    """

    OPEN = "open"
    CLOSE = "close"
    HOLD = "hold"
    RELEASE = "release"
    STOP = "stop"
    LOCKDOWN = "lockdown"
    EMERGENCY = "emergency"
    ALL_CLEAR = "all_clear"


class ActKind(StrEnum):
    """What happened. Sentences stand under `barrier.act.<kind>`."""

    STARTED = "started"
    COMMANDED = "commanded"
    REFUSED = "refused"
    RAISED = "raised"
    """Opened without a command: fire, emergency, a timed rule, an exit button."""
    OPENED = "opened"
    RELEASED = "released"
    LOWERING = "lowering"
    CLOSED = "closed"
    REOPENED = "reopened"
    FORCED = "forced"
    FAULTED = "faulted"
    RECOVERED = "recovered"
    HANDED_OVER = "handed_over"
    """The manual key was turned: a person moves the arm."""
    TAKEN_BACK = "taken_back"
    ALARMED = "alarmed"
    CALMED = "calmed"


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
