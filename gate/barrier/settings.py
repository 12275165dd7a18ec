"""The [[barrier]] tables of gate.toml: the device a barrier hangs on, how that is wired, how it is spoken to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator, model_validator

from gate.barrier.board.placeholder import PLACEHOLDERS, placeholders
from gate.barrier.board.wiring import LockWiring, Wiring
from gate.barrier.claim import Claim, claims
from gate.barrier.timed import HeldOpen
from gate.barrier.wiring_settings import LockWiringPart, WiringPart
from gate.part import Id, Part, checked_url, refusal

_REQUEST = re.compile(r"(GET|POST|PUT) /[^/\s]\S*")


class BoardPart(Part):
    """What every device on the network has in [barrier.board]: how to sign in, and how long to wait."""

    username: str | None = Field(default=None, min_length=1)
    password_file: Path | None = Field(default=None, description="file that holds the password, not readable by others")
    ca_file: Path | None = Field(default=None, description="what the certificate of a TLS url is checked against")
    timeout_s: float = Field(default=1.0, ge=0.05, le=10, description="longest wait for one command")

    @model_validator(mode="after")
    def _signs_in_whole(self) -> Self:
        if (self.username is None) != (self.password_file is None):
            raise refusal("config.half_sign_in")
        return self


class SwitchedPart(BoardPart):
    """A board of relays. Without `outputs` and `inputs` they are counted from 0 to the highest wired channel."""

    outputs: int | None = Field(default=None, ge=1, le=64, description="relays of the board")
    inputs: int | None = Field(default=None, ge=0, le=64, description="inputs of the board")


class HttpBoardPart(SwitchedPart):
    """A board behind http:// or https://, of a known make or, with `custom`, asked by requests of its own.

    A request is `METHOD /path` with `{channel}`, `{state}`, `{seconds}` and `{tenths}` left to fill in. `where` is
    where an answer's state stands, its keys joined by `/`; without it the whole answer is the state.
    """

    preset: Literal["shelly1", "shelly2", "tasmota", "custom"] = Field(description="the make of the board")
    switch: str | None = Field(default=None, description="custom: the request that sets a relay")
    body: str | None = Field(default=None, description="custom: the body of that request")
    relay: str | None = Field(default=None, description="custom: the request that reads a relay back")
    contact: str | None = Field(default=None, description="custom: the request that reads an input")
    where: str | None = Field(default=None, description="custom: where the state stands in a JSON answer")
    on: str = Field(default="on", description="custom: the word for a closed relay, asked and answered")
    off: str = Field(default="off", description="custom: the word for an open one")
    first: int = Field(default=0, ge=0, le=1, description="custom: the board's number of its first channel")
    auth: Literal["basic", "digest"] | None = Field(
        default=None, description="else digest for shelly2 and custom, basic"
    )

    @property
    def signs_in_by(self) -> Literal["basic", "digest"]:
        """`auth`, or what boards of this make use."""
        return self.auth or ("digest" if self.preset in {"shelly2", "custom"} else "basic")

    @model_validator(mode="after")
    def _custom_whole(self) -> Self:
        own = {"switch", "body", "relay", "contact", "where", "on", "off", "first"} & self.model_fields_set
        if self.preset != "custom":
            if own:
                raise refusal("config.only_custom", key=min(own))
            return self
        if self.switch is None:
            raise refusal("config.custom_needs_switch")
        if self.on == self.off:
            raise refusal("config.custom_same_words")
        for key in ("switch", "relay", "contact"):
            request = getattr(self, key)
            if request is not None and not _REQUEST.fullmatch(request):
                raise refusal("config.bad_request_line", key=key)
        for key in ("switch", "body", "relay", "contact"):
            if not placeholders(getattr(self, key) or "") <= PLACEHOLDERS:
                raise refusal("config.bad_placeholder", key=key, known=", ".join(sorted(PLACEHOLDERS)))
        if "state" not in self.switched_by:
            raise refusal("config.custom_needs_state")
        return self

    @property
    def switched_by(self) -> frozenset[str]:
        """What a custom board's request to set a relay leaves to fill in."""
        return placeholders(self.switch or "") | placeholders(self.body or "")


