"""What stands behind a barrier's url: the device of each scheme, wired as gate.toml says."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from gate.barrier.act import BarrierAct
from gate.barrier.board.modbus import ModbusBoard
from gate.barrier.board.modbus_settings import ModbusSettings
from gate.barrier.board.serial_board import SerialBoard
from gate.barrier.board.wiring import WiredBarrier, Wiring
from gate.barrier.controller import Barrier
from gate.barrier.device import BarrierDevice
from gate.barrier.simulator import SimulatedBarrier
from gate.barrier.standing import Timing
from gate.config import BarrierPart
from gate.errors import ConfigRefused


class Fitted(NamedTuple):
    """A device and what is known of its wiring."""

    device: BarrierDevice
    presence_wired: bool


def _simulated(part: BarrierPart, clock: Callable[[], float]) -> Fitted:
    device = SimulatedBarrier.from_url(part.url, clock, travel_s=part.travel_s)
    return Fitted(device, device.presence_wired)


def _wiring(part: BarrierPart) -> Wiring:
    if part.wiring is None:
        raise ConfigRefused("config.missing_key", where=f"barrier.{part.id}.wiring")
    return part.wiring.wired()


def _modbus(part: BarrierPart, clock: Callable[[], float]) -> Fitted:
    wiring = _wiring(part)
    board = ModbusBoard(ModbusSettings.from_url(part.url, wiring.input_count), clock)
    return Fitted(WiredBarrier(board, board, wiring), wiring.presence is not None)


def _serial(part: BarrierPart, clock: Callable[[], float]) -> Fitted:
    wiring = _wiring(part)
    if wiring.input_count:
        raise ConfigRefused("board.has_no_inputs")
    board = SerialBoard.from_url(part.url, clock)
    return Fitted(WiredBarrier(board, board, wiring), presence_wired=False)


DEVICES: Mapping[str, Callable[[BarrierPart, Callable[[], float]], Fitted]] = {
    "sim": _simulated,
    "modbus": _modbus,
    "modbus-rtu": _modbus,
    "serial": _serial,
}
"""What stands behind each scheme of a barrier's url."""


def open_barrier(
    part: BarrierPart, on_act: Callable[[BarrierAct], None], clock: Callable[[], float] = time.monotonic
) -> Barrier:
    """The barrier that a part of gate.toml describes, not started yet.

    Raises:
        ConfigRefused: the url names no device that is known, or asks what it does not have.
    """
    scheme = urlsplit(part.url).scheme
    if scheme not in DEVICES:
        raise ConfigRefused("barrier.unknown_device", url=part.url, known=", ".join(f"{name}://" for name in DEVICES))
    timing = Timing(part.travel_s, part.hold_open_s, part.clear_s, part.fault_after_s)
    device, presence_wired = DEVICES[scheme](part, clock)
    return Barrier(part.id, device, timing, clock, on_act, presence_wired=presence_wired)
