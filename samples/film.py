"""Films on disk: H.264 in an mp4 at a constant rate."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import av

from models.sighting import Picture

FILM = {"crf": "20", "preset": "veryfast"}
_CAMERA = {"preset": "veryfast", "maxrate": "4000000", "bufsize": "4000000", "bf": "0", "g": "50"}
CONSTANT, VARIABLE = _CAMERA | {"b": "4000000"}, _CAMERA | {"crf": "23"}
SMALL = _CAMERA | {"b": "512000", "maxrate": "512000", "bufsize": "512000"}
"""As a camera encodes, a whole picture every 50 and none that needs a later one: 4 Mbit/s whatever there is to be seen,
which makes a still scene as dear to decode as any, or as much as a quality takes and at most 4 Mbit/s; and the small
stream beside it."""

THREADS = 2
"""Fixed, for x264's output depends on it."""


def write_film(path: Path, frames: Iterable[Picture], rate: int, options: Mapping[str, str] | None = None) -> int:
    """Write the frames, all of one size, as an mp4 that can be played from its first byte.

    The file appears whole or not at all.

    Args:
        path: the film; its folder must exist. A film that is there is replaced.
        frames: BGR, uint8, even width and height.
        rate: frames per second.
        options: of x264; unset: constant quality, a whole picture every second.

    Returns:
        How many frames were written.

    Raises:
        OSError: the disk is full or the folder cannot be written to.
        ValueError: there are no frames.
    """
    handle, name = tempfile.mkstemp(suffix=".part", prefix=f".{path.stem}-", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        count = _encode(part, frames, rate, options or FILM | {"g": str(rate)})
        if not count:
            raise ValueError("a film needs at least one frame")
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def _encode(path: Path, frames: Iterable[Picture], rate: int, options: Mapping[str, str]) -> int:
    count = 0
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=rate, options=dict(options))
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = THREADS
        for count, picture in enumerate(frames, 1):
            if count == 1:
                stream.height, stream.width = picture.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        if count:
            container.mux(stream.encode(None))
    return count