class IsapiPart(BoardPart):
    """A Hikvision access controller or parking barrier behind isapi:// or isapis://."""

    kind: Literal["door", "barrier"] = "door"
    number: int = Field(default=1, ge=1, le=256, description="the device's number of the door or the channel")
    stays_open: bool = Field(default=True, description="a door: opened to stay, not for the device's own time")
    stops: bool = Field(default=True, description="a barrier: knows the command stop")
    reads_limits: bool = Field(default=False, description="a barrier: its limits are wired to it and can be read")

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        other = {"door": ("stops", "reads_limits"), "barrier": ("stays_open",)}[self.kind]
        for key in other:
            if key in self.model_fields_set:
                raise refusal("config.not_of_kind", key=key, kind=self.kind)
        return self


class MqttBoardPart(SwitchedPart):
    """A board behind a broker at mqtt:// or mqtts://."""

    preset: Literal["plain", "tasmota"] = "plain"
    topic: str = Field(min_length=1, description="prefix of the topics, or the device's name")
    mqtt_version: Literal["3.1.1", "5"] = "5"
    inputs_repeated_s: float | None = Field(
        default=None, gt=0, le=3600, description="the board repeats its inputs: unheard for so long is a fault"
    )
    home_assistant: bool = Field(default=False, description="announce the board to Home Assistant, to be watched there")

    @field_validator("topic")
    @classmethod
    def _can_be_published(cls, topic: str) -> str:
        if set("+#{}\0") & set(topic):
            raise refusal("config.bad_topic")
        return topic


class OnvifPart(BoardPart):
    """An ONVIF device behind onvif:// or onvifs://: its tokens, in the order of our channels."""

    relays: tuple[str, ...] = Field(min_length=1, max_length=32, description="tokens of its relay outputs")
    inputs: tuple[str, ...] = Field(default=(), max_length=32, description="tokens of its digital inputs")


FAMILIES: Mapping[str, type[OnvifPart | HttpBoardPart | IsapiPart | MqttBoardPart]] = {
    "http": HttpBoardPart,
    "https": HttpBoardPart,
    "isapi": IsapiPart,
    "isapis": IsapiPart,
    "mqtt": MqttBoardPart,
    "mqtts": MqttBoardPart,
    "onvif": OnvifPart,
    "onvifs": OnvifPart,
}
"""What [barrier.board] may hold, by the scheme of the barrier's url."""
SCHEMES: tuple[str, ...] = ("sim", "modbus", "modbus-rtu", "serial", "gpio", *FAMILIES)
"""What a barrier's url may begin with."""
Kind = Literal["arm", "door", "turnstile"]
WIRINGS: Mapping[str, type[WiringPart | LockWiringPart]] = {
    "arm": WiringPart,
    "door": LockWiringPart,
    "turnstile": LockWiringPart,
}
"""What [barrier.wiring] may hold, by the barrier's kind."""
_NETWORKED = frozenset({"modbus", *FAMILIES})
_UNWIRED = frozenset({"sim", "isapi", "isapis"})
_PLAIN_TEXT = frozenset({"http", "isapi", "mqtt", "onvif"})


