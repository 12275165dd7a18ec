from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from gate.barrier.board.board import Contacts, Relays
from gate.barrier.board.dialect import PRESETS, Dialect, Template
from gate.barrier.board.http_board import HttpBoard, HttpBoardSettings
from gate.barrier.board.login import Login
from gate.barrier.board.web import LOGIN_PAUSE_S, Address
from gate.barrier.board.wording import Wording
from gate.errors import BarrierFault, ConfigRefused
from gate.texts import catalogue, explain

pytestmark = pytest.mark.usefixtures("netboard_secrecy")


class Board:
    """The relays and inputs that a simulated web device has, in any of three dialects."""

    def __init__(self) -> None:
        self.relays = [False, False]
        self.contacts = [False, True]
        self.flips: list[tuple[int, bool, float]] = []
        self.broken = False
        self.answer: tuple[int, str] | None = None

    def act(self, method: str, path: str, body: str) -> tuple[int, str]:
        if self.answer is not None:
            return self.answer
        url = urlsplit(path)
        words = {key: values[0] for key, values in parse_qs(url.query).items()}
        if url.path.startswith("/relay/"):
            return self._gen1(int(url.path.rpartition("/")[2]), words)
        if url.path == "/status":
            return 200, json.dumps({"inputs": [{"input": int(closed)} for closed in self.contacts]})
        if url.path.startswith("/rpc/"):
            return self._gen2(url.path.removeprefix("/rpc/"), int(words["id"]), words)
        return self._tasmota(unquote(words["cmnd"]))

    def _set(self, channel: int, on: bool, timer_s: float = 0.0) -> None:
        self.flips.append((channel, on, timer_s))
        if not self.broken:
            self.relays[channel] = on

    def _gen1(self, channel: int, words: dict[str, str]) -> tuple[int, str]:
        if "turn" in words:
            self._set(channel, words["turn"] == "on", float(words.get("timer", 0)))
        return 200, json.dumps({"ison": self.relays[channel], "has_timer": "timer" in words})

    def _gen2(self, method: str, channel: int, words: dict[str, str]) -> tuple[int, str]:
        if method == "Switch.Set":
            was = self.relays[channel]
            self._set(channel, words["on"] == "true", float(words.get("toggle_after", 0)))
            return 200, json.dumps({"was_on": was})
        if method == "Switch.GetStatus":
            return 200, json.dumps({"id": channel, "output": self.relays[channel]})
        return 200, json.dumps({"id": channel, "state": self.contacts[channel]})

    def _tasmota(self, command: str) -> tuple[int, str]:
        if command == "Status 10":
            switches = {f"Switch{number}": "ON" if closed else "OFF" for number, closed in enumerate(self.contacts, 1)}
            return 200, json.dumps({"StatusSNS": {"Time": "2026-01-01T00:00:00", **switches}})
        if command.startswith("Backlog0 "):
            first, delay, _last = command.removeprefix("Backlog0 ").split(";")
            self._set(int(first[5]) - 1, True, int(delay.split()[1]) / 10)
            return 200, "{}"
        name, _, state = command.partition(" ")
        channel = int(name.removeprefix("Power")) - 1
        if state:
            self._set(channel, state == "On")
        return 200, json.dumps({f"POWER{channel + 1}": "ON" if self.relays[channel] else "OFF"})


Make = Callable[..., tuple[HttpBoard, Any, Board]]


@pytest.fixture
def made(web_device: Callable[..., Any], netboard_password: Path) -> Generator[Make]:
    boards: list[HttpBoard] = []

    def make(preset: str | Dialect = "shelly1", signs_in: str = "", **asked: Any) -> tuple[HttpBoard, Any, Board]:
        board = Board()
        device = web_device(board.act, signs_in)
        login = Login("admin", netboard_password) if signs_in else None
        address = Address(device.url, login, "basic" if signs_in == "basic" else "digest")
        dialect = PRESETS[preset] if isinstance(preset, str) else preset
        clock = asked.pop("clock", None)
        settings = HttpBoardSettings(address, dialect, **{"inputs": 2, "timeout_s": 2.0, **asked})
        driver = HttpBoard(settings) if clock is None else HttpBoard(settings, clock)
        boards.append(driver)
        return driver, device, board

    yield make
    for driver in boards:
        driver.close()


