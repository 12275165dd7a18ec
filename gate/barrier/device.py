"""What a barrier's relays and inputs look like to the gate, whatever board they hang on."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Protocol


class Drive(StrEnum):
    """What the motor or the lock is told to do.

    An arm keeps moving until its limit or until `STOP`. A lock is freed by `RAISE` and locked by `LOWER`; `STOP` leaves
    it as it is.
    """

    RAISE = "raise"
    LOWER = "lower"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs as they read now; None for an input that is not wired.

    One that is wired but cannot be read is not None: the device raises `BarrierFault` then.

    `presence` is the loop or photocell under the arm: True while something stands there. `locked` is a lock's own
    signal that it has locked. `door_shut` is the contact of the leaf; `passed` is True while somebody goes
    through (a turnstile's turn, a light beam). `arm_off` is the arm broken off its joint, `power_lost` the mains gone,
    `tamper` a cabinet opened or a wire cut, `manual_key` the switch that gives the barrier to a person by hand, and
    `fire` the contact of the fire alarm system.
    """

    open_limit: bool | None = None
    closed_limit: bool | None = None
    presence: bool | None = None
    arm_off: bool | None = None
    locked: bool | None = None
    door_shut: bool | None = None
    passed: bool | None = None
    exit_button: bool | None = None
    fire: bool | None = None
    tamper: bool | None = None
    power_lost: bool | None = None
    manual_key: bool | None = None


INPUT_NAMES: tuple[str, ...] = tuple(field.name for field in fields(Inputs))
ALWAYS_INPUTS: tuple[str, ...] = ("fire", "tamper", "power_lost", "manual_key")
"""What any barrier may have."""
ARM_INPUTS: tuple[str, ...] = ("open_limit", "closed_limit", "presence", "arm_off", *ALWAYS_INPUTS)
LOCK_INPUTS: tuple[str, ...] = ("locked", "door_shut", "passed", "presence", "exit_button", *ALWAYS_INPUTS)


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
