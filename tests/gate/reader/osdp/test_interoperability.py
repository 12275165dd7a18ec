"""Against libosdp, written by others: its readers at our panel, and its panel at our readers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import osdp
import pytest

from gate.reader.osdp.keys import Keys
from gate.reader.osdp.line import OsdpLine
from gate.reader.osdp.session import Session
from gate.reader.osdp.simulated import SimulatedReader
from gate.reader.reader import CardBits, Condition, Feedback, KeysPressed, ReaderEvent
from gate.reader.simulated_line import OsdpEnd, serve
from gate.reader.wire import SocketWire
from tests.gate.reader.direct import KEY

LONGEST_S = 30.0
CARD = 0x2955685
CARD_BYTES = (CARD << 6).to_bytes(4)


class Wire(osdp.Channel):  # type: ignore[misc]
    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection
        connection.setblocking(False)

    def read(self, most: int) -> bytes:
        try:
            return self._connection.recv(most)
        except BlockingIOError:
            return b""

    def write(self, told: bytes) -> int:
        return self._connection.send(told)

    def flush(self) -> None:
        while self.read(1024):
            pass


@contextmanager
def their_reader(key: bytes | None) -> Iterator[tuple[SocketWire, Any]]:
    ours, theirs = socket.socketpair()
    abilities = osdp.PDCapabilities([(osdp.Capability.LEDControl, 1, 1), (osdp.Capability.AudibleControl, 1, 1)])
    info = osdp.PDInfo(3, Wire(theirs), scbk=key, flags=[osdp.LibFlag.EnforceSecure] if key else [])
    reader = osdp.PeripheralDevice(info, abilities, log_level=osdp.LogLevel.Emergency)
    reader.start()
    try:
        yield SocketWire(ours), reader
    finally:
        reader.stop()
        ours.close()
        theirs.close()


@pytest.mark.parametrize(("theirs", "ours"), [(KEY, Keys(KEY)), (None, Keys()), (None, Keys(KEY, install=True))])
def test_their_reader_at_our_panel(theirs: bytes | None, ours: Keys) -> None:
    with their_reader(theirs) as (wire, reader):
        session = Session("r3", 3, lambda: ours)
        line = OsdpLine(wire, [session], reply_s=2.0)
        seen: list[ReaderEvent] = []
        ends_s = time.monotonic() + LONGEST_S
        told = False
        while time.monotonic() < ends_s and not (told and len(seen) >= 4):
            seen += line.events()
            if seen and not told:
                told = True
                while session._fresh and time.monotonic() < ends_s:
                    seen += line.events()  # what came before the first "nothing new" is passed over as too old
                line.answer("r3", Feedback.ACCEPTED)
                card = {"reader_no": 0, "direction": 0, "format": osdp.CardFormat.Wiegand, "length": 26}
                reader.submit_event({"event": osdp.Event.CardRead, **card, "data": CARD_BYTES})
                reader.submit_event({"event": osdp.Event.KeyPress, "reader_no": 0, "data": b"12\x7f\x0d"})
                tampered = {"type": osdp.StatusReportType.Local, "report": b"\1\0"}
                reader.submit_event({"event": osdp.Event.Status, **tampered})
        conditions = [event for event in seen if isinstance(event, Condition)]
        assert [one.secure for one in conditions] == [ours.own is not None] * 2
        assert [one.tampered for one in conditions] == [False, True]
        assert [event.number for event in seen if isinstance(event, CardBits)] == [CARD]
        assert [event.keys for event in seen if isinstance(event, KeysPressed)] == ["12*#"]
        shown = [command for command in _commands(reader) if command["command"] == osdp.Command.LED]
        assert [(one["on_color"], one["temporary"]) for one in shown] == [(osdp.CommandLEDColor.Green, True)]


@pytest.mark.parametrize("key", [KEY, None])
def test_their_panel_at_our_reader(key: bytes | None) -> None:
    ours, theirs = socket.socketpair()
    reader = SimulatedReader(5, key)
    ended = threading.Event()
    serving = threading.Thread(target=serve, args=(SocketWire(ours), OsdpEnd([reader]), ended.is_set))
    serving.start()
    info = osdp.PDInfo(5, Wire(theirs), scbk=key, flags=[osdp.LibFlag.EnforceSecure] if key else [])
    panel = osdp.ControlPanel([info], log_level=osdp.LogLevel.Emergency)
    panel.start()
    try:
        assert panel.online_wait(5, LONGEST_S)
        assert panel.is_sc_active(5) is (key is not None)
        reader.present(CARD, 26)
        reader.press("12*#")
        reader.tamper(opened=True)
        card, keys, tampered = (panel.get_event(5, LONGEST_S) for _ in range(3))
        assert (card["length"], card["data"]) == (26, CARD_BYTES)
        assert keys["data"] == b"12\x7f\x0d"
        assert tampered["report"] == b"\1\0"
    finally:
        panel.stop()
        ended.set()
        serving.join()
        ours.close()
        theirs.close()


def _commands(reader: Any) -> list[dict[str, Any]]:
    found = []
    while (command := reader.get_command(timeout=1 if not found else 0)) is not None:
        found.append(command)
        if command["command"] == osdp.Command.Buzzer:
            break
    return found
