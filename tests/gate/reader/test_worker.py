from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import structlog

from gate.backoff import Backoff
from gate.errors import ReaderFault
from gate.reader.reader import CardBits, Condition, Feedback, Misread, ReaderEvent, ReaderState
from gate.reader.tamper import QUIET_S
from gate.reader.worker import LineWorker
from tests.gate.reader.direct import Clock

QUICK = Backoff(first_s=0.001, limit_s=0.001, jitter=0.0)
ONLINE = Condition("r", ReaderState.ONLINE, tampered=False, model="made up 1")
CARD = CardBits("r", 0x2A00A42, 26, 1.0)


class ScriptedLine:
    """Tells what it was given, one list at a time; an exception is raised instead. At the end it waits."""

    def __init__(self, *script: Sequence[ReaderEvent] | Exception) -> None:
        self._script = list(script)
        self.answers: list[tuple[str, Feedback]] = []
        self.closed = False
        self._idle = threading.Event()

    def events(self) -> Sequence[ReaderEvent]:
        if not self._script:
            self._idle.wait(0.01)
            return ()
        told = self._script.pop(0)
        if isinstance(told, Exception):
            raise told
        return told

    def answer(self, reader: str, feedback: Feedback, /) -> None:
        self.answers.append((reader, feedback))

    def close(self) -> None:
        self.closed = True


class Run:
    def __init__(self, *lines: ScriptedLine | ReaderFault, clock: Callable[[], float] = time.monotonic) -> None:
        self.lines = list(lines)
        self.opened: list[ScriptedLine] = []
        self.read: list[object] = []
        self.changes: list[Condition] = []
        self._told = threading.Condition()
        self.worker = LineWorker(
            ["r"], self._open, on_read=self._on_read, on_change=self._on_change, backoff=QUICK, clock=clock
        )

    def _open(self) -> ScriptedLine:
        line = self.lines.pop(0) if len(self.lines) > 1 else self.lines[0]
        if isinstance(line, ReaderFault):
            raise line
        self.opened.append(line)
        return line

    def _on_read(self, read: object) -> None:
        with self._told:
            self.read.append(read)
            self._told.notify_all()

    def _on_change(self, condition: Condition) -> None:
        with self._told:
            self.changes.append(condition)
            self._told.notify_all()

    def until(self, reached: Callable[[], bool]) -> None:
        with self._told:
            assert self._told.wait_for(reached, 20)


def test_a_line_that_breaks_is_opened_again_and_said_once() -> None:
    cut = ReaderFault("reader.cut")
    first, last = ScriptedLine([ONLINE], [CARD], cut), ScriptedLine([ONLINE], [CARD])
    run = Run(first, ReaderFault("reader.unreachable", address="a", why="b"), cut, last)
    with structlog.testing.capture_logs() as logged:
        run.worker.start()
        run.until(lambda: len(run.read) == 2)
        run.worker.answer("r", Feedback.ACCEPTED)
        run.worker.stop()
    assert first.closed
    assert last.closed
    assert last.answers == [("r", Feedback.ACCEPTED)]
    assert [entry["event"] for entry in logged] == ["reader.lost", "reader.back"]
    assert not any("44042818" in str(entry) or "2a00a42" in str(entry).lower() for entry in logged)
    health = run.worker.health("r")
    assert (health.condition, health.reads, health.reconnects) == (ONLINE, 2, 1)
    faults = [None, "reader.cut", "reader.unreachable", "reader.cut", None]
    assert [change.fault for change in run.changes] == faults
    assert all(change.model == "made up 1" for change in run.changes)


def test_an_adapters_slip_is_a_lost_line_and_no_more() -> None:
    run = Run(ScriptedLine([ONLINE], KeyError("made up")), ScriptedLine([ONLINE]))
    run.worker.start()
    run.until(lambda: len(run.changes) == 3)
    run.worker.stop()
    lost = run.changes[1]
    assert (lost.state, lost.fault) == (ReaderState.LOST, "reader.crashed")
    assert str(dict(lost.facts)["why"]).startswith("KeyError, test_worker.py:")


