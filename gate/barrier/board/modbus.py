"""Relay boards that speak Modbus, over TCP or an RS-485 line: coils are relays, discrete inputs are contacts."""

from __future__ import annotations

import logging
import socket
import struct
import threading
import time
from collections.abc import Callable

from pymodbus import FramerType, ModbusException
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from gate.barrier.board.modbus_settings import ModbusSettings, SerialLink
from gate.barrier.board.pulse import PulseEnds, pulse_length
from gate.errors import BarrierFault

# The library logs an error at every attempt; the barrier says once that its board is gone, and once that it is back.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

NOT_ANSWERING = "board.not_answering"
REFUSED = "board.refused"
WRONG_ANSWER = "board.wrong_answer"
CLOSED = "board.closed"

_READ_COILS, _READ_INPUTS, _WRITE_COIL = 1, 2, 5
"""Function codes: an answer carries the one that was asked."""
_GARBLED = (ModbusException, OSError, struct.error, ValueError, IndexError)
"""What the protocol's library raises for silence, a lost connection, and bytes that are no answer."""


class ModbusBoard:
    """`Relays` and `Contacts` of one board. Safe to use from several threads; connects with the first call.

    One connection is kept, and made anew once per call after it broke. A call waits for at most four answers. A write
    is sent again after a lost answer, its own or any other since, only if the coil, read back, is not as asked.
    Pulses are ended by the gate: the relay is opened at its time, again and again until the board has taken it.
    Only relays that were used through this object are switched off by `close`: others may be another barrier's.
    """

    def __init__(self, settings: ModbusSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._name = str(settings.link)
        self._client = _client(settings, self._hear)
        self._lock = threading.RLock()
        self._heard = False
        self._settling = False
        self._doubtful: dict[int, bool] = {}
        self._used: set[int] = set()
        self._last_end_s = clock()
        self._closed = False
        self._ends = PulseEnds(self._name, self._end_pulse, clock)

    def switch(self, channel: int, *, on: bool) -> None:
        """Set one relay and know that it is set. Raises `BarrierFault`."""
        with self._lock:
            self._check_open()
            self._set(channel, on=on)
            self._ends.forget(channel)

    def pulse(self, channel: int, duration_s: float) -> None:
        """Close one relay for so long, counted from when the board has taken it. Raises `BarrierFault`.

        A relay whose closing is in doubt after a fault is opened at its time all the same.
        """
        pulse_length(duration_s)
        with self._lock:
            self._check_open()
            if self._ends.due(channel):
                self._set(channel, on=False)
            self._end_later(channel, duration_s)
            try:
                self._set(channel, on=True)
            except BarrierFault:
                if channel not in self._doubtful:
                    self._ends.forget(channel)
                raise
            self._end_later(channel, duration_s)

    def read(self) -> tuple[bool, ...]:
        """Every input now. A board of which no input is used is asked for a coil, to hear that it is there.

        Raises `BarrierFault`.
        """
        with self._lock:
            self._check_open()
            settings = self._settings
            if not settings.inputs:
                self._coil(0)
                return ()
            answer = self._asked(
                _READ_INPUTS,
                lambda: self._client.read_discrete_inputs(
                    settings.input_at, count=settings.inputs, device_id=settings.unit
                ),
            )
            return self._bits(answer, settings.inputs)

    def close(self) -> None:
        """Let running pulses end, open every relay that was used, and let go of the board. May be called twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            left_s = self._last_end_s - self._clock()
        if left_s > 0:
            time.sleep(left_s)
        self._ends.close()
        with self._lock:
            for channel in sorted(self._used):
                try:
                    self._set(channel, on=False)
                except BarrierFault as fault:
                    if fault.code != REFUSED:
                        break
            self._hang_up()

    def _end_later(self, channel: int, duration_s: float) -> None:
        end_s = self._clock() + duration_s
        self._last_end_s = max(self._last_end_s, end_s)
        self._ends.end_at(channel, end_s)

    def _end_pulse(self, channel: int) -> None:
        with self._lock:
            if self._ends.due(channel):
                self._set(channel, on=False)
                self._ends.forget(channel)

    def _set(self, channel: int, *, on: bool) -> None:
        """Write a coil so that it is written once: what was lost on the way is read back first."""
        if self._doubtful.get(channel) is on and self._arrived(channel, on=on):
            del self._doubtful[channel]
            return
        self._connect()
        self._used.add(channel)
        try:
            self._write(channel, on=on)
        except BarrierFault as lost:
            if lost.code == REFUSED:
                raise
            self._doubtful[channel] = on
            if not self._arrived(channel, on=on):
                self._write(channel, on=on)
        self._doubtful.pop(channel, None)
        if not on:
            self._used.discard(channel)

    def _write(self, channel: int, *, on: bool) -> None:
        address = self._settings.relay_at + channel
        answer = self._asked(_WRITE_COIL, lambda: self._client.write_coil(address, on, device_id=self._settings.unit))
        if answer.address != address or answer.bits[:1] != [on]:
            raise self._broken(WRONG_ANSWER)

    def _arrived(self, channel: int, *, on: bool) -> bool:
        """Whether a write whose answer was lost was done. A board that cannot be read back is told again."""
        try:
            return self._coil(channel) is on
        except BarrierFault as silent:
            if silent.code != REFUSED:
                raise
            return False

    def _coil(self, channel: int) -> bool:
        address = self._settings.relay_at + channel
        answer = self._asked(
            _READ_COILS, lambda: self._client.read_coils(address, count=1, device_id=self._settings.unit)
        )
        return self._bits(answer, 1)[0]

    def _bits(self, answer: ModbusPDU, count: int) -> tuple[bool, ...]:
        """The first `count` bits; an answer comes in whole bytes, so it must be as long as the bytes that hold them."""
        if len(answer.bits) != -(-count // 8) * 8:
            raise self._broken(WRONG_ANSWER)
        return tuple(answer.bits[:count])

    def _asked(self, function: int, ask: Callable[[], ModbusPDU]) -> ModbusPDU:
        self._connect()
        self._heard = False
        try:
            answer = ask()
        except _GARBLED as lost:
            raise self._broken(WRONG_ANSWER if self._heard else NOT_ANSWERING) from lost
        if answer.function_code & 0x7F != function:
            raise self._broken(WRONG_ANSWER)
        if isinstance(answer, ExceptionResponse):
            raise BarrierFault(REFUSED, board=self._name, unit=self._settings.unit, why=answer.exception_code)
        return answer

    def _connect(self) -> None:
        """Be connected. Raises `BarrierFault` where nobody takes the connection."""
        if self._client.connected:
            return
        if self._settling:
            time.sleep(self._settings.timeout_s)
            self._settling = False
        try:
            connected = self._client.connect()
            if isinstance(self._client, ModbusTcpClient) and self._client.socket is not None:
                self._client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except (OSError, ValueError) as lost:
            raise self._broken(NOT_ANSWERING) from lost
        if not connected:
            raise BarrierFault(NOT_ANSWERING, board=self._name)

    def _broken(self, code: str) -> BarrierFault:
        """Give the connection up, so that an answer that comes late is never taken for the next one.

        Answers on a serial line carry no number: there the line is also left alone for a while before it is used again.
        A board that was away may have been without power: the relays it had closed are read back before they are told.
        """
        self._hang_up()
        self._doubtful = dict.fromkeys(self._used, True) | self._doubtful
        self._settling = isinstance(self._settings.link, SerialLink)
        return BarrierFault(code, board=self._name)

    def _hang_up(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]

    def _hear(self, sending: bool, packet: bytes) -> bytes:  # noqa: FBT001 - the library calls it so
        self._heard = self._heard or not sending
        return packet

    def _check_open(self) -> None:
        if self._closed:
            raise BarrierFault(CLOSED, board=self._name)


def _client(settings: ModbusSettings, hear: Callable[[bool, bytes], bytes]) -> ModbusTcpClient | ModbusSerialClient:
    link = settings.link
    if isinstance(link, SerialLink):
        return ModbusSerialClient(
            link.path,
            framer=FramerType.RTU,
            baudrate=link.baud,
            parity=link.parity,
            timeout=settings.timeout_s,
            retries=0,
            trace_packet=hear,
        )
    return ModbusTcpClient(link.host, port=link.port, timeout=settings.timeout_s, retries=0, trace_packet=hear)
