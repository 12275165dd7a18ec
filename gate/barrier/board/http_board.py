"""A relay board on the network that is switched by HTTP requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from gate.barrier.board.dialect import Dialect, Template
from gate.barrier.board.pulse import PulseEnds, pulse_length
from gate.barrier.board.web import Address, Answer, AnswerLost, Ask, Web
from gate.barrier.board.wording import Wording
from gate.errors import BarrierFault, ConfigRefused

_LOOK_AGAIN_S = 0.05
"""Between two looks at a relay that the board is still about to close."""
_MOST_CHANNELS = 64
_AWAY = {"netboard.unreachable", "netboard.no_answer", "netboard.login_refused"}
"""What the next relay would meet as well."""


@dataclass(frozen=True, slots=True)
class HttpBoardSettings:
    """A board, how it is spoken to, how many outputs and inputs it has, and how long one call may take in all.

    Raises `ConfigRefused` for counts or times that cannot be, or inputs that the dialect cannot read.
    """

    address: Address
    dialect: Dialect
    outputs: int = 2
    inputs: int = 0
    timeout_s: float = 1.0

    def __post_init__(self) -> None:
        if not (1 <= self.outputs <= _MOST_CHANNELS and 0 <= self.inputs <= _MOST_CHANNELS):
            raise ConfigRefused("netboard.bad_channels", most=_MOST_CHANNELS)
        if not 0.05 <= self.timeout_s <= 10:
            raise ConfigRefused("netboard.bad_timeout", timeout_s=self.timeout_s)
        if self.inputs and self.dialect.contact is None:
            raise ConfigRefused("netboard.no_inputs", address=self.address.shown)


class HttpBoard:
    """`Relays` and `Contacts` of one board. Safe to use from several threads; connects with the first request.

    A call ends within `timeout_s`, half of which the first request may take. A command whose answer was lost, in this
    call or the one before, is sent again only if the relay, read back, is not as asked. `clock` is monotonic seconds.
    """

    def __init__(self, settings: HttpBoardSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._dialect = settings.dialect
        self._clock = clock
        self._web = Web(settings.address, clock)
        self._lock = threading.RLock()
        self._doubtful: dict[int, bool] = {}
        self._closed = False
        self._ends = PulseEnds(settings.address.shown, self._end_pulse, clock)

    def switch(self, channel: int, *, on: bool) -> None:
        """Set one relay and know that it is set. Raises `BarrierFault`."""
        number = self._number(channel)
        with self._lock:
            self._check_open()
            ask = self._dialect.switch.filled(number, self._dialect.on if on else self._dialect.off)
            self._command(channel, ask, self._dialect.says, on=on, wait_s=0.0)
            self._ends.forget(channel)

    def pulse(self, channel: int, duration_s: float) -> None:
        """Close one relay for so long, by the board's own timer where it has one. Raises `BarrierFault`.

        Without a timer the gate opens the relay at its time, and goes on trying for as long as the board is silent.
        """
        number = self._number(channel)
        pulse_length(duration_s)
        with self._lock:
            self._check_open()
            if self._dialect.pulse is not None:
                ask = self._dialect.pulse.filled(number, self._dialect.on, duration_s)
                self._command(channel, ask, self._dialect.pulse_says, on=True, wait_s=duration_s)
                self._ends.forget(channel)
                return
            try:
                ask = self._dialect.switch.filled(number, self._dialect.on)
                self._command(channel, ask, self._dialect.says, on=True, wait_s=0.0)
            except BarrierFault:
                if channel in self._doubtful:
                    # The relay may be closed although nothing says so.
                    self._ends.end_at(channel, self._clock() + duration_s)
                raise
            self._ends.end_at(channel, self._clock() + duration_s)

    def read(self) -> tuple[bool, ...]:
        """Every input now. A board of which no input is used is asked for a relay, to hear that it is there.

        One that can tell neither is taken as there until a command fails. Raises `BarrierFault`.
        """
        template, wording = self._dialect.contact, self._dialect.contact_says
        with self._lock:
            self._check_open()
            until_s = self._clock() + self._settings.timeout_s
            if template is None or wording is None or not self._settings.inputs:
                self._shows(0, until_s)
                return ()
            answers: dict[Ask, Answer] = {}
            return tuple(
                self._state(self._number(channel, of_inputs=True), template, wording, until_s, answers)
                for channel in range(self._settings.inputs)
            )

    def close(self) -> None:
        """Switch every relay off, as far as the board still listens, and let go of it. May be called twice."""
        with self._lock:
            if not self._closed:
                self._open_all()
                self._closed = True
                self._web.close()
        self._ends.close()

    def _open_all(self) -> None:
        for channel in range(self._settings.outputs):
            try:
                self.switch(channel, on=False)
            except BarrierFault as fault:
                if fault.code in _AWAY:
                    return

    def _end_pulse(self, channel: int) -> None:
        with self._lock:
            if self._ends.due(channel):
                self.switch(channel, on=False)

    def _command(self, channel: int, ask: Ask, says: Wording | None, *, on: bool, wait_s: float) -> None:
        """Ask once; after a lost answer look, and ask once more only if the relay is not as asked."""
        began_s = self._clock()
        until_s = began_s + self._settings.timeout_s
        if self._doubtful.get(channel) is on and self._shows(channel, until_s) is on:
            del self._doubtful[channel]
            return
        half_s = (self._clock() + until_s) / 2
        try:
            self._asked(channel, ask, says, on=on, ask_until_s=half_s, until_s=until_s, wait_s=wait_s)
        except AnswerLost:
            # A pulse that may be over by now cannot be told from one that never began.
            told = self._dialect.relay is not None and not 0 < wait_s <= self._clock() - began_s
            if not told:
                raise
            if self._shows(channel, until_s) is not on:
                self._asked(channel, ask, says, on=on, ask_until_s=until_s, until_s=until_s, wait_s=wait_s)
        self._doubtful.pop(channel, None)

    def _asked(
        self,
        channel: int,
        ask: Ask,
        says: Wording | None,
        *,
        on: bool,
        ask_until_s: float,
        until_s: float,
        wait_s: float,
    ) -> None:
        answer = self._sent(channel, ask, ask_until_s, on=on)
        self._must_be_ok(answer)
        if says is not None:
            shown = says.read(answer.body, self._number(channel))
        else:
            shown = self._awaited(channel, until_s, min(until_s, self._clock() + wait_s), on=on)
        if shown is not on:
            raise BarrierFault("netboard.not_done", address=self._settings.address.shown, channel=channel)

    def _sent(self, channel: int, ask: Ask, until_s: float, *, on: bool) -> Answer:
        """The answer to a command. Until its outcome is known the relay is in doubt, unless it cannot have arrived."""
        before = self._doubtful.get(channel)
        self._doubtful[channel] = on
        try:
            return self._web.ask(ask, until_s)
        except AnswerLost:
            raise
        except BarrierFault:
            if before is None:
                del self._doubtful[channel]
            else:
                self._doubtful[channel] = before
            raise

    def _awaited(self, channel: int, until_s: float, look_until_s: float, *, on: bool) -> bool | None:
        """What the relay shows, once it shows `on` or `look_until_s` has come."""
        while (shown := self._shows(channel, until_s)) is not on:
            if self._clock() + _LOOK_AGAIN_S >= look_until_s:
                break
            time.sleep(_LOOK_AGAIN_S)
        return shown

    def _shows(self, channel: int, until_s: float) -> bool | None:
        template, wording = self._dialect.relay, self._dialect.relay_says
        if template is None or wording is None:
            return None
        return self._state(self._number(channel), template, wording, until_s, {})

    def _state(
        self, number: int, template: Template, wording: Wording, until_s: float, answers: dict[Ask, Answer]
    ) -> bool:
        ask = template.filled(number)
        answer = answers.get(ask) or self._web.ask(ask, until_s)
        answers[ask] = answer
        self._must_be_ok(answer)
        shown = wording.read(answer.body, number)
        if shown is None:
            raise BarrierFault("netboard.unreadable_answer", address=self._settings.address.shown)
        return shown

    def _must_be_ok(self, answer: Answer) -> None:
        if answer.status != self._dialect.status:
            raise BarrierFault("netboard.bad_status", address=self._settings.address.shown, status=answer.status)

    def _number(self, channel: int, *, of_inputs: bool = False) -> int:
        """The board's own number of a channel."""
        if not 0 <= channel < (self._settings.inputs if of_inputs else self._settings.outputs):
            raise BarrierFault("netboard.no_such_channel", address=self._settings.address.shown, channel=channel)
        return channel + self._dialect.first

    def _check_open(self) -> None:
        if self._closed:
            raise BarrierFault("netboard.closed", address=self._settings.address.shown)
