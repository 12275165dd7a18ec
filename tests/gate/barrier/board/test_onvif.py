"""ONVIF relay outputs and digital inputs against a device that speaks SOAP, and misbehaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.barrier.board.login import Login
from gate.barrier.board.onvif import OnvifBoard, OnvifSettings
from gate.barrier.board.web import Address
from gate.bench.onvif_peer import OnvifPeer
from gate.errors import BarrierFault, ConfigRefused
from tests.gate.barrier.board.conftest import PASSWORD, USERNAME, WebDevice

pytestmark = pytest.mark.usefixtures("netboard_secrecy")
RELAYS, INPUTS = ("relay-a", "relay-b"), ("in-1", "in-2")
Make = Callable[..., tuple[OnvifBoard, OnvifPeer, WebDevice]]


def until(true: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end_s, "it never came true"
        time.sleep(0.01)


def fails(code: str, act: Callable[[], Any]) -> None:
    with pytest.raises(BarrierFault) as failed:
        act()
    assert failed.value.code == code


@pytest.fixture
def made(web_device: Callable[..., WebDevice], netboard_password: Path) -> Generator[Make]:
    boards: list[OnvifBoard] = []

    def make(*, password: Path | None = None, timeout_s: float = 2.0, **peer: Any) -> Any:
        device = OnvifPeer(RELAYS, INPUTS, login=(USERNAME, PASSWORD), **peer)
        web = web_device(device.answer)
        address = Address(web.url, Login(USERNAME, password or netboard_password))
        board = OnvifBoard(OnvifSettings(address, RELAYS, INPUTS, timeout_s, join_s=20.0))
        boards.append(board)
        return board, device, web

    yield make
    for board in boards:
        board.close()


def test_a_relay_is_switched_by_its_token_and_signed_for(made: Make) -> None:
    board, device, _ = made()
    board.switch(0, on=True)
    board.switch(1, on=True)
    board.switch(0, on=False)
    assert device.commands == [("relay-a", True), ("relay-b", True), ("relay-a", False)]


def test_inputs_are_read_from_the_devices_events(made: Make) -> None:
    board, device, _ = made()
    assert board.read() == (False, False)
    device.set_input("in-2", on=True)
    until(lambda: board.read() == (False, True))
    device.set_input("in-2", on=False)
    until(lambda: board.read() == (False, False))


def test_a_pulse_ends_by_itself(made: Make) -> None:
    board, device, _ = made()
    board.pulse(0, 0.1)
    assert device.relays["relay-a"]
    until(lambda: not device.relays["relay-a"])


@pytest.mark.parametrize("hours", [-30, 30])
def test_a_device_with_another_clock_takes_our_signature(made: Make, hours: int) -> None:
    board, device, _ = made(ahead=timedelta(hours=hours))
    board.switch(0, on=True)
    assert device.commands == [("relay-a", True)]


def test_a_wrong_password_is_refused_and_said_so(made: Make, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.password"
    wrong.write_text("falsch\n")
    wrong.chmod(0o600)
    board, device, _ = made(password=wrong)
    fails("netboard.device_refused", lambda: board.switch(0, on=True))
    assert device.commands == []


def test_a_refusal_of_the_device_is_a_fault(made: Make) -> None:
    board, device, _ = made()
    device.refuses = True
    fails("netboard.device_refused", lambda: board.switch(0, on=True))
    fails("netboard.no_such_channel", lambda: board.switch(2, on=True))


def test_a_lost_answer_is_not_repeated_when_the_devices_event_confirms_it(made: Make) -> None:
    board, device, web = made()
    assert board.read() == (False, False)
    web.act = _losing(web, device, "SetRelayOutputState")
    board.switch(0, on=True)
    assert device.commands == [("relay-a", True)]


def test_a_lost_answer_of_a_device_without_events_is_set_again_to_the_same_state(made: Make) -> None:
    board, device, web = made(tells_relays=False)
    assert board.read() == (False, False)
    web.act = _losing(web, device, "SetRelayOutputState")
    board.switch(0, on=True)
    assert set(device.commands) == {("relay-a", True)}
    assert device.relays["relay-a"]


def _losing(web: WebDevice, device: OnvifPeer, word: str) -> Callable[[str, str, str], tuple[int, str]]:
    """The device does the next such command, but its answer never comes whole."""
    lost = threading.Event()

    def act(method: str, path: str, body: str) -> tuple[int, str]:
        answer = device.answer(method, path, body)
        if word in body and not lost.is_set():
            lost.set()
            return answer[0], " " * 70_000
        return answer

    return act


@pytest.mark.parametrize("answer", [(200, "<html>"), (200, "<a/>"), (500, "oops"), (200, "<!DOCTYPE x><a/>")])
def test_an_answer_that_is_none_is_a_fault(made: Make, answer: tuple[int, str]) -> None:
    board, _, web = made()
    web.act = lambda _method, _path, _body: answer
    with pytest.raises(BarrierFault):
        board.switch(0, on=True)


def test_a_device_that_vanishes_is_a_fault_and_recovers_when_it_is_back(made: Make) -> None:
    board, device, web = made(timeout_s=0.5)
    device.set_input("in-1", on=True)
    until(lambda: board.read() == (True, False))
    web.vanish()
    until(lambda: _silent(board))
    with pytest.raises(BarrierFault):
        board.switch(0, on=True)
    device.forget_subscriptions()
    device.set_input("in-1", on=False)
    web.appear()
    until(lambda: not _silent(board))
    assert board.read() == (False, False)
    board.switch(0, on=True)
    assert device.commands[-1] == ("relay-a", True)


def _silent(board: OnvifBoard) -> bool:
    try:
        board.read()
    except BarrierFault:
        return True
    return False


def test_a_device_that_forgot_our_subscription_is_asked_for_a_new_one(made: Make) -> None:
    board, device, _ = made()
    assert board.read() == (False, False)
    device.forget_subscriptions()
    device.set_input("in-1", on=True)
    until(lambda: not _silent(board) and board.read() == (True, False))


def test_an_input_that_the_device_never_told_is_a_fault(web_device: Callable[..., WebDevice]) -> None:
    web = web_device(OnvifPeer(RELAYS, ()).answer)
    board = OnvifBoard(OnvifSettings(Address(web.url), RELAYS, ("in-9",), join_s=1.5))
    try:
        fails("netboard.input_unheard", board.read)
    finally:
        board.close()


def test_letting_go_opens_every_relay_and_nothing_works_after(made: Make) -> None:
    board, device, _ = made()
    board.switch(1, on=True)
    board.close()
    board.close()
    assert not any(device.relays.values())
    fails("netboard.closed", lambda: board.switch(0, on=True))
    fails("netboard.closed", board.read)


def test_a_time_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigRefused):
        OnvifSettings(Address("http://h"), RELAYS, timeout_s=0)
