"""A relay board that is reached through an MQTT broker."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from gate.barrier.board.broker import Broker, BrokerAddress
from gate.barrier.board.home_assistant import announcements
from gate.barrier.board.pulse import PulseEnds, pulse_length
from gate.barrier.board.topics import Topics
from gate.barrier.board.wording import Wording
from gate.errors import BarrierFault, ConfigRefused

MAX_PAYLOAD = 4096
"""Bytes of the longest message that is looked at."""
_MOST_CHANNELS = 64


@dataclass(frozen=True, slots=True)
class MqttBoardSettings:
    """A board, its topics, how many outputs and inputs it has.

    A command that the board's state topic has not confirmed after `timeout_s` has failed. `join_s` is how long the
    first calls wait for the broker and the board after the start. Where the board repeats its inputs, an input not
    heard for `repeated_s` is a fault; None where it speaks only of changes. `home_assistant` announces the board there.

    Raises `ConfigRefused` for counts or times that cannot be, or inputs without a topic.
    """

    address: BrokerAddress
    topics: Topics
    outputs: int = 2
    inputs: int = 0
    timeout_s: float = 1.0
    join_s: float = 3.0
    repeated_s: float | None = None
    home_assistant: bool = False

    def __post_init__(self) -> None:
        if not (1 <= self.outputs <= _MOST_CHANNELS and 0 <= self.inputs <= _MOST_CHANNELS):
            raise ConfigRefused("netboard.bad_channels", most=_MOST_CHANNELS)
        if not 0.05 <= self.timeout_s <= 10:
            raise ConfigRefused("netboard.bad_timeout", timeout_s=self.timeout_s)
        if self.inputs and self.topics.contact is None:
            raise ConfigRefused("netboard.no_inputs", address=self.address.shown)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a topic said last. `fresh` numbers the messages of the board itself, 0 is one from the broker's memory."""

    on: bool
    at_s: float
    fresh: int


