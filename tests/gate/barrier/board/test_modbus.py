"""Modbus boards against the protocol library's own server, over TCP and over a pair of pseudo terminals."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pymodbus.client import ModbusTcpClient
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import ReadDiscreteInputsResponse, WriteSingleCoilRequest
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from gate.barrier.act import Command
from gate.barrier.board.modbus import CLOSED, NOT_ANSWERING, REFUSED, WRONG_ANSWER, ModbusBoard
from gate.barrier.board.modbus_settings import ModbusSettings, SerialLink, TcpLink
from gate.barrier.board.wiring import WiredBarrier, Wiring
from gate.barrier.controller import Barrier
from gate.barrier.device import Drive
from gate.barrier.simulator import SimulatedBarrier
from gate.barrier.standing import State, Timing
from gate.errors import BarrierFault
from gate.texts import catalogue

TIMEOUT_S = 0.15
PULSE_S = 0.1
Spoil = Callable[[bytes], bytes]


def until(holds: Callable[[], bool], longest_s: float = 10.0) -> None:
    """Wait for something another thread brings about."""
    end_s = time.monotonic() + longest_s
    while not holds():
        assert time.monotonic() < end_s, "it never came"
        time.sleep(0.002)


class Device:
    """A board with 8 coils and 8 inputs behind the library's server, on a thread of its own."""

    def __init__(self) -> None:
        self.writes: list[tuple[int, bool]] = []
        self.inputs: Callable[[], list[bool]] = lambda: [False] * 8
        self.on_write: Callable[[int, bool], None] = lambda channel, on: None
        self.spoil: list[Spoil] = []
        """What happens to the next answers, one each."""
        self.serial_path: str | None = None
        self.port = 0
        self.connections = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: ModbusTcpServer | ModbusSerialServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(10)

    def stop(self) -> None:
        if self._thread is not None and self._server is not None and self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._server.shutdown(), self._loop).result(10)
            self._thread.join(10)
        self._thread = None

    def coil_on(self, channel: int) -> bool:
        return next((on for told, on in reversed(self.writes) if told == channel), False)

    async def _serve(self, ready: threading.Event) -> None:
        bits = [SimData(0, values=[False] * 8, datatype=DataType.BITS)]
        registers = [SimData(0, values=0, datatype=DataType.REGISTERS)]
        context = SimDevice(1, (bits, bits, registers, registers))
        hooks = {"trace_pdu": self._pdu, "trace_packet": self._packet, "trace_connect": self._connected}
        self._loop = asyncio.get_running_loop()
        if self.serial_path is not None:
            self._server = ModbusSerialServer(context, port=self.serial_path, baudrate=115_200, **hooks)
        else:
            self._server = ModbusTcpServer(context, address=("127.0.0.1", self.port), **hooks)
        await self._server.serve_forever(background=True)
        if self.serial_path is None:
            self.port = self._server.transport.sockets[0].getsockname()[1]
        ready.set()
        await self._server.serving

    def _pdu(self, sending: bool, pdu: ModbusPDU) -> ModbusPDU:
        if not sending and isinstance(pdu, WriteSingleCoilRequest):
            self.writes.append((pdu.address, pdu.bits[0]))
            self.on_write(pdu.address, pdu.bits[0])
        if sending and type(pdu) is ReadDiscreteInputsResponse:
            pdu.bits = self.inputs()
        return pdu

    def _packet(self, sending: bool, packet: bytes) -> bytes:
        return self.spoil.pop(0)(packet) if sending and self.spoil else packet

    def _connected(self, connected: bool) -> None:
        self.connections += connected


