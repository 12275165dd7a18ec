"""USB relay boards against a pseudo terminal that checks every frame and can be unplugged."""

from __future__ import annotations

import os
import select
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.barrier.board.serial_board import CLOSED, HIGHEST_CHANNEL, NOT_ANSWERING, SerialBoard, frame
from gate.barrier.board.wired_lock import WiredLock
from gate.barrier.board.wiring import LockWiring, WiredBarrier, Wiring
from gate.barrier.controller import Barrier
from gate.barrier.device import Drive, Inputs
from gate.barrier.locks import DOOR
from gate.barrier.standing import Timing
from gate.errors import BarrierFault, ConfigRefused
from gate.texts import catalogue

PULSE_S = 0.05


def until(holds: Callable[[], bool], longest_s: float = 10.0) -> None:
    """Wait for something another thread brings about."""
    end_s = time.monotonic() + longest_s
    while not holds():
        assert time.monotonic() < end_s, "it never came"
        time.sleep(0.002)


class Plug:
    """A board that can be plugged in and out at a lasting path. `told` holds every frame, in order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.told: list[tuple[int, bool]] = []
        self.wrong: list[bytes] = []
        self.chatty = False
        """Whether it answers each command, as some boards do."""
        self.plugged = False

    def plug(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.path.symlink_to(os.ttyname(slave))
        os.close(slave)
        self._wake = os.pipe()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        self.plugged = True

    def unplug(self) -> None:
        os.write(self._wake[1], b"x")
        self._thread.join(10)
        self.path.unlink()
        for end in (self._master, *self._wake):
            os.close(end)
        self.plugged = False

    def _listen(self) -> None:
        heard = b""
        while True:
            # A pseudo terminal that nobody has open reads as an error: then it is only asked again a little later.
            ready, _, _ = select.select([self._wake[0], self._master], [], [])
            if self._wake[0] in ready:
                return
            try:
                heard += os.read(self._master, 64)
            except OSError:
                time.sleep(0.002)
            while len(heard) >= 4:
                self._take(heard[:4])
                heard = heard[4:]

    def _take(self, told: bytes) -> None:
        if told[0] != 0xA0 or told[3] != sum(told[:3]) % 256 or told[2] > 1:
            self.wrong.append(told)
            return
        self.told.append((told[1] - 1, bool(told[2])))
        if self.chatty:
            os.write(self._master, b"CH%d: ON\r\n" % told[1])


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    plug = Plug(tmp_path / "usb-1a86_USB_Serial-if00-port0")
    plug.plug()
    yield plug
    if plug.plugged:
        plug.unplug()
    assert plug.wrong == []


@pytest.fixture
def board(plug: Plug) -> Iterator[SerialBoard]:
    board = SerialBoard.from_url(f"serial:{plug.path}")
    yield board
    board.close()


def fault(call: Callable[[], object]) -> str:
    with pytest.raises(BarrierFault) as refused:
        call()
    assert refused.value.code in catalogue()
    return refused.value.code


def test_the_frames_are_the_ones_the_boards_know() -> None:
    assert frame(0, on=True) == bytes.fromhex("A00101A2")
    assert frame(0, on=False) == bytes.fromhex("A00100A1")
    assert frame(1, on=True) == bytes.fromhex("A00201A3")


@given(st.integers(), st.booleans())
def test_a_frame_is_four_bytes_with_their_sum_or_refused(channel: int, on: bool) -> None:
    if 0 <= channel <= HIGHEST_CHANNEL:
        told = frame(channel, on=on)
        assert len(told) == 4
        assert told[3] == sum(told[:3]) % 256
    else:
        with pytest.raises(ValueError, match="channels"):
            frame(channel, on=on)


@pytest.mark.parametrize("chatty", [False, True])
def test_each_command_is_sent_once_whether_the_board_answers_or_not(
    plug: Plug, board: SerialBoard, chatty: bool
) -> None:
    plug.chatty = chatty
    for on in (True, False, True):
        board.switch(3, on=on)
    until(lambda: len(plug.told) == 3)
    assert plug.told == [(3, True), (3, False), (3, True)]


def test_a_pulse_ends_by_itself(plug: Plug, board: SerialBoard) -> None:
    board.pulse(0, PULSE_S)
    until(lambda: len(plug.told) == 2)
    assert plug.told == [(0, True), (0, False)]


def test_an_unplugged_board_is_a_fault_until_it_is_back(plug: Plug, board: SerialBoard) -> None:
    board.switch(0, on=True)
    until(lambda: plug.told == [(0, True)])
    plug.unplug()
    assert fault(board.read) == fault(lambda: board.switch(0, on=True)) == NOT_ANSWERING
    assert fault(lambda: board.switch(0, on=True)) == NOT_ANSWERING
    plug.plug()
    assert board.read() == ()
    board.switch(0, on=True)
    until(lambda: len(plug.told) == 2)
    assert plug.told == [(0, True), (0, True)]


@pytest.mark.parametrize("call", ["read", "switch", "pulse"])
def test_a_board_that_was_out_and_in_between_two_calls_is_a_fault_once(
    plug: Plug, board: SerialBoard, call: str
) -> None:
    board.switch(0, on=True)
    until(lambda: len(plug.told) == 1)
    plug.unplug()
    plug.plug()
    calls = {
        "read": board.read,
        "switch": lambda: board.switch(1, on=True),
        "pulse": lambda: board.pulse(1, PULSE_S),
    }
    assert fault(calls[call]) == NOT_ANSWERING
    board.switch(1, on=True)
    until(lambda: (1, True) in plug.told)


def test_a_lock_on_a_board_that_was_out_and_in_between_two_readings_is_locked_again(
    plug: Plug, board: SerialBoard
) -> None:
    lock = WiredLock(board, board, LockWiring(0, "holds"))
    door = Barrier("door", lock, Timing(1.0, 5.0, 1.0, 1.0), lambda: 0.0, lambda _act: None, book=DOOR)
    door.poll_once()
    until(lambda: plug.told == [(0, True)])
    plug.unplug()
    plug.plug()
    door.poll_once()
    until(lambda: plug.told == [(0, True), (0, True)])


def test_a_pulse_cut_by_the_plug_is_ended_once_it_is_back(plug: Plug, board: SerialBoard) -> None:
    board.pulse(0, PULSE_S)
    until(lambda: plug.told == [(0, True)])
    plug.unplug()
    over_s = time.monotonic() + PULSE_S
    until(lambda: time.monotonic() > over_s)
    plug.plug()
    until(lambda: len(plug.told) == 2)
    assert plug.told == [(0, True), (0, False)]


def test_closing_lets_a_pulse_end_and_opens_what_was_closed(plug: Plug, board: SerialBoard) -> None:
    board.switch(1, on=True)
    board.switch(2, on=True)
    board.switch(2, on=False)
    board.pulse(0, PULSE_S)
    board.close()
    board.close()
    until(lambda: len(plug.told) == 6)
    assert sorted(plug.told[4:]) == [(0, False), (1, False)]
    assert fault(board.read) == fault(lambda: board.pulse(0, PULSE_S)) == CLOSED


def test_a_board_nobody_plugged_in_can_be_closed(tmp_path: Path) -> None:
    board = SerialBoard(str(tmp_path / "none"))
    assert fault(lambda: board.switch(0, on=True)) == NOT_ANSWERING
    board.close()


def test_a_path_that_is_no_serial_port_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert fault(SerialBoard(str(file)).read) == NOT_ANSWERING


@pytest.mark.parametrize(
    "url", ["serial:", "serial:ttyUSB0", "serial://host/dev/ttyUSB0", "serial:/dev/ttyUSB0?baud=1"]
)
def test_a_url_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        SerialBoard.from_url(url)
    assert refused.value.code in catalogue()


def test_a_barrier_on_a_board_without_inputs_knows_when_it_is_unplugged(plug: Plug, board: SerialBoard) -> None:
    barrier = WiredBarrier(board, board, Wiring(0, 1, 2, pulse_s=PULSE_S))
    assert barrier.inputs() == Inputs(None, None, None)
    barrier.drive(Drive.RAISE)
    until(lambda: plug.told[3:] == [(0, True), (0, False)])
    plug.unplug()
    assert fault(barrier.inputs) == NOT_ANSWERING
