"""Relays and contacts on the lines of a GPIO chip, through the kernel's character device (libgpiod 2)."""

from __future__ import annotations

import contextlib
import difflib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from gate.barrier.board.pulse import PulseEnds, pulse_length
from gate.errors import BarrierFault, ConfigRefused

NOT_ANSWERING = "board.not_answering"
CLOSED = "board.closed"
_ALLOWED = "gpio:/dev/gpiochip0?outputs=17,27&inputs=5,6"
_KEYS = ("outputs", "inputs", "active_low", "bias", "debounce_ms")
_BIASES = ("as_is", "pull_up", "pull_down", "disabled")
_CONSUMER = "menwei"
_MOST = 32


@dataclass(frozen=True, slots=True)
class GpioSettings:
    """A chip and its lines by offset: channel 0 is the first of `outputs` or of `inputs`.

    `active_low` names outputs whose relay closes on a low line, as those of most relay hats do. `bias` is the pull of
    the inputs; `debounce_ms` keeps a chattering contact quiet in the kernel.
    """

    chip: str
    outputs: tuple[int, ...] = ()
    inputs: tuple[int, ...] = ()
    active_low: bool = False
    bias: str = "as_is"
    debounce_ms: int = 5

    @classmethod
    def from_url(cls, url: str) -> Self:
        """What `gpio:/dev/gpiochip0?outputs=17,27&inputs=5,6&active_low=yes&bias=pull_up&debounce_ms=5` describes.

        Raises:
            ConfigRefused: a key or value that cannot be.
        """
        parts = urlsplit(url)
        if parts.netloc or not parts.path.startswith("/") or parts.fragment:
            raise ConfigRefused("board.bad_url", url=url, allowed=_ALLOWED)
        asked = dict(parse_qsl(parts.query, keep_blank_values=True))
        for key in asked:
            if key not in _KEYS:
                near = difflib.get_close_matches(key, _KEYS, 1, 0.5)
                raise ConfigRefused("board.unknown_key", url=url, key=key, near=near[0] if near else ", ".join(_KEYS))
        outputs, inputs = (_lines(url, key, asked.get(key, "")) for key in ("outputs", "inputs"))
        if set(outputs) & set(inputs):
            raise ConfigRefused("board.bad_value", url=url, key="inputs", allowed="no line twice")
        return cls(
            unquote(parts.path),
            outputs,
            inputs,
            active_low=_one_of(url, asked, "active_low", ("no", "yes")) == "yes",
            bias=_one_of(url, asked, "bias", _BIASES),
            debounce_ms=_debounce(url, asked.get("debounce_ms", "5")),
        )


def _lines(url: str, key: str, text: str) -> tuple[int, ...]:
    names = [name for name in text.split(",") if name]
    numbers = tuple(int(name) for name in names if name.isascii() and name.isdecimal() and int(name) < 1024)
    if len(numbers) != len(names) or len(set(numbers)) != len(numbers) or len(numbers) > _MOST:
        raise ConfigRefused("board.bad_value", url=url, key=key, allowed="17,27")
    return numbers


def _one_of(url: str, asked: Mapping[str, str], key: str, allowed: tuple[str, ...]) -> str:
    value = asked.get(key, allowed[0])
    if value not in allowed:
        raise ConfigRefused("board.bad_value", url=url, key=key, allowed=", ".join(allowed))
    return value


def _debounce(url: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= 1000):
        raise ConfigRefused("board.bad_value", url=url, key="debounce_ms", allowed="0-1000")
    return int(text)


class Lines(Protocol):
    """The lines of one chip that are ours: outputs are set, inputs are read, by their offset."""

    def set(self, line: int, *, on: bool) -> None:
        """Set an output. Raises OSError where the chip is gone."""
        ...

    def read(self, lines: tuple[int, ...]) -> tuple[bool, ...]:
        """Read lines. Raises OSError where the chip is gone."""
        ...

    def release(self) -> None:
        """Let go of them."""
        ...


