"""Where a Modbus board is reached and how it counts, as a url says it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal, Self, cast
from urllib.parse import parse_qsl, urlsplit

from gate.errors import ConfigRefused

Parity = Literal["N", "E", "O"]


@dataclass(frozen=True, slots=True)
class TcpLink:
    """A board on the network. An address in digits spares the time of looking a name up."""

    host: str
    port: int = 502

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class SerialLink:
    """A board on an RS-485 line: 8 data bits, 1 stop bit."""

    path: str
    baud: int = 9600
    parity: Parity = "N"

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class ModbusSettings:
    """One board. `unit` is its address on the line; `relay_at` and `input_at` the coil and the discrete input of
    channel 0; `inputs` how many inputs are read; `timeout_s` the longest wait for one answer.
    """

    link: TcpLink | SerialLink
    unit: int = 1
    relay_at: int = 0
    input_at: int = 0
    inputs: int = 0
    timeout_s: float = 0.3

    @classmethod
    def from_url(cls, url: str, inputs: int = 0) -> Self:
        """What `modbus://192.0.2.20:502?unit=1` or `modbus-rtu:/dev/ttyUSB0?baud=9600&unit=1` describes.

        Further keys are `relay_at`, `input_at` and `timeout_s`, on a serial line also `parity` (N, E or O).

        Raises:
            ConfigRefused: a key or value that cannot be.
        """
        try:
            parts = urlsplit(url)
            serial = parts.scheme == "modbus-rtu"
            asked = _query(url, parts.query, (*_KEYS, *(_SERIAL_KEYS if serial else ())))
            link = _serial_link(url, parts.path, asked) if serial else TcpLink(parts.hostname or "", parts.port or 502)
            timeout_s = float(asked.get("timeout_s", "0.3"))
        except ValueError as wrong:
            raise ConfigRefused("board.bad_url", url=url, allowed=_SHAPES) from wrong
        if not (link.host if isinstance(link, TcpLink) else link.path):
            raise ConfigRefused("board.bad_url", url=url, allowed=_SHAPES)
        if not 0.02 <= timeout_s <= 2:
            raise ConfigRefused("board.bad_value", url=url, key="timeout_s", allowed="0.02-2")
        return cls(
            link,
            unit=_number(url, asked, "unit", 1, 247),
            relay_at=_number(url, asked, "relay_at", 0, 65_000),
            input_at=_number(url, asked, "input_at", 0, 65_000),
            inputs=inputs,
            timeout_s=timeout_s,
        )


_KEYS = ("unit", "relay_at", "input_at", "timeout_s")
_SERIAL_KEYS = ("baud", "parity")
_SHAPES = "modbus://192.0.2.20:502?unit=1, modbus-rtu:/dev/ttyUSB0?baud=9600&unit=1"


def _query(url: str, query: str, known: tuple[str, ...]) -> dict[str, str]:
    asked = dict(parse_qsl(query, keep_blank_values=True))
    for key in asked:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, 0.5)
            raise ConfigRefused("board.unknown_key", url=url, key=key, near=near[0] if near else ", ".join(known))
    return asked


def _number(url: str, asked: dict[str, str], key: str, least: int, most: int) -> int:
    text = asked.get(key, str(least))
    if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
        raise ConfigRefused("board.bad_value", url=url, key=key, allowed=f"{least}-{most}")
    return int(text)


def _serial_link(url: str, path: str, asked: dict[str, str]) -> SerialLink:
    parity = asked.get("parity", "N")
    if parity not in ("N", "E", "O"):
        raise ConfigRefused("board.bad_value", url=url, key="parity", allowed="N, E, O")
    baud = _number(url, {"baud": "9600"} | asked, "baud", 1200, 921_600)
    return SerialLink(path, baud, cast("Parity", parity))
