"""What a barrier's relays and inputs look like to the gate, whatever board they hang on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Drive(StrEnum):
    """What the motor is told to do. The arm keeps moving until its limit or until `STOP`."""

    RAISE = "raise"
    LOWER = "lower"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs as they read now; None for an input that is not wired.

    One that is wired but cannot be read is not None: the device raises `BarrierFault` then.

    `presence` is the loop or photocell under the arm: True while something stands there.
    """

    open_limit: bool | None
    closed_limit: bool | None
    presence: bool | None


class BarrierDevice(Protocol):
    """A barrier's two ends: outputs to the motor, inputs from the limits and the loop.

    A device raises `BarrierFault` when it does not answer.
    """

    def drive(self, command: Drive) -> None:
        """Give the motor a command. Giving the same command twice changes nothing."""
        ...

    def inputs(self) -> Inputs:
        """Read every input now."""
        ...

    def close(self) -> None:
        """Let go of the device, leaving the arm in its safe state."""
        ...
