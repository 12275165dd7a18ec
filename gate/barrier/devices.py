"""What stands behind a barrier's url: the device of each scheme, wired as gate.toml says."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol, TypeVar

from gate.barrier.act import BarrierAct
from gate.barrier.board.board import Contacts, Relays
from gate.barrier.board.broker import BrokerAddress
from gate.barrier.board.dialect import PRESETS as DIALECTS
from gate.barrier.board.dialect import Dialect, Template
from gate.barrier.board.gpio_board import GpioBoard, GpioSettings
from gate.barrier.board.http_board import HttpBoard, HttpBoardSettings
from gate.barrier.board.isapi import IsapiDevice, IsapiSettings
from gate.barrier.board.login import Login
from gate.barrier.board.modbus import ModbusBoard
from gate.barrier.board.modbus_settings import ModbusSettings
from gate.barrier.board.mqtt_board import MqttBoard, MqttBoardSettings
from gate.barrier.board.onvif import OnvifBoard, OnvifSettings
from gate.barrier.board.serial_board import SerialBoard
from gate.barrier.board.topics import PRESETS as TOPICS
from gate.barrier.board.web import Address
from gate.barrier.board.wired_lock import WiredLock
from gate.barrier.board.wiring import LockWiring, WiredBarrier, Wiring
from gate.barrier.board.wording import Wording
from gate.barrier.controller import Barrier
from gate.barrier.device import BarrierDevice
from gate.barrier.interlock import Interlock
from gate.barrier.locks import DOOR, TURNSTILE
from gate.barrier.move import Book
from gate.barrier.settings import (
    BarrierPart,
    BoardPart,
    HttpBoardPart,
    IsapiPart,
    MqttBoardPart,
    OnvifPart,
    SwitchedPart,
)
from gate.barrier.simulated_door import SimulatedDoor
from gate.barrier.simulator import SimulatedBarrier
from gate.barrier.standing import Timing, Wish
from gate.barrier.transitions import ARM
from gate.errors import ConfigRefused

_Family = TypeVar("_Family", bound=BoardPart)


class Fitted(NamedTuple):
    """A device and what is known of its wiring."""

    device: BarrierDevice
    presence_wired: bool


def _simulated(part: BarrierPart, clock: Callable[[], float]) -> Fitted:
    if part.kind != "arm":
        return Fitted(SimulatedDoor.from_url(part.url, clock, part.kind), presence_wired=False)
    device = SimulatedBarrier.from_url(part.url, clock, travel_s=part.travel_s)
    return Fitted(device, device.presence_wired)


def _wiring(part: BarrierPart) -> Wiring | LockWiring:
    if part.wiring is None:
        raise ConfigRefused("config.missing_key", where=f"barrier.{part.id}.wiring")
    return part.wiring.wired()


class _Board(Relays, Contacts, Protocol):
    """A board of both."""


def _on(board: _Board, wiring: Wiring | LockWiring) -> Fitted:
    """The barrier on its board."""
    device = WiredBarrier(board, board, wiring) if isinstance(wiring, Wiring) else WiredLock(board, board, wiring)
    return Fitted(device, wiring.presence is not None)


def _modbus(part: BarrierPart, clock: Callable[[], float]) -> Fitted:
    wiring = _wiring(part)
    board = ModbusBoard(ModbusSettings.from_url(part.url, wiring.input_count), clock)
    return _on(board, wiring)


def _serial(part: BarrierPart, clock: Callable[[], float]) -> Fitted:
    wiring = _wiring(part)
    if wiring.input_count:
        raise ConfigRefused("board.has_no_inputs")
    board = SerialBoard.from_url(part.url, clock)
    return _on(board, wiring)


def _board(part: BarrierPart, family: type[_Family]) -> _Family:
    if not isinstance(part.board, family):
        raise ConfigRefused("config.missing_key", where=f"barrier.{part.id}.board")
    return part.board


def _login(board: BoardPart) -> Login | None:
    if board.username is None or board.password_file is None:
        return None
    return Login(board.username, board.password_file)


def _counts(board: SwitchedPart, wiring: Wiring | LockWiring) -> tuple[int, int]:
    """How many outputs and inputs the board has: as configured, else up to the highest that is wired."""
    outputs = max(wiring.outputs) + 1 if board.outputs is None else board.outputs
    return outputs, wiring.input_count if board.inputs is None else board.inputs


def _dialect(own: HttpBoardPart) -> Dialect:
    """How the board is spoken to: as its make has it, or as the table spells out."""
    if own.preset != "custom" or own.switch is None:
        return DIALECTS[own.preset]
    words = Wording(own.on, own.off, () if own.where is None else (own.where,))
    relay, contact = (None if line is None else _template(line) for line in (own.relay, own.contact))
    return Dialect(
        switch=_template(own.switch, own.body),
        says=words if relay is None else None,
        relay=relay,
        relay_says=None if relay is None else words,
        contact=contact,
        contact_says=None if contact is None else words,
        on=own.on,
        off=own.off,
        first=own.first,
    )


def _template(line: str, body: str | None = None) -> Template:
    method, _, path = line.partition(" ")
    return Template(path, method, body)


def _http(part: BarrierPart, clock: Callable[[], float]) -> Fitted:
    wiring, own = _wiring(part), _board(part, HttpBoardPart)
    address = Address(part.url, _login(own), own.signs_in_by, own.ca_file)
    settings = HttpBoardSettings(address, _dialect(own), *_counts(own, wiring), own.timeout_s)
    board = HttpBoard(settings, clock)
    return _on(board, wiring)


def _isapi(part: BarrierPart, clock: Callable[[], float]) -> Fitted:
    own = _board(part, IsapiPart)
    web = part.url.replace("isapi", "http", 1)
    address = Address(web, _login(own), "digest", own.ca_file)
    settings = IsapiSettings(
        address,
        own.kind,
        own.number,
        own.stays_open and own.kind == "door",
        own.stops,
        own.reads_limits,
        timeout_s=own.timeout_s,
    )
    return Fitted(IsapiDevice(settings, clock), presence_wired=False)


def _mqtt(part: BarrierPart, clock: Callable[[], float]) -> Fitted:
    wiring, own = _wiring(part), _board(part, MqttBoardPart)
    address = BrokerAddress(part.url, _login(own), own.ca_file, 5 if own.mqtt_version == "5" else 4)
    settings = MqttBoardSettings(
        address,
        TOPICS[own.preset](own.topic),
        *_counts(own, wiring),
        timeout_s=own.timeout_s,
        repeated_s=own.inputs_repeated_s,
        home_assistant=own.home_assistant,
    )
    board = MqttBoard(settings, clock)
    return _on(board, wiring)


def _onvif(part: BarrierPart, clock: Callable[[], float]) -> Fitted:
    wiring, own = _wiring(part), _board(part, OnvifPart)
    address = Address(part.url.replace("onvif", "http", 1), _login(own), "digest", own.ca_file)
    return _on(OnvifBoard(OnvifSettings(address, own.relays, own.inputs, own.timeout_s), clock), wiring)


def _gpio(part: BarrierPart, clock: Callable[[], float]) -> Fitted:
    wiring = _wiring(part)
    settings = GpioSettings.from_url(part.url)
    needed = (("outputs", settings.outputs, max(wiring.outputs) + 1), ("inputs", settings.inputs, wiring.input_count))
    for key, lines, count in needed:
        if len(lines) < count:
            raise ConfigRefused("board.too_few_lines", barrier=part.id, key=key, count=len(lines), needed=count)
    return _on(GpioBoard(settings, clock), wiring)


DEVICES: Mapping[str, Callable[[BarrierPart, Callable[[], float]], Fitted]] = {
    "sim": _simulated,
    "modbus": _modbus,
    "modbus-rtu": _modbus,
    "serial": _serial,
    "gpio": _gpio,
    "http": _http,
    "https": _http,
    "isapi": _isapi,
    "isapis": _isapi,
    "mqtt": _mqtt,
    "mqtts": _mqtt,
    "onvif": _onvif,
    "onvifs": _onvif,
}
"""What stands behind each scheme of a barrier's url."""


