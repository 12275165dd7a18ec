"""Real wires: a socket, and a serial port made of a pair of pseudo-terminals."""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import threading
import time
import tty
from collections.abc import Iterator

import pytest

from gate.cli.check_readers import examine_line
from gate.errors import ReaderFault
from gate.reader.opening import open_line
from gate.reader.osdp.line import OsdpLine
from gate.reader.osdp.simulated import SimulatedReader
from gate.reader.reader import CardBits
from gate.reader.settings import ReaderPart
from gate.reader.simulated_line import OsdpEnd, SimulatedLine, WiegandEnd
from gate.reader.wire import SocketWire, open_wire
from gate.reader.worker import LineWorker

_KEPT = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)


@pytest.fixture
def pseudo() -> Iterator[tuple[int, str]]:
    far, near = os.openpty()
    tty.setraw(far)
    tty.setraw(near)
    yield far, os.ttyname(near)
    os.close(near)
    os.close(far)


def test_a_serial_port_carries_bytes_both_ways_and_belongs_to_one_program(pseudo: tuple[int, str]) -> None:
    far, path = pseudo
    wire = open_wire(f"osdp:{path}?baud=19200")
    wire.write(b"asked")
    assert os.read(far, 10) == b"asked"
    os.write(far, b"told")
    assert wire.read(5) == b"told"
    assert wire.read(0) == b""
    with pytest.raises(ReaderFault, match=r"reader\.port_held"):
        open_wire(f"osdp:{path}")
    found = examine_line([ReaderPart(id="r", url=f"osdp:{path}", lane="walk")])
    assert [(doubtful, isinstance(said, str) and path in said) for _, said, doubtful in found] == [(True, True)]
    wire.close()


def test_a_reader_on_a_serial_port_is_read(pseudo: tuple[int, str]) -> None:
    far, path = pseudo
    reader, ended = SimulatedReader(1), threading.Event()
    end = OsdpEnd([reader])

    def answer() -> None:
        while not ended.is_set():
            told = end.take(os.read(far, 1024))
            if told:
                os.write(far, told)

    serving = threading.Thread(target=answer, daemon=True)
    serving.start()
    line = open_line([ReaderPart(id="r", url=f"osdp:{path}", lane="walk", address=1)])
    assert isinstance(line, OsdpLine)
    seen: list[object] = []
    ends_s, presented = time.monotonic() + 30, False
    while not any(isinstance(event, CardBits) for event in seen) and time.monotonic() < ends_s:
        seen += line.events()
        if not presented and not line._sessions["r"]._fresh:
            reader.present(0x2A00A42, 26)
            presented = True
    ended.set()
    line.events()  # one more question lets the far end see that it has ended
    line.close()
    serving.join(10)
    assert not serving.is_alive()
    assert any(isinstance(event, CardBits) and event.number == 0x2A00A42 for event in seen)


def test_a_closed_connection_is_a_cut_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"osdp+tcp://127.0.0.1:{server.getsockname()[1]}"
        wire = open_wire(url)
        connection, _ = server.accept()
        connection.close()
        with pytest.raises(ReaderFault, match=r"reader\.cut"):
            wire.read(10)
        wire.close()
        with pytest.raises(ReaderFault, match=r"reader\.cut"):
            wire.write(b"x")
    with pytest.raises(ReaderFault, match=r"reader\.unreachable"):
        open_wire(url)


def test_a_port_that_is_not_there_is_told() -> None:
    with pytest.raises(ReaderFault, match=r"reader\.port_unusable") as refused:
        open_wire("wiegand:/dev/serial/by-id/none")
    assert refused.value.facts["path"] == "/dev/serial/by-id/none"


def test_a_serial_server_that_lost_its_power_is_missed_within_half_a_minute() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = open_wire(f"wiegand+tcp://127.0.0.1:{server.getsockname()[1]}")
        assert isinstance(wire, SocketWire)
        held = wire._connection
        asked = [held.getsockopt(socket.IPPROTO_TCP, option) for option in _KEPT]
        assert held.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert asked[0] + asked[1] * asked[2] <= 30
        assert held.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 30_000
        assert held.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) > 0
        wire.close()


def test_a_card_that_a_converter_kept_while_it_was_cut_off_is_not_read_when_it_is_back() -> None:
    end, read = WiegandEnd(), queue.Queue[object]()
    end.present(0x2A00A42, 26)
    with SimulatedLine(end) as line:
        parts = [ReaderPart(id="r", url=f"wiegand+tcp://127.0.0.1:{line.port}", lane="walk")]
        worker = LineWorker(["r"], lambda: open_line(parts), on_read=read.put)
        worker.start()
        first: object = None
        for _ in range(15):  # again where a machine without time for it has taken the newer one for late, too
            if dict(worker.health("r").misreads).get("late"):
                end.present(0x1234567, 26)
            with contextlib.suppress(queue.Empty):
                first = read.get(timeout=2)
                break
        worker.stop()
    assert isinstance(first, CardBits)
    assert first.number == 0x1234567
