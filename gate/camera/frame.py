"""A picture from a camera with the moment it was taken, and the way any source gives them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.sighting import Picture

Luma: TypeAlias = NDArray[np.uint8]
"""Height x width, uint8: how bright each pixel is. Rows may lie apart in memory."""


class Image(Protocol):
    """A picture whose colours are worked out when they are asked for. Neither array may be written to."""

    @property
    def luma(self) -> Luma:
        """The brightness alone, which costs next to nothing."""
        ...

    @property
    def pixels(self) -> Picture:
        """The colours."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture.

    `number` counts from 1 within a connection's camera and never goes back; `at` is aware UTC for records; `taken_s` is
    on the monotonic clock, for delays. `pixels` and `luma` are shared between threads and must not be written to.
    """

    camera: str
    number: int
    at: datetime
    taken_s: float
    image: Picture | Image

    @property
    def pixels(self) -> Picture:
        """The picture in colour, height x width x 3."""
        return self.image if isinstance(self.image, np.ndarray) else self.image.pixels

    @property
    def luma(self) -> Luma:
        """How bright each pixel is; of a picture that came in colour, its green."""
        return luma_of(self.image)


def luma_of(image: Picture | Image) -> Luma:
    """The brightness of either."""
    return image[:, :, 1] if isinstance(image, np.ndarray) else image.luma


class CameraState(StrEnum):
    """What a camera is doing. `ENDED` is a file that has been played to its end."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALLED = "stalled"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """A camera's state and counters, replaced whole.

    `dropped` counts frames that nobody took before a newer one came; `reason` is the code of the last fault, None when
    live; `last_frame_s` is on the monotonic clock.
    """

    state: CameraState
    frames: int = 0
    dropped: int = 0
    reconnects: int = 0
    stalls: int = 0
    frames_per_s: float = 0.0
    last_frame_s: float | None = None
    reason: str | None = None


class FrameSource(Protocol):
    """An open camera, file or folder. Reading blocks; another thread may close it."""

    def read(self) -> Picture | Image | None:
        """The next picture, None at the end of a file. Raises `CameraFault` when the connection is broken."""
        ...

    def close(self) -> None:
        """Let go of the device. A `read` under way ends soon after with `CameraFault`. May be called twice."""
        ...


class Camera(Protocol):
    """What a lane needs of a camera: the newest frame and its health."""

    id: str

    def newest(self, after: int, timeout_s: float) -> Frame | None:
        """The newest frame with a number above `after`, waiting up to `timeout_s`; None when there is none."""
        ...

    def health(self) -> CameraHealth:
        """State and counters now."""
        ...