def test_an_adapter_that_tells_of_a_reader_that_is_not_its_own_has_slipped() -> None:
    run = Run(ScriptedLine([ONLINE], [Misread("another", "damaged")]), ScriptedLine([ONLINE], [CARD]))
    run.worker.start()
    run.until(lambda: len(run.read) == 1)
    run.worker.stop()
    assert [change.fault for change in run.changes] == [None, "reader.crashed", None]


def test_an_adapter_that_cannot_show_anything_or_close_stops_nobody() -> None:
    class Stubborn(ScriptedLine):
        def answer(self, reader: str, feedback: Feedback, /) -> None:
            raise KeyError(feedback)

        def close(self) -> None:
            raise AttributeError

    run = Run(Stubborn([ONLINE], [CARD], ReaderFault("reader.cut")), Stubborn([ONLINE], [CARD]))
    run.worker.start()
    run.until(lambda: len(run.read) == 2)
    run.worker.answer("r", Feedback.ASK)
    run.worker.stop()
    assert [change.fault for change in run.changes] == [None, "reader.cut", None]


def test_a_tamper_contact_that_flickers_is_said_once_until_it_was_closed_for_long() -> None:
    opened, closed = replace(ONLINE, tampered=True), ONLINE
    clock = Clock()
    run = Run(ScriptedLine([ONLINE], *[[opened], [closed]] * 50, [CARD]), clock=clock)
    with structlog.testing.capture_logs() as logged:
        run.worker.start()
        run.until(lambda: len(run.read) == 1)
        assert [change.tampered for change in run.changes] == [False, True]
        clock.now_s += QUIET_S
        run.until(lambda: len(run.changes) == 3)
        run.worker.stop()
    assert not run.worker.health("r").condition.tampered
    assert [entry["event"] for entry in logged] == ["reader.tampered", "reader.tamper_over"]


def test_what_was_no_card_is_counted_by_why_and_said_the_first_time() -> None:
    run = Run(ScriptedLine([Misread("r", "damaged"), Misread("r", "forged")], [Misread("r", "damaged"), CARD]))
    with structlog.testing.capture_logs() as logged:
        run.worker.start()
        run.until(lambda: len(run.read) == 1)
        run.worker.stop()
    assert run.worker.health("r").misreads == (("damaged", 2), ("forged", 1))
    assert [(entry["event"], entry["why"]) for entry in logged] == [
        ("reader.misread", "damaged"),
        ("reader.misread", "forged"),
    ]


@pytest.mark.parametrize("started", [True, False])
def test_stopping_ends_it_at_once(started: bool) -> None:
    run = Run(ReaderFault("reader.cut"))
    run.worker.answer("r", Feedback.ASK)
    if started:
        run.worker.start()
    run.worker.stop()
    assert not run.worker._thread.is_alive()


def test_a_tamper_contact_stays_known_while_the_reader_is_lost() -> None:
    opened = Condition("r", ReaderState.ONLINE, tampered=True)
    run = Run(ScriptedLine([opened], ReaderFault("reader.cut")), ReaderFault("reader.cut"))
    run.worker.start()
    run.until(lambda: len(run.changes) >= 2)
    run.worker.stop()
    assert run.worker.health("r").condition.tampered


def test_a_reader_that_is_back_without_a_word_of_its_contact_stays_tampered() -> None:
    opened, back = replace(ONLINE, tampered=True), replace(ONLINE, tampered=None)
    clock = Clock()
    run = Run(ScriptedLine([opened], ReaderFault("reader.cut")), ScriptedLine([back], [CARD]), clock=clock)
    run.worker.start()
    run.until(lambda: len(run.read) == 1)
    clock.now_s += 10 * QUIET_S
    run.worker.stop()
    assert run.worker.health("r").condition.tampered
