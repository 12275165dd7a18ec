"""Real RTSP cameras: read, cut, frozen and restored, while another camera beside them notices nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gate.camera.frame import CameraHealth, CameraState
from gate.camera.worker import CameraWorker, open_camera, probe
from gate.config import CameraPart
from gate.errors import CameraFault

WAIT_S = 30.0
STILL = "testsrc2=size=320x240:rate=15,select=eq(n\\,3),loop=-1:1:0,setpts=N/15/TB"


class Diary:
    """Every state that a camera went through, and a way to wait for one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.states: list[CameraState] = []
        self.reasons: list[str | None] = []

    def __call__(self, camera: str, health: CameraHealth) -> None:
        with self._changed:
            self.states.append(health.state)
            self.reasons.append(health.reason)
            self._changed.notify_all()

    def await_state(self, state: CameraState) -> None:
        """Wait until this is the camera's state."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.states[-1:] == [state], WAIT_S), (state, self.states)


@contextmanager
def running(part: CameraPart, diary: Diary | None = None, **kwargs: Any) -> Generator[CameraWorker]:
    worker = open_camera(part, on_change=diary, **kwargs)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop(timeout_s=10)


def camera(url: str, **more: Any) -> CameraPart:
    return CameraPart(id="gate", url=url, stall_after_s=1.5, **more)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_an_rtsp_camera_is_read(rtsp_server: Callable[..., Any], codec: str) -> None:
    server = rtsp_server(codec=codec)
    with running(camera(server.url)) as worker:
        first = worker.newest(0, WAIT_S)
        assert first is not None
        second = worker.newest(first.number, WAIT_S)
        assert second is not None
        assert second.number > first.number
        assert second.taken_s > first.taken_s
        assert second.pixels.shape == (240, 320, 3)
        assert second.pixels.std() > 10
        assert worker.health().state is CameraState.LIVE


def test_a_cut_and_a_frozen_camera_recover_and_another_never_misses(rtsp_server: Callable[..., Any]) -> None:
    server, beside = rtsp_server(codec="h264"), rtsp_server(codec="h265")
    diary, quiet = Diary(), Diary()
    with ExitStack() as stack, capture_logs() as logs:
        worker = stack.enter_context(running(camera(server.url), diary))
        other = stack.enter_context(running(camera(beside.url).model_copy(update={"id": "beside"}), quiet))
        diary.await_state(CameraState.LIVE)
        quiet.await_state(CameraState.LIVE)
        for breaks, mends, broken in (
            (server.freeze, server.thaw, CameraState.STALLED),
            (server.cut, server.restore, CameraState.LOST),
        ):
            before = worker.health().frames
            beside_before = other.health().frames
            breaks()
            diary.await_state(broken)
            assert worker.newest(0, 0) is None, "an old picture is not given out"
            mends()
            diary.await_state(CameraState.LIVE)
            assert worker.newest(before, WAIT_S) is not None
            assert other.newest(beside_before, WAIT_S) is not None
        assert worker.health().reconnects >= 2
        assert worker.health().stalls >= 1
    assert quiet.states == [CameraState.LIVE]
    assert other.health().reconnects == 0
    lines = [(line["event"], line["camera"]) for line in logs]
    assert lines == [("camera.broken", "gate"), ("camera.recovered", "gate")] * 2


def test_a_frozen_picture_is_noticed_though_the_camera_goes_on_sending(rtsp_server: Callable[..., Any]) -> None:
    server = rtsp_server(video=STILL)
    diary = Diary()
    with running(camera(server.url), diary, frozen_after_s=1.0) as worker:
        diary.await_state(CameraState.STALLED)
        assert diary.reasons[-1] == "camera.frozen"
        frames = worker.health().frames
        assert worker.newest(0, 0.5) is None, "a frozen picture is not handed on"
        assert worker.health().frames > frames
        assert worker.health().reconnects == 0


def test_a_password_opens_the_camera_and_appears_nowhere(
    rtsp_server: Callable[..., Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server = rtsp_server(username="admin", password="p@ss/w:rd 门卫")
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("p@ss/w:rd 门卫\n", "utf-8")
    wrong.write_text("not-this-one\n", "utf-8")
    right.chmod(0o600)
    wrong.chmod(0o600)

    seen = probe(camera(server.url, username="admin", password_file=right), WAIT_S)
    assert (seen.width, seen.height) == (320, 240)

    with capture_logs() as logs, pytest.raises(CameraFault) as refused:
        probe(camera(server.url, username="admin", password_file=wrong), WAIT_S)
    assert refused.value.code == "camera.unauthorised"
    said = f"{refused.value} {refused.value.__cause__} {refused.value.facts} {logs} {capfd.readouterr()}"
    assert "not-this-one" not in said


def test_a_stream_that_is_not_there_and_a_server_that_is_not_there(rtsp_server: Callable[..., Any]) -> None:
    server = rtsp_server()
    with pytest.raises(CameraFault) as missing:
        probe(camera(server.url.replace("/gate", "/nowhere")), WAIT_S)
    assert missing.value.code == "camera.no_stream"
    server.cut()
    with pytest.raises(CameraFault) as dead:
        probe(camera(server.url), WAIT_S)
    assert dead.value.code == "camera.unreachable"


class _Slow:
    """Waits until the pictures of a camera come slowly, or fast."""

    def __init__(self, worker: CameraWorker) -> None:
        self._worker = worker

    def gaps(self, wanted: Callable[[float], bool]) -> float:
        """The first time between two pictures, in seconds, that is as wanted."""
        before = self._worker.newest(0, WAIT_S)
        assert before is not None
        until_s = before.taken_s + WAIT_S
        while before.taken_s < until_s:
            after = self._worker.newest(before.number, WAIT_S)
            assert after is not None, "a camera at rest goes on giving pictures"
            if wanted(after.taken_s - before.taken_s):
                return after.taken_s - before.taken_s
            before = after
        raise AssertionError("the pictures never came so")


def test_a_camera_rests_while_its_small_stream_is_still_and_wakes_when_that_is_gone(
    rtsp_server: Callable[..., Any],
) -> None:
    large, small = rtsp_server(), rtsp_server(video=STILL)
    with running(camera(large.url, substream=small.url), frozen_after_s=None) as worker:
        slow = _Slow(worker)
        slow.gaps(lambda gap_s: gap_s > 0.5)
        assert worker.health().state is CameraState.LIVE
        small.cut()
        for _ in range(5):
            slow.gaps(lambda gap_s: gap_s < 0.3)
        assert worker.health().state is CameraState.LIVE
        assert worker.health().reconnects == 0
