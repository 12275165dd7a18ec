"""The demo as a stranger runs it: played to its end, killed in the middle, and started again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.console.watch import PassageView
from gate.decision.decision import Reason, Verdict
from samples.compound import Expected
from samples.demo import Seen, compare

WANTED = Expected("vehicle", 1.0, 5.0, "辽A12345", Verdict.OPEN, Reason.KNOWN_VEHICLE)
VIEW = PassageView(
    "p1",
    datetime(2026, 2, 17, tzinfo=UTC),
    "vehicle",
    "南门车行",
    Verdict.OPEN,
    Reason.KNOWN_VEHICLE,
    "辽A12345",
    0.97,
    None,
    80.0,
)
SEEN = Seen(2.0, VIEW)


def test_what_was_expected_and_came_is_neither_missing_nor_extra() -> None:
    assert compare([WANTED], [SEEN]) == ([], [])


@pytest.mark.parametrize(
    "seen",
    [
        replace(SEEN, at_s=20.0),
        replace(SEEN, view=replace(VIEW, delay_ms=None)),
        replace(SEEN, view=replace(VIEW, subject_label="辽A12346")),
        replace(SEEN, view=replace(VIEW, verdict=Verdict.ASK)),
        replace(SEEN, view=replace(VIEW, reason=Reason.BLOCKED)),
        replace(SEEN, view=replace(VIEW, lane_id="pedestrian")),
    ],
)
def test_anything_else_is_missing_and_extra(seen: Seen) -> None:
    assert compare([WANTED], [seen]) == ([WANTED], [seen])


def test_a_second_opening_is_extra() -> None:
    assert compare([WANTED], [SEEN, SEEN]) == ([], [SEEN])


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Path, Start]]:
    """A folder that the films are drawn in once, and a way to start the demo in it with no terminal and no mirror."""
    folder = tmp_path_factory.mktemp("demo")
    started: list[subprocess.Popen[str]] = []
    environment = os.environ | {"GATE_MODELS_MIRROR": "", "GATE_LANG": "en", "COLUMNS": "200"}

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = (sys.executable, "-m", "gate", *arguments)
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        started.append(process)
        return process

    yield folder, start
    for process in started:
        process.kill()
        process.communicate()


def _until(process: subprocess.Popen[str], wanted: str, times: int = 1) -> list[str]:
    """The lines printed until `wanted` has been seen so many times."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        times -= bool(re.search(wanted, line))
        if times == 0:
            return lines
    raise AssertionError("".join(lines))


PASSAGE = r" ms$"


@pytest.mark.starter
@pytest.mark.timeout(600)
def test_killed_in_the_middle_it_loses_nothing_and_goes_on(demo: tuple[Path, Start]) -> None:
    folder, start = demo
    first = start("demo", "--folder", str(folder), "--port", "0")
    beginning = _until(first, PASSAGE, times=3)
    assert "earlier runs" not in "".join(beginning)
    printed = len([line for line in beginning if re.search(PASSAGE, line)])
    first.send_signal(signal.SIGKILL)
    first.wait()

    proof = start("ledger", "verify", "--config", str(folder / "gate.toml"), "--pictures")
    said, _ = proof.communicate(timeout=60)
    assert proof.returncode == 0, said
    kept = int(re.search(r"(\d+) passages", said)[1])  # type: ignore[index]
    assert kept >= printed

    again = start("demo", "--folder", str(folder), "--port", "0")
    lines = "".join(_until(again, "Console:"))
    assert f"{kept} passages; it goes on from there" in lines
    said, _ = again.communicate(timeout=200)
    assert again.returncode == 0, lines + said
    assert re.search(r"12 of 12 expected passages came out as expected, 0 unexpected", said)
    assert re.search(r"From frame to barrier command \(\d+ openings\): median \d+ ms, p99 \d+ ms", said)


def test_a_pack_with_a_typo_is_said_before_anything_is_made(demo: tuple[Path, Start], tmp_path: Path) -> None:
    _, start = demo
    said, _ = start("demo", "--folder", str(tmp_path / "made"), "--pack", "bsae").communicate(timeout=60)
    assert "base" in said
    assert not (tmp_path / "made").exists()
