"""Video files and live streams on real bytes, whole and broken. What a real camera does is in test_rtsp.py."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Generator
from itertools import count
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from structlog.testing import capture_logs

from gate.camera.address import RtspAddress
from gate.camera.frame import FrameSource
from gate.camera.stream import MAX_UNDECODABLE, LiveStream, VideoFile, open_rtsp, open_usb
from gate.errors import CameraFault
from models.sighting import Picture


class Metronome:
    """A clock that moves only while somebody waits on it."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def wait(self, delay_s: float) -> bool:
        self.now_s += delay_s
        return False


def played(path: Path, **more: Any) -> tuple[list[Picture], list[float]]:
    """All pictures of a file, and when each was due."""
    clock = Metronome()
    source = VideoFile(path, clock=clock, wait=clock.wait, **more)
    pictures, times = [], []
    while (shown := source.read()) is not None:
        pictures.append(shown.pixels)
        times.append(clock.now_s)
    source.close()
    return pictures, times


def fault_of(call: Callable[[], object]) -> CameraFault:
    with pytest.raises(CameraFault) as caught:
        call()
    return caught.value


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mp4", "libx265"), ("a.mkv", "libx264"), ("a.ts", "libx265"), ("a.avi", "mjpeg")],
)
def test_a_video_is_played_picture_by_picture_in_its_own_time(
    film: Callable[..., Path], picture: Callable[..., Picture], name: str, codec: str
) -> None:
    pictures, times = played(film(name, codec=codec, pictures=10, frames_per_s=10))
    assert len(pictures) == 10
    assert np.diff(times) == pytest.approx([0.1] * 9, abs=1e-3)
    for number, shown in enumerate(pictures):
        assert (shown.dtype, shown.shape, shown.flags.c_contiguous) == (np.uint8, (64, 96, 3), True)
        assert np.abs(shown.astype(int) - picture(number)).mean() < 12, "blue, green and red are in their places"


def test_a_video_that_a_phone_took_upright_is_shown_upright(
    film: Callable[..., Path], picture: Callable[..., Picture]
) -> None:
    path = film("a.mp4")
    one, straight = 1 << 16, struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    clockwise = struct.pack(">9i", 0, one, 0, -one, 0, 0, 64 * one, 0, 1 << 30)
    before, mark, after = path.read_bytes().partition(b"tkhd")
    path.write_bytes(before + mark + after.replace(straight, clockwise, 1))
    shown = played(path)[0][0]
    assert shown.flags.c_contiguous
    assert np.abs(shown.astype(int) - np.rot90(picture(0), -1)).mean() < 12


def test_a_looped_video_starts_again(film: Callable[..., Path]) -> None:
    clock = Metronome()
    source = VideoFile(film("a.mp4", pictures=4), loop=True, clock=clock, wait=clock.wait)
    pictures = [shown.pixels for _ in range(9) if (shown := source.read())]
    source.close()
    assert len(pictures) == 9
    assert np.array_equal(pictures[0], pictures[4])
    assert np.array_equal(pictures[0], pictures[8])


@pytest.mark.parametrize(("name", "kept"), [("a.ts", 0.5), ("a.mkv", 0.5), ("a.avi", 0.7)])
def test_a_truncated_video_is_played_as_far_as_it_goes(film: Callable[..., Path], name: str, kept: float) -> None:
    path = film(name, codec="mjpeg" if name.endswith("avi") else "libx264", pictures=60)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    pictures, _ = played(path)
    assert 0 < len(pictures) < 60


def test_a_video_with_garbage_inside_is_played_around_it(
    film: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    path = film("a.ts", pictures=100)
    whole = bytearray(path.read_bytes())
    third = len(whole) // 3
    whole[third : third + 2000] = bytes(value % 251 for value in range(2000))
    path.write_bytes(whole)
    capfd.readouterr()
    pictures, _ = played(path)
    assert 0 < len(pictures) <= 100
    assert capfd.readouterr() == ("", ""), "FFmpeg says nothing by itself"


def _truncated_mp4(film: Callable[..., Path], tmp_path: Path) -> Path:
    path = film("whole.mp4", pictures=60)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(path.read_bytes()[:1500])
    return cut


def _text(film: Callable[..., Path], tmp_path: Path) -> Path:
    path = tmp_path / "text.mp4"
    path.write_text("这不是视频\n" * 50, "utf-8")
    return path


def _empty(film: Callable[..., Path], tmp_path: Path) -> Path:
    path = tmp_path / "empty.mp4"
    path.touch()
    return path


def _playlist(film: Callable[..., Path], tmp_path: Path) -> Path:
    path = tmp_path / "list.mp4"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", "utf-8")
    return path


def _missing(film: Callable[..., Path], tmp_path: Path) -> Path:
    return tmp_path / "missing.mp4"


def _folder(film: Callable[..., Path], tmp_path: Path) -> Path:
    return tmp_path


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (_truncated_mp4, "camera.unreadable"),
        (_text, "camera.unreadable"),
        (_empty, "camera.unreadable"),
        (_playlist, "camera.unreadable"),
        (_folder, "camera.unreadable"),
        (_missing, "camera.not_there"),
    ],
)
def test_a_file_that_is_no_video_says_so(
    film: Callable[..., Path], tmp_path: Path, make: Callable[..., Path], code: str
) -> None:
    fault = fault_of(lambda: VideoFile(make(film, tmp_path)))
    assert fault.code == code
    assert fault.facts["why"]


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    assert fault_of(lambda: VideoFile(path)).code == "camera.no_video"