BOOKS: Mapping[str, Book] = {"arm": ARM, "door": DOOR, "turnstile": TURNSTILE}
"""The table that each kind of barrier goes by."""


class Setting(NamedTuple):
    """What a barrier is told of its place: what was wanted of it before, who hears what is wanted, its timed rules and
    the pair it belongs to.
    """

    wish: Wish = Wish()
    on_wish: Callable[[Wish], None] = lambda _wish: None
    timed: Callable[[], bool] = lambda: False
    interlock: Interlock | None = None


def open_barrier(
    part: BarrierPart,
    on_act: Callable[[BarrierAct], None],
    clock: Callable[[], float] = time.monotonic,
    setting: Setting | None = None,
) -> Barrier:
    """The barrier that a part of gate.toml describes, not started yet.

    Raises:
        ConfigRefused: the url names no device that is known, or asks what it does not have.
    """
    scheme = part.scheme
    if scheme not in DEVICES:
        raise ConfigRefused("barrier.unknown_device", url=part.url, known=", ".join(f"{name}://" for name in DEVICES))
    timing = Timing(part.travel_s, part.hold_open_s, part.clear_s, part.fault_after_s, part.left_open_s)
    device, presence_wired = DEVICES[scheme](part, clock)
    place = setting or Setting()
    return Barrier(
        part.id,
        device,
        timing,
        clock,
        on_act,
        presence_wired=presence_wired,
        book=BOOKS[part.kind],
        timed=place.timed,
        wish=place.wish,
        on_wish=place.on_wish,
        interlock=place.interlock,
    )
