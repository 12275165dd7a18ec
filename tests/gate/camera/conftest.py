"""Small real videos and pictures."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from models.sighting import Picture

QUIET = {"libx264": {}, "libx265": {"x265-params": "log-level=none"}, "mjpeg": {}}


def moving(number: int, width: int = 96, height: int = 64) -> Picture:
    """A bright bar on a ramp, further right in each picture."""
    picture = np.repeat(np.linspace(40, 120, width, dtype=np.uint8)[None, :, None], height, 0).repeat(3, 2)
    left = number * 6 % (width - 8)
    picture[:, left : left + 8] = (40, 80, 240)
    return picture


@pytest.fixture
def picture() -> Callable[..., Picture]:
    """Draws the n-th moving picture."""
    return moving


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., Path]:
    """Writes a video: `film(name, codec="libx264", pictures=10, frames_per_s=50)`."""

    def write(name: str, *, codec: str = "libx264", pictures: int = 10, frames_per_s: int = 50) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=frames_per_s, options=QUIET[codec])
            stream.width, stream.height = 96, 64
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.codec_context.time_base = Fraction(1, frames_per_s)
            for number in range(pictures):
                frame = av.VideoFrame.from_ndarray(moving(number), format="bgr24")
                frame.pts = number
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    return write