def fails(code: str, call: Callable[..., object], *args: Any, **words: Any) -> BarrierFault:
    with pytest.raises(BarrierFault) as raised:
        call(*args, **words)
    assert raised.value.code == code
    assert explain(raised.value) != str(raised.value)
    return raised.value


each_preset = pytest.mark.parametrize("preset", sorted(PRESETS))


def commands(device: Any) -> list[str]:
    """The requests that switch something."""
    return [
        path for _, path, _ in device.asked if "turn=" in path or "Set?" in path or "%20O" in path or "Backlog" in path
    ]


@each_preset
@pytest.mark.parametrize("signs_in", ["", "basic", "MD5", "SHA-256"])
def test_a_relay_is_switched_by_one_command_and_known_to_be_set(made: Make, preset: str, signs_in: str) -> None:
    driver, device, board = made(preset, signs_in)
    driver.switch(1, on=True)
    driver.switch(1, on=False)
    driver.switch(0, on=True)
    assert [(channel, on) for channel, on, _ in board.flips] == [(1, True), (1, False), (0, True)]
    assert board.relays == [True, False]
    assert len(commands(device)) == 3


@each_preset
def test_one_connection_and_one_sign_in_serve_every_command(made: Make, preset: str) -> None:
    driver, device, _ = made(preset, "SHA-256")
    for on in (True, False, True, False):
        driver.switch(0, on=on)
    assert (device.connections, device.refused) == (1, 1)


def test_a_nonce_that_has_grown_old_costs_a_question_more_and_no_second_command(made: Make) -> None:
    driver, device, board = made("shelly1", "MD5")
    driver.switch(0, on=True)
    device.nonces = dict.fromkeys(device.nonces, 99)
    driver.switch(0, on=False)
    assert [on for _, on, _ in board.flips] == [True, False]
    assert device.refused == 2


@each_preset
def test_every_input_is_read(made: Make, preset: str) -> None:
    driver, _, board = made(preset)
    assert driver.read() == (False, True)
    board.contacts = [True, False]
    assert driver.read() == (True, False)


def test_inputs_that_come_in_one_answer_are_asked_for_once(made: Make) -> None:
    driver, device, _ = made("shelly1")
    driver.read()
    assert len(device.asked) == 1


@each_preset
def test_a_pulse_is_ended_by_the_board(made: Make, preset: str) -> None:
    driver, device, board = made(preset)
    driver.pulse(0, 0.5)
    assert board.flips == [(0, True, 0.5)]
    assert len(commands(device)) == 1


WITHOUT_TIMER = Dialect(
    switch=PRESETS["shelly1"].switch,
    says=PRESETS["shelly1"].says,
    relay=PRESETS["shelly1"].relay,
    relay_says=PRESETS["shelly1"].relay_says,
)


def test_without_a_timer_the_gate_ends_the_pulse_however_often_the_board_is_silent(made: Make) -> None:
    driver, device, board = made(WITHOUT_TIMER, inputs=0)
    opened = threading.Event()
    act = device.act

    def watched(method: str, path: str, body: str) -> tuple[int, str]:
        answer = act(method, path, body)
        if board.flips and not board.relays[0]:
            opened.set()
        return answer

    device.act = watched
    driver.pulse(0, 0.05)
    device.next = ["drop", "drop", "drop"]
    assert opened.wait(10)
    assert [on for _, on, _ in board.flips] == [True, False]


def test_a_new_pulse_is_not_cut_short_by_the_end_of_the_last(made: Make) -> None:
    clock = [0.0]
    driver, _, board = made(WITHOUT_TIMER, inputs=0, clock=lambda: clock[0])
    driver.pulse(0, 50)
    clock[0] = 40.0
    driver.pulse(0, 50)
    clock[0] = 60.0
    driver._end_pulse(0)
    assert board.relays[0]
    clock[0] = 91.0
    driver._end_pulse(0)
    assert not board.relays[0]