class Line:
    """Two pseudo terminals joined by a cable that can be pulled; `path` is the near end's lasting name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ends = [os.openpty(), os.openpty()]
        for _, slave in self._ends:
            tty.setraw(slave)
        self.far_path = os.ttyname(self._ends[1][1])
        path.unlink(missing_ok=True)
        path.symlink_to(os.ttyname(self._ends[0][1]))
        self._wake = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        os.write(self._wake[1], b"x")
        self._thread.join(10)
        self.path.unlink()
        for master, slave in self._ends:
            os.close(slave)
            os.close(master)
        for end in self._wake:
            os.close(end)

    def _carry(self) -> None:
        near, far = (master for master, _ in self._ends)
        while True:
            ready, _, _ = select.select([near, far, self._wake[0]], [], [])
            if self._wake[0] in ready:
                return
            for end in ready:
                os.write(far if end == near else near, os.read(end, 256))


def lose(_: bytes) -> bytes:
    return b""


def late(packet: bytes) -> bytes:
    time.sleep(TIMEOUT_S * 1.4)
    return packet


def unasked(packet: bytes) -> bytes:
    """An answer to a question nobody put: function 3."""
    return packet[:5] + b"\x05" + packet[6:7] + b"\x03\x02\x00\x00"


def coils_instead(packet: bytes) -> bytes:
    """An answer of the right length to the wrong question: function 1."""
    return packet[:7] + b"\x01" + packet[8:]


@pytest.fixture
def device() -> Iterator[Device]:
    device = Device()
    device.start()
    yield device
    device.stop()


@pytest.fixture
def board(device: Device) -> Iterator[ModbusBoard]:
    board = ModbusBoard(ModbusSettings(TcpLink("127.0.0.1", device.port), inputs=3, timeout_s=TIMEOUT_S))
    yield board
    board.close()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[list[Line]]:
    lines = [Line(tmp_path / "by-id")]
    yield lines
    for each in lines:
        each.cut()


@pytest.fixture
def rtu(line: list[Line]) -> Iterator[tuple[Device, ModbusBoard]]:
    device = Device()
    device.serial_path = line[0].far_path
    device.start()
    link = SerialLink(str(line[0].path), baud=115_200)
    board = ModbusBoard(ModbusSettings(link, inputs=3, timeout_s=TIMEOUT_S))
    yield device, board
    board.close()
    device.stop()


def fault(call: Callable[[], object]) -> str:
    with pytest.raises(BarrierFault) as refused:
        call()
    assert refused.value.code in catalogue()
    return refused.value.code


def test_a_relay_is_switched_once_and_inputs_are_read(device: Device, board: ModbusBoard) -> None:
    device.inputs = lambda: [True, False, True] + [False] * 5
    board.switch(2, on=True)
    assert device.writes == [(2, True)]
    assert board.read() == (True, False, True)
    board.switch(2, on=False)
    assert device.writes == [(2, True), (2, False)]
    assert device.connections == 1


def test_channels_are_counted_from_where_the_url_says(device: Device) -> None:
    settings = ModbusSettings.from_url(f"modbus://127.0.0.1:{device.port}?relay_at=4")
    board = ModbusBoard(settings)
    board.switch(1, on=True)
    assert device.writes == [(5, True)]
    assert board.read() == ()
    board.close()


def test_a_write_whose_answer_was_lost_is_read_back_and_not_sent_again(device: Device, board: ModbusBoard) -> None:
    device.spoil = [lose]
    board.switch(0, on=True)
    assert device.writes == [(0, True)]


def test_a_late_answer_is_not_taken_for_the_next_one(device: Device, board: ModbusBoard) -> None:
    device.spoil = [late]
    board.switch(0, on=True)
    assert board.read() == (False, False, False)
    assert device.writes == [(0, True)]


def test_a_doubt_is_settled_by_the_next_call_without_a_second_write(device: Device, board: ModbusBoard) -> None:
    device.spoil = [lose, lose]
    assert fault(lambda: board.switch(0, on=True)) == NOT_ANSWERING
    board.switch(0, on=True)
    assert device.writes == [(0, True)]


def test_what_never_arrived_is_sent_again(device: Device, board: ModbusBoard) -> None:
    board.read()
    device.stop()
    assert fault(lambda: board.switch(0, on=True)) == NOT_ANSWERING
    assert fault(board.read) == NOT_ANSWERING
    device.start()
    board.switch(0, on=True)
    assert device.writes == [(0, True)]


def test_a_board_that_cannot_be_read_back_is_told_again(device: Device, board: ModbusBoard) -> None:
    device.spoil = [lose, lambda packet: packet[:5] + b"\x03" + packet[6:7] + b"\x81\x01"]
    board.switch(0, on=True)
    assert device.writes == [(0, True), (0, True)]


def test_an_answer_that_comes_twice_counts_once(device: Device, board: ModbusBoard) -> None:
    device.spoil = [lambda packet: packet + packet]
    board.switch(0, on=True)
    device.inputs = lambda: [True] * 8
    assert board.read() == (True, True, True)
    assert device.writes == [(0, True)]


def test_a_board_that_is_gone_fills_no_log(
    device: Device, board: ModbusBoard, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    board.read()
    device.stop()
    caplog.clear()
    for _ in range(3):
        assert fault(board.read) == NOT_ANSWERING
    assert not [record for record in caplog.records if record.name.startswith("pymodbus")]
    assert "pymodbus" not in "".join(capfd.readouterr())


def test_small_packets_are_not_held_back(board: ModbusBoard) -> None:
    board.read()
    assert isinstance(board._client, ModbusTcpClient)
    assert board._client.socket is not None
    assert board._client.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_refusal_is_told_as_one_and_changes_nothing(device: Device, board: ModbusBoard) -> None:
    assert fault(lambda: board.switch(20, on=True)) == REFUSED
    assert fault(lambda: board.pulse(20, PULSE_S)) == REFUSED
    assert device.writes == [(20, True)] * 2
    board.switch(0, on=True)


@pytest.mark.parametrize(
    "spoiled", [unasked, coils_instead, lambda packet: bytes(range(200, 212)), lambda packet: packet[:-1]]
)
def test_an_answer_that_answers_nothing_is_a_fault_and_the_next_call_works(
    device: Device, board: ModbusBoard, spoiled: Spoil
) -> None:
    device.spoil = [spoiled]
    assert fault(board.read) == WRONG_ANSWER
    assert board.read() == (False, False, False)


def test_inputs_that_come_too_few_are_a_fault(device: Device) -> None:
    board = ModbusBoard(ModbusSettings(TcpLink("127.0.0.1", device.port), inputs=8, timeout_s=TIMEOUT_S))
    device.inputs = lambda: [True] * 16
    assert fault(board.read) == WRONG_ANSWER
    board.close()


def test_a_pulse_ends_by_itself(device: Device, board: ModbusBoard) -> None:
    board.pulse(1, PULSE_S)
    assert device.writes == [(1, True)]
    until(lambda: len(device.writes) == 2)
    assert device.writes == [(1, True), (1, False)]


def test_a_pulse_cut_by_a_lost_board_is_ended_when_it_is_back(device: Device, board: ModbusBoard) -> None:
    board.pulse(1, PULSE_S)
    device.stop()
    over_s = time.monotonic() + PULSE_S
    assert fault(board.read) == NOT_ANSWERING
    until(lambda: time.monotonic() > over_s)
    assert device.writes == [(1, True)]
    device.start()
    until(lambda: (1, False) in device.writes)
    assert device.writes.count((1, True)) == 1


def test_a_pulse_in_doubt_is_ended_all_the_same(device: Device, board: ModbusBoard) -> None:
    device.spoil = [lose, lose]
    assert fault(lambda: board.pulse(1, TIMEOUT_S)) == NOT_ANSWERING
    until(lambda: (1, False) in device.writes)
    assert device.writes.count((1, True)) == 1


def test_closing_lets_a_pulse_end_and_switches_off_only_what_was_used(device: Device, board: ModbusBoard) -> None:
    board.switch(3, on=True)
    board.pulse(1, PULSE_S)
    began_s = time.monotonic()
    board.close()
    assert time.monotonic() - began_s > PULSE_S / 2
    assert sorted(device.writes) == [(1, False), (1, True), (3, False), (3, True)]
    board.close()
    assert fault(board.read) == fault(lambda: board.switch(1, on=True)) == CLOSED


def test_closing_passes_over_a_relay_that_the_board_refuses(device: Device, board: ModbusBoard) -> None:
    assert fault(lambda: board.switch(20, on=True)) == REFUSED
    board.switch(1, on=True)
    board.switch(2, on=True)
    device.spoil = [lambda packet: packet[:5] + b"\x03" + packet[6:7] + b"\x85\x04"]
    board.close()
    assert device.writes[-3:] == [(1, False), (2, False), (20, False)]


def test_closing_a_board_that_is_gone_is_no_fault(device: Device, board: ModbusBoard) -> None:
    board.switch(1, on=True)
    device.stop()
    board.close()
    assert device.writes == [(1, True)]


def test_rtu_works_and_survives_silence_and_noise(rtu: tuple[Device, ModbusBoard]) -> None:
    device, board = rtu
    device.inputs = lambda: [False, True, False] + [False] * 5
    board.switch(0, on=True)
    assert board.read() == (False, True, False)
    device.spoil = [lose]
    board.switch(0, on=False)
    assert device.writes == [(0, True), (0, False)]
    device.spoil = [lambda packet: packet[:-1] + b"\x00"]
    assert fault(board.read) == WRONG_ANSWER
    assert board.read() == (False, True, False)
    assert fault(lambda: board.switch(20, on=True)) == REFUSED


def test_rtu_a_late_answer_is_not_taken_for_the_next_one(rtu: tuple[Device, ModbusBoard]) -> None:
    device, board = rtu
    assert board.read() == (False, False, False)
    device.spoil = [late]
    assert fault(board.read) == NOT_ANSWERING
    device.inputs = lambda: [True] * 8
    assert board.read() == (True, True, True)


def test_rtu_an_answer_that_comes_twice_counts_once(rtu: tuple[Device, ModbusBoard]) -> None:
    device, board = rtu
    device.spoil = [lambda packet: packet + packet]
    assert board.read() == (False, False, False)
    device.inputs = lambda: [True] * 8
    assert board.read() == (True, True, True)


def test_rtu_comes_back_after_the_adapter_was_unplugged(rtu: tuple[Device, ModbusBoard], line: list[Line]) -> None:
    device, board = rtu
    board.switch(0, on=True)
    device.stop()
    line.pop().cut()
    assert fault(board.read) == NOT_ANSWERING
    line.append(Line(Path(board._settings.link.path)))
    device.serial_path = line[0].far_path
    device.start()
    board.switch(0, on=False)
    assert device.writes == [(0, True), (0, False)]


def test_a_barrier_opens_and_closes_over_modbus(device: Device) -> None:
    arm = SimulatedBarrier(time.monotonic, travel_s=0.3)
    drives = {0: Drive.RAISE, 1: Drive.LOWER, 2: Drive.STOP}

    def press(channel: int, on: bool) -> None:
        if on:
            arm.drive(drives[channel])

    def contacts() -> list[bool]:
        inputs = arm.inputs()
        return [bool(inputs.open_limit), bool(inputs.closed_limit), not inputs.presence] + [False] * 5

    device.on_write = press
    device.inputs = contacts
    wiring = Wiring(0, 1, 2, "pulse", 0.05, 0, 1, 2, inverted=frozenset({"presence"}))
    settings = ModbusSettings(TcpLink("127.0.0.1", device.port), inputs=wiring.input_count)
    board = ModbusBoard(settings)
    timing = Timing(travel_s=0.3, hold_open_s=0.3, clear_s=0.1, fault_after_s=2.0)
    barrier = Barrier(
        "arm", WiredBarrier(board, board, wiring), timing, time.monotonic, lambda act: None, presence_wired=True
    )
    barrier.start()
    try:
        assert barrier.standing().state is State.CLOSED
        assert device.writes[:4] == [(0, False), (1, False), (2, False), (2, True)]
        assert barrier.command(Command.OPEN, command_id="p1", cause="guard").accepted
        until(lambda: barrier.standing().state is State.OPEN)
        assert arm.position == 1.0
        until(lambda: barrier.standing().state is State.CLOSED)
        assert arm.position == 0.0
    finally:
        barrier.stop()
    assert [device.writes.count((channel, True)) for channel in drives] == [1, 1, 2]
    assert not any(device.coil_on(channel) for channel in drives)
    assert arm.collisions == ()
