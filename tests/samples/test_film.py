"""A film is whole, plays at its rate, and is never half there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from models.sighting import Picture
from samples.film import write_film


def _frames(count: int) -> Iterator[Picture]:
    for number in range(count):
        picture = np.full((64, 96, 3), 40, np.uint8)
        picture[16:48, 8 + 2 * number : 24 + 2 * number] = (40, 200, 90)
        yield picture


def test_every_frame_can_be_decoded_at_the_constant_rate(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    assert write_film(path, _frames(20), 10) == 20
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 96, 64)
        assert stream.average_rate == 10
        seen = [(frame.time, frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]
    assert [time for time, _ in seen] == pytest.approx([number / 10 for number in range(20)])
    for (_, decoded), drawn in zip(seen, _frames(20), strict=True):
        assert np.abs(decoded.astype(int) - drawn).mean() < 6


def test_its_index_comes_first_so_that_it_plays_while_it_loads(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    write_film(path, _frames(5), 10)
    raw = path.read_bytes()
    assert raw.index(b"moov") < raw.index(b"mdat")


def test_a_failure_leaves_the_old_film_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    write_film(path, _frames(3), 10)
    before = path.read_bytes()

    def broken() -> Iterator[Picture]:
        yield from _frames(2)
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        write_film(path, broken(), 10)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_film_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        write_film(tmp_path / "film.mp4", iter(()), 10)
    assert not list(tmp_path.iterdir())
