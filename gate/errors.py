"""Faults at the gate, split by what the caller can do.

Fault
+-- GateError
    +-- ConfigRefused     correct gate.toml: `problems` names each line
    +-- CameraFault       the camera gives no pictures: it is retried, and the lane says so
    +-- BarrierFault      the relay or the arm does not answer: call a person
    +-- ReaderFault       a card reader or its line does not answer: it is retried, and the gate says so
    +-- LedgerBroken      the record was altered: call the auditor
    +-- LedgerUnwritable  the disk is full or the database is locked: retry, keep the entry
"""

from __future__ import annotations

from models.errors import Fault


class GateError(Fault):
    """Anything that goes wrong in this room."""


class ConfigRefused(GateError):
    """The configuration cannot be used as it stands; `problems` are Faults of their own."""

    def __init__(self, code: str, problems: tuple[Fault, ...] = (), **facts: object) -> None:
        super().__init__(code, **facts)
        self.problems = problems


class CameraFault(GateError):
    """A camera could not be opened, or stopped giving pictures."""


class BarrierFault(GateError):
    """A barrier's device did not take a command or did not answer."""


class ReaderFault(GateError):
    """A card reader or its line does not work."""


class LedgerBroken(GateError):
    """The chain does not verify."""


class LedgerUnwritable(GateError):
    """A row could not be committed."""