def test_a_command_between_settles_the_pulse(made: Make) -> None:
    driver, _, board = made(WITHOUT_TIMER, inputs=0)
    driver.pulse(0, 30)
    driver.switch(0, on=False)
    driver.switch(0, on=True)
    driver._end_pulse(0)
    assert board.relays[0]


@each_preset
@pytest.mark.parametrize("trouble", ["lose", "half"])
def test_a_command_whose_answer_was_lost_is_read_back_and_not_sent_again(made: Make, preset: str, trouble: str) -> None:
    driver, device, board = made(preset)
    device.next = [trouble]
    driver.switch(0, on=True)
    assert board.flips == [(0, True, 0.0)]


@each_preset
def test_a_pulse_whose_answer_was_lost_is_not_given_twice(made: Make, preset: str) -> None:
    driver, device, board = made(preset)
    device.next = ["lose"]
    driver.pulse(0, 5)
    assert len(board.flips) == 1


@each_preset
def test_a_command_that_did_not_arrive_is_sent_again_once(made: Make, preset: str) -> None:
    driver, device, board = made(preset)
    device.next = ["drop"]
    driver.switch(0, on=True)
    assert board.flips == [(0, True, 0.0)]
    assert board.relays[0]


def test_an_answer_that_comes_too_late_is_read_back(made: Make) -> None:
    driver, device, board = made(timeout_s=0.6)
    device.next = ["hang"]
    driver.switch(0, on=True)
    device.release()
    assert len(board.flips) == 1


def test_a_board_that_hears_and_never_answers_is_a_fault_and_the_next_try_only_looks(made: Make) -> None:
    driver, device, board = made(timeout_s=0.3)
    device.next = ["hang", "hang"]
    fails("netboard.no_answer", driver.switch, 0, on=True)
    driver.switch(0, on=True)
    device.release()
    assert len(board.flips) == 1


def test_after_a_doubtful_command_its_opposite_is_sent_whatever_the_relay_shows(made: Make) -> None:
    driver, device, board = made(timeout_s=0.3)
    device.next = ["hang", "hang"]
    fails("netboard.no_answer", driver.switch, 0, on=True)
    board.relays[0] = False
    driver.switch(0, on=False)
    assert [on for _, on, _ in board.flips] == [True, False]


def test_a_board_that_cannot_be_read_back_gets_a_lost_command_once(made: Make) -> None:
    driver, device, board = made(Dialect(switch=PRESETS["shelly1"].switch, says=PRESETS["shelly1"].says), inputs=0)
    device.next = ["lose"]
    fails("netboard.no_answer", driver.switch, 0, on=True)
    assert len(board.flips) == 1


@each_preset
def test_a_board_that_says_ok_and_does_nothing_is_a_fault(made: Make, preset: str) -> None:
    driver, _, board = made(preset)
    board.broken = True
    fails("netboard.not_done", driver.switch, 0, on=True)
    fails("netboard.not_done", driver.pulse, 0, 0.2)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((500, '{"ison": true}'), "netboard.bad_status"),
        ((404, "Not Found"), "netboard.bad_status"),
        ((302, '{"ison": true}'), "netboard.bad_status"),
        ((200, ""), "netboard.not_done"),
        ((200, "OK"), "netboard.not_done"),
        ((200, '{"ison": 1}'), "netboard.not_done"),
        ((200, '{"ison": "true"}'), "netboard.not_done"),
        ((200, '{"other": true}'), "netboard.not_done"),
        ((200, "[true]"), "netboard.not_done"),
        ((200, "[" * 50_000), "netboard.not_done"),
    ],
)
def test_a_wrong_answer_is_a_fault(made: Make, answer: tuple[int, str], code: str) -> None:
    driver, device, board = made()
    board.answer = answer
    fails(code, driver.switch, 0, on=True)
    assert len(device.asked) == 1


@pytest.mark.parametrize("trouble", ["huge", "zip"])
def test_an_answer_that_is_too_long_or_packed_is_not_taken(made: Make, trouble: str) -> None:
    driver, device, _ = made()
    device.next = [trouble] * 3
    with pytest.raises(BarrierFault):
        driver.read()


