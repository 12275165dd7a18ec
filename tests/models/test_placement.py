from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest

from models.errors import ModelCorrupt
from models.placement import holds, place
from tests.models.made import content_of

WEIGHTS = b"weights" * 1000


class FullDisk(io.BytesIO):
    """A source during which the disk runs full."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().read(100)


def test_a_placed_file_is_whole_and_readable_by_others(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    target = tmp_path / "toy.onnx"
    place(io.BytesIO(WEIGHTS), target, content_of(WEIGHTS), lambda have, whole: steps.append((have, whole)))
    assert target.read_bytes() == WEIGHTS
    assert target.stat().st_mode & 0o777 == 0o644
    assert steps[-1] == (len(WEIGHTS), len(WEIGHTS))
    assert holds(target, content_of(WEIGHTS))


@pytest.mark.parametrize("given", [WEIGHTS[:-1], WEIGHTS + b"x", b"", b"x" * len(WEIGHTS)])
def test_other_bytes_leave_what_was_there_and_no_trace(tmp_path: Path, given: bytes) -> None:
    target = tmp_path / "toy.onnx"
    target.write_bytes(b"what was there")
    with pytest.raises(ModelCorrupt):
        place(io.BytesIO(given), target, content_of(WEIGHTS), lambda _have, _whole: None)
    assert target.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_leaves_no_half_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        place(FullDisk(WEIGHTS), tmp_path / "toy.onnx", content_of(WEIGHTS), lambda _have, _whole: None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert not holds(tmp_path / "none", content_of(WEIGHTS))
