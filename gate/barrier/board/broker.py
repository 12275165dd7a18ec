"""One lasting subscription at an MQTT broker, which comes back after a cut and never sends yesterday's command."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import structlog
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gate.backoff import Backoff
from gate.barrier.board.login import Login
from gate.errors import BarrierFault, ConfigRefused

log = structlog.get_logger("barrier.board")

QOS = 1
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_KEEPALIVE_S = 10
_CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is. `version` is MQTT 5, in which a command carries its expiry, or 4 (3.1.1).

    Raises `ConfigRefused` for a url that is not mqtt(s)://host, or that holds a password.
    """

    url: str
    login: Login | None = None
    ca_file: Path | None = None
    version: Literal[4, 5] = 5

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.username or parts.password:
            raise ConfigRefused("netboard.password_in_url", address=parts.hostname or "?")
        with contextlib.suppress(ValueError):
            if parts.scheme in _PORTS and parts.hostname and parts.port != 0:
                return
        raise ConfigRefused("netboard.bad_url", url=self.url, known=", ".join(f"{name}://" for name in _PORTS))

    @property
    def host(self) -> str:
        """The broker's host."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The broker's port, by the scheme where the url names none."""
        parts = urlsplit(self.url)
        return parts.port or _PORTS[parts.scheme]

    @property
    def shown(self) -> str:
        """What errors and logs say."""
        return f"{urlsplit(self.url).scheme}://{self.host}:{self.port}"


class Listener(Protocol):
    """Who hears what the broker brings. Every method is called on the broker's own thread and must be quick."""

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """A message came; `retained` is one from before the subscription."""
        ...

    def joined(self) -> None:
        """The subscriptions stand; what was known before counts no more."""
        ...

    def parted(self) -> None:
        """The connection is gone."""
        ...


