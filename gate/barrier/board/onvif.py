"""Relay outputs and digital inputs of ONVIF devices, such as the alarm contacts of a camera.

Documented in ONVIF Core (`GetRelayOutputs`, `SetRelayOutputState`, pull points, WS-UsernameToken) and Device IO
(`GetDigitalInputs`). The state of an input, and of a relay, is told by the events
`tns1:Device/Trigger/DigitalInput` and `tns1:Device/Trigger/Relay` alone, the present one when a subscription begins.
"""

from __future__ import annotations

import secrets
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import structlog

from gate.barrier.board import soap
from gate.barrier.board.pulse import PulseEnds, pulse_length
from gate.barrier.board.web import Address, Answer, AnswerLost, Ask, Web
from gate.errors import BarrierFault, ConfigRefused

log = structlog.get_logger("barrier.board")

SERVICE = "/onvif/device_service"
"""Where every ONVIF device answers first."""
PULL_S = 1
"""A pull waits so long for news, so that silence is heard soon."""
AGAIN_S = 1.0
LASTS_S = 60
"""A subscription ends by itself after so long without a pull."""
_STATES: Mapping[str, bool] = {"true": True, "1": True, "active": True, "false": False, "0": False, "inactive": False}
_TOKENS = {"RelayToken": "relay", "InputToken": "input"}


@dataclass(frozen=True, slots=True)
class OnvifSettings:
    """A device. `relays` and `inputs` are its tokens in the order of our channels.

    Raises `ConfigRefused` for a time that cannot be.
    """

    address: Address
    relays: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    timeout_s: float = 1.0
    join_s: float = 3.0

    def __post_init__(self) -> None:
        if not 0.05 <= self.timeout_s <= 10:
            raise ConfigRefused("netboard.bad_timeout", timeout_s=self.timeout_s)


