"""An MQTT 5 broker, and through it Home Assistant: every event with QoS 1, the last of each lane and door retained.

Topics below the configured one: `passage/LANE`, `opening/LANE`, `alarm/DEVICE` and `door/BARRIER` carry `Event.body` as
JSON, with its key as the user property `idempotency-key`; `last/LANE`, `last/alarm` and `door/BARRIER` are retained;
`online` says true or, by our last will, false.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gate.barrier.board.broker import BrokerAddress, trusted
from gate.community.destination import Away, Refused
from gate.community.event import BODY, Event
from gate.community.home_assistant import discovery
from gate.community.settings import MqttPart
from gate.config import BarrierPart, Lane
from gate.errors import BarrierFault
from gate.password_file import read_password

SESSION_S = 3600
"""The broker keeps our session so long after the line is lost, and with it what it has not acknowledged."""


class Mqtt:
    """One broker. A new client serves each connection under the same name, so nothing is sent twice by the library."""

    batch = 20
    fields: Mapping[str, str] = {name: name for name in BODY}

    def __init__(self, part: MqttPart, lanes: Sequence[Lane], barriers: Sequence[BarrierPart]) -> None:
        self._part = part
        self._announced = discovery(part.topic, lanes, barriers) if part.home_assistant else {}
        self._broker = BrokerAddress(part.url, ca_file=part.ca_file)
        self.address = self._broker.shown
        self._client: mqtt.Client | None = None
        self._answered = threading.Condition()
        self._connected: ReasonCode | None = None
        self._taken: dict[int, ReasonCode] = {}
        self._last: dict[str, int] = {}

    def send(self, events: Sequence[Event]) -> None:
        """Publish, and wait until the broker has acknowledged each."""
        self.tick()
        sent: set[int] = set()
        for event in events:
            body = json.dumps(event.body(), ensure_ascii=False)
            topic = f"{event.event}/{event.device or event.lane}"
            sent.add(
                self._publish(topic, body, event.key, retain=event.event == "door" and self._is_last(topic, event))
            )
            last = {"passage": f"last/{event.lane}", "alarm": "last/alarm"}.get(event.event)
            if last is not None and self._is_last(last, event):
                self._publish(last, body, event.key, retain=True)
        with self._answered:
            self._answered.wait_for(lambda: sent <= self._taken.keys() or not self._stands(), self._part.timeout_s)
            answers = {number: self._taken[number] for number in sent & self._taken.keys()}
            self._taken.clear()
        if len(answers) < len(sent):
            self.close()
            raise Away("community.no_answer", address=self.address, why="PUBACK")
        for answer in answers.values():
            if answer.is_failure:
                raise Refused("community.refused", address=self.address, why=answer.getName())

    def rest_s(self) -> float:
        """Never."""
        return 0.0

    def tick(self) -> None:
        """Be connected."""
        if self._client is not None and self._stands():
            return
        self.close()
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

    def close(self) -> None:
        """Say that we go, and disconnect."""
        client, self._client = self._client, None
        if client is not None:
            if self._stands():
                client.publish(f"{self._part.topic}/online", "false", qos=1, retain=True).wait_for_publish(1.0)
            client.disconnect()
            client.loop_stop()
        self._connected = None
        self._taken.clear()

    def _connect(self) -> None:
        part, parts = self._part, urlsplit(self._part.url)
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"menwei-{part.id}",
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        client.connect_timeout = part.timeout_s
        if part.username and part.password_file:
            client.username_pw_set(part.username, read_password(part.password_file, Away))
        if parts.scheme == "mqtts":
            client.tls_set_context(trusted(part.ca_file))
        client.will_set(f"{part.topic}/online", "false", qos=1, retain=True)
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
        if answer is None or answer.is_failure:
            self.close()
            if answer is not None and answer.getName() in {"Bad user name or password", "Not authorized"}:
                raise Away("community.sign_in", address=self.address)
            raise Away("community.no_answer", address=self.address, why=answer.getName() if answer else "CONNACK")
        self._publish("online", "true", None, retain=True)
        for topic, payload in self._announced.items():
            client.publish(topic, payload, qos=1, retain=True)

    def _publish(self, topic: str, payload: str, key: str | None, *, retain: bool) -> int:
        if self._client is None:
            raise Away("community.no_answer", address=self.address, why="disconnected")
        properties = None
        if key is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.UserProperty = ("idempotency-key", key)
        told = self._client.publish(f"{self._part.topic}/{topic}", payload, 1, retain, properties)
        if told.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self.close()
            raise Away("community.no_answer", address=self.address, why="disconnected")
        return told.mid

    def _is_last(self, topic: str, event: Event) -> bool:
        """Whether nothing later was retained there: the backlog comes after what happens now."""
        last = self._last.get(topic, 0)
        self._last[topic] = max(last, event.seq)
        return event.seq > last

    def _stands(self) -> bool:
        return self._connected is not None and not self._connected.is_failure

    def _on_connect(self, _client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _more: Any) -> None:
        with self._answered:
            self._connected = reason
            self._answered.notify_all()

    def _on_disconnect(self, *_told: Any) -> None:
        with self._answered:
            if self._stands():  # a refusal is followed by a disconnection, and is what is to be told
                self._connected = None
            self._answered.notify_all()

    def _on_publish(self, _client: mqtt.Client, _data: Any, number: int, reason: ReasonCode, _more: Any) -> None:
        with self._answered:
            self._taken[number] = reason
            self._answered.notify_all()
