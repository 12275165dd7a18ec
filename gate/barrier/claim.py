"""What of a device a barrier takes for itself, however its url is spelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

_PORTS: Mapping[str, int] = {
    "modbus": 502,
    "http": 80,
    "https": 443,
    "isapi": 80,
    "isapis": 443,
    "mqtt": 1883,
    "mqtts": 8883,
    "onvif": 80,
    "onvifs": 443,
}
"""The port of each networked scheme whose url names none."""


class Claim(NamedTuple):
    """A device, or one coil of it where several barriers may share it."""

    device: tuple[object, ...]
    coil: int | None = None


def claims(url: str, part: object, outputs: tuple[int, ...]) -> Iterator[Claim]:
    """What the barrier at `url` takes: the relays of its `outputs` on a Modbus board, the `part` of any other.

    A serial port is opened by one barrier alone, whatever hangs on its line. A value that cannot be is left to the
    driver to refuse.
    """
    parts = urlsplit(url)
    if parts.scheme == "sim":
        return
    if parts.scheme in {"serial", "modbus-rtu", "gpio"}:
        yield Claim(("port", unquote(parts.path)))
        return
    host = (parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme])
    if parts.scheme != "modbus":
        yield Claim((*host, parts.path.rstrip("/"), part))
        return
    asked = dict(parse_qsl(parts.query))
    relay_at = asked.get("relay_at", "0")
    first = int(relay_at) if relay_at.isascii() and relay_at.isdecimal() else 0
    for channel in outputs:
        yield Claim((*host, asked.get("unit", "1").lstrip("0")), first + channel)
