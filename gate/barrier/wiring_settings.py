"""[barrier.wiring] of gate.toml: which relay and which input of the board is what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from gate.barrier.board.wiring import LockWiring, Wiring
from gate.part import Part, refusal

Channel = Annotated[int, Field(ge=0, le=31, description="channel of the board, counted from 0")]
InputName = Literal[
    "open_limit",
    "closed_limit",
    "presence",
    "arm_off",
    "locked",
    "door_shut",
    "passed",
    "exit_button",
    "fire",
    "tamper",
    "power_lost",
    "manual_key",
]


class InputsPart(Part):
    """The inputs that any barrier may have."""

    presence: Channel | None = Field(default=None, description="loop or photocell: something stands in the way")
    fire: Channel | None = Field(default=None, description="contact of the fire alarm system")
    tamper: Channel | None = Field(default=None, description="cabinet opened or wire cut")
    power_lost: Channel | None = Field(default=None, description="the mains are gone")
    manual_key: Channel | None = Field(default=None, description="key switch: a person moves it by hand")
    inverted: frozenset[InputName] = Field(
        default=frozenset(), description="inputs whose contact opens to say something"
    )

    @property
    def wired_inputs(self) -> Mapping[str, int]:
        """The channel of each wired input."""
        own = set(type(self).model_fields) & set(InputName.__args__)  # type: ignore[attr-defined]
        return {name: channel for name in sorted(own) if (channel := getattr(self, name)) is not None}

    @model_validator(mode="after")
    def _inputs_can_be(self) -> Self:
        distinct(self.wired_inputs)
        for name in sorted(self.inverted):
            if name not in self.wired_inputs:
                raise refusal("config.inverted_unwired", key=name)
        return self


class WiringPart(InputsPart):
    """An arm: three buttons of its controller, and what it reports."""

    model_config = ConfigDict(populate_by_name=True)

    raise_: Channel = Field(alias="raise")
    lower: Channel
    stop: Channel | None = None
    style: Literal["pulse", "level"] = Field(default="pulse", description="push the button, or hold it")
    pulse_s: float = Field(default=0.5, gt=0, le=5, description="how long a button is pushed")
    open_limit: Channel | None = None
    closed_limit: Channel | None = None
    arm_off: Channel | None = Field(default=None, description="the arm is broken off its joint")

    def wired(self) -> Wiring:
        """The same, for the driver."""
        return Wiring(**self.model_dump())

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        if self.style == "level" and self.stop is not None:
            raise refusal("config.level_has_no_stop")
        distinct({"raise": self.raise_, "lower": self.lower, "stop": self.stop})
        return self


class LockWiringPart(InputsPart):
    """A door or a turnstile: one relay at its lock, and what it reports."""

    lock: Channel
    style: Literal["holds", "releases"] = Field(description="closed, the relay locks (magnet) or frees (strike)")
    locked: Channel | None = Field(default=None, description="the lock's own signal that it has locked")
    door_shut: Channel | None = Field(default=None, description="contact of the leaf, closed while it is shut")
    passed: Channel | None = Field(default=None, description="the turn of a turnstile, or a light beam behind a door")
    exit_button: Channel | None = Field(default=None, description="second contact of the exit button")

    def wired(self) -> LockWiring:
        """The same, for the driver."""
        return LockWiring(**self.model_dump())


def distinct(channels: Mapping[str, int | None]) -> None:
    """Refuse two names for one channel."""
    taken: dict[int, str] = {}
    for name, channel in channels.items():
        if channel is None:
            continue
        if channel in taken:
            raise refusal("config.channel_twice", key=name, other=taken[channel], channel=channel)
        taken[channel] = name
