"""GPIO lines: on a stand-in for the kernel's lines everywhere, and on gpio-sim's own chip where the kernel has it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.barrier.board.gpio_board import GpioBoard, GpioSettings, KernelLines
from gate.errors import BarrierFault, ConfigRefused
from gate.texts import explain

URL = "gpio:/dev/gpiochip0?outputs=17,27&inputs=5,6&active_low=yes&bias=pull_up&debounce_ms=10"
SETTINGS = GpioSettings("/dev/gpiochip0", (17, 27), (5, 6), active_low=True, bias="pull_up", debounce_ms=10)


class Chip:
    """Lines by offset, and the ways in which they go wrong."""

    def __init__(self) -> None:
        self.lines = dict.fromkeys((17, 27, 5, 6), False)
        self.sets: list[tuple[int, bool]] = []
        self.there = True
        self.stuck = False
        self.opened = 0
        self.released = 0

    def open(self, settings: GpioSettings) -> Chip:
        self._must_be_there()
        self.opened += 1
        self.lines |= dict.fromkeys(settings.outputs, False)
        return self

    def set(self, line: int, *, on: bool) -> None:
        self._must_be_there()
        self.sets.append((line, on))
        self.lines[line] = on and not self.stuck

    def read(self, lines: tuple[int, ...]) -> tuple[bool, ...]:
        self._must_be_there()
        return tuple(self.lines[line] for line in lines)

    def release(self) -> None:
        self.released += 1

    def _must_be_there(self) -> None:
        if not self.there:
            raise OSError(19, "No such device")


@pytest.fixture
def chip() -> Chip:
    return Chip()


@pytest.fixture
def board(chip: Chip) -> GpioBoard:
    return GpioBoard(SETTINGS, open_lines=chip.open)


def until(true: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def test_a_url_says_everything() -> None:
    assert GpioSettings.from_url(URL) == SETTINGS
    assert GpioSettings.from_url("gpio:/dev/gpiochip1?outputs=3") == GpioSettings("/dev/gpiochip1", (3,))


@pytest.mark.parametrize(
    "url",
    [
        "gpio:gpiochip0",
        "gpio://host/dev/gpiochip0",
        "gpio:/dev/gpiochip0?output=1",
        "gpio:/dev/gpiochip0?outputs=a",
        "gpio:/dev/gpiochip0?outputs=1,1",
        "gpio:/dev/gpiochip0?outputs=1&inputs=1",
        "gpio:/dev/gpiochip0?outputs=1&bias=up",
        "gpio:/dev/gpiochip0?outputs=1&active_low=1",
        "gpio:/dev/gpiochip0?outputs=1&debounce_ms=-1",
    ],
)
def test_a_url_that_cannot_be_is_refused_with_what_may_be(url: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        GpioSettings.from_url(url)
    assert "gpio" in explain(refused.value, "en")


def test_channels_are_lines_in_the_order_of_the_url(board: GpioBoard, chip: Chip) -> None:
    board.switch(0, on=True)
    board.switch(1, on=True)
    board.switch(0, on=False)
    chip.lines[6] = True
    assert chip.sets == [(17, True), (27, True), (17, False)]
    assert board.read() == (False, True)


def test_a_pulse_ends_by_itself(board: GpioBoard, chip: Chip) -> None:
    board.pulse(0, 0.05)
    assert chip.lines[17]
    until(lambda: not chip.lines[17])


def test_a_line_that_does_not_follow_is_a_fault(board: GpioBoard, chip: Chip) -> None:
    chip.stuck = True
    with pytest.raises(BarrierFault, match=r"board\.wrong_answer"):
        board.switch(0, on=True)


def test_a_chip_that_is_gone_is_a_fault_and_is_opened_anew_when_it_is_back(board: GpioBoard, chip: Chip) -> None:
    board.switch(0, on=True)
    chip.there = False
    for act in (board.read, lambda: board.switch(0, on=False)):
        with pytest.raises(BarrierFault, match=r"board\.not_answering"):
            act()
    chip.there = True
    assert board.read() == (False, False)
    assert chip.opened == 2
    assert not chip.lines[17]


def test_letting_go_switches_everything_off(board: GpioBoard, chip: Chip) -> None:
    board.switch(0, on=True)
    board.close()
    board.close()
    assert not chip.lines[17]
    assert chip.released == 1
    with pytest.raises(BarrierFault, match=r"board\.closed"):
        board.read()


def test_a_channel_that_is_not_there_is_a_fault(board: GpioBoard) -> None:
    with pytest.raises(BarrierFault, match=r"board\.no_such_output"):
        board.switch(2, on=True)


def test_the_real_library_says_that_a_chip_is_missing(tmp_path: Path) -> None:
    board = GpioBoard(GpioSettings(str(tmp_path / "gpiochip9"), (0,)))
    with pytest.raises(BarrierFault, match=r"board\.not_answering"):
        board.read()


CONFIGFS = Path("/sys/kernel/config/gpio-sim")


def drive_a_simulated_chip_of_the_kernel() -> None:
    device = CONFIGFS / "menwei"
    (device / "bank0").mkdir(parents=True)
    try:
        (device / "bank0" / "num_lines").write_text("4")
        (device / "live").write_text("1")
        chip = (device / "bank0" / "chip_name").read_text().strip()
        name = (device / "dev_name").read_text().strip()
        lines = Path("/sys/devices/platform") / name / chip
        board = GpioBoard(GpioSettings(f"/dev/{chip}", (0, 1), (2, 3)), open_lines=KernelLines)
        board.switch(1, on=True)
        assert (lines / "sim_gpio1" / "value").read_text().strip() == "1"
        (lines / "sim_gpio3" / "pull").write_text("pull-up")
        until(lambda: board.read() == (False, True))
        board.close()
    finally:
        (device / "live").write_text("0")
        (device / "bank0").rmdir()
        device.rmdir()


if CONFIGFS.exists():  # the kernel module gpio-sim is loaded, and this is root

    def test_a_simulated_chip_of_the_kernel_is_driven_and_read() -> None:
        drive_a_simulated_chip_of_the_kernel()
