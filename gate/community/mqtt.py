"""An MQTT 5 broker, and through it Home Assistant: every event with QoS 1, the last of each lane and door retained.

Topics below the configured one: `passage/LANE`, `opening/LANE`, `alarm/DEVICE` and `door/BARRIER` carry `Event.body` as
JSON, with its key as the user property `idempotency-key`; `last/LANE`, `last/alarm` and `door/BARRIER` are retained;
`online` says true or, by our last will, false.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from gate.community.broker_line import BrokerLine
from gate.community.destination import Message
from gate.community.event import BODY, Event
from gate.community.home_assistant import discovery
from gate.community.settings import MqttPart
from gate.config import BarrierPart, Lane


class Mqtt:
    """One broker."""

    batch = 20
    fields: Mapping[str, str] = {name: name for name in BODY}

    def __init__(self, part: MqttPart, lanes: Sequence[Lane], barriers: Sequence[BarrierPart]) -> None:
        self._topic = part.topic
        self._announced = discovery(part.topic, lanes, barriers) if part.home_assistant else {}
        self._line = BrokerLine(part, f"{part.topic}/online")
        self._last: dict[str, int] = {}
        self.address = self._line.address

    def render(self, event: Event) -> Sequence[Message]:
        """The message that is published first."""
        return [Message(self._topic_of(event), event.body())]

    def send(self, events: Sequence[Event]) -> None:
        """Publish, and wait until the broker has acknowledged each."""
        self.tick()
        sent = []
        for event in events:
            body, topic = json.dumps(event.body(), ensure_ascii=False), self._topic_of(event)
            lasting = event.event == "door" and self._is_last(topic, event)
            sent.append(self._line.publish(topic, body, key=event.key, retain=lasting))
            last = {"passage": f"{self._topic}/last/{event.lane}", "alarm": f"{self._topic}/last/alarm"}.get(
                event.event
            )
            if last is not None and self._is_last(last, event):
                sent.append(self._line.publish(last, body, key=event.key, retain=True))
        self._line.wait(sent)

    def rest_s(self) -> float:
        """Never."""
        return 0.0

    def tick(self) -> None:
        """Be connected, and known to Home Assistant."""
        if self._line.stands:
            return
        self._line.close()
        self._line.open()
        self._line.wait([self._line.publish(topic, body, retain=True) for topic, body in self._announced.items()])

    def close(self) -> None:
        """Say that we go, and disconnect."""
        self._line.close()

    def _topic_of(self, event: Event) -> str:
        return f"{self._topic}/{event.event}/{event.device or event.lane or 'gate'}"

    def _is_last(self, topic: str, event: Event) -> bool:
        """Whether nothing later was retained there: the backlog comes after what happens now."""
        last = self._last.get(topic, 0)
        self._last[topic] = max(last, event.seq)
        return event.seq > last
