"""USB relay boards of the LCUS kind: a CH340 serial port and four bytes per command.

Most of them never answer, so what is known after a command is that the system took the bytes for it, not that the relay
moved. They have no inputs.
"""

from __future__ import annotations

import contextlib
import select
import termios
import threading
import time
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import serial  # type: ignore[import-untyped]

from gate.barrier.board.pulse import PulseEnds, pulse_length
from gate.errors import BarrierFault, ConfigRefused

NOT_ANSWERING = "board.not_answering"
CLOSED = "board.closed"

BAUD = 9600
START = 0xA0
HIGHEST_CHANNEL = 31
_WRITE_TIMEOUT_S = 0.3
_GONE = (OSError, termios.error)
"""What a port raises whose device is gone; the library's own errors are of the first kind."""


def frame(channel: int, *, on: bool) -> bytes:
    """The command for one relay: A0, the channel counted from 1, 1 or 0, and the low byte of the sum of the three."""
    if not 0 <= channel <= HIGHEST_CHANNEL:
        raise ValueError(f"channels run from 0 to {HIGHEST_CHANNEL}, not {channel}")
    told = (START, channel + 1, int(on))
    return bytes((*told, sum(told) & 0xFF))


class SerialBoard:
    """`Relays` of one board, and `Contacts` without any input. Safe to use from several threads.

    The port is opened with the first call and again, once per call, after the board was unplugged; such a board takes
    its power from the plug, so its relays are open then, and the first call afterwards is a fault even where the board
    is back already. Pulses are ended by the gate, as soon as the board is there.
    """

    def __init__(self, path: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.RLock()
        self._port: serial.Serial | None = None
        self._used: set[int] = set()
        self._last_end_s = clock()
        self._closed = False
        self._ends = PulseEnds(path, self._end_pulse, clock)

    @classmethod
    def from_url(cls, url: str, clock: Callable[[], float] = time.monotonic) -> SerialBoard:
        """The board of `serial:/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0`. Raises `ConfigRefused`."""
        parts = urlsplit(url)
        if parts.netloc or not parts.path.startswith("/") or parts.query or parts.fragment:
            raise ConfigRefused("board.bad_url", url=url, allowed="serial:/dev/serial/by-id/...")
        return cls(unquote(parts.path), clock)

    def switch(self, channel: int, *, on: bool) -> None:
        """Send the command for one relay. Raises `BarrierFault` where the board is not plugged in."""
        with self._lock:
            self._check_open()
            self._set(channel, on=on)
            self._ends.forget(channel)

    def pulse(self, channel: int, duration_s: float) -> None:
        """Close one relay for so long. Raises `BarrierFault` where the board is not plugged in."""
        pulse_length(duration_s)
        with self._lock:
            self._check_open()
            if self._ends.due(channel):
                self._set(channel, on=False)
            self._end_later(channel, duration_s)
            self._set(channel, on=True)
            self._end_later(channel, duration_s)

    def read(self) -> tuple[bool, ...]:
        """No input at all; raises `BarrierFault` where the board is not plugged in."""
        with self._lock:
            self._check_open()
            self._plugged()
            return ()

    def close(self) -> None:
        """Let running pulses end, open every relay that was used, and let go of the port. May be called twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            left_s = self._last_end_s - self._clock()
        if left_s > 0:
            time.sleep(left_s)
        self._ends.close()
        with self._lock:
            with contextlib.suppress(BarrierFault):
                for channel in sorted(self._used):
                    self._set(channel, on=False)
            self._drop()

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
        told = frame(channel, on=on)
        port = self._plugged()
        self._used.add(channel)
        try:
            port.reset_input_buffer()
            port.write(told)
            port.flush()
        except _GONE as gone:
            self._drop()
            raise BarrierFault(NOT_ANSWERING, board=self._path) from gone
        if not on:
            self._used.discard(channel)

    def _plugged(self) -> serial.Serial:
        """The open port. Raises `BarrierFault` where there is none, and once where the board was unplugged since."""
        if self._port is not None and _hung_up(self._port):
            self._drop()
            raise BarrierFault(NOT_ANSWERING, board=self._path)
        if self._port is None:
            try:
                self._port = serial.Serial(self._path, BAUD, timeout=0, write_timeout=_WRITE_TIMEOUT_S, exclusive=True)
            except (*_GONE, ValueError) as missing:
                raise BarrierFault(NOT_ANSWERING, board=self._path) from missing
        return self._port

    def _drop(self) -> None:
        if self._port is not None:
            with contextlib.suppress(*_GONE):
                self._port.close()
            self._port = None

    def _check_open(self) -> None:
        if self._closed:
            raise BarrierFault(CLOSED, board=self._path)


def _hung_up(port: serial.Serial) -> bool:
    """Whether the device behind an open port is gone: the system hangs such a port up."""
    watch = select.poll()
    watch.register(port.fileno(), 0)
    return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in watch.poll(0))
