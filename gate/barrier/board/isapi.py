"""Hikvision access controllers and parking barriers by ISAPI.

Documented by Hikvision: "Intelligent Security API (Access Control)", `RemoteControlDoor` with the commands open, close,
alwaysOpen and alwaysClose; "Intelligent Security API (Vehicle Access Control Management)", `BarrierGate` and
`barrierGateStatus` (0 no signal, 1 down, 2 up); `ResponseStatus`, whose statusCode 1 alone is success. Sign-in is by
HTTP Digest.
"""

from __future__ import annotations

import re
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from gate.barrier.board.web import Address, Answer, Ask, Web
from gate.barrier.device import Drive, Inputs
from gate.errors import BarrierFault, ConfigRefused

HEARD_S = 10.0
"""A device that has no limits to read is asked for its name so often, to know that it is there."""
LOOK_S = 0.2
"""A barrier's limits are read so often, however often they are asked for: these devices are slow."""

_SPACE = "http://www.isapi.org/ver20/XMLSchema"
_SUCCESS = "1"
_LIMITS: Mapping[str, tuple[bool | None, bool | None]] = {"0": (None, None), "1": (False, True), "2": (True, False)}
"""Upper and lower limit for each `barrierGateStatus`."""


@dataclass(frozen=True, slots=True)
class IsapiSettings:
    """A door or a parking barrier.

    `stays_open` is for doors: raise it with alwaysOpen, so that it stays open until it is closed; else the device
    closes it by its own timer. `stops` and `reads_limits` are for barriers: whether the device knows the command stop,
    and whether its limits are wired to it and `barrierGateStatus` can be believed.

    Raises `ConfigRefused` for a number or time that cannot be.
    """

    address: Address
    kind: Literal["door", "barrier"] = "door"
    number: int = 1
    stays_open: bool = False
    stops: bool = True
    reads_limits: bool = False
    timeout_s: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 256:
            raise ConfigRefused("netboard.bad_number", number=self.number)
        if not 0.05 <= self.timeout_s <= 10:
            raise ConfigRefused("netboard.bad_timeout", timeout_s=self.timeout_s)

    def word(self, command: Drive) -> str | None:
        """The device's word for a command; None where it has none and nothing is to be sent."""
        if self.kind == "door":
            opening = "alwaysOpen" if self.stays_open else "open"
            return {Drive.RAISE: opening, Drive.LOWER: "close", Drive.STOP: None}[command]
        return {Drive.RAISE: "open", Drive.LOWER: "close", Drive.STOP: "stop" if self.stops else None}[command]


