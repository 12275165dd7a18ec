"""What to ask of a board over HTTP, as templates, and how to read what it answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gate.barrier.board.placeholder import PLACEHOLDERS, placeholders
from gate.barrier.board.web import Ask
from gate.barrier.board.wording import Wording
from gate.errors import ConfigRefused


@dataclass(frozen=True, slots=True)
class Template:
    """A request with `{channel}`, `{state}`, `{seconds}` and `{tenths}` (of a second) left to fill in.

    A brace that is meant as itself is doubled, as in `str.format`. Raises `ConfigRefused` for a template that cannot be
    filled in, or a path that does not begin with `/`.
    """

    path: str
    method: str = "GET"
    body: str | None = None
    content_type: str = "application/json"

    def __post_init__(self) -> None:
        if not self.path.startswith("/") or self.path.startswith("//"):
            raise ConfigRefused("netboard.bad_template", template=self.path)
        for text in (self.path, self.body or ""):
            if not placeholders(text) <= PLACEHOLDERS:
                raise ConfigRefused("netboard.bad_template", template=text)

    def filled(self, channel: int, state: str = "", seconds: float = 0.0) -> Ask:
        """The request for one channel, numbered as the board does."""
        tenths = min(max(math.ceil(seconds * 10 - 1e-9), 2), 3600)
        facts = {"channel": channel, "state": state, "seconds": f"{seconds:g}", "tenths": tenths}
        body = None if self.body is None else self.body.format_map(facts)
        return Ask(self.method, self.path.format_map(facts), body, self.content_type)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a make of board is spoken to.

    `switch` sets a relay, and `says` reads its answer; None where the answer does not tell, then the relay is read
    back each time. `pulse` closes a relay for a while by the board's own timer; None where it has none. `relay` reads
    a relay back, `contact` an input: one request each if its template has `{channel}`, else one for all of them.
    `on` and `off` are the words for `{state}`. Channels are counted from `first`.

    Raises `ConfigRefused` where a relay could be neither believed nor read back, or would be pulsed unread.
    """

    switch: Template
    says: Wording | None
    relay: Template | None = None
    relay_says: Wording | None = None
    pulse: Template | None = None
    pulse_says: Wording | None = None
    contact: Template | None = None
    contact_says: Wording | None = None
    on: str = "on"
    off: str = "off"
    first: int = 0
    status: int = 200

    def __post_init__(self) -> None:
        if (self.relay is None) != (self.relay_says is None) or (self.contact is None) != (self.contact_says is None):
            raise ConfigRefused("netboard.half_read_back")
        unproven = self.says is None or (self.pulse is not None and self.pulse_says is None)
        if unproven and self.relay is None:
            raise ConfigRefused("netboard.unproven")


_ISON = Wording(on=True, off=False, where=("ison",))
_OUTPUT = Wording(on=True, off=False, where=("output",))
_POWER = Wording(on="ON", off="OFF", where=("POWER{channel}", "POWER"))

PRESETS: Mapping[str, Dialect] = {
    "shelly1": Dialect(
        switch=Template("/relay/{channel}?turn={state}"),
        says=_ISON,
        relay=Template("/relay/{channel}"),
        relay_says=_ISON,
        pulse=Template("/relay/{channel}?turn=on&timer={seconds}"),
        pulse_says=_ISON,
        contact=Template("/status"),
        contact_says=Wording(on=1, off=0, where=("inputs/{channel}/input",)),
    ),
    "shelly2": Dialect(
        switch=Template("/rpc/Switch.Set?id={channel}&on={state}"),
        says=None,
        relay=Template("/rpc/Switch.GetStatus?id={channel}"),
        relay_says=_OUTPUT,
        pulse=Template("/rpc/Switch.Set?id={channel}&on=true&toggle_after={seconds}"),
        contact=Template("/rpc/Input.GetStatus?id={channel}"),
        contact_says=Wording(on=True, off=False, where=("state",)),
        on="true",
        off="false",
    ),
    "tasmota": Dialect(
        switch=Template("/cm?cmnd=Power{channel}%20{state}"),
        says=_POWER,
        relay=Template("/cm?cmnd=Power{channel}"),
        relay_says=_POWER,
        pulse=Template("/cm?cmnd=Backlog0%20Power{channel}%20On%3BDelay%20{tenths}%3BPower{channel}%20Off"),
        contact=Template("/cm?cmnd=Status%2010"),
        contact_says=Wording(on="ON", off="OFF", where=("StatusSNS/Switch{channel}",)),
        on="On",
        off="Off",
        first=1,
    ),
}
"""Boards by name: Shelly Gen1 (documented in its HTTP API, `/relay/{index}` and `/status`), Shelly Gen2 and later
(`Switch.Set`, `Switch.GetStatus`, `Input.GetStatus` of its RPC), Tasmota (commands `Power`, `Backlog0`, `Delay`,
`Status 10` by web request). A Gen2 answer to `Switch.Set` tells what was, not what is, so the relay is read back."""
