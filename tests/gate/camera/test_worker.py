"""One camera's thread, on scripted sources and a clock that the script moves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from gate.backoff import Backoff
from gate.camera.frame import CameraHealth, CameraState, Frame, FrameSource
from gate.camera.worker import STEADY_S, CameraWorker, open_camera, probe
from gate.config import CameraPart
from gate.errors import CameraFault
from models.sighting import Picture

WAIT_S = 10.0
NOON = datetime(2025, 6, 1, 4, 0, tzinfo=UTC)
CUT = CameraFault("camera.cut", address="rtsp://host", why="EOF")
SILENCE = CameraFault("camera.silent", address="rtsp://host", after_s=3.0)
REFUSED = CameraFault("camera.unreachable", address="rtsp://host", why="Connection refused")

Step = int | float | CameraFault | None
"""A picture of that shade, a time for the clock to move to, a fault, or the end."""


def shade(value: int) -> Picture:
    return np.full((4, 6, 3), value, np.uint8)


class Stage:
    """Plays scripted connections, one after the other; past the last step of the last one a read blocks."""

    def __init__(self, *connections: Sequence[Step] | CameraFault) -> None:
        self.now_s = 0.0
        self.delays: list[float] = []
        self.played = threading.Event()
        self.changes: list[tuple[CameraState, str | None]] = []
        self.closed = 0
        self._connections = list(connections)

    def open(self) -> FrameSource:
        script = self._connections.pop(0)
        if isinstance(script, CameraFault):
            raise script
        return Play(self, script, last=not self._connections)

    def wait(self, delay_s: float) -> bool:
        self.delays.append(delay_s)
        self.now_s += delay_s
        return False

    def changed(self, camera: str, health: CameraHealth) -> None:
        self.changes.append((health.state, health.reason))

    def worker(self, **more: Any) -> CameraWorker:
        settings: dict[str, Any] = {
            "backoff": Backoff(jitter=0),
            "clock": lambda: self.now_s,
            "now": lambda: NOON,
            "wait": self.wait,
            "on_change": self.changed,
        }
        return CameraWorker("gate", self.open, **settings | more)


class Play:
    def __init__(self, stage: Stage, script: Sequence[Step], *, last: bool) -> None:
        self._stage = stage
        self._steps = list(script)
        self._last = last
        self._closed = threading.Event()

    def read(self) -> Picture | None:
        while self._steps:
            match self._steps.pop(0):
                case float(at_s):
                    self._stage.now_s = at_s
                case int(value):
                    return shade(value)
                case CameraFault() as fault:
                    raise fault
                case None:
                    return None
        assert self._last, "a connection before the last one must end"
        self._stage.played.set()
        assert self._closed.wait(WAIT_S)
        raise CameraFault("camera.closed", address="rtsp://host")

    def close(self) -> None:
        self._stage.closed += 1
        self._closed.set()


@pytest.fixture
def play() -> Generator[Callable[..., CameraWorker]]:
    """Starts a worker on a stage and waits until its script has been played."""
    workers: list[CameraWorker] = []

    def start(stage: Stage, **more: Any) -> CameraWorker:
        worker = stage.worker(**more)
        workers.append(worker)
        worker.start()
        assert stage.played.wait(WAIT_S)
        return worker

    yield start
    for worker in workers:
        worker.stop()


def test_only_the_newest_frame_is_kept_and_what_nobody_took_is_counted(play: Callable[..., CameraWorker]) -> None:
    worker = play(Stage([0.5, 1, 1.0, 2, 1.5, 3, 2.0, 4]))
    assert worker.health() == CameraHealth(CameraState.LIVE, frames=4, dropped=3, frames_per_s=2.0, last_frame_s=2.0)
    frame = worker.newest(0, 0)
    assert frame is not None
    assert (frame.camera, frame.number, frame.at, frame.taken_s) == ("gate", 4, NOON, 2.0)
    assert np.array_equal(frame.pixels, shade(4))
    assert worker.newest(4, 0) is None
    assert worker.newest(3, 0) is frame, "several may take the same frame"


def test_a_frame_that_was_taken_is_not_counted_as_dropped() -> None:
    taken = threading.Semaphore(0)
    frames: list[Frame | None] = []

    class Slow:
        shown = 0

        def read(self) -> Picture | None:
            if self.shown:
                assert taken.acquire(timeout=WAIT_S)
            self.shown += 1
            return shade(self.shown) if self.shown < 5 else None

        def close(self) -> None: ...

    worker = CameraWorker("gate", Slow)
    worker.start()
    for after in range(4):
        frames.append(worker.newest(after, WAIT_S))
        taken.release()
    worker.stop()
    assert [frame.number for frame in frames if frame] == [1, 2, 3, 4]
    assert worker.health().dropped == 0


def test_a_camera_that_is_not_there_is_tried_with_growing_delays_until_it_is(
    play: Callable[..., CameraWorker],
) -> None:
    stage = Stage(*[REFUSED] * 7, [1])
    with capture_logs() as logs:
        worker = play(stage)
    assert stage.delays == [0.5, 1, 2, 4, 8, 15, 15]
    assert stage.changes == [(CameraState.LOST, "camera.unreachable"), (CameraState.LIVE, None)]
    assert worker.health().reconnects == 1
    assert worker.fault is None
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("camera.broken", "warning"),
        ("camera.recovered", "info"),
    ]
    assert logs[0]["facts"] == REFUSED.facts
    assert logs[1]["after_s"] == sum(stage.delays)


def test_the_delay_is_jittered_by_the_given_chance(play: Callable[..., CameraWorker]) -> None:
    stage = Stage(REFUSED, REFUSED, [1])
    play(stage, backoff=Backoff(jitter=0.5), chance=lambda: 0.5)
    assert stage.delays == [0.375, 0.75]


def test_a_cut_connection_is_made_again_and_the_numbers_go_on(play: Callable[..., CameraWorker]) -> None:
    stage = Stage([1, 2, CUT], [3])
    worker = play(stage)
    assert stage.changes == [(CameraState.LIVE, None), (CameraState.LOST, "camera.cut"), (CameraState.LIVE, None)]
    frame = worker.newest(2, 0)
    assert frame is not None
    assert frame.number == 3
    assert (worker.health().reconnects, worker.health().stalls) == (1, 0)


def test_silence_is_a_stall_and_the_connection_is_made_again(play: Callable[..., CameraWorker]) -> None:
    stage = Stage([1, SILENCE], [SILENCE], REFUSED, [2])
    worker = play(stage)
    assert [state for state, _ in stage.changes] == [
        CameraState.LIVE,
        CameraState.STALLED,
        CameraState.LOST,
        CameraState.LIVE,
    ]
    assert (worker.health().stalls, worker.health().reconnects) == (1, 2)
    assert stage.delays == [0.5, 1, 2]


def test_an_old_picture_is_not_given_out_while_the_camera_is_broken() -> None:
    held = threading.Event()
    stage = Stage([1, 2, CUT], [])
    worker = stage.worker(wait=lambda _delay_s: not held.wait(WAIT_S))
    lost = threading.Event()
    worker._on_change = lambda _camera, health: lost.set() if health.state is CameraState.LOST else None
    worker.start()
    assert lost.wait(WAIT_S)
    assert worker.newest(0, 0) is None
    assert worker.health().dropped == 2
    assert worker.health().frames_per_s == 0
    held.set()
    worker.stop()


def test_a_connection_that_breaks_at_once_each_time_is_tried_less_and_less(play: Callable[..., CameraWorker]) -> None:
    stage = Stage([1, CUT], [2, CUT], [3, CUT], [4])
    play(stage)
    assert stage.delays == [0.5, 1, 2]


def test_a_steady_connection_starts_the_delays_afresh(play: Callable[..., CameraWorker]) -> None:
    stage = Stage(REFUSED, REFUSED, [2.0, 1, 2.0 + STEADY_S, 2, CUT], REFUSED, [3])
    play(stage)
    assert stage.delays == [0.5, 1, 0.5, 1]


def test_a_frozen_picture_is_a_stall_that_keeps_the_connection(play: Callable[..., CameraWorker]) -> None:
    stage = Stage([0.0, 7, 9.0, 7, 10.0, 7, 11.0, 7])
    worker = play(stage, frozen_after_s=10.0)
    assert stage.changes == [(CameraState.LIVE, None), (CameraState.STALLED, "camera.frozen")]
    assert (worker.health().frames, worker.health().stalls, worker.health().reconnects) == (4, 1, 0)
    assert worker.newest(0, 0) is None, "a frozen picture says nothing about now"
    assert worker.fault is not None


def test_a_picture_that_moves_again_is_live_again(play: Callable[..., CameraWorker]) -> None:
    stage = Stage([0.0, 7, 10.0, 7, 10.1, 8])
    worker = play(stage, frozen_after_s=10.0)
    assert [state for state, _ in stage.changes] == [CameraState.LIVE, CameraState.STALLED, CameraState.LIVE]
    frame = worker.newest(0, 0)
    assert frame is not None
    assert frame.number == 3


def test_a_file_may_show_the_same_picture_for_as_long_as_it_likes(play: Callable[..., CameraWorker]) -> None:
    stage = Stage([0.0, 7, 1000.0, 7])
    assert play(stage).health().state is CameraState.LIVE


def test_a_file_ends_and_its_last_picture_may_still_be_taken() -> None:
    stage = Stage([1, 2, None])
    worker = stage.worker()
    worker.start()
    worker._thread.join(WAIT_S)
    assert stage.changes == [(CameraState.LIVE, None), (CameraState.ENDED, None)]
    frame = worker.newest(0, 0)
    assert frame is not None
    assert frame.number == 2
    assert stage.closed == 1
    worker.stop()


@pytest.mark.parametrize("ask", [lambda worker: worker.health(), lambda worker: worker.newest(1, 0)])
def test_a_hanging_driver_is_noticed_by_whoever_asks(
    play: Callable[..., CameraWorker], ask: Callable[[CameraWorker], object]
) -> None:
    stage = Stage([1])
    worker = play(stage, stall_after_s=3.0)
    stage.now_s = 3.0
    ask(worker)
    assert stage.changes == [(CameraState.LIVE, None)]
    stage.now_s = 3.1
    ask(worker)
    ask(worker)
    assert stage.changes[1:] == [(CameraState.STALLED, "camera.silent")]
    assert worker.health().stalls == 1


def test_a_waiting_reader_is_woken_by_the_frame() -> None:
    gate = threading.Event()

    class Held:
        def read(self) -> Picture | None:
            assert gate.wait(WAIT_S)
            gate.clear()
            return shade(1)

        def close(self) -> None:
            gate.set()

    worker = CameraWorker("gate", Held)
    worker.start()
    found: list[Frame | None] = []
    waiting = threading.Thread(target=lambda: found.append(worker.newest(0, WAIT_S)))
    waiting.start()
    gate.set()
    waiting.join(WAIT_S)
    worker.stop()
    assert found
    assert found[0] is not None


def test_stopping_closes_the_source_and_ends_the_thread(play: Callable[..., CameraWorker]) -> None:
    stage = Stage([1])
    worker = play(stage)
    worker.stop(WAIT_S)
    assert not worker._thread.is_alive()
    assert stage.closed >= 1
    assert stage.changes == [(CameraState.LIVE, None)], "to be stopped is no fault"
    worker.stop()


def test_stopping_ends_the_wait_for_the_next_attempt() -> None:
    lost = threading.Event()

    def refuse() -> FrameSource:
        raise REFUSED

    worker = CameraWorker("gate", refuse, backoff=Backoff(3600, 1, 3600, 0), on_change=lambda *_: lost.set())
    worker.start()
    assert lost.wait(WAIT_S)
    worker.stop(WAIT_S)
    assert not worker._thread.is_alive()


def test_a_read_that_cannot_be_broken_off_holds_nobody_up() -> None:
    release, reading = threading.Event(), threading.Event()

    class Wedged:
        def read(self) -> Picture | None:
            reading.set()
            release.wait(WAIT_S)
            raise CUT

        def close(self) -> None: ...

    worker = CameraWorker("gate", Wedged)
    worker.start()
    assert reading.wait(WAIT_S)
    with capture_logs() as logs:
        worker.stop(timeout_s=0.01)
    assert [line["event"] for line in logs] == ["camera.still_reading"]
    assert worker._thread.daemon
    release.set()
    worker._thread.join(WAIT_S)
    assert not worker._thread.is_alive()


def test_a_worker_that_was_never_started_can_be_stopped() -> None:
    worker = Stage([1]).worker()
    worker.stop()
    assert worker.health().state is CameraState.CONNECTING


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_mistake_in_the_program_is_seen_and_not_taken_for_a_live_camera() -> None:
    class Faulty:
        def read(self) -> Picture | None:
            raise ZeroDivisionError

        def close(self) -> None: ...

    worker = CameraWorker("gate", Faulty)
    worker.start()
    worker._thread.join(WAIT_S)
    assert (worker.health().state, worker.health().reason) == (CameraState.LOST, "camera.crashed")


def test_a_hanging_camera_does_not_touch_another(play: Callable[..., CameraWorker]) -> None:
    hung = play(Stage([1]))
    busy = play(Stage([1, 2, 3, CUT], [4]))
    frame = busy.newest(3, 0)
    assert frame is not None
    assert frame.number == 4
    assert hung.health().state is busy.health().state is CameraState.LIVE


def test_a_file_is_played_through_the_worker(film: Callable[..., Path]) -> None:
    part = CameraPart(id="gate", url=f"file:{film('a.mp4', pictures=5, frames_per_s=50)}")
    worker = open_camera(part)
    worker.start()
    worker._thread.join(WAIT_S)
    health = worker.health()
    assert (health.state, health.frames) == (CameraState.ENDED, 5)
    assert worker.newest(0, 0) is not None


def test_a_probe_shows_the_size_and_a_frame(film: Callable[..., Path], picture: Callable[..., Picture]) -> None:
    seen = probe(CameraPart(id="gate", url=f"file:{film('a.mp4', frames_per_s=1)}"), WAIT_S)
    assert (seen.width, seen.height) == (96, 64)
    assert np.abs(seen.frame.pixels.astype(int) - picture(0)).mean() < 12


def test_a_probe_says_why_there_is_no_frame(tmp_path: Path) -> None:
    exposed = tmp_path / "password"
    exposed.write_text("hush", "utf-8")
    exposed.chmod(0o644)
    for more, code in (
        ({"url": f"file:{tmp_path / 'missing.mp4'}"}, "camera.not_there"),
        ({"url": f"folder:{tmp_path}"}, "camera.no_picture"),
        ({"url": "usb:97"}, "camera.not_there"),
        ({"url": "rtsp://127.0.0.1:1/live"}, "camera.unreachable"),
        ({"url": "rtsp://host/live", "username": "me", "password_file": exposed}, "password.exposed"),
    ):
        with pytest.raises(CameraFault) as refused:
            probe(CameraPart.model_validate({"id": "gate"} | more), WAIT_S)
        assert refused.value.code == code


def test_a_probe_of_a_camera_that_says_nothing_ends_in_time() -> None:
    with pytest.raises(CameraFault) as silent:
        probe(CameraPart(id="gate", url="rtsp://127.0.0.1:1/live"), timeout_s=0.0)
    assert silent.value.code in {"camera.silent", "camera.unreachable"}
