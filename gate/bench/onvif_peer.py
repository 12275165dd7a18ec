"""An ONVIF device that speaks SOAP: relays, inputs, pull points, and the signature that Core asks for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_TT = "http://www.onvif.org/ver10/schema"
_SKEW_S = 5.0
"""A signature older or newer than this, by the device's clock, is refused."""


class OnvifPeer:
    """What the device is and does; `answer` is its web server's part. `ahead` is how far its clock is from ours.

    `on_relay` is called with the token and the new state. With `tells_relays` it sends an event for each, as most do.
    """

    def __init__(
        self,
        relays: tuple[str, ...],
        inputs: tuple[str, ...] = (),
        *,
        login: tuple[str, str] | None = None,
        ahead: timedelta = timedelta(),
        tells_relays: bool = True,
        on_relay: Callable[[str, bool], None] = lambda _token, _on: None,
    ) -> None:
        self.relays = dict.fromkeys(relays, False)
        self.inputs = dict.fromkeys(inputs, False)
        self.commands: list[tuple[str, bool]] = []
        self.refuses = False
        self._login = login
        self._ahead = ahead
        self._tells_relays = tells_relays
        self._on_relay = on_relay
        self._news = threading.Condition()
        self._waiting: dict[str, list[str]] = {}
        self._subscriptions = 0

    def set_input(self, token: str, *, on: bool) -> None:
        """A contact closes or opens."""
        with self._news:
            self.inputs[token] = on
            self._tell("DigitalInput", "InputToken", token, str(on).lower(), "Changed")

    def answer(self, _method: str, path: str, body: str) -> tuple[int, str]:
        """The status and the body of the answer to one request."""
        if "GetSystemDateAndTime" in body:
            return 200, _envelope(self._time())
        if not self._signed(body):
            return 400, _fault("ter:NotAuthorized", "Sender not Authorized")
        if "GetServices" in body:
            return 200, _envelope(_services())
        if "SetRelayOutputState" in body:
            return self._set(body)
        if "CreatePullPointSubscription" in body:
            return 200, _envelope(self._subscribe())
        if "PullMessages" in body:
            return self._pull(path)
        return 400, _fault("ter:ActionNotSupported", "Optional Action Not Implemented")

    def _set(self, body: str) -> tuple[int, str]:
        token = _inner(body, "RelayOutputToken")
        state = _inner(body, "LogicalState")
        if self.refuses or token not in self.relays or state not in {"active", "inactive"}:
            return 400, _fault("ter:RelayToken", "Unknown relay token reference")
        is_on = state == "active"
        self._on_relay(token, is_on)
        with self._news:
            self.commands.append((token, is_on))
            self.relays[token] = is_on
            if self._tells_relays:
                self._tell("Relay", "RelayToken", token, state, "Changed")
        return 200, _envelope('<tds:SetRelayOutputStateResponse xmlns:tds="http://www.onvif.org/ver10/device/wsdl"/>')

    def _subscribe(self) -> str:
        with self._news:
            self._subscriptions += 1
            path = f"/onvif/pull/{self._subscriptions}"
            self._waiting[path] = []
            for token, is_on in self.inputs.items():
                self._waiting[path].append(
                    _message("DigitalInput", "InputToken", token, str(is_on).lower(), "Initialized")
                )
            if self._tells_relays:
                for token, is_on in self.relays.items():
                    state = "active" if is_on else "inactive"
                    self._waiting[path].append(_message("Relay", "RelayToken", token, state, "Initialized"))
        return (
            '<tev:CreatePullPointSubscriptionResponse xmlns:tev="http://www.onvif.org/ver10/events/wsdl">'
            '<tev:SubscriptionReference><wsa:Address xmlns:wsa="http://www.w3.org/2005/08/addressing">'
            f"http://192.0.2.99{path}</wsa:Address></tev:SubscriptionReference>"
            "</tev:CreatePullPointSubscriptionResponse>"
        )

    def _pull(self, path: str) -> tuple[int, str]:
        with self._news:
            if path not in self._waiting:
                return 400, _fault("ter:InvalidArgVal", "no such subscription")
            self._news.wait_for(lambda: self._waiting.get(path), 1.0)
            messages = "".join(self._waiting.get(path, []))
            if path in self._waiting:
                self._waiting[path].clear()
        open_ = '<tev:PullMessagesResponse xmlns:tev="http://www.onvif.org/ver10/events/wsdl">'
        return 200, _envelope(f"{open_}{messages}</tev:PullMessagesResponse>")

    def forget_subscriptions(self) -> None:
        """As after a restart of the device."""
        with self._news:
            self._waiting.clear()
            self._news.notify_all()

    def _tell(self, topic: str, source: str, token: str, state: str, operation: str) -> None:
        for waiting in self._waiting.values():
            waiting.append(_message(topic, source, token, state, operation))
        self._news.notify_all()

    def _time(self) -> str:
        now = datetime.now(UTC) + self._ahead
        return (
            '<tds:GetSystemDateAndTimeResponse xmlns:tds="http://www.onvif.org/ver10/device/wsdl">'
            f'<tds:SystemDateAndTime><tt:UTCDateTime xmlns:tt="{_TT}">'
            f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute>"
            f"<tt:Second>{now.second}</tt:Second></tt:Time>"
            f"<tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day></tt:Date>"
            "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def _signed(self, body: str) -> bool:
        """WS-UsernameToken: Base64(SHA-1(nonce + created + password)), and not too old."""
        if self._login is None:
            return True
        username, password = self._login
        nonce, created, given = (_inner(body, name) for name in ("Nonce", "Created", "Password"))
        try:
            at = datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            raw = base64.b64decode(nonce)
        except ValueError:
            return False
        digest = hashlib.sha1(raw + created.encode() + password.encode(), usedforsecurity=False).digest()
        right = hmac.compare_digest(base64.b64encode(digest).decode(), given)
        fresh = abs((datetime.now(UTC) + self._ahead - at).total_seconds()) <= _SKEW_S
        return right and fresh and _inner(body, "Username") == username


def _inner(body: str, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}(?: [^>]*)?>([^<]*)<", body)
    return found[1].strip() if found else ""


def _message(topic: str, source: str, token: str, state: str, operation: str) -> str:
    return (
        '<wsnt:NotificationMessage xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2">'
        f"<wsnt:Topic>tns1:Device/Trigger/{topic}</wsnt:Topic><wsnt:Message>"
        f'<tt:Message xmlns:tt="{_TT}" PropertyOperation="{operation}">'
        f'<tt:Source><tt:SimpleItem Name="{source}" Value="{escape(token)}"/></tt:Source>'
        f'<tt:Data><tt:SimpleItem Name="LogicalState" Value="{state}"/></tt:Data>'
        "</tt:Message></wsnt:Message></wsnt:NotificationMessage>"
    )


def _services() -> str:
    spaces = {"device": "device_service", "deviceIO": "deviceio_service", "events": "event_service"}
    inner = "".join(
        f"<tds:Service><tds:Namespace>http://www.onvif.org/ver10/{space}/wsdl</tds:Namespace>"
        f"<tds:XAddr>http://192.0.2.99/onvif/{path}</tds:XAddr></tds:Service>"
        for space, path in spaces.items()
    )
    open_ = '<tds:GetServicesResponse xmlns:tds="http://www.onvif.org/ver10/device/wsdl">'
    return f"{open_}{inner}</tds:GetServicesResponse>"


def _envelope(body: str) -> str:
    xml = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{xml}<s:Envelope xmlns:s="{_SOAP}"><s:Body>{body}</s:Body></s:Envelope>'


def _fault(code: str, text: str) -> str:
    return _envelope(
        f"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{code}</s:Value></s:Subcode></s:Code>"
        f"<s:Reason><s:Text>{text}</s:Text></s:Reason></s:Fault>"
    )
