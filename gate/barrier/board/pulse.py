"""The end of a pulse, for a board that has no timer of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from gate.errors import BarrierFault

log = structlog.get_logger("barrier.board")

AGAIN_S = 0.2
"""Time between attempts to open a relay whose board did not answer."""
LONGEST_S = 60.0
"""A pulse stands for a push of a button, not for a switch."""


def pulse_length(duration_s: float) -> float:
    """A pulse's length in seconds, checked. Raises ValueError where it is not above 0 and up to `LONGEST_S`."""
    if not 0 < duration_s <= LONGEST_S:
        raise ValueError(f"a pulse lasts up to {LONGEST_S:g} s, not {duration_s!r}")
    return duration_s


class PulseEnds:
    """Opens relays at their time, on a thread of its own, again and again until the board has taken it.

    `open_relay` is called with the channel; it must ask `due` under the lock that also guards new commands, and call
    `forget` once the relay is open. `clock` is monotonic seconds.
    """

    def __init__(self, name: str, open_relay: Callable[[int], None], clock: Callable[[], float]) -> None:
        self._open_relay = open_relay
        self._clock = clock
        self._log = log.bind(board=name)
        self._changed = threading.Condition()
        self._ends_s: dict[int, float] = {}
        self._failing: set[int] = set()
        self._closed = False
        self._thread: threading.Thread | None = None

    def end_at(self, channel: int, at_s: float) -> None:
        """Open the relay at `at_s`; a later call for the same channel takes the place of an earlier one."""
        with self._changed:
            self._ends_s[channel] = at_s
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="pulse-ends", daemon=True)
                self._thread.start()
            self._changed.notify()

    def due(self, channel: int) -> bool:
        """Whether this channel's pulse is over and its relay not open yet."""
        with self._changed:
            return not self._closed and self._ends_s.get(channel, float("inf")) <= self._clock()

    def forget(self, channel: int) -> None:
        """A command has settled this channel: no end is awaited any more."""
        with self._changed:
            self._ends_s.pop(channel, None)
            if channel in self._failing:
                self._failing.discard(channel)
                self._log.info("netboard.relay_open_again", channel=channel)

    def close(self, timeout_s: float = 2.0) -> None:
        """Stop opening relays. May be called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)

    def _run(self) -> None:
        while (channel := self._next()) is not None:
            try:
                self._open_relay(channel)
            except BarrierFault as silent:
                self._put_off(channel, silent)

    def _next(self) -> int | None:
        """The channel whose time has come; waits for it. None once closed."""
        with self._changed:
            while not self._closed:
                first = min(self._ends_s, key=lambda channel: self._ends_s[channel], default=None)
                if first is None:
                    self._changed.wait()
                    continue
                left_s = self._ends_s[first] - self._clock()
                if left_s <= 0:
                    return first
                self._changed.wait(left_s)
            return None

    def _put_off(self, channel: int, why: BarrierFault) -> None:
        with self._changed:
            if channel in self._ends_s:
                self._ends_s[channel] = max(self._ends_s[channel], self._clock() + AGAIN_S)
                if channel not in self._failing:
                    self._failing.add(channel)
                    self._log.error("netboard.relay_stays_closed", channel=channel, why=str(why))
