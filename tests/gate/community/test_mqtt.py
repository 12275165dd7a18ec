from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from gate.community.destination import Away
from gate.community.event import Event
from gate.community.mqtt import Mqtt
from gate.community.settings import MqttPart
from gate.config import BarrierPart
from tests.gate.barrier.board.test_mqtt_board import MOSQUITTO, MosquittoBroker, until
from tests.gate.community import peers
from tests.gate.community.conftest import LANES, START
from tests.gate.community.test_hc import CAR

BARRIERS = (BarrierPart(id="arm"), BarrierPart(id="lock", kind="door"))
LONG_S = 10.0
DOOR = Event(key="5-e", seq=5, event="door", at=START, lane="door", device="lock", what="open")


@pytest.fixture
def brokers(tmp_path: Path) -> Generator[Callable[..., MosquittoBroker]]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: no real MQTT broker here")
    running: list[MosquittoBroker] = []

    def make(*lines: str) -> MosquittoBroker:
        running.append(MosquittoBroker(tmp_path, *lines))
        return running[-1]

    yield make
    for broker in running:
        broker.stop()


class Subscriber:
    """Home Assistant's place: hears everything, with what was retained."""

    def __init__(self, port: int) -> None:
        self.heard: list[mqtt.MQTTMessage] = []
        ready = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_message = lambda _client, _data, message: self.heard.append(message)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert ready.wait(LONG_S)

    def said(self, topic: str) -> list[Any]:
        return [json.loads(message.payload) for message in list(self.heard) if message.topic == topic]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def _open(url: str, **more: object) -> Mqtt:
    block = {"id": "ha", "kind": "mqtt", "url": url, "home_assistant": True, "timeout_s": 5}
    return Mqtt(MqttPart.model_validate({**block, **more}), LANES, BARRIERS)


@pytest.fixture
def broker(brokers: Callable[..., MosquittoBroker]) -> MosquittoBroker:
    return brokers()


@pytest.fixture
def subscriber(broker: MosquittoBroker) -> Iterator[Subscriber]:
    heard = Subscriber(broker.port)
    yield heard
    heard.close()


def test_each_event_is_acknowledged_and_heard_with_its_key(broker: MosquittoBroker, subscriber: Subscriber) -> None:
    destination = _open(broker.url)
    destination.send([CAR, replace(CAR, seq=2, key="2-b")])
    until(lambda: len(subscriber.said("menwei/passage/north-in")) == 2)
    message = next(message for message in subscriber.heard if message.topic == "menwei/passage/north-in")
    assert ("idempotency-key", "1-a") in message.properties.UserProperty  # type: ignore[union-attr]
    assert message.qos == 1
    assert set(subscriber.said("menwei/passage/north-in")[0]) <= set(Mqtt.fields)
    destination.close()
    until(lambda: subscriber.said("menwei/online") == [True, False])


def test_the_last_passage_stays_the_last_while_the_backlog_comes_after_it(broker: MosquittoBroker) -> None:
    destination = _open(broker.url)
    destination.send([replace(CAR, seq=900, plate="辽A00900"), replace(CAR, seq=3, plate="辽A00003")])
    destination.close()
    late = Subscriber(broker.port)
    until(lambda: bool(late.said("menwei/last/north-in")))
    late.close()
    assert [one["plate"] for one in late.said("menwei/last/north-in")] == ["辽A00900"]


def test_home_assistant_is_told_of_lanes_doors_and_alarms_and_where_to_look(broker: MosquittoBroker) -> None:
    destination = _open(broker.url)
    destination.send([CAR, DOOR, replace(DOOR, event="alarm", what="barrier.alarm:forced", seq=6, key="6-f")])
    destination.close()
    late = Subscriber(broker.port)
    topics = {"menwei/last/alarm", "menwei/door/lock"}
    told_of = len(LANES) + len(BARRIERS) + 1
    until(lambda: sum(m.topic.startswith("homeassistant/") or m.topic in topics for m in late.heard) == told_of + 2)
    late.close()
    told = {m.topic: json.loads(m.payload) for m in late.heard if m.topic.startswith("homeassistant/")}
    assert len(told) == told_of
    retained = {message.topic for message in late.heard if message.retain}
    door = told["homeassistant/binary_sensor/menwei_menwei/door_lock/config"]
    assert door["state_topic"] in retained
    assert door["availability_topic"] in retained
    assert told["homeassistant/sensor/menwei_menwei/lane_north-in/config"]["state_topic"] in retained
    assert told["homeassistant/sensor/menwei_menwei/alarm/config"]["state_topic"] in retained
    assert not any("command_topic" in body for body in told.values())


def _send_on(destination: Mqtt) -> None:
    """Until the loss shows: the first packet after it may still go into the kernel's buffer."""
    for _ in range(50):
        destination.send([CAR])


def test_a_broker_that_is_gone_is_away_and_one_that_is_back_takes_events_again(broker: MosquittoBroker) -> None:
    destination = _open(broker.url)
    destination.send([CAR])
    broker.stop()
    with pytest.raises(Away) as away:
        _send_on(destination)
    assert away.value.code in {"community.no_answer", "community.unreachable"}
    broker.start()
    destination.send([CAR])
    destination.close()


def test_a_line_that_broke_before_it_was_told_so_is_away(broker: MosquittoBroker) -> None:
    destination = _open(broker.url)
    destination.send([CAR])
    client = destination._line._client
    assert client is not None
    client.on_disconnect = None
    broker.stop()
    while client.is_connected():  # the loss is noticed by the library alone
        threading.Event().wait(0.01)
    with pytest.raises(Away):
        destination.send([CAR])


def test_a_broker_that_does_not_answer_is_given_up_in_time(broker: MosquittoBroker) -> None:
    destination = _open(broker.url, timeout_s=1)
    destination.send([CAR])
    assert broker.process is not None
    broker.process.send_signal(19)
    with pytest.raises(Away):
        destination.send([CAR])
    broker.process.send_signal(18)
    destination.close()


def test_tls_and_the_password_are_checked(brokers: Callable[..., MosquittoBroker], tmp_path: Path) -> None:
    pem, users, password = tmp_path / "broker.pem", tmp_path / "users", tmp_path / "password"
    pem.write_bytes(peers.certificate())
    users.write_text("gate:right\n")
    subprocess.run(["mosquitto_passwd", "-U", str(users)], check=True, capture_output=True)
    password.write_text("right")
    password.chmod(0o600)
    broker = brokers(
        "listener {port} 127.0.0.1",
        f"certfile {pem}",
        f"keyfile {pem}",
        "allow_anonymous false",
        f"password_file {users}",
    )
    url = f"mqtts://127.0.0.1:{broker.port}"
    login = {"username": "gate", "password_file": password}
    with pytest.raises(Away) as untrusted:
        _open(url, **login).send([CAR])
    assert untrusted.value.code == "community.certificate"
    trusting = _open(url, ca_file=pem, **login)
    trusting.send([CAR])
    trusting.close()
    password.write_text("wrong")
    with pytest.raises(Away) as refused:
        _open(url, ca_file=pem, **login).send([CAR])
    assert refused.value.code == "community.sign_in"