def test_an_input_that_says_neither_is_a_fault(made: Make) -> None:
    driver, _, board = made("shelly2")
    board.answer = (200, '{"id": 0, "state": null}')
    fails("netboard.unreadable_answer", driver.read)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_board_without_inputs_is_asked_for_a_relay_to_hear_that_it_is_there(made: Make, preset: str) -> None:
    driver, device, _ = made(PRESETS[preset], inputs=0)
    assert driver.read() == ()
    device.vanish()
    with pytest.raises(BarrierFault):
        driver.read()


def test_a_board_that_vanishes_is_a_fault_and_works_again_when_it_is_back(made: Make) -> None:
    driver, device, board = made("shelly2", "SHA-256")
    driver.switch(0, on=True)
    device.vanish()
    fault = fails("netboard.unreachable", driver.switch, 0, on=False)
    assert fault.facts["address"] == device.url
    fails("netboard.unreachable", driver.read)
    device.appear()
    driver.switch(0, on=False)
    assert driver.read() == (False, True)
    assert board.flips == [(0, True, 0.0), (0, False, 0.0)]


@pytest.mark.parametrize("signs_in", ["basic", "MD5", "SHA-256"])
def test_a_wrong_password_is_tried_once_and_again_when_its_file_changes(
    made: Make, signs_in: str, netboard_password: Path
) -> None:
    right = netboard_password.read_text()
    netboard_password.write_text("wrong-mima\n")
    driver, device, board = made("shelly1", signs_in)
    for _ in range(3):
        fault = fails("netboard.login_refused", driver.switch, 0, on=True)
        assert "wrong-mima" not in str(fault) + explain(fault, "zh") + explain(fault, "en")
    assert device.heard == (1 if signs_in == "basic" else 2)
    netboard_password.write_text(right)
    driver.switch(0, on=True)
    assert len(board.flips) == 1


def test_a_refused_login_is_tried_again_after_its_pause(made: Make, netboard_password: Path) -> None:
    clock = [0.0]
    right = netboard_password.read_text()
    driver, device, _ = made("shelly1", "MD5", clock=lambda: clock[0])
    device.nonces = {}
    driver.switch(0, on=True)
    netboard_password.write_text("wrong-mima\n")
    driver._web.close()
    fails("netboard.login_refused", driver.switch, 0, on=False)
    heard = device.heard
    clock[0] = LOGIN_PAUSE_S - 1
    fails("netboard.login_refused", driver.switch, 0, on=False)
    assert device.heard == heard
    clock[0] = LOGIN_PAUSE_S + 1
    fails("netboard.login_refused", driver.switch, 0, on=False)
    assert device.heard > heard
    netboard_password.write_text(right)


def test_a_password_file_that_others_can_read_is_refused(made: Make, netboard_password: Path) -> None:
    driver, device, _ = made("shelly1", "MD5")
    netboard_password.chmod(0o644)
    fails("password.exposed", driver.switch, 0, on=True)
    netboard_password.unlink()
    fails("password.unreadable", driver.switch, 0, on=True)
    assert device.heard == 0


def test_closing_opens_every_relay_and_nothing_works_after(made: Make) -> None:
    driver, _, board = made()
    driver.switch(0, on=True)
    driver.switch(1, on=True)
    driver.close()
    driver.close()
    assert board.relays == [False, False]
    fails("netboard.closed", driver.switch, 0, on=True)
    fails("netboard.closed", driver.read)


def test_a_relay_that_sticks_keeps_no_other_closed(made: Make) -> None:
    driver, device, board = made()
    driver.switch(1, on=True)
    act = device.act
    device.act = lambda *asked: (200, '{"ison": true}') if asked[1].startswith("/relay/0") else act(*asked)
    driver.close()
    assert not board.relays[1]


def test_closing_a_board_that_is_gone_ends(made: Make) -> None:
    driver, device, _ = made()
    device.vanish()
    driver.close()


@pytest.mark.parametrize("channel", [-1, 2])
def test_a_channel_the_board_has_not_is_a_fault(made: Make, channel: int) -> None:
    driver, device, _ = made()
    fails("netboard.no_such_channel", driver.switch, channel, on=True)
    fails("netboard.no_such_channel", driver.pulse, channel, 1.0)
    assert device.heard == 0