class BarrierPart(Part):
    """A barrier: the device it hangs on, how that is wired and spoken to, and how long its arm takes."""

    id: Id
    kind: Kind = Field(default="arm", description="arm of a vehicle lane, door with a lock, or turnstile")
    url: str = Field(default="sim://", description="sim://, modbus://host:502?unit=1, serial:/dev/…, http://host, …")
    wiring: WiringPart | LockWiringPart | None = Field(
        default=None, description="[barrier.wiring], for boards of relays, by WIRINGS"
    )
    board: HttpBoardPart | IsapiPart | MqttBoardPart | OnvifPart | None = Field(
        default=None, validate_default=True, description="[barrier.board], for what hangs on the network by FAMILIES"
    )
    travel_s: float = Field(default=1.5, gt=0, le=30, description="time from closed to open of the arm")
    hold_open_s: float = Field(default=4.0, ge=0, le=600, description="stays open so long before it closes")
    clear_s: float = Field(default=1.0, ge=0, le=60, description="nothing under the arm for so long before it closes")
    fault_after_s: float = Field(default=3.0, gt=0, le=60, description="so long past the travel time is a fault")
    left_open_s: float = Field(
        default=30.0, gt=0, le=3600, description="a door open, or free past its time, for so long is an alarm"
    )
    held_open: tuple[HeldOpen, ...] = Field(default=(), description="held open at these times, as on market day")

    @property
    def scheme(self) -> str:
        """What the url begins with."""
        return urlsplit(self.url).scheme

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What no second barrier may use too."""
        own: object = None
        if isinstance(self.board, IsapiPart):
            own = (self.board.kind, self.board.number)
        if isinstance(self.board, MqttBoardPart):
            own = self.board.topic
        return tuple(claims(self.url, own, self.wiring.wired().outputs if self.wiring else ()))

    @field_validator("url")
    @classmethod
    def _known_url(cls, url: str) -> str:
        checked_url(url, "barrier", SCHEMES, _NETWORKED)
        if urlsplit(url).scheme in FAMILIES and set("?#") & set(url):
            raise refusal("config.url_query")
        return url

    @field_validator("board", mode="before")
    @classmethod
    def _of_its_family(cls, board: object, info: ValidationInfo) -> object:
        """Checked against the one family that the url names, so that each wrong key is told as the family has it."""
        if "url" not in info.data:
            return None
        scheme = urlsplit(info.data["url"]).scheme
        if scheme not in FAMILIES:
            if board is not None:
                raise refusal("config.no_board_table", scheme=scheme)
            return None
        return FAMILIES[scheme].model_validate({} if board is None else board)

    @field_validator("wiring", mode="before")
    @classmethod
    def _of_its_kind(cls, wiring: object, info: ValidationInfo) -> object:
        """Checked against what this kind of barrier has."""
        if wiring is None or "kind" not in info.data:
            return None
        return WIRINGS[info.data["kind"]].model_validate(wiring)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.scheme in _UNWIRED and self.wiring is not None:
            raise refusal("config.no_wiring", scheme=self.scheme)
        if self.scheme not in _UNWIRED and self.wiring is None:
            raise refusal("config.needs_wiring")
        if (
            isinstance(self.wiring, WiringPart)
            and self.wiring.style == "pulse"
            and self.wiring.pulse_s >= self.travel_s
        ):
            raise refusal("config.pulse_too_long", travel_s=self.travel_s)
        if self.scheme == "serial" and self.wiring is not None and self.wiring.wired_inputs:
            raise refusal("config.input_unoffered", key=next(iter(self.wiring.wired_inputs)), scheme=self.scheme)
        if isinstance(self.board, IsapiPart) and (self.board.kind == "barrier") is not (self.kind == "arm"):
            raise refusal("config.isapi_kind", kind=self.kind, other=self.board.kind)
        if self.board is not None and self.board.ca_file is not None and self.scheme in _PLAIN_TEXT:
            raise refusal("config.ca_without_tls", scheme=self.scheme)
        if isinstance(self.board, OnvifPart) and self.wiring is not None:
            _enough(self.wiring.wired(), len(self.board.relays), len(self.board.inputs))
        if isinstance(self.board, SwitchedPart) and self.wiring is not None:
            _has_channels(self.board, self.wiring.wired())
        return self


def _has_channels(board: SwitchedPart, wiring: Wiring | LockWiring) -> None:
    _enough(wiring, board.outputs, board.inputs)
    custom = isinstance(board, HttpBoardPart) and board.preset == "custom" and "channel" not in board.switched_by
    if custom and len(wiring.outputs) > 1:
        raise refusal("config.custom_needs_channel", count=len(wiring.outputs))
    readable = not (isinstance(board, MqttBoardPart) and board.preset == "tasmota")
    if not readable and (board.inputs or wiring.input_count):
        raise refusal("config.preset_without_inputs", preset="tasmota")


def _enough(wiring: Wiring | LockWiring, outputs: int | None, inputs: int | None) -> None:
    """Refuse a channel that the board does not have; None is as many as needed."""
    needed = {"outputs": max(wiring.outputs) + 1, "inputs": wiring.input_count}
    for key, count in (("outputs", outputs), ("inputs", inputs)):
        if count is not None and count < needed[key]:
            raise refusal("config.too_few_channels", key=key, count=count, needed=needed[key])


def keys_beside(name: str, barrier: Mapping[str, Any]) -> list[str]:
    """The keys that the table `name` of a barrier may have; none where it may not be there."""
    if name == "wiring":
        wiring = WIRINGS.get(str(barrier.get("kind", "arm")))
        return [] if wiring is None else [field.alias or key for key, field in wiring.model_fields.items()]
    url = barrier.get("url")
    family = FAMILIES.get(url.partition(":")[0]) if isinstance(url, str) else None
    return [] if family is None else list(family.model_fields)


class InterlockPart(Part):
    """Barriers of which only one may be open: an airlock."""

    barriers: tuple[Id, ...] = Field(min_length=2, max_length=8, description="ids of its barriers")
