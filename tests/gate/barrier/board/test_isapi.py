from __future__ import annotations

import re
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.barrier.act import Command
from gate.barrier.board.isapi import HEARD_S, LOOK_S, IsapiDevice, IsapiSettings, parse_answer
from gate.barrier.board.login import Login
from gate.barrier.board.web import Address
from gate.barrier.controller import Barrier
from gate.barrier.device import BarrierDevice, Drive, Inputs
from gate.barrier.standing import State, Timing
from gate.errors import BarrierFault, ConfigRefused
from gate.texts import explain

pytestmark = pytest.mark.usefixtures("netboard_secrecy")

XMLNS = 'version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema"'


def status(code: int, sub: str = "ok") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ResponseStatus {XMLNS}><requestURL>/ISAPI</requestURL>'
        f"<statusCode>{code}</statusCode><statusString>x</statusString><subStatusCode>{sub}</subStatusCode></ResponseStatus>"
    )


class Controller:
    """A door and a barrier behind ISAPI, as strict about paths and bodies as the documents are."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.limit = "1"
        self.answer: tuple[int, str] | None = None

    def act(self, method: str, path: str, body: str) -> tuple[int, str]:
        if self.answer is not None:
            return self.answer
        if (method, path) == ("GET", "/ISAPI/System/deviceInfo"):
            return 200, f"<DeviceInfo {XMLNS}><deviceName>门</deviceName></DeviceInfo>"
        if (method, path) == ("GET", "/ISAPI/Parking/channels/1/barrierGate/barrierGateStatus"):
            return 200, f"<BarrierGate {XMLNS}><barrierGateStatus>{self.limit}</barrierGateStatus></BarrierGate>"
        known = {
            "/ISAPI/AccessControl/RemoteControl/door/1": r"<RemoteControlDoor [^>]*><cmd>(open|close|alwaysOpen)</cmd>",
            "/ISAPI/Parking/channels/1/barrierGate": r"<BarrierGate [^>]*><ctrlMode>(open|close|stop)</ctrlMode>",
        }
        word = re.search(known.get(path, "(?!)"), body)
        if method != "PUT" or word is None:
            return 400, status(6, "badXmlContent")
        self.words.append(word[1])
        return 200, status(1)


Make = Callable[..., tuple[IsapiDevice, Any, Controller]]


@pytest.fixture
def made(web_device: Callable[..., Any], netboard_password: Path) -> Generator[Make]:
    drivers: list[IsapiDevice] = []

    def make(kind: str = "barrier", signs_in: str = "MD5", **asked: Any) -> tuple[IsapiDevice, Any, Controller]:
        controller = Controller()
        device = web_device(controller.act, signs_in)
        clock = asked.pop("clock", None)
        address = Address(device.url, Login("admin", netboard_password))
        settings = IsapiSettings(address, **{"kind": kind, "timeout_s": 2.0, **asked})
        drivers.append(IsapiDevice(settings) if clock is None else IsapiDevice(settings, clock))
        return drivers[-1], device, controller

    yield make
    for driver in drivers:
        try:
            driver.close()
        except BarrierFault:
            continue


def fails(code: str, call: Callable[..., object], *args: Any) -> BarrierFault:
    with pytest.raises(BarrierFault) as raised:
        call(*args)
    assert raised.value.code == code
    assert explain(raised.value) != str(raised.value)
    return raised.value


@pytest.mark.parametrize("signs_in", ["MD5", "SHA-256"])
@pytest.mark.parametrize(
    ("kind", "asked", "words"),
    [
        ("door", {}, ["open", "close"]),
        ("door", {"stays_open": True}, ["alwaysOpen", "close"]),
        ("barrier", {}, ["open", "close", "stop"]),
        ("barrier", {"stops": False}, ["open", "close"]),
    ],
)
def test_every_command_is_one_request_with_the_documented_word(
    made: Make, kind: str, asked: dict[str, bool], words: list[str], signs_in: str
) -> None:
    driver, device, controller = made(kind, signs_in, **asked)
    for command in (Drive.RAISE, Drive.LOWER, Drive.STOP):
        driver.drive(command)
    assert controller.words == words
    assert len(device.asked) == len(words)
    assert (device.connections, device.refused) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((200, status(4, "notSupport")), "netboard.device_refused"),
        ((200, status(2, "deviceBusy")), "netboard.device_refused"),
        ((403, status(4, "lowPrivilege")), "netboard.device_refused"),
        ((500, status(1)), "netboard.device_refused"),
        ((200, "<Other><statusCode>1</statusCode></Other>"), "netboard.device_refused"),
        ((200, status(1).replace("<statusCode>1</statusCode>", "")), "netboard.device_refused"),
        ((200, status(11)), "netboard.device_refused"),
        ((200, ""), "netboard.unreadable_answer"),
        ((200, "OK"), "netboard.unreadable_answer"),
        ((200, '{"statusCode": 1}'), "netboard.unreadable_answer"),
        ((200, "<!DOCTYPE x>" + status(1)), "netboard.unreadable_answer"),
        ((503, "busy"), "netboard.bad_status"),
    ],
)
def test_a_200_alone_is_no_success(made: Make, answer: tuple[int, str], code: str) -> None:
    driver, device, controller = made()
    controller.answer = answer
    fails(code, driver.drive, Drive.RAISE)
    assert len(device.asked) == 1


def test_what_a_device_says_of_itself_cannot_fill_a_log(made: Make) -> None:
    driver, _, controller = made()
    controller.answer = (200, status(4, "not&#10;a&#9;word " + "x" * 500))
    fault = fails("netboard.device_refused", driver.drive, Drive.RAISE)
    assert len(str(fault.facts["why"])) < 60
    assert "\n" not in str(fault)


@pytest.mark.parametrize("trouble", ["drop", "lose", "half", "huge"])
def test_a_lost_answer_is_a_fault_and_the_command_is_not_repeated(made: Make, trouble: str) -> None:
    driver, device, controller = made()
    driver.drive(Drive.STOP)
    device.next = [trouble]
    fails("netboard.no_answer", driver.drive, Drive.RAISE)
    assert controller.words.count("open") == (0 if trouble == "drop" else 1)
    driver.drive(Drive.RAISE)
    assert controller.words[-1] == "open"


def test_a_device_that_answers_late_is_a_fault(made: Make) -> None:
    driver, device, controller = made(timeout_s=0.2)
    device.next = ["hang"]
    fails("netboard.no_answer", driver.drive, Drive.RAISE)
    device.release()
    assert controller.words == ["open"]


def test_a_device_that_vanishes_is_missed_by_its_inputs_until_it_is_back(made: Make) -> None:
    driver, device, _ = made()
    assert driver.inputs() == Inputs(None, None, None)
    device.vanish()
    fails("netboard.unreachable", driver.drive, Drive.RAISE)
    fails("netboard.unreachable", driver.inputs)
    device.appear()
    assert driver.inputs() == Inputs(None, None, None)
    driver.drive(Drive.RAISE)


def test_a_silent_device_is_asked_for_its_name_now_and_then(made: Make) -> None:
    clock = [0.0]
    driver, device, _ = made(clock=lambda: clock[0])
    for clock[0] in (0.0, 1.0, HEARD_S - 0.1, HEARD_S + 0.1, HEARD_S + 1):
        driver.inputs()
    assert [path for _, path, _ in device.asked] == ["/ISAPI/System/deviceInfo"] * 2


@pytest.mark.parametrize(
    ("limit", "inputs"),
    [("0", Inputs(None, None, None)), ("1", Inputs(False, True, None)), ("2", Inputs(True, False, None))],
)
def test_a_barrier_that_tells_its_limits_is_read(made: Make, limit: str, inputs: Inputs) -> None:
    driver, _, controller = made(reads_limits=True)
    controller.limit = limit
    assert driver.inputs() == inputs


def test_limits_are_asked_for_no_more_often_than_the_device_can_bear(made: Make) -> None:
    clock = [0.0]
    driver, device, controller = made(reads_limits=True, clock=lambda: clock[0])
    driver.inputs()
    controller.limit = "2"
    clock[0] = LOOK_S / 2
    assert driver.inputs().closed_limit
    clock[0] = LOOK_S
    assert driver.inputs().open_limit
    assert len(device.asked) == 2


@pytest.mark.parametrize("limit", ["3", "", "up"])
def test_a_limit_that_makes_no_sense_is_a_fault(made: Make, limit: str) -> None:
    driver, _, controller = made(reads_limits=True)
    controller.limit = limit
    with pytest.raises(BarrierFault):
        driver.inputs()


def test_a_wrong_password_is_tried_once_and_shown_nowhere(made: Make, netboard_password: Path) -> None:
    netboard_password.write_text("wrong-mima\n")
    driver, device, controller = made()
    for _ in range(5):
        fault = fails("netboard.login_refused", driver.drive, Drive.RAISE)
        assert "wrong-mima" not in str(fault) + explain(fault)
        fails("netboard.login_refused", driver.inputs)
    assert device.heard == 2
    assert controller.words == []


@pytest.mark.parametrize(
    ("kind", "asked", "before", "words"),
    [
        ("barrier", {}, Drive.LOWER, ["close", "stop"]),
        ("barrier", {}, Drive.RAISE, ["open"]),
        ("door", {"stays_open": True}, Drive.RAISE, ["alwaysOpen"]),
        ("door", {}, Drive.RAISE, ["open"]),
    ],
)
def test_closing_leaves_the_device_safe(
    made: Make, kind: str, asked: dict[str, bool], before: Drive, words: list[str]
) -> None:
    driver, _, controller = made(kind, **asked)
    driver.drive(before)
    driver.close()
    driver.close()
    assert controller.words == words
    fails("netboard.closed", driver.drive, Drive.RAISE)
    fails("netboard.closed", driver.inputs)


def test_a_barrier_of_the_house_works_on_it(made: Make) -> None:
    clock = [0.0]
    driver, _, controller = made(reads_limits=True, clock=lambda: clock[0])
    device: BarrierDevice = driver
    barrier = Barrier("arm", device, Timing(1.5, 4.0, 1.0, 3.0), lambda: clock[0], lambda act: None)
    barrier.poll_once()
    assert barrier.standing().state is State.CLOSED
    receipt = barrier.command(Command.OPEN, command_id="1", cause="test")
    assert receipt.accepted
    controller.limit = "2"
    clock[0] = 1.0
    barrier.poll_once()
    assert barrier.standing().state is State.OPEN
    assert controller.words == ["stop", "open"]


@pytest.mark.parametrize(
    ("code", "asked"),
    [("netboard.bad_number", {"number": 0}), ("netboard.bad_timeout", {"timeout_s": 0.0})],
)
def test_settings_that_cannot_be_are_refused(code: str, asked: dict[str, Any]) -> None:
    with pytest.raises(ConfigRefused) as refused:
        IsapiSettings(Address("http://192.0.2.1"), **asked)
    assert refused.value.code == code


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>'
    "<ResponseStatus><statusCode>&c;</statusCode></ResponseStatus>"
)


@pytest.mark.parametrize(
    "body",
    [
        BOMB.encode(),
        BOMB.encode("utf-16"),
        BOMB.replace("DOCTYPE", "doctype").encode(),
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b"<x>&undefined;</x>",
        b"<x>\xff\xfe</x>",
        b"<x><y></x>",
        b"",
    ],
)
def test_xml_that_could_do_harm_is_not_read(body: bytes) -> None:
    assert parse_answer(body) is None


def test_an_answer_with_a_byte_order_mark_is_read() -> None:
    assert parse_answer(b"\xef\xbb\xbf" + status(1).encode()) is not None


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_an_answer_fail(body: bytes) -> None:
    parse_answer(body)