class KernelLines:
    """`Lines` of the kernel. Outputs begin switched off. Raises OSError for a chip or line that cannot be had."""

    def __init__(self, settings: GpioSettings) -> None:
        # Only here: the library is for Linux alone, and most boards are none of its.
        import gpiod
        from gpiod.line import Bias, Direction, Value

        self._values = Value
        config: dict[Any, Any] = {}
        for line in settings.outputs:
            config[line] = gpiod.LineSettings(
                direction=Direction.OUTPUT, active_low=settings.active_low, output_value=Value.INACTIVE
            )
        bias = {"as_is": Bias.AS_IS, "pull_up": Bias.PULL_UP, "pull_down": Bias.PULL_DOWN, "disabled": Bias.DISABLED}
        for line in settings.inputs:
            config[line] = gpiod.LineSettings(
                direction=Direction.INPUT,
                bias=bias[settings.bias],
                debounce_period=timedelta(milliseconds=settings.debounce_ms),
            )
        self._request = gpiod.request_lines(settings.chip, config=config, consumer=_CONSUMER)

    def set(self, line: int, *, on: bool) -> None:
        """Set an output."""
        self._request.set_value(line, self._values.ACTIVE if on else self._values.INACTIVE)

    def read(self, lines: tuple[int, ...]) -> tuple[bool, ...]:
        """Read lines."""
        return tuple(value is self._values.ACTIVE for value in self._request.get_values(lines))

    def release(self) -> None:
        """Let go of them."""
        self._request.release()


class GpioBoard:
    """`Relays` and `Contacts` on one chip. Safe to use from several threads; opened with the first call, and again,
    once per call, after the chip was gone (a USB expander pulled out).

    Every command is read back from the line. Pulses are ended by the gate, so a service that is killed leaves a line
    as it was, or as the chip's driver resets it. `open_lines` gives the lines.
    """

    def __init__(
        self,
        settings: GpioSettings,
        clock: Callable[[], float] = time.monotonic,
        open_lines: Callable[[GpioSettings], Lines] = KernelLines,
    ) -> None:
        self._settings = settings
        self._open_lines = open_lines
        self._clock = clock
        self._lock = threading.RLock()
        self._lines: Lines | None = None
        self._closed = False
        self._ends = PulseEnds(settings.chip, self._end_pulse, clock)

    def switch(self, channel: int, *, on: bool) -> None:
        """Set one relay's line and read it back. Raises `BarrierFault`."""
        with self._lock:
            self._set(channel, on=on)
            self._ends.forget(channel)

    def pulse(self, channel: int, duration_s: float) -> None:
        """Close one relay for so long. Raises `BarrierFault`."""
        pulse_length(duration_s)
        with self._lock:
            self._ends.end_at(channel, self._clock() + duration_s)
            self._set(channel, on=True)
            self._ends.end_at(channel, self._clock() + duration_s)

    def read(self) -> tuple[bool, ...]:
        """Every input now. Without any, a relay's line is read, to know that the chip is there."""
        with self._lock:
            settings = self._settings
            read = self._done(lambda lines: lines.read(settings.inputs or settings.outputs[:1]))
            return read if settings.inputs else ()

    def close(self) -> None:
        """Switch every relay off, and let go of the chip. May be called twice."""
        with self._lock:
            if not self._closed:
                with contextlib.suppress(BarrierFault):
                    for channel in range(len(self._settings.outputs)):
                        self._set(channel, on=False)
                self._closed = True
                self._drop()
        self._ends.close()

    def _end_pulse(self, channel: int) -> None:
        with self._lock:
            if self._ends.due(channel):
                self._set(channel, on=False)
                self._ends.forget(channel)

    def _set(self, channel: int, *, on: bool) -> None:
        if not 0 <= channel < len(self._settings.outputs):
            raise BarrierFault("board.no_such_output", channel=channel, count=len(self._settings.outputs))
        line = self._settings.outputs[channel]

        def set_and_read(lines: Lines) -> tuple[bool, ...]:
            lines.set(line, on=on)
            return lines.read((line,))

        if self._done(set_and_read) != (on,):
            raise BarrierFault("board.wrong_answer", board=self._settings.chip)

    def _done(self, act: Callable[[Lines], tuple[bool, ...]]) -> tuple[bool, ...]:
        if self._closed:
            raise BarrierFault(CLOSED, board=self._settings.chip)
        try:
            if self._lines is None:
                self._lines = self._open_lines(self._settings)
            return act(self._lines)
        except (OSError, ImportError) as gone:
            self._drop()
            raise BarrierFault(NOT_ANSWERING, board=self._settings.chip) from gone

    def _drop(self) -> None:
        if self._lines is not None:
            with contextlib.suppress(OSError):
                self._lines.release()
            self._lines = None
