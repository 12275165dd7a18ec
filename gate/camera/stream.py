"""Cameras that are read through PyAV: a video file, an RTSP camera, a USB camera."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import av
import structlog
from av.container import InputContainer

from gate.camera.address import RtspAddress
from gate.camera.decoder import BROKEN, SILENT, Decoder, Shot, opening_fault
from gate.camera.image import DecodedImage, Demand
from gate.camera.pace import Pace
from gate.errors import CameraFault

log = structlog.get_logger("camera")

OPEN_S = 5.0
"""A camera that has not answered by then is not there. Connecting and finding the video may each take so long."""

FIRST_PICTURE_S = 10.0
"""Until the first picture: some cameras start in the middle of a group of pictures, which may last several seconds."""

MAX_UNDECODABLE = 100
"""Broken packets in a row before a live connection is given up: four seconds at 25 frames a second."""

WITHOUT_STAMPS_S = 0.04
"""The distance of a file's pictures that carry no timestamps: 25 a second."""


class VideoFile:
    """A video file played in real time. What cannot be decoded is left out; a damaged end is its end."""

    def __init__(
        self,
        path: Path,
        *,
        loop: bool = False,
        demand: Demand | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        """Open the file. `wait` sleeps for so many seconds and says whether the file was closed meanwhile.

        `demand` says how closely its pictures have to be looked at.

        Raises:
            CameraFault: `camera.not_there`, `camera.not_allowed`, `camera.unreadable`, `camera.no_video`,
                `camera.too_large`.
        """
        self._path = path.absolute()
        self._loop = loop
        self._clock = clock
        self._closing = threading.Event()
        self._wait = wait or self._closing.wait
        self._demand = demand or Demand()
        self._rewind()

    def _rewind(self) -> None:
        self._decoder = Decoder(_open_file(self._path), str(self._path), self._demand)
        self._pace = Pace()
        self._shots: deque[Shot] = deque()
        self._given = 0
        self._stamp_s = 0.0

    def read(self) -> DecodedImage | None:
        """The next picture when it is due, None at the end of a file that is not looped.

        Raises:
            CameraFault: `camera.no_picture` for a file without a single usable picture, `camera.closed`.
        """
        while not self._shots:
            shots = self._next_shots()
            if shots is not None:
                self._shots.extend(shots)
                if self._decoder.left_s is not None:
                    self._await(self._decoder.left_s)
                continue
            if not self._given:
                raise CameraFault("camera.no_picture", address=str(self._path))
            if not self._loop:
                return None
            self._decoder.close()
            self._rewind()
            if self._closing.is_set():  # while it was being opened again, when there was nothing to close
                self._decoder.close()
        shot = self._shots.popleft()
        self._stamp_s = self._stamp_s + WITHOUT_STAMPS_S if shot.stamp_s is None else shot.stamp_s
        self._await(self._stamp_s)
        self._given += 1
        return shot.image

    def _await(self, stamp_s: float) -> None:
        if self._wait(self._pace.delay_s(stamp_s, self._clock())):
            raise CameraFault("camera.closed", address=str(self._path))

    def _next_shots(self) -> list[Shot] | None:
        try:
            shots = self._decoder.next_shots()
        except CameraFault as damaged:
            if damaged.code != "camera.cut":
                raise
            log.warning("camera.file_damaged", file=str(self._path), after_pictures=self._given, **damaged.facts)
            return None
        return None if shots is None else list(shots)

    def close(self) -> None:
        """End the waiting for a picture that is not due yet, and let go of the file."""
        self._closing.set()
        self._decoder.close()


class LiveStream:
    """A camera that sends by itself. Reading ends in a bounded time, whatever the camera does."""

    def __init__(
        self,
        container: InputContainer,
        address: str,
        stall_after_s: float,
        demand: Demand | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take over a container opened with read timeouts. Raises `CameraFault` where it holds no usable video."""
        self._decoder = Decoder(container, address, demand)
        self._address = address
        self._allowed_s = max(stall_after_s, FIRST_PICTURE_S)
        self._stall_after_s = stall_after_s
        self._clock = clock
        self._shots: deque[Shot] = deque()

    def read(self) -> DecodedImage:
        """The next picture.

        Raises:
            CameraFault: `camera.silent` when none came for too long, `camera.undecodable`, `camera.cut`,
                `camera.too_large`, `camera.closed`.
        """
        since_s = self._clock()
        while not self._shots:
            shots = self._decoder.next_shots()
            if shots is None:
                raise CameraFault("camera.cut", address=self._address, why="EOF")
            self._shots.extend(shots)
            if self._decoder.undecodable > MAX_UNDECODABLE:
                raise CameraFault("camera.undecodable", address=self._address, packets=self._decoder.undecodable)
            if not self._shots and self._clock() - since_s > self._allowed_s:
                raise CameraFault(SILENT, address=self._address, after_s=self._allowed_s)
        self._allowed_s = self._stall_after_s
        return self._shots.popleft().image

    def close(self) -> None:
        """Let go of the camera; a read under way ends within its timeout."""
        self._decoder.close()


def open_rtsp(address: RtspAddress, stall_after_s: float, demand: Demand | None = None) -> LiveStream:
    """Connect to an RTSP camera over TCP, for H.264, H.265 or whatever FFmpeg can decode.

    Blocks for up to twice `OPEN_S`. Raises `CameraFault`: `camera.unreachable`, `camera.unauthorised`,
    `camera.no_stream`, `camera.no_video`, `camera.too_large`.
    """
    options = {
        "rtsp_transport": "tcp",
        "allowed_media_types": "video",
        "timeout": str(int(OPEN_S * 1e6)),
        "fflags": "nobuffer",
        # The frame rate is of no use here, and waiting for enough frames to tell it costs seconds.
        "fpsprobesize": "0",
        "analyzeduration": str(int(OPEN_S * 1e6)),
    }
    try:
        container = av.open(address.secret, mode="r", options=options, timeout=(OPEN_S, stall_after_s))
    except BROKEN as failed:
        raise opening_fault(failed, address.shown, "camera.unreachable") from None
    return LiveStream(container, address.shown, stall_after_s, demand)


def open_usb(name: str, stall_after_s: float) -> LiveStream:
    """Open a USB camera by its number (`0`) or its device (`/dev/video0`).

    A driver that hangs in the kernel cannot be interrupted from here: the worker notices the silence all the same.
    Raises `CameraFault`: `camera.not_there`, `camera.not_allowed`, `camera.no_device`, `camera.no_video`.
    """
    device = f"/dev/video{name}" if re.fullmatch(r"\d+", name) else name
    try:
        container = av.open(device, mode="r", format="v4l2", timeout=(OPEN_S, stall_after_s))
    except BROKEN as failed:
        raise opening_fault(failed, device, "camera.no_device") from None
    return LiveStream(container, device, stall_after_s)


def _open_file(path: Path) -> InputContainer:
    # A playlist that calls itself a video must not reach beyond the disk.
    options = {"protocol_whitelist": "file"}
    try:
        return av.open(str(path), mode="r", options=options, metadata_errors="replace")
    except BROKEN as failed:
        raise opening_fault(failed, str(path), "camera.unreadable") from None