class Broker:
    """A connection on a thread of its own. A new client serves each connection, so nothing is left in its queues."""

    def __init__(self, address: BrokerAddress, topics: tuple[str, ...], listener: Listener) -> None:
        self._address = address
        self._topics = topics
        self._listener = listener
        self._log = log.bind(board=address.shown)
        self._backoff = Backoff(first_s=0.2, limit_s=10.0)
        self._random = random.Random()  # noqa: S311 - spreads reconnects, keeps no secret
        self._stopping = threading.Event()
        self._over = threading.Event()
        self._client: mqtt.Client | None = None
        self._joined = False
        self._fault = BarrierFault("netboard.broker_unreachable", address=address.shown, why="not connected yet")
        self._told: str | None = None
        self._thread = threading.Thread(target=self._run, name="mqtt-board", daemon=True)

    def start(self) -> None:
        """Connect, and stay connected until `stop`. May be called once."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Disconnect. May be called twice."""
        self._stopping.set()
        if (client := self._client) is not None:
            client.disconnect()
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    @property
    def fault(self) -> BarrierFault:
        """Why there is no connection, while there is none."""
        return BarrierFault(self._fault.code, **self._fault.facts)

    def publish(self, topic: str, payload: str, expires_s: int) -> None:
        """Give the broker a command, not retained. Raises `BarrierFault` where there is no connection to put it on."""
        client = self._client
        if client is None or not self._joined:
            raise self.fault
        properties = None
        if self._address.version == mqtt.MQTTv5:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = expires_s
        if client.publish(topic, payload, qos=QOS, properties=properties).rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self.fault

    def announce(self, topic: str, payload: str) -> None:
        """Give the broker something to keep for whoever comes later; nothing where there is no connection."""
        if (client := self._client) is not None:
            client.publish(topic, payload, qos=QOS, retain=True)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            joined = self._serve()
            failures = 1 if joined else failures + 1
            self._stopping.wait(self._backoff.delay_s(failures, self._random.random()))

    def _serve(self) -> bool:
        """One connection from its beginning to its end. Whether it ever stood."""
        was_joined = False
        self._over.clear()
        try:
            client = self._new_client()
            self._client = client
            client.connect(self._address.host, self._address.port, keepalive=_KEEPALIVE_S, **self._options())
            # Its own thread also sends what other threads publish: an encrypted socket takes no two writers at once.
            client.loop_start()
            self._over.wait()
            client.loop_stop()
        except BarrierFault as unusable:
            self._fault = unusable
        except (OSError, ValueError) as absent:
            why = type(absent).__name__
            self._fault = BarrierFault("netboard.broker_unreachable", address=self._address.shown, why=why)
        finally:
            was_joined, self._joined, self._client = self._joined, False, None
            self._listener.parted()
            if not self._stopping.is_set():
                self._tell(self._fault)
        return was_joined

    def _options(self) -> dict[str, Any]:
        return {"clean_start": True} if self._address.version == mqtt.MQTTv5 else {}

    def _new_client(self) -> mqtt.Client:
        version = self._address.version
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            clean_session=None if version == mqtt.MQTTv5 else True,
            protocol=MQTTProtocolVersion(version),
            reconnect_on_failure=False,
        )
        client.connect_timeout = _CONNECT_S
        if (login := self._address.login) is not None:
            client.username_pw_set(login.username, login.password())
        if self._address.url.startswith("mqtts:"):
            client.tls_set_context(trusted(self._address.ca_file))
        client.on_socket_open = _without_delay
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._message
        client.on_publish = _acknowledge_at_once
        client.on_disconnect = self._disconnected
        return client

    def _connected(
        self, client: mqtt.Client, _userdata: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            login = reason.getName() in {"Bad user name or password", "Not authorized"}
            code = "netboard.login_refused" if login else "netboard.broker_refused"
            facts = {} if login else {"why": reason.getName()}
            self._fault = BarrierFault(code, address=self._address.shown, **facts)
            return
        client.subscribe([(topic, QOS) for topic in self._topics])

    def _subscribed(
        self, client: mqtt.Client, _userdata: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._fault = BarrierFault("netboard.broker_refused", address=self._address.shown, why="subscribe")
            client.disconnect()
            return
        self._fault = BarrierFault("netboard.broker_unreachable", address=self._address.shown, why="disconnected")
        self._joined = True
        self._listener.joined()
        self._tell(None)

    def _message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        self._listener.heard(message.topic, bytes(message.payload), retained=message.retain)

    def _disconnected(
        self, _client: mqtt.Client, _userdata: object, _flags: object, _reason: ReasonCode, _properties: object
    ) -> None:
        self._over.set()

    def _tell(self, fault: BarrierFault | None) -> None:
        """Say a thing once when it breaks and once when it recovers."""
        code = None if fault is None else fault.code
        if code == self._told:
            return
        self._told = code
        if fault is None:
            self._log.info("netboard.broker_joined")
        else:
            self._log.warning("netboard.broker_lost", why=str(fault))


def trusted(ca_file: Path | None) -> ssl.SSLContext:
    """What a broker's certificate is checked against. Raises `BarrierFault` for a file that cannot be read."""
    try:
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except OSError as unreadable:
        why = unreadable.strerror or type(unreadable).__name__
        raise BarrierFault("netboard.certificate_unreadable", path=ca_file, why=why) from None
    context.sslsocket_class = _TidySocket
    return context


class _TidySocket(ssl.SSLSocket):
    """Closes itself when the other side is not who it should be: the client library leaves it open."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001 - as the standard library has it
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _without_delay(_client: mqtt.Client, _userdata: object, opened: Any) -> None:
    """A command is one small packet: it must not wait for a second one to travel with."""
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _acknowledge_at_once(client: mqtt.Client, *_rest: object) -> None:
    """Acknowledge what the broker has just sent without the usual 40 ms.

    A broker that fills its packets (mosquitto, unless `set_tcp_nodelay true`) holds the board's confirmation back until
    its own answer to the command is acknowledged. Linux forgets the option again, so it is set for each command.
    """
    quick: int | None = getattr(socket, "TCP_QUICKACK", None)
    line = client.socket()
    if quick is not None and isinstance(line, socket.socket):
        with contextlib.suppress(OSError):
            line.setsockopt(socket.IPPROTO_TCP, quick, 1)
