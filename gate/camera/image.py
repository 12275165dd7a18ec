"""A decoded picture whose brightness is there at once and whose colours are worked out when somebody asks for them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from gate.camera.frame import Luma
from models.sighting import Picture

BRIGHT_FIRST = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "nv21", "gray"})
"""Formats whose first plane is the brightness, a byte for each pixel."""

IN_A_ROW = 8
"""Two pictures out of so many are asked for: somebody looks closely. A slow lane under load asks for three a second,
one at rest for one in two seconds, and a page of the console for less than two a second."""

LINGER = 50
"""Pictures for which a stream counts as looked at closely after that: two seconds at 25 a second."""


class Demand:
    """Whether the pictures of a stream are looked at closely, told from those whose colours were asked for.

    Any thread may ask. `shown` counts the pictures, across the times that a file is opened again, those among them
    that were left undecoded.
    """

    def __init__(self, calm: Callable[[], bool] | None = None) -> None:
        """`calm` says that there is nothing to see at present; without it there may always be something."""
        self._lock = threading.Lock()
        self._calm = calm
        self.shown = 0
        self._asked = -IN_A_ROW
        self._until = LINGER

    def ask(self, number: int) -> None:
        """The colours of this picture are wanted."""
        with self._lock:
            if 0 < number - self._asked <= IN_A_ROW:
                self._until = max(self._until, number + LINGER)
            self._asked = max(self._asked, number)

    @property
    def close(self) -> bool:
        """Whether the next picture will be looked at closely, as far as one can tell. A new stream is."""
        return self.shown < self._until

    @property
    def resting(self) -> bool:
        """Whether the next picture may be left undecoded."""
        return self._calm is not None and not self.close and self._calm()


class Converter:
    """FFmpeg's conversion of a stream's pictures: one at a time, on the thread that asks for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reformatter = VideoReformatter()

    def convert(self, frame: av.VideoFrame, wanted: str) -> Picture:
        """The picture in the format that FFmpeg calls so. Raises what PyAV raises for a picture that it cannot take."""
        with self._lock:
            return np.ascontiguousarray(self._reformatter.reformat(frame, format=wanted, threads=1).to_ndarray())


class DecodedImage:
    """Implements `Image` for a decoded frame that may have to be turned by so many quarters."""

    def __init__(self, frame: av.VideoFrame, turns: int, converter: Converter, demand: Demand) -> None:
        """The next picture of those that `demand` counts."""
        self._frame = frame
        demand.shown += 1
        self._number = demand.shown
        self._turns = turns
        self._converter = converter
        self._demand = demand
        self._working = threading.Lock()
        self._pixels: Picture | None = None

    @property
    def luma(self) -> Luma:
        """The brightness: where the format allows it a view of the decoder's own memory."""
        if self._frame.format.name in BRIGHT_FIRST:
            plane = self._frame.planes[0]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            luma = rows[: self._frame.height, : self._frame.width]
        else:
            luma = self._converter.convert(self._frame, "gray")
        return np.rot90(luma, self._turns) if self._turns else luma

    @property
    def pixels(self) -> Picture:
        """The colours, worked out once. Asking counts as looking at the picture."""
        self._demand.ask(self._number)
        return self.convert()

    def convert(self) -> Picture:
        """The same without counting as looking."""
        with self._working:
            if self._pixels is None:
                picture = self._converter.convert(self._frame, "bgr24")
                self._pixels = np.ascontiguousarray(np.rot90(picture, self._turns)) if self._turns else picture
            return self._pixels