@pytest.mark.parametrize("duration_s", [0.0, -1.0, 61.0, float("nan")])
def test_a_pulse_of_no_sensible_length_is_a_mistake(made: Make, duration_s: float) -> None:
    driver, device, _ = made()
    with pytest.raises(ValueError, match="pulse"):
        driver.pulse(0, duration_s)
    assert device.heard == 0


def test_commands_from_several_threads_take_their_turns(made: Make) -> None:
    driver, device, board = made("shelly2")
    threads = [threading.Thread(target=driver.switch, args=(n % 2,), kwargs={"on": n % 3 == 0}) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(board.flips) == 12
    assert device.connections == 1


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("netboard.password_in_url", lambda: Address("http://admin:geheim@192.0.2.1")),
        ("netboard.bad_url", lambda: Address("ftp://192.0.2.1")),
        ("netboard.bad_url", lambda: Address("http://")),
        ("netboard.bad_url", lambda: Address("http://192.0.2.1:port")),
        ("netboard.bad_url", lambda: Address("http://192.0.2.1?user=admin")),
        ("netboard.bad_template", lambda: Template("relay/0")),
        ("netboard.bad_template", lambda: Template("//elsewhere/relay/0")),
        ("netboard.bad_template", lambda: Template("/relay/{relay}")),
        ("netboard.bad_template", lambda: Template("/relay/{")),
        ("netboard.bad_template", lambda: Template("/relay", body="{}")),
        ("netboard.unproven", lambda: Dialect(Template("/on"), None)),
        ("netboard.unproven", lambda: Dialect(Template("/on"), Wording("1", "0"), pulse=Template("/pulse"))),
        ("netboard.half_read_back", lambda: Dialect(Template("/on"), None, relay=Template("/state"))),
        ("netboard.bad_channels", lambda: HttpBoardSettings(Address("http://h"), PRESETS["shelly1"], outputs=0)),
        ("netboard.bad_timeout", lambda: HttpBoardSettings(Address("http://h"), PRESETS["shelly1"], timeout_s=99)),
        ("netboard.no_inputs", lambda: HttpBoardSettings(Address("http://h"), WITHOUT_TIMER, inputs=1)),
    ],
)
def test_settings_that_cannot_be_are_refused(code: str, wrong: Callable[[], object]) -> None:
    with pytest.raises(ConfigRefused) as refused:
        wrong()
    assert refused.value.code == code
    assert "geheim" not in str(refused.value)
    assert explain(refused.value) != str(refused.value)


def test_a_posted_body_with_braces_of_its_own_is_filled_in(web_device: Callable[..., Any]) -> None:
    said: list[dict[str, Any]] = []

    def act(method: str, path: str, body: str) -> tuple[int, str]:
        said.append(json.loads(body))
        return 200, json.dumps({"result": {"relays": [said[-1]["value"]] * 3}})

    says = Wording(on=1, off=0, where=("result/relays/{channel}",))
    switch = Template("/set", "POST", '{{"relay": {channel}, "value": {state}}}')
    device = web_device(act)
    driver = HttpBoard(HttpBoardSettings(Address(device.url), Dialect(switch, says, on="1", off="0", first=1)))
    driver.switch(1, on=True)
    driver.close()
    assert said[0] == {"relay": 2, "value": 1}


def test_the_board_is_what_the_gate_expects(made: Make) -> None:
    driver, _, _ = made()
    relays: Relays = driver
    contacts: Contacts = driver
    relays.switch(0, on=True)
    assert contacts.read() == (False, True)


def test_every_code_has_its_sentence() -> None:
    import re

    import gate.barrier.board as room

    folder = Path(room.__path__[0])
    names = ("login", "web", "dialect", "http_board", "isapi", "topics", "broker", "mqtt_board")
    sources = "".join((folder / f"{name}.py").read_text("utf-8") for name in names)
    raised = set(re.findall(r'(?:Fault|Refused|AnswerLost)\(\s*"(netboard\.\w+)"', sources))
    raised |= set(re.findall(r'code = "(netboard\.\w+)"', sources)) | set(
        re.findall(r'else "(netboard\.\w+)"', sources)
    )
    known = {code for code in catalogue() if code.startswith("netboard.")}
    assert raised == known