class _Session:
    """One conversation: where the services are, and how far the device's clock is from ours."""

    def __init__(self, settings: OnvifSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        # Devices that sign in by HTTP Digest as well ask for it with a 401; the message itself is always signed.
        self._web = Web(settings.address, clock)
        self._ahead: timedelta | None = None
        self._paths: dict[str, str] = {}

    def call(self, space: str, body: str, until_s: float, path: str = "", action: str = "") -> ET.Element:
        """The body of the answer. Raises `AnswerLost` and `BarrierFault`."""
        ahead = self._meet(until_s) if self._ahead is None else self._ahead
        where = path or self._paths.get(space, SERVICE)
        return self._asked(where, body, until_s, self._signed(ahead), action)

    def close(self) -> None:
        """Let go of the connection."""
        self._web.close()

    def _meet(self, until_s: float) -> timedelta:
        """Find the device's services, and how far its clock, which checks each signature's time, is ahead of ours."""
        answer = self._asked(SERVICE, soap.element(soap.DEVICE, "GetSystemDateAndTime"), until_s, "", "")
        ahead = _device_time(answer) - datetime.now(UTC)
        include = soap.text_element("IncludeCapability", "false")
        wanted = soap.element(soap.DEVICE, "GetServices", include)
        services = self._asked(SERVICE, wanted, until_s, self._signed(ahead), "")
        for service in soap.every(services, "Service"):
            space, place = soap.text_at(service, "Namespace"), soap.text_at(service, "XAddr")
            if space and place:
                self._paths[space] = urlsplit(place).path or SERVICE
        self._ahead = ahead
        return ahead

    def _signed(self, ahead: timedelta) -> str:
        login = self._settings.address.login
        if login is None:
            return ""
        at = datetime.now(UTC) + ahead
        return soap.signature(login.username, login.password(), secrets.token_bytes(16), at)

    def _asked(self, path: str, body: str, until_s: float, security: str, action: str) -> ET.Element:
        to = f"{self._settings.address.url}{path}" if action else ""
        ask = Ask("POST", path, soap.envelope(body, security, to, action), soap.CONTENT_TYPE)
        try:
            answer = self._web.ask(ask, until_s)
        except BarrierFault:
            self._ahead = None
            raise
        return self._body(answer)

    def _body(self, answer: Answer) -> ET.Element:
        shown = self._settings.address.shown
        body = soap.body_of(answer.body)
        if body is None:
            if answer.status == 200:
                raise BarrierFault("netboard.unreadable_answer", address=shown)
            raise BarrierFault("netboard.bad_status", address=shown, status=answer.status)
        if soap.name_of(body) == "Fault":
            self._ahead = None
            raise BarrierFault("netboard.device_refused", address=shown, status=answer.status, why=soap.reason(body))
        return body


class OnvifBoard:
    """`Relays` and `Contacts` of one device. Safe to use from several threads; listens on a thread of its own at once.

    A command whose answer was lost is given again only after the device's own event has not confirmed it. Pulses are
    ended by the gate: set the relays to bistable. `clock` is monotonic seconds.
    """

    def __init__(self, settings: OnvifSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.RLock()
        self._commands = _Session(settings, clock)
        self._news = threading.Condition()
        self._told: dict[tuple[str, str], bool] = {}
        self._heard_s = float("-inf")
        self._why = BarrierFault("netboard.unreachable", address=settings.address.shown, why="not heard yet")
        self._wait_until_s = clock() + settings.join_s
        self._closed = False
        self._stopping = threading.Event()
        self._ends = PulseEnds(settings.address.shown, self._end_pulse, clock)
        self._thread = threading.Thread(target=self._listen, name="onvif", daemon=True)
        self._thread.start()

    def switch(self, channel: int, *, on: bool) -> None:
        """Set one relay and know that it is set. Raises `BarrierFault`."""
        with self._lock:
            self._check_open()
            self._set(channel, on=on)
            self._ends.forget(channel)

    def pulse(self, channel: int, duration_s: float) -> None:
        """Close one relay for so long. Raises `BarrierFault`; a relay in doubt is opened at its time all the same."""
        pulse_length(duration_s)
        with self._lock:
            self._check_open()
            self._ends.end_at(channel, self._clock() + duration_s)
            self._set(channel, on=True)
            self._ends.end_at(channel, self._clock() + duration_s)

    def read(self) -> tuple[bool, ...]:
        """Every input as the device told it last. Raises `BarrierFault` for one not told, or a device not heard."""
        with self._news:
            grace_s = self._wait_until_s - self._clock()
            if grace_s > 0:
                self._news.wait_for(lambda: self._fresh() and self._told_all(), grace_s)
                self._wait_until_s = float("-inf")
            if self._closed:
                raise BarrierFault("netboard.closed", address=self._settings.address.shown)
            if not self._fresh():
                raise BarrierFault(self._why.code, **self._why.facts)
            return tuple(self._input(number, token) for number, token in enumerate(self._settings.inputs))

    def close(self) -> None:
        """Switch every relay off as far as the device still listens, and let go of it. May be called twice."""
        with self._lock:
            if not self._closed:
                for channel in range(len(self._settings.relays)):
                    try:
                        self._set(channel, on=False)
                    except BarrierFault:
                        break
                self._closed = True
                self._commands.close()
        self._stopping.set()
        self._ends.close()
        self._thread.join(PULL_S + self._settings.timeout_s + 1.0)

    def _end_pulse(self, channel: int) -> None:
        with self._lock:
            if not self._closed and self._ends.due(channel):
                self._set(channel, on=False)
                self._ends.forget(channel)

    def _set(self, channel: int, *, on: bool) -> None:
        if not 0 <= channel < len(self._settings.relays):
            raise BarrierFault("netboard.no_such_channel", address=self._settings.address.shown, channel=channel)
        token = self._settings.relays[channel]
        inner = soap.text_element("RelayOutputToken", token)
        inner += soap.text_element("LogicalState", "active" if on else "inactive")
        body = soap.element(soap.DEVICE, "SetRelayOutputState", inner)
        until_s = self._clock() + self._settings.timeout_s
        with self._news:
            self._told.pop(("relay", token), None)
        try:
            self._must_be_done(self._commands.call(soap.DEVICE, body, (self._clock() + until_s) / 2))
        except AnswerLost:
            if not self._came(token, until_s, on=on):
                self._must_be_done(
                    self._commands.call(soap.DEVICE, body, max(until_s, self._clock() + self._settings.timeout_s / 2))
                )

    def _must_be_done(self, answer: ET.Element) -> None:
        if soap.name_of(answer) != "SetRelayOutputStateResponse":
            raise BarrierFault("netboard.unreadable_answer", address=self._settings.address.shown)

    def _came(self, token: str, until_s: float, *, on: bool) -> bool:
        """Whether the device's own event says that the relay is as asked."""
        with self._news:
            self._news.wait_for(lambda: ("relay", token) in self._told, max(0.0, until_s - self._clock()))
            return self._told.get(("relay", token)) is on

    def _fresh(self) -> bool:
        return self._clock() - self._heard_s <= PULL_S + self._settings.timeout_s

    def _told_all(self) -> bool:
        return all(("input", token) in self._told for token in self._settings.inputs)

    def _input(self, number: int, token: str) -> bool:
        told = self._told.get(("input", token))
        if told is None:
            raise BarrierFault("netboard.input_unheard", address=self._settings.address.shown, channel=number)
        return told

    def _check_open(self) -> None:
        if self._closed:
            raise BarrierFault("netboard.closed", address=self._settings.address.shown)

    def _listen(self) -> None:
        """Hear the device's events until the end; after whatever goes wrong, subscribe anew."""
        while not self._stopping.is_set():
            session = _Session(self._settings, self._clock)
            try:
                self._follow(session)
            except BarrierFault as lost:
                with self._news:
                    self._why = lost
                    self._heard_s = float("-inf")
                    self._told.clear()
            finally:
                session.close()
            self._stopping.wait(AGAIN_S)

    def _follow(self, session: _Session) -> None:
        timeout_s = self._settings.timeout_s
        ends = soap.text_element("InitialTerminationTime", f"PT{LASTS_S}S")
        subscribe = soap.element(soap.EVENTS, "CreatePullPointSubscription", ends)
        action = f"{soap.EVENTS}/EventPortType/CreatePullPointSubscriptionRequest"
        began = session.call(soap.EVENTS, subscribe, self._clock() + timeout_s, action=action)
        path = urlsplit(soap.text_at(began, "Address") or "").path
        if not path:
            raise BarrierFault("netboard.unreadable_answer", address=self._settings.address.shown)
        inner = soap.text_element("Timeout", f"PT{PULL_S}S") + soap.text_element("MessageLimit", "64")
        pull = soap.element(soap.EVENTS, "PullMessages", inner)
        action = f"{soap.EVENTS}/PullPointSubscription/PullMessagesRequest"
        while not self._stopping.is_set():
            self._take(session.call(soap.EVENTS, pull, self._clock() + PULL_S + timeout_s, path, action))

    def _take(self, pulled: ET.Element) -> None:
        with self._news:
            self._heard_s = self._clock()
            for message in soap.every(pulled, "NotificationMessage"):
                items = {item.get("Name", ""): item.get("Value", "") for item in soap.every(message, "SimpleItem")}
                state = _STATES.get(items.get("LogicalState", "").lower())
                for name, kind in _TOKENS.items():
                    if name in items and state is not None:
                        self._told[kind, items[name]] = state
            self._news.notify_all()


def _device_time(answer: ET.Element) -> datetime:
    """The device's UTC; ours where it does not tell."""
    whole = next(soap.every(answer, "UTCDateTime"), None)
    if whole is None:
        return datetime.now(UTC)
    try:
        year, month, day, hour, minute, second = (
            int(soap.text_at(whole, name) or "") for name in ("Year", "Month", "Day", "Hour", "Minute", "Second")
        )
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return datetime.now(UTC)
