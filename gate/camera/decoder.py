"""From a container to pictures: PyAV opened, read and closed in the one way that survives bad input."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet

from gate.camera.codec import MAX_PIXELS, Codec
from gate.camera.image import Converter, DecodedImage, Demand
from gate.errors import CameraFault

SILENT = "camera.silent"
"""The code of a connection that stands and brings nothing."""

BROKEN = (av.FFmpegError, OSError, ValueError, RuntimeError, LookupError, MemoryError)
"""What PyAV raises for bad input: FFmpeg's own errors, and Python's from its bindings."""

_OPENING: tuple[tuple[type[Exception], str], ...] = (
    (FileNotFoundError, "camera.not_there"),
    (IsADirectoryError, "camera.unreadable"),
    (PermissionError, "camera.not_allowed"),
    (av.error.HTTPUnauthorizedError, "camera.unauthorised"),
    (av.error.HTTPForbiddenError, "camera.unauthorised"),
    (av.error.HTTPNotFoundError, "camera.no_stream"),
)


def opening_fault(error: Exception, address: str, otherwise: str) -> CameraFault:
    """The fault for an error while opening. Raise it `from None`: PyAV's own message quotes the password."""
    code = next((code for kind, code in _OPENING if isinstance(error, kind)), otherwise)
    return CameraFault(code, address=address, why=reason(error))


def reason(error: Exception) -> str:
    """The system's or FFmpeg's words for an error, without the address it was working on."""
    return getattr(error, "strerror", None) or type(error).__name__


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A decoded picture and its timestamp in seconds, None where the container has none."""

    image: DecodedImage
    stamp_s: float | None


class Decoder:
    """The video of an open container, packet by packet.

    FFmpeg lets nobody close a container while another thread reads it. So `close` from another thread only marks the
    decoder, and the reading thread lets go as soon as its read returns; that a read does return is the container's
    matter, which must have been opened with timeouts where it can block.
    """

    def __init__(self, container: InputContainer, address: str, demand: Demand | None = None) -> None:
        """Take the container over; `demand` is that of the time before where it is opened again.

        Raises:
            CameraFault: it holds no video, or one too large.
        """
        self._container = container
        self._address = address
        self._reading = threading.Lock()
        self._closed = threading.Event()
        self._converter, self._demand = Converter(), demand or Demand()
        self._turns = 0
        self._checked: tuple[str, int, int] | None = None
        self.undecodable = 0
        """Packets in a row that gave no picture because of an error."""
        self.left_s: float | None = None
        """The timestamp of the last packet where it was left undecoded, since nothing moves; None where it was not."""
        try:
            self._packets = self._prepare()
        except CameraFault:
            self.close()
            raise

    def _prepare(self) -> Iterator[Packet[Any]]:
        if not self._container.streams.video:
            raise CameraFault("camera.no_video", address=self._address)
        self._stream = self._container.streams.video[0]
        codec = self._stream.codec_context
        if codec is None:
            raise CameraFault("camera.no_video", address=self._address)
        self._refuse_above_limit(codec.width, codec.height)
        self._codec = Codec(codec)
        return self._container.demux()

    def next_shots(self) -> Sequence[Shot] | None:
        """The pictures that the next packet gives, often one, often none; None at the end.

        Raises:
            CameraFault: `camera.silent` when the read timeout has passed, `camera.cut` when the connection or the
                file broke, `camera.too_large`, `camera.closed`.
        """
        try:
            with self._reading:
                if self._closed.is_set():
                    raise CameraFault("camera.closed", address=self._address)
                return self._decode_next()
        finally:
            if self._closed.is_set():
                self._let_go()

    def close(self) -> None:
        """Let go of the container, now or as soon as the read under way returns."""
        self._closed.set()
        self._let_go()

    def _let_go(self) -> None:
        if self._reading.acquire(blocking=False):
            try:
                self._container.close()
            finally:
                self._reading.release()

    def _decode_next(self) -> Sequence[Shot] | None:
        try:
            packet = next(self._packets, None)
        except av.error.ExitError:
            after_s = self._container.read_timeout
            raise CameraFault(SILENT, address=self._address, after_s=after_s) from None
        except BROKEN as broken:
            raise CameraFault("camera.cut", address=self._address, why=reason(broken)) from None
        if packet is None:
            return None
        if packet.stream.index != self._stream.index:
            return ()
        resting = self._demand.resting
        self.left_s = None
        try:
            frames = self._codec.decode(packet, closely=self._demand.close, resting=resting)
            shots = [self._shot(frame) for frame in frames if not frame.is_corrupt]
        except BROKEN:
            self.undecodable += 1
            return ()
        self.undecodable = 0 if shots else self.undecodable + len(frames)
        if resting and not frames:
            self._demand.shown += 1
            self.left_s = None if packet.pts is None else float(packet.pts * packet.time_base)
        return shots

    def _shot(self, frame: av.VideoFrame) -> Shot:
        self._refuse_above_limit(frame.width, frame.height)
        if not self._codec.sparing:
            self._turns = round(frame.rotation / 90) % 4
        image = DecodedImage(frame, self._turns, self._converter, self._demand)
        kind = (frame.format.name, frame.width, frame.height)
        if kind != self._checked:
            image.convert()  # a format that cannot be shown is the camera's fault, and not that of whoever asks for it
            self._checked = kind
        return Shot(image, None if frame.pts is None else frame.time)

    def _refuse_above_limit(self, width: int, height: int) -> None:
        if width * height > MAX_PIXELS:
            raise CameraFault("camera.too_large", address=self._address, width=width, height=height, limit=MAX_PIXELS)