class MqttBoard:
    """`Relays` and `Contacts` of one board. Safe to use from several threads; connects on a thread of its own at once.

    A command is published once, with QoS 1, not retained, only while the board is online, and counts as done when the
    board itself speaks of it. `clock` is monotonic seconds.
    """

    def __init__(self, settings: MqttBoardSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._topics = topics = settings.topics
        self._clock = clock
        self._lock = threading.Lock()
        self._news = threading.Condition()
        self._wait_until_s = clock() + settings.join_s
        self._joined = False
        self._online: bool | None = None
        self._told: dict[str, _Told] = {}
        self._fresh = 0
        self._closed = False
        self._words = self._listened_to()
        self._ends = PulseEnds(settings.address.shown, self._end_pulse, clock)
        self._broker = Broker(settings.address, (*self._words, topics.availability), self)
        self._broker.start()

    def switch(self, channel: int, *, on: bool) -> None:
        """Set one relay and know that it is set. Raises `BarrierFault`."""
        with self._lock:
            self._switch(channel, on=on)

    def pulse(self, channel: int, duration_s: float) -> None:
        """Close one relay for so long, by the board's own timer where the topics have one. Raises `BarrierFault`.

        Without a timer the gate opens the relay at its time, and goes on trying for as long as the board is silent.
        """
        pulse_length(duration_s)
        with self._lock:
            topics = self._topics
            if topics.pulse is not None:
                self._command(channel, topics.pulse, topics.pulse_text(channel, duration_s), on=True)
                self._ends.forget(channel)
                return
            try:
                self._command(channel, topics.command, topics.on, on=True)
            except BarrierFault as failed:
                if failed.code == "netboard.unconfirmed":
                    # The relay may be closed although nothing says so.
                    self._ends.end_at(channel, self._clock() + duration_s)
                raise
            self._ends.end_at(channel, self._clock() + duration_s)

    def read(self) -> tuple[bool, ...]:
        """Every input as the board told it last. Raises `BarrierFault` where the board is away or never told."""
        with self._news:
            self._must_be_online()
            return tuple(self._contact(channel) for channel in range(self._settings.inputs))

    def close(self) -> None:
        """Switch every relay off as far as the board still listens, and disconnect. May be called twice."""
        with self._lock:
            if not self._closed:
                self._wait_until_s = float("-inf")
                self._open_all()
                self._closed = True
        self._ends.close()
        self._broker.stop()

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Take in a message from the broker."""
        if len(payload) > MAX_PAYLOAD:
            return
        with self._news:
            if topic == self._topics.availability:
                self._wait_until_s = float("-inf")
                self._online = self._topics.availability_says.read(payload, 0)
                if not self._online:
                    self._told.clear()
            elif topic in self._words:
                wording, number = self._words[topic]
                self._note(topic, on=wording.read(payload, number), retained=retained)
            self._news.notify_all()

    def joined(self) -> None:
        """The broker's connection stands."""
        if self._settings.home_assistant:
            outputs, inputs = self._settings.outputs, self._settings.inputs
            for topic, payload in announcements(self._topics, outputs, inputs).items():
                self._broker.announce(topic, payload)
        with self._news:
            self._joined = True
            self._news.notify_all()

    def parted(self) -> None:
        """The broker's connection is gone, and with it all that was known."""
        with self._news:
            self._joined, self._online = False, None
            self._told.clear()
            self._news.notify_all()

    def _note(self, topic: str, *, on: bool | None, retained: bool) -> None:
        self._fresh += 0 if retained else 1
        if on is None:
            self._told.pop(topic, None)
        else:
            self._told[topic] = _Told(on, self._clock(), 0 if retained else self._fresh)

    def _listened_to(self) -> dict[str, tuple[Wording, int]]:
        topics = self._topics
        words = {
            topics.named(topics.state, channel): (topics.state_says, topics.number(channel))
            for channel in range(self._settings.outputs)
        }
        if topics.contact is not None:
            for channel in range(self._settings.inputs):
                words[topics.named(topics.contact, channel)] = (topics.contact_says, topics.number(channel))
        return words

    def _open_all(self) -> None:
        for channel in range(self._settings.outputs):
            try:
                self._switch(channel, on=False)
            except BarrierFault as fault:
                if fault.code != "netboard.unconfirmed":
                    return

    def _end_pulse(self, channel: int) -> None:
        with self._lock:
            if self._ends.due(channel):
                self._switch(channel, on=False)

    def _switch(self, channel: int, *, on: bool) -> None:
        topics = self._topics
        self._command(channel, topics.command, topics.on if on else topics.off, on=on)
        self._ends.forget(channel)

    def _command(self, channel: int, topic: str, payload: str, *, on: bool) -> None:
        """Publish once, and wait until the board says on its state topic that it is so."""
        address = self._settings.address.shown
        if not 0 <= channel < self._settings.outputs:
            raise BarrierFault("netboard.no_such_channel", address=address, channel=channel)
        state = self._topics.named(self._topics.state, channel)
        with self._news:
            self._must_be_online()
            before = self._fresh
        timeout_s = self._settings.timeout_s
        self._broker.publish(self._topics.named(topic, channel), payload, math.ceil(timeout_s))
        with self._news:
            self._news.wait_for(lambda: not self._online or self._confirmed(state, before, on=on), timeout_s)
            self._must_be_online()
            if not self._confirmed(state, before, on=on):
                raise BarrierFault("netboard.unconfirmed", address=address, channel=channel)

    def _confirmed(self, state: str, before: int, *, on: bool) -> bool:
        told = self._told.get(state)
        return told is not None and told.fresh > before and told.on is on

    def _must_be_online(self) -> None:
        """Called with `_news` held. Waits for the board only after the start, until it was first heard of."""
        grace_s = self._wait_until_s - self._clock()
        if grace_s > 0:
            self._news.wait_for(lambda: self._joined and self._online is not None, grace_s)
        if self._closed:
            raise BarrierFault("netboard.closed", address=self._settings.address.shown)
        if not self._joined:
            raise self._broker.fault
        if not self._online:
            raise BarrierFault("netboard.offline", address=self._settings.address.shown)

    def _contact(self, channel: int) -> bool:
        topics = self._topics
        told = self._told.get(topics.named(topics.contact or "", channel))
        oldest_s = float("inf") if self._settings.repeated_s is None else self._settings.repeated_s
        if told is None or self._clock() - told.at_s > oldest_s:
            raise BarrierFault("netboard.input_unheard", address=self._settings.address.shown, channel=channel)
        return told.on