class IsapiDevice:
    """A `BarrierDevice`. Safe to use from several threads; connects with the first request. `clock` is monotonic.

    Each command is one request, sent once. The device has no presence to read, and no limits unless `reads_limits`.
    """

    def __init__(self, settings: IsapiSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._web = Web(settings.address, clock)
        self._lock = threading.Lock()
        self._heard_s = self._looked_s = float("-inf")
        self._inputs = Inputs(None, None, None)
        self._last: Drive | None = None
        self._closed = False

    def drive(self, command: Drive) -> None:
        """Give the device a command and know that it took it. Raises `BarrierFault`."""
        with self._lock:
            self._check_open()
            self._send(command)

    def inputs(self) -> Inputs:
        """The limits where they can be read, else nothing. Raises `BarrierFault` for a device not heard lately."""
        with self._lock:
            self._check_open()
            with_limits = self._settings.kind == "barrier" and self._settings.reads_limits
            now_s = self._clock()
            if now_s - self._heard_s >= HEARD_S or (with_limits and now_s - self._looked_s >= LOOK_S):
                self._inputs = self._limits() if with_limits else self._presence_of_device()
                self._looked_s = now_s
            return self._inputs

    def close(self) -> None:
        """Let go: a barrier on its way down is stopped, a door is left as it is. May be called twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                if self._settings.kind == "barrier" and self._last is Drive.LOWER:
                    self._send(Drive.STOP)
            finally:
                self._web.close()

    def _send(self, command: Drive) -> None:
        word = self._settings.word(command)
        self._last = command
        if word is None:
            return
        number = self._settings.number
        if self._settings.kind == "door":
            path, body = f"/ISAPI/AccessControl/RemoteControl/door/{number}", _xml("RemoteControlDoor", "cmd", word)
        else:
            path, body = f"/ISAPI/Parking/channels/{number}/barrierGate", _xml("BarrierGate", "ctrlMode", word)
        answer = self._asked(Ask("PUT", path, body, "application/xml"))
        self._must_be_success(answer, self._tree(answer))

    def _presence_of_device(self) -> Inputs:
        answer = self._asked(Ask("GET", "/ISAPI/System/deviceInfo"))
        if answer.status != 200 or _name(self._tree(answer)) != "DeviceInfo":
            self._must_be_success(answer, self._tree(answer))
        return Inputs(None, None, None)

    def _limits(self) -> Inputs:
        path = f"/ISAPI/Parking/channels/{self._settings.number}/barrierGate/barrierGateStatus"
        answer = self._asked(Ask("GET", path))
        tree = self._tree(answer)
        status = _text(tree, "barrierGateStatus")
        if answer.status != 200 or status is None:
            self._must_be_success(answer, tree)
        limits = _LIMITS.get(status or "")
        if limits is None:
            raise self._silent(BarrierFault("netboard.unreadable_answer", address=self._settings.address.shown))
        return Inputs(*limits, None)

    def _asked(self, ask: Ask) -> Answer:
        """One request. Whatever goes wrong, the device has to be heard again before it is believed to be there."""
        self._heard_s = float("-inf")
        return self._web.ask(ask, self._clock() + self._settings.timeout_s)

    def _tree(self, answer: Answer) -> ET.Element:
        tree = parse_answer(answer.body)
        if tree is None:
            code = "netboard.unreadable_answer" if answer.status == 200 else "netboard.bad_status"
            facts = {} if answer.status == 200 else {"status": answer.status}
            raise BarrierFault(code, address=self._settings.address.shown, **facts)
        self._heard_s = self._clock()
        return tree

    def _must_be_success(self, answer: Answer, tree: ET.Element) -> None:
        """A 200 is no success by itself: the answer's own status code says."""
        code = _text(tree, "statusCode")
        if answer.status == 200 and _name(tree) == "ResponseStatus" and code == _SUCCESS:
            return
        why = f"{_short(code)} {_short(_text(tree, 'subStatusCode'))}"
        address = self._settings.address.shown
        raise self._silent(BarrierFault("netboard.device_refused", address=address, status=answer.status, why=why))

    def _silent(self, fault: BarrierFault) -> BarrierFault:
        self._heard_s = float("-inf")
        return fault

    def _check_open(self) -> None:
        if self._closed:
            raise BarrierFault("netboard.closed", address=self._settings.address.shown)


def parse_answer(body: bytes) -> ET.Element | None:
    """The XML of an answer; None for anything else, and for XML with a document type or entities of its own."""
    try:
        text = body.decode("utf-8-sig")
        if re.search(r"<!\s*(DOCTYPE|ENTITY)", text, re.IGNORECASE):
            return None
        return ET.fromstring(text)  # noqa: S314 - no document type, so no entity to expand; the length is bounded
    except (UnicodeDecodeError, ET.ParseError, ValueError):
        return None


def _xml(root: str, field: str, word: str) -> str:
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}<{root} version="2.0" xmlns="{_SPACE}"><{field}>{word}</{field}></{root}>'


def _name(element: ET.Element) -> str:
    """An element's name without its namespace: devices differ in it."""
    return element.tag.rpartition("}")[2]


def _text(tree: ET.Element, name: str) -> str | None:
    found = next((element for element in tree.iter() if _name(element) == name), None)
    return None if found is None or found.text is None else found.text.strip()


def _short(text: str | None) -> str:
    """A device's word, fit for a log line."""
    return re.sub(r"[^A-Za-z0-9_.-]", "", text or "?")[:40] or "?"
