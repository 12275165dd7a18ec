"""`kill -9` and power cuts with the arm down, half way and up: the inputs are read first, nothing moves for nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import ReadDiscreteInputsRequest, WriteSingleCoilRequest

from gate.barrier.device import Drive
from gate.barrier.simulator import SimulatedBarrier
from tests.gate.barrier.board.test_modbus import Device, until

ROOT = Path(__file__).parents[3]
TOML = """
[storage]
folder = "site"
[[barrier]]
id = "arm"
url = "modbus://127.0.0.1:{port}?timeout_s=2"
travel_s = 1.5
hold_open_s = 600
fault_after_s = 20
[barrier.wiring]
raise = 0
lower = 1
stop = 2
pulse_s = 0.2
open_limit = 0
closed_limit = 1
presence = 2
"""
DRIVES = {0: Drive.RAISE, 1: Drive.LOWER, 2: Drive.STOP}


class Site:
    """A real Modbus board with a simulated arm on it, and the service that drives both from another process."""

    def __init__(self, folder: Path) -> None:
        self.arm = SimulatedBarrier(time.monotonic, travel_s=1.5, watchdog_s=60.0)
        self.asked: list[str] = []
        self.device = Device()
        self.device.inputs = self._inputs
        self.device.on_write = self._written
        self.device._pdu = self._noting(self.device._pdu)  # type: ignore[method-assign]
        self.device.start()
        self.file = folder / "gate.toml"
        self.file.write_text(TOML.format(port=self.device.port), "utf-8")
        self.wishes = folder / "site" / "barriers.json"
        self.said: list[str] = []
        self.runs = 0
        self.service: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.said, self.runs = [], self.runs + 1
        command = [sys.executable, "-m", "tests.gate.barrier.service", str(self.file), str(self.runs)]
        self.service = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        threading.Thread(target=self._listen, args=(self.service,), daemon=True).start()
        until(lambda: self.heard("arm started"), 60)

    def order(self, command: str) -> None:
        assert self.service is not None
        assert self.service.stdin is not None
        self.service.stdin.write(f"arm {command}\n")
        until(lambda: self.heard("arm receipt"), 60)

    def heard(self, words: str) -> bool:
        return any(line.startswith(words) for line in self.said)

    def kill(self) -> None:
        assert self.service is not None
        os.kill(self.service.pid, signal.SIGKILL)
        self.service.wait()
        assert self.service.stdin is not None
        self.service.stdin.close()
        self.service = None

    def cut_power(self) -> None:
        """The motor stops where it is, and the board forgets its coils."""
        self.arm.drive(Drive.STOP)
        self.device.stop()
        self.device.start()
        self.file.write_text(TOML.format(port=self.device.port), "utf-8")

    def close(self) -> None:
        if self.service is not None:
            self.kill()
        self.device.stop()

    def _listen(self, service: subprocess.Popen[str]) -> None:
        assert service.stdout is not None
        with service.stdout:
            for line in service.stdout:
                self.said.append(line.strip())

    def _inputs(self) -> list[bool]:
        shown = self.arm.inputs()
        return [bool(shown.open_limit), bool(shown.closed_limit), bool(shown.presence)] + [False] * 5

    def _written(self, channel: int, on: bool) -> None:
        if on:
            self.arm.drive(DRIVES[channel])

    def _noting(self, inner: Callable[[bool, ModbusPDU], ModbusPDU]) -> Callable[[bool, ModbusPDU], ModbusPDU]:
        def note(sending: bool, pdu: ModbusPDU) -> ModbusPDU:
            if not sending and isinstance(pdu, ReadDiscreteInputsRequest):
                self.asked.append("read")
            if not sending and isinstance(pdu, WriteSingleCoilRequest):
                self.asked.append(f"{DRIVES[pdu.address]} {'on' if pdu.bits[0] else 'off'}")
            return inner(sending, pdu)

        return note


@pytest.fixture
def site(tmp_path: Path) -> Generator[Site]:
    made = Site(tmp_path)
    yield made
    made.close()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("power_lost", [False, True], ids=["killed", "power lost"])
@pytest.mark.parametrize("where", ["down", "half way", "up"])
def test_a_restart_reads_first_and_moves_only_an_arm_that_stands_half_way(
    site: Site, where: str, power_lost: bool
) -> None:
    site.start()
    if where != "down":
        site.order("open")
        until(lambda: site.arm.position > (0.2 if where == "half way" else 0.999), 60)
    site.kill()
    if power_lost:
        site.cut_power()
    elif where == "half way":
        site.arm.drive(Drive.STOP)
    site.asked.clear()
    site.start()
    end_s = time.monotonic() + 1.0
    until(lambda: time.monotonic() > end_s and site.asked.count("read") > 10, 60)
    assert site.asked[0] == "read"
    moved = [asked for asked in site.asked if asked.endswith("on")]
    if where == "half way":
        assert moved == ["raise on"]
        until(lambda: site.arm.position == 1.0, 60)
    else:
        # A stop for an arm that stands is no movement: it says so where a pulse may have stayed closed.
        assert set(moved) <= {"stop on"}
        assert site.arm.position == (0.0 if where == "down" else 1.0)
    assert site.arm.collisions == ()


@pytest.mark.timeout(240)
def test_a_guards_hold_is_taken_up_again_after_a_kill(site: Site) -> None:
    site.start()
    site.order("hold")
    until(lambda: site.arm.position == 1.0, 60)
    until(lambda: site.wishes.exists() and json.loads(site.wishes.read_text())["arm"]["held"], 60)
    site.kill()
    site.asked.clear()
    site.start()
    until(lambda: site.heard("arm raised held"), 60)
    assert [asked for asked in site.asked if asked in {"raise on", "lower on"}] == []
    assert site.arm.position == 1.0
