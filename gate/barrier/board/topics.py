"""Which MQTT topics a board listens to and speaks on, and what stands in them."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gate.barrier.board.wording import Wording
from gate.errors import ConfigRefused

_FACTS = frozenset({"channel", "seconds", "tenths"})
_MOST = 65535
"""Bytes of the longest topic (MQTT 5.0, 1.5.4)."""
ON_OFF = Wording(on="ON", off="OFF")
ONLINE = Wording(on="online", off="offline")


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one board; `{channel}` stands for a relay's or an input's number, counted from `first`.

    `command` takes `on` or `off`; `state` says what a relay is, retained; `contact` what an input is, retained, None
    for a board without inputs. `pulse` and `pulse_payload`, with `{seconds}` or `{tenths}`, close a relay by the
    board's own timer. `availability` is the topic of the board's last will. The board must speak on `state` after
    every command, also after one that changed nothing.

    Raises `ConfigRefused` for a topic that cannot be published or whose braces cannot be filled in.
    """

    command: str
    state: str
    availability: str
    contact: str | None = None
    state_says: Wording = ON_OFF
    contact_says: Wording = ON_OFF
    availability_says: Wording = ONLINE
    on: str = "ON"
    off: str = "OFF"
    pulse: str | None = None
    pulse_payload: str = ""
    first: int = 0

    def __post_init__(self) -> None:
        for topic in (self.command, self.state, self.availability, self.contact, self.pulse):
            if topic is not None and (not topic or set("+#\0") & set(topic) or len(topic.encode()) > _MOST):
                raise ConfigRefused("netboard.bad_topic", topic=topic)
        for template in (self.command, self.state, self.availability, self.contact, self.pulse, self.pulse_payload):
            if template is not None and not _fillable(template):
                raise ConfigRefused("netboard.bad_template", template=template)

    def number(self, channel: int) -> int:
        """The board's own number of a channel."""
        return channel + self.first

    def named(self, topic: str, channel: int) -> str:
        """A topic with its channel filled in."""
        return topic.format(channel=self.number(channel))

    def pulse_text(self, channel: int, seconds: float) -> str:
        """What to publish for a pulse of so long."""
        tenths = min(max(math.ceil(seconds * 10 - 1e-9), 2), 3600)
        return self.pulse_payload.format(channel=self.number(channel), seconds=f"{seconds:g}", tenths=tenths)


def _fillable(template: str) -> bool:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None} <= _FACTS
    except ValueError:
        return False


def plain(prefix: str) -> Topics:
    """A board of one's own: `<prefix>/relay/0/set`, `<prefix>/relay/0`, `<prefix>/input/0`, `<prefix>/status`."""
    return Topics(
        command=f"{prefix}/relay/{{channel}}/set",
        state=f"{prefix}/relay/{{channel}}",
        contact=f"{prefix}/input/{{channel}}",
        availability=f"{prefix}/status",
    )


def tasmota(name: str) -> Topics:
    """Tasmota's topics for a device of that name.

    Set `SetOption26 1`, so that a lone relay is POWER1 too, and `PowerRetain 1`; both documented by Tasmota under
    Commands. What its inputs publish depends on further options: name their topic yourself.
    """
    return Topics(
        command=f"cmnd/{name}/POWER{{channel}}",
        state=f"stat/{name}/POWER{{channel}}",
        availability=f"tele/{name}/LWT",
        availability_says=Wording(on="Online", off="Offline"),
        pulse=f"cmnd/{name}/Backlog0",
        pulse_payload="Power{channel} On;Delay {tenths};Power{channel} Off",
        first=1,
    )


PRESETS: Mapping[str, Callable[[str], Topics]] = {"plain": plain, "tasmota": tasmota}
"""Topics by the make of the board, each for a prefix or a device's name."""
