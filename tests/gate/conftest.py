"""For whoever asks: a real RTSP camera (GStreamer's server in a process of its own, fed by ffmpeg), and a database."""

from __future__ import annotations

import select
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.databases import KINDS, Database, ServerDatabase, SqliteDatabase, migrated_file, migrated_server
from tests.postgresql import running

SCRIPT = Path(__file__).parent / "camera" / "rtsp_server.py"
SYSTEM_PYTHON = "/usr/bin/python3"
ENCODERS = {
    # One thread makes one slice of a picture: GStreamer's payloader marks each slice as a picture of its own.
    "h264": ("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1"),
    "h265": ("-c:v", "libx265", "-preset", "ultrafast", "-tune", "zerolatency", "-x265-params", "log-level=none"),
}
MOVING = "testsrc2=size=320x240:rate=15"
READY_S = 20


class RtspCamera:
    """Serves a picture as an RTSP camera would, and breaks as one does."""

    def __init__(self, codec: str, video: Path | str, username: str | None = None, password: str | None = None) -> None:
        self._codec = codec
        self._login = ("--username", username, "--password", password) if username and password else ()
        self._feed = _free_udp_port()
        self._encoder: subprocess.Popen[bytes] | None = self._encode(video)
        self._port = "0"
        self._server: subprocess.Popen[str] | None = None
        self.restore()

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self._port}/gate"

    def cut(self) -> None:
        """The camera loses its power."""
        if self._server is not None:
            self._server.kill()
            self._server.communicate()
            self._server = None

    def restore(self) -> None:
        """The camera comes back where it was."""
        command = (SYSTEM_PYTHON, str(SCRIPT), "--codec", self._codec.removeprefix("h"), "--feed", str(self._feed))
        self._server = subprocess.Popen(
            (*command, "--port", self._port, *self._login), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._server.stdout is not None
        ready, _, _ = select.select([self._server.stdout], [], [], READY_S)
        self._port = self._server.stdout.readline().strip() if ready else ""
        assert self._port, f"the RTSP server did not start: {self._failure()}"

    def freeze(self) -> None:
        """The camera keeps its connections and sends nothing more."""
        assert self._encoder is not None
        self._encoder.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """The camera sends again."""
        assert self._encoder is not None
        self._encoder.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.cut()
        if self._encoder is not None:
            self._encoder.kill()
            self._encoder.communicate()
            self._encoder = None

    def _encode(self, video: Path | str) -> subprocess.Popen[bytes]:
        source = ("-f", "lavfi", "-i", video) if isinstance(video, str) else ("-stream_loop", "-1", "-i", str(video))
        sink = ("-f", "mpegts", f"udp://127.0.0.1:{self._feed}?pkt_size=1316")
        form = ("-an", "-pix_fmt", "yuv420p", "-g", "10", *ENCODERS[self._codec])
        return subprocess.Popen(("ffmpeg", "-loglevel", "quiet", "-nostdin", "-re", *source, *form, *sink))

    def _failure(self) -> str:
        assert self._server is not None
        self._server.kill()
        return self._server.communicate()[1]


def _free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="session")
def _rtsp_tools() -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg to feed the RTSP server: apt install ffmpeg")
    elements = ("udpsrc", "tsdemux", "h264parse", "h265parse", "rtph264pay", "rtph265pay")
    asked = (
        "import gi; gi.require_version('GstRtspServer', '1.0'); gi.require_version('Gst', '1.0')\n"
        "from gi.repository import Gst, GstRtspServer; Gst.init(None)\n"
        f"assert all(map(Gst.ElementFactory.find, {elements}))"
    )
    if not Path(SYSTEM_PYTHON).exists() or subprocess.run((SYSTEM_PYTHON, "-c", asked), capture_output=True).returncode:
        pytest.skip(
            "no GStreamer RTSP server: apt install python3-gi gir1.2-gst-rtsp-server-1.0"
            " gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"
        )


@pytest.fixture
def rtsp_server(_rtsp_tools: None) -> Generator[Callable[..., RtspCamera]]:
    """Makes RTSP cameras: `rtsp_server(codec="h264", video=MOVING, username=None, password=None)`.

    `video` is a file, played in a loop, or a source of ffmpeg's lavfi. A camera has `url`, `cut`, `restore`, `freeze`
    and `thaw`.
    """
    cameras: list[RtspCamera] = []

    def make(codec: str = "h264", video: Path | str = MOVING, **login: str) -> RtspCamera:
        cameras.append(RtspCamera(codec, video, **login))
        return cameras[-1]

    yield make
    for camera in cameras:
        camera.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema."""
    return migrated_file(tmp_path_factory.mktemp("migrated") / "menwei.db")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL server for `ServerDatabase`."""
    with running() as server:
        yield migrated_server(server)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database, once of each kind."""
    database: Database
    if request.param == "sqlite":
        database = SqliteDatabase(tmp_path, request.getfixturevalue("migrated"))
    else:
        database = ServerDatabase(request.getfixturevalue("postgresql"))
    yield database
    database.close()
