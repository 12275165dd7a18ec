from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from gate.barrier.board.board import Contacts, Relays
from gate.barrier.board.broker import BrokerAddress
from gate.barrier.board.home_assistant import announcements
from gate.barrier.board.login import Login
from gate.barrier.board.mqtt_board import MqttBoard, MqttBoardSettings
from gate.barrier.board.topics import PRESETS, Topics, plain, tasmota
from gate.barrier.board.wording import Wording
from gate.errors import BarrierFault, ConfigRefused
from gate.texts import explain

pytestmark = pytest.mark.usefixtures("netboard_secrecy")

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/sbin")
LONG_S = 10


def until(true: Callable[[], bool]) -> None:
    """Wait until it is true; a test that waits in vain fails."""
    end_s = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < end_s, "it never came true"
        time.sleep(0.005)


def listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


class MosquittoBroker:
    """A real broker, which can be stopped and started at the same port."""

    def __init__(self, folder: Path, *lines: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.lines = lines
        self.file = folder / "mosquitto.conf"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        listener = (
            [] if any(line.startswith("listener") for line in self.lines) else [f"listener {self.port} 127.0.0.1"]
        )
        lines = [line.format(port=self.port) for line in self.lines] or ["allow_anonymous true"]
        self.file.write_text("\n".join([*listener, "user root", *lines]) + "\n")
        assert MOSQUITTO is not None
        self.process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self.file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(lambda: listens(self.port))

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class SimulatedBoard:
    """A board as a second client: relays, retained states and inputs, a last will."""

    def __init__(self, url: str, topics: Topics, login: tuple[str, str] | None = None) -> None:
        self.topics = topics
        self.commands: list[tuple[str, str]] = []
        self.states: dict[int, bool] = {}
        self.mood = "well"
        self.ready = threading.Event()
        self.url = BrokerAddress(url)
        self.login = login
        self.client = self._client()
        self.appear()

    def _client(self) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        if self.login is not None:
            client.username_pw_set(*self.login)
        client.will_set(self.topics.availability, str(self.topics.availability_says.off), qos=1, retain=True)
        client.on_connect = self._connected
        client.on_subscribe = lambda *_: self._subscribed()
        client.on_message = self._message
        client.reconnect_delay_set(1, 1)
        return client

    def appear(self) -> None:
        self.ready.clear()
        self.client = self._client()
        self.client.connect(self.url.host, self.url.port, keepalive=5)
        self.client.loop_start()
        assert self.ready.wait(LONG_S)

    def vanish(self) -> None:
        """Lose the line without a word, so that the broker speaks the last will."""
        self.client.on_connect = None
        line = self.client.socket()
        assert line is not None
        line.shutdown(socket.SHUT_RDWR)
        self.client.disconnect()
        self.client.loop_stop()

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def say(self, topic: str, text: str) -> None:
        self.client.publish(topic, text, qos=1, retain=True).wait_for_publish(LONG_S)

    def contact(self, channel: int, text: str) -> None:
        assert self.topics.contact is not None
        self.say(self.topics.named(self.topics.contact, channel), text)

    def _connected(self, client: mqtt.Client, *_rest: object) -> None:
        heard = {self.topics.named(self.topics.command, channel) for channel in (0, 1)}
        if self.topics.pulse is not None:
            heard |= {self.topics.named(self.topics.pulse, channel) for channel in (0, 1)}
        client.subscribe([(topic, 1) for topic in heard])

    def _subscribed(self) -> None:
        self.client.publish(self.topics.availability, str(self.topics.availability_says.on), qos=1, retain=True)
        self.ready.set()

    def _message(self, client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        text = message.payload.decode()
        self.commands.append((message.topic, text))
        if message.retain or self.mood == "deaf":
            return
        place = text if message.topic == self.topics.pulse else message.topic
        number = int("".join(filter(str.isdigit, place.partition(";")[0]))[:1])
        channel = number - self.topics.first
        on = text.lower().partition(";")[0].rpartition(" ")[2] == "on"
        if self.mood == "stuck":
            on = not on
        self.states[channel] = on
        word = self.topics.state_says.on if on else self.topics.state_says.off
        said = "nonsense" if self.mood == "mad" else str(word)
        client.publish(self.topics.named(self.topics.state, channel), said, qos=1, retain=True)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Generator[Callable[..., MosquittoBroker]]:
    """Makes brokers, each with lines of configuration of its own; they stop at the end."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: no real MQTT broker here")
    made: list[MosquittoBroker] = []

    def make(*lines: str) -> MosquittoBroker:
        made.append(MosquittoBroker(tmp_path, *lines))
        return made[-1]

    yield make
    for broker in made:
        broker.stop()


@pytest.fixture
def broker(mosquitto: Callable[..., MosquittoBroker]) -> MosquittoBroker:
    return mosquitto()


Make = Callable[..., tuple[MqttBoard, SimulatedBoard]]


@pytest.fixture
def made(broker: MosquittoBroker) -> Generator[Make]:
    drivers: list[MqttBoard] = []
    boards: list[SimulatedBoard] = []

    def make(topics: Topics | None = None, **asked: Any) -> tuple[MqttBoard, SimulatedBoard]:
        topics = topics or plain("gate/north")
        boards.append(SimulatedBoard(broker.url, topics))
        address = BrokerAddress(broker.url, version=asked.pop("version", 5))
        clock = asked.pop("clock", time.monotonic)
        settings = MqttBoardSettings(address, topics, **{"timeout_s": 2.0, "join_s": float(LONG_S), **asked})
        drivers.append(MqttBoard(settings, clock))
        return drivers[-1], boards[-1]

    yield make
    for driver in drivers:
        driver.close()
    for board in boards:
        board.leave()


def fails(code: str, call: Callable[..., object], *args: Any, **words: Any) -> BarrierFault:
    with pytest.raises(BarrierFault) as raised:
        call(*args, **words)
    assert raised.value.code == code
    assert explain(raised.value) != str(raised.value)
    return raised.value


def works(call: Callable[[], object]) -> bool:
    try:
        call()
    except BarrierFault:
        return False
    return True


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_command_is_published_once_and_done_when_the_board_says_so(made: Make, preset: str, version: int) -> None:
    driver, board = made(PRESETS[preset]("north"), version=version)
    driver.switch(0, on=True)
    assert board.states == {0: True}
    driver.switch(1, on=True)
    driver.switch(0, on=False)
    assert board.states == {0: False, 1: True}
    assert len(board.commands) == 3


def test_a_board_that_is_deaf_is_a_fault_and_hears_each_command_once(made: Make) -> None:
    driver, board = made(timeout_s=0.2)
    board.mood = "deaf"
    fails("netboard.unconfirmed", driver.switch, 0, on=True)
    until(lambda: len(board.commands) == 1)


@pytest.mark.parametrize("mood", ["stuck", "mad"])
def test_a_board_that_says_something_else_is_a_fault(made: Make, mood: str) -> None:
    driver, board = made(timeout_s=0.3)
    board.mood = mood
    fails("netboard.unconfirmed", driver.switch, 0, on=True)
    assert len(board.commands) == 1


def test_a_retained_state_from_yesterday_confirms_nothing(made: Make) -> None:
    driver, board = made(timeout_s=0.3)
    driver.switch(0, on=True)
    board.mood = "deaf"
    driver, board = made(timeout_s=0.3)
    board.mood = "deaf"
    fails("netboard.unconfirmed", driver.switch, 0, on=True)


def test_a_late_confirmation_of_the_last_command_does_not_confirm_its_opposite(made: Make) -> None:
    driver, board = made(timeout_s=0.3)
    board.mood = "deaf"
    fails("netboard.unconfirmed", driver.switch, 0, on=True)
    heard = threading.Event()

    def late(client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        client.publish(board.topics.named(board.topics.state, 0), "ON", qos=1, retain=True)
        heard.set()

    board.client.on_message = late
    fails("netboard.unconfirmed", driver.switch, 0, on=False)
    assert heard.is_set()


def test_inputs_are_known_from_their_retained_messages_and_follow_the_board(made: Make) -> None:
    driver, board = made(inputs=2)
    fails("netboard.input_unheard", driver.read)
    board.contact(0, "ON")
    board.contact(1, "OFF")
    until(lambda: works(driver.read))
    assert driver.read() == (True, False)
    board.contact(1, "ON")
    until(lambda: driver.read() == (True, True))
    board.contact(1, "rubbish")
    until(lambda: not works(driver.read))
    fails("netboard.input_unheard", driver.read)


def test_an_input_that_should_be_repeated_and_is_not_is_a_fault(made: Make) -> None:
    clock = [0.0]
    driver, board = made(inputs=1, repeated_s=5.0, clock=lambda: clock[0])
    board.contact(0, "ON")
    until(lambda: works(driver.read))
    clock[0] = 5.5
    fails("netboard.input_unheard", driver.read)
    board.contact(0, "ON")
    until(lambda: works(driver.read))


def test_inputs_inside_json_are_read(made: Make) -> None:
    topics = replace(tasmota("north"), contact="stat/north/IN{channel}", contact_says=Wording("ON", "OFF", ("STATE",)))
    driver, board = made(topics, inputs=1)
    board.say("stat/north/IN1", json.dumps({"STATE": "ON"}))
    until(lambda: works(driver.read))
    assert driver.read() == (True,)


def test_a_board_whose_last_will_was_spoken_is_offline_until_it_is_back(made: Make) -> None:
    driver, board = made(inputs=1)
    board.contact(0, "ON")
    until(lambda: works(driver.read))
    board.vanish()
    until(lambda: not works(driver.read))
    fails("netboard.offline", driver.switch, 0, on=True)
    fails("netboard.offline", driver.read)
    assert board.commands == []
    board.appear()
    until(lambda: works(lambda: driver.switch(0, on=True)))
    fails("netboard.input_unheard", driver.read)
    board.contact(0, "OFF")
    until(lambda: works(driver.read))
    assert driver.read() == (False,)


def test_a_board_that_goes_while_a_command_waits_is_a_fault_at_once(made: Make) -> None:
    driver, board = made(timeout_s=10.0)
    driver.switch(0, on=True)
    board.mood = "deaf"
    raised: list[str] = []

    def command() -> None:
        with pytest.raises(BarrierFault) as fault:
            driver.switch(0, on=False)
        raised.append(fault.value.code)

    waiting = threading.Thread(target=command)
    waiting.start()
    until(lambda: len(board.commands) == 2)
    board.vanish()
    waiting.join(5)
    assert raised == ["netboard.offline"]


def test_a_broker_that_dies_is_a_fault_and_no_command_of_that_time_comes_later(
    made: Make, broker: MosquittoBroker
) -> None:
    driver, board = made()
    driver.switch(0, on=True)
    broker.stop()
    until(lambda: not works(driver.read))
    for _ in range(3):
        fails("netboard.broker_unreachable", driver.switch, 0, on=False)
    broker.start()
    board.leave()
    board.appear()
    until(lambda: works(driver.read))
    driver.switch(1, on=True)
    assert [text for _, text in board.commands] == ["ON", "ON"]


def test_a_broker_that_is_not_there_at_the_start_is_found_when_it_comes(made: Make, broker: MosquittoBroker) -> None:
    broker.stop()
    settings = MqttBoardSettings(BrokerAddress(broker.url), plain("gate/north"), join_s=0.0)
    driver = MqttBoard(settings)
    fails("netboard.broker_unreachable", driver.switch, 0, on=True)
    broker.start()
    made()
    until(lambda: works(lambda: driver.switch(0, on=True)))
    driver.close()


def test_a_pulse_by_the_boards_own_timer_is_one_message(made: Make) -> None:
    driver, board = made(tasmota("north"))
    driver.pulse(0, 0.5)
    assert board.commands == [("cmnd/north/Backlog0", "Power1 On;Delay 5;Power1 Off")]


def test_a_pulse_without_a_timer_is_ended_by_the_gate_even_if_the_board_was_away(made: Make) -> None:
    driver, board = made(timeout_s=0.2)
    driver.pulse(0, 0.05)
    board.mood = "deaf"
    until(lambda: len(board.commands) >= 2)
    board.mood = "well"
    until(lambda: board.states.get(0) is False)


def test_closing_opens_every_relay_and_disconnects(made: Make) -> None:
    driver, board = made()
    driver.switch(0, on=True)
    driver.switch(1, on=True)
    driver.close()
    driver.close()
    assert board.states == {0: False, 1: False}
    fails("netboard.closed", driver.switch, 0, on=True)
    fails("netboard.closed", driver.read)


def test_a_message_of_monstrous_length_is_not_looked_at(made: Make) -> None:
    driver, board = made(inputs=1)
    board.contact(0, "ON")
    until(lambda: works(driver.read))
    board.contact(0, " " * 5000 + "OFF")
    board.say("gate/north/relay/0", "OFF")
    driver.switch(0, on=True)
    assert driver.read() == (True,)


def test_a_wrong_password_is_told_and_a_right_one_works(
    mosquitto: Callable[..., MosquittoBroker], tmp_path: Path, netboard_password: Path
) -> None:
    users = tmp_path / "users"
    password = netboard_password.read_text().strip()
    users.write_text(f"admin:{password}\n")
    subprocess.run(["mosquitto_passwd", "-U", str(users)], check=True, capture_output=True)
    broker = mosquitto("allow_anonymous false", f"password_file {users}")
    topics = plain("gate/north")
    board = SimulatedBoard(broker.url, topics, ("admin", password))
    netboard_password.write_text("wrong-mima\n")
    address = BrokerAddress(broker.url, Login("admin", netboard_password))
    driver = MqttBoard(MqttBoardSettings(address, topics, join_s=0.0))
    try:
        until(lambda: driver._broker.fault.code == "netboard.login_refused")
        fault = fails("netboard.login_refused", driver.switch, 0, on=True)
        assert "wrong-mima" not in str(fault) + explain(fault)
        netboard_password.write_text(password + "\n")
        until(lambda: works(lambda: driver.switch(0, on=True)))
    finally:
        driver.close()
        board.leave()


def test_an_encrypted_line_is_used_and_an_unknown_certificate_is_not(
    mosquitto: Callable[..., MosquittoBroker], tmp_path: Path
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate to encrypt with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*made, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    lines = ("listener {port} 127.0.0.1", f"certfile {certificate}", f"keyfile {key}", "allow_anonymous true")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        plain_port = free.getsockname()[1]
    broker = mosquitto(*lines, f"listener {plain_port} 127.0.0.1")
    until(lambda: listens(plain_port))
    topics = plain("gate/north")
    board = SimulatedBoard(f"mqtt://127.0.0.1:{plain_port}", topics)
    url = f"mqtts://127.0.0.1:{broker.port}"
    trusting = MqttBoard(MqttBoardSettings(BrokerAddress(url, ca_file=certificate), topics, join_s=float(LONG_S)))
    doubting = MqttBoard(MqttBoardSettings(BrokerAddress(url), topics, join_s=0.0))
    try:
        trusting.switch(0, on=True)
        assert board.states == {0: True}
        until(lambda: "Cert" in str(doubting._broker.fault))
        fails("netboard.broker_unreachable", doubting.switch, 0, on=False)
    finally:
        trusting.close()
        doubting.close()
        board.leave()


def test_the_board_is_what_the_gate_expects(made: Make) -> None:
    driver, _ = made()
    relays: Relays = driver
    contacts: Contacts = driver
    relays.switch(0, on=True)
    assert contacts.read() == ()
    fails("netboard.no_such_channel", relays.switch, 2, on=True)


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("netboard.password_in_url", lambda: BrokerAddress("mqtt://admin:geheim@192.0.2.1")),
        ("netboard.bad_url", lambda: BrokerAddress("http://192.0.2.1")),
        ("netboard.bad_url", lambda: BrokerAddress("mqtt://")),
        ("netboard.bad_url", lambda: BrokerAddress("mqtt://192.0.2.1:port")),
        ("netboard.bad_topic", lambda: plain("gate/+")),
        ("netboard.bad_topic", lambda: plain("gate/#")),
        ("netboard.bad_template", lambda: plain("gate/{name}")),
        ("netboard.bad_template", lambda: plain("gate/{")),
        ("netboard.bad_channels", lambda: MqttBoardSettings(BrokerAddress("mqtt://h"), plain("g"), outputs=0)),
        ("netboard.bad_timeout", lambda: MqttBoardSettings(BrokerAddress("mqtt://h"), plain("g"), timeout_s=0)),
        ("netboard.no_inputs", lambda: MqttBoardSettings(BrokerAddress("mqtt://h"), tasmota("g"), inputs=1)),
    ],
)
def test_settings_that_cannot_be_are_refused(code: str, wrong: Callable[[], object]) -> None:
    with pytest.raises(ConfigRefused) as refused:
        wrong()
    assert refused.value.code == code
    assert "geheim" not in str(refused.value)


def test_home_assistant_finds_the_board_and_may_watch_it_but_not_switch_it(broker: MosquittoBroker, made: Make) -> None:
    made(home_assistant=True, inputs=1)
    found: dict[str, dict[str, Any]] = {}
    watcher = mqtt.Client(CallbackAPIVersion.VERSION2)
    watcher.on_message = lambda _client, _userdata, said: found.setdefault(said.topic, json.loads(said.payload))
    watcher.connect("127.0.0.1", broker.port)
    watcher.loop_start()
    watcher.subscribe("homeassistant/#", qos=1)
    until(lambda: len(found) == 3)
    watcher.disconnect()
    watcher.loop_stop()
    relay = found["homeassistant/binary_sensor/menwei_gate_north/relay_0/config"]
    assert relay["state_topic"] == "gate/north/relay/0"
    assert (relay["payload_on"], relay["payload_off"]) == ("ON", "OFF")
    assert relay["availability_topic"] == "gate/north/status"
    contact = found["homeassistant/binary_sensor/menwei_gate_north/input_0/config"]
    assert contact["state_topic"] == "gate/north/input/0"
    assert not [key for body in found.values() for key in body if "command" in key]
    assert len({body["unique_id"] for body in found.values()}) == 3


def test_a_board_without_inputs_announces_its_relays() -> None:
    assert announcements(plain("a/b"), 2, 0).keys() == {
        "homeassistant/binary_sensor/menwei_a_b/relay_0/config",
        "homeassistant/binary_sensor/menwei_a_b/relay_1/config",
    }
