"""A line to an MQTT 5 broker that publishes with QoS 1 and knows what has been acknowledged."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gate.barrier.board.broker import BrokerAddress, trusted
from gate.community.destination import Away, Refused
from gate.community.settings import MqttPart
from gate.errors import BarrierFault
from gate.password_file import read_password

SESSION_S = 3600
"""The broker keeps our session so long after the line is lost, and with it what it has not acknowledged."""


class BrokerLine:
    """One broker. A new client serves each connection under the same name, so the library sends nothing twice."""

    def __init__(self, part: MqttPart, online: str) -> None:
        """`online` is the topic that says whether we are there: true, or false by our last will."""
        self._part = part
        self._online = online
        self._broker = BrokerAddress(part.url, ca_file=part.ca_file)
        self.address = self._broker.shown
        self._client: mqtt.Client | None = None
        self._answered = threading.Condition()
        self._connected: ReasonCode | None = None
        self._taken: dict[int, ReasonCode] = {}

    @property
    def stands(self) -> bool:
        """Whether the broker has let us in and not gone since."""
        return self._client is not None and self._connected is not None and not self._connected.is_failure

    def open(self) -> None:
        """Connect. Raises `Away`."""
        try:
            self._connect()
        except BarrierFault as unusable:
            raise Away("community.ca_file", path=self._part.ca_file, why=unusable.facts.get("why")) from None
        except ssl.SSLCertVerificationError as untrusted:
            self.close()
            raise Away("community.certificate", address=self.address, why=untrusted.verify_message) from None
        except (OSError, ValueError) as absent:
            self.close()
            raise Away("community.unreachable", address=self.address, why=type(absent).__name__) from None

    def publish(self, topic: str, payload: str, *, key: str | None = None, retain: bool = False) -> int:
        """Give the broker a message; its number, to wait for. Raises `Away`."""
        properties = None
        if key is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.UserProperty = ("idempotency-key", key)
        told = self._client.publish(topic, payload, 1, retain, properties) if self._client else None
        if told is None or told.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self.close()
            raise Away("community.no_answer", address=self.address, why="disconnected")
        return told.mid

    def wait(self, numbers: Collection[int]) -> None:
        """Until all of these are acknowledged. Raises `Away`, or `Refused` for one that the broker does not want."""
        wanted = set(numbers)
        with self._answered:
            self._answered.wait_for(lambda: wanted <= self._taken.keys() or not self.stands, self._part.timeout_s)
            answers = [self._taken[number] for number in wanted & self._taken.keys()]
            self._taken.clear()
        if len(answers) < len(wanted):
            self.close()
            raise Away("community.no_answer", address=self.address, why="PUBACK")
        for answer in answers:
            if answer.is_failure:
                raise Refused("community.refused", address=self.address, why=answer.getName())

    def close(self) -> None:
        """Say that we go, and disconnect."""
        stood, client, self._client = self.stands, self._client, None
        if client is not None:
            if stood:
                # A line that broke and does not know it yet says this too: then our will speaks for us.
                with suppress(RuntimeError, ValueError):
                    client.publish(self._online, "false", qos=1, retain=True).wait_for_publish(1.0)
            client.disconnect()
            client.loop_stop()
        self._connected = None
        self._taken.clear()

    def _connect(self) -> None:
        part = self._part
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"menwei-{part.id}",
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        client.connect_timeout = part.timeout_s
        if part.username and part.password_file:
            client.username_pw_set(part.username, read_password(part.password_file, Away))
        if part.url.startswith("mqtts:"):
            client.tls_set_context(trusted(part.ca_file))
        client.will_set(self._online, "false", qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        kept.SessionExpiryInterval = SESSION_S
        client.connect(self._broker.host, self._broker.port, keepalive=30, clean_start=False, properties=kept)
        self._client = client
        client.loop_start()
        with self._answered:
            self._answered.wait_for(lambda: self._connected is not None, part.timeout_s)
            answer = self._connected
        if answer is not None and not answer.is_failure:
            self.publish(self._online, "true", retain=True)
            return
        self.close()
        if answer is not None and answer.getName() in {"Bad user name or password", "Not authorized"}:
            raise Away("community.sign_in", address=self.address)
        raise Away("community.no_answer", address=self.address, why=answer.getName() if answer else "CONNACK")

    def _on_connect(self, _client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _more: Any) -> None:
        with self._answered:
            self._connected = reason
            self._answered.notify_all()

    def _on_disconnect(self, *_told: Any) -> None:
        with self._answered:
            if self.stands:  # a refusal is followed by a disconnection, and is what is to be told
                self._connected = None
            self._answered.notify_all()

    def _on_publish(self, _client: mqtt.Client, _data: Any, number: int, reason: ReasonCode, _more: Any) -> None:
        with self._answered:
            self._taken[number] = reason
            self._answered.notify_all()