def test_a_video_of_more_than_forty_megapixels_is_refused_undecoded(tmp_path: Path) -> None:
    path = tmp_path / "huge.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 8000, 6000, "yuvj420p"
        container.mux(stream.encode(av.VideoFrame(8000, 6000, "yuvj420p")))
        container.mux(stream.encode())
    fault = fault_of(lambda: VideoFile(path).read())
    assert fault.code == "camera.too_large"
    assert (fault.facts["width"], fault.facts["height"]) == (8000, 6000)


def test_closing_ends_the_waiting_for_a_picture_that_is_not_due(film: Callable[..., Path]) -> None:
    source = VideoFile(film("slow.mp4", pictures=3, frames_per_s=1))
    assert source.read() is not None
    threading.Timer(0.05, source.close).start()
    assert fault_of(source.read).code == "camera.closed"
    assert fault_of(source.read).code == "camera.closed"
    source.close()


def _live(path: Path, **more: Any) -> LiveStream:
    return LiveStream(av.open(str(path), timeout=(5, 5)), "rtsp://host", 1.0, **more)


def test_a_stream_that_ends_was_cut(film: Callable[..., Path]) -> None:
    stream = _live(film("a.mkv", pictures=5))
    fault = fault_of(lambda: [stream.read() for _ in range(6)])
    assert fault.code == "camera.cut"
    stream.close()


def _garbled(film: Callable[..., Path], pictures: int) -> Path:
    """An AVI whose pictures are all garbage after the second."""
    path = film("garbled.avi", codec="mjpeg", pictures=pictures)
    whole = bytearray(path.read_bytes())
    starts = [at for at in range(len(whole) - 3) if whole[at : at + 3] == b"\xff\xd8\xff"]
    for start, end in zip(starts[2:], [*starts[3:], starts[-1] + 400], strict=True):
        whole[start : end - 16] = b"\x55" * (end - 16 - start)
    path.write_bytes(whole)
    return path


def test_garbage_is_left_out_until_there_is_too_much_of_it(film: Callable[..., Path]) -> None:
    stream = _live(_garbled(film, MAX_UNDECODABLE + 10))
    assert stream.read() is not None
    assert stream.read() is not None
    assert fault_of(stream.read).code == "camera.undecodable"
    stream.close()


def test_packets_without_pictures_are_silence_too(film: Callable[..., Path]) -> None:
    seconds = count()
    stream = _live(_garbled(film, 60), clock=lambda: float(next(seconds)))
    assert stream.read() is not None
    assert stream.read() is not None
    assert fault_of(stream.read).code == "camera.silent"
    stream.close()


@pytest.fixture
def mute_server() -> Generator[int]:
    """Accepts connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_server_that_says_nothing_is_given_up(mute_server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.camera.stream.OPEN_S", 0.5)
    shown = f"rtsp://127.0.0.1:{mute_server}"
    address = RtspAddress(shown, shown.replace("//", "//admin:hush-hush@") + "/live")
    fault = fault_of(lambda: open_rtsp(address, 0.5))
    assert fault.code == "camera.unreachable"
    assert fault.facts["address"] == shown
    assert "hush" not in f"{fault} {fault.__cause__} {fault.facts}"
    assert fault.__suppress_context__


@pytest.mark.parametrize(("name", "code"), [("97", "camera.not_there"), ("/dev/null", "camera.no_device")])
def test_a_usb_camera_that_is_not_there_says_so(name: str, code: str) -> None:
    fault = fault_of(lambda: open_usb(name, 1.0))
    assert fault.code == code
    assert str(fault.facts["address"]).startswith("/dev/")


def test_a_damaged_end_is_reported_once(film: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    source = VideoFile(film("a.mkv", pictures=3), wait=lambda _delay_s: False)
    assert source.read() is not None

    def broken() -> None:
        raise CameraFault("camera.cut", address="a.mkv", why="Input/output error")

    monkeypatch.setattr(source._decoder, "next_shots", broken)
    with capture_logs() as logs:
        while source.read() is not None:
            pass
    assert [line["event"] for line in logs] == ["camera.file_damaged"]
    source.close()


def test_another_thread_may_close_while_one_reads(film: Callable[..., Path]) -> None:
    path = film("a.mp4", pictures=30)
    for _ in range(20):
        source: FrameSource = VideoFile(path, loop=True, wait=lambda _delay_s: False)
        ended = threading.Event()

        def read(source: FrameSource = source, ended: threading.Event = ended) -> None:
            try:
                while True:
                    source.read()
            except CameraFault:
                ended.set()

        threading.Thread(target=read, daemon=True).start()
        source.close()
        assert ended.wait(10)
