from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from structlog.testing import capture_logs

from gate.camera.folder import PictureFolder
from gate.errors import CameraFault
from models.sighting import Picture


@pytest.fixture
def album(tmp_path: Path, picture: Callable[..., Picture]) -> Path:
    """Pictures of several kinds beside a text that calls itself one, and a file that is none of them."""
    folder = tmp_path / "album"
    folder.mkdir()
    for number, ending in enumerate((".png", ".jpg", ".bmp", ".webp", ".JPEG")):
        cv2.imwrite(str(folder / f"{number}-%03d{ending}"), picture(number))
    (folder / "1-text.jpg").write_text("not a picture\n" * 20, "utf-8")
    (folder / "2-empty.png").touch()
    (folder / "notes.txt").write_text("passed over", "utf-8")
    return folder


def _pictures(source: PictureFolder) -> list[Picture]:
    shown = []
    while (picture := source.read()) is not None:
        shown.append(picture)
    return shown


def test_pictures_come_in_the_order_of_their_names_and_broken_ones_are_left_out(
    album: Path, picture: Callable[..., Picture]
) -> None:
    source = PictureFolder(album, 5.0, wait=lambda _delay_s: False)
    with capture_logs() as logs:
        shown = _pictures(source)
    assert len(shown) == 5
    for number, one in enumerate(shown):
        assert (one.dtype, one.flags.c_contiguous) == (np.uint8, True)
        assert np.abs(one.astype(int) - picture(number)).mean() < 8
    assert source.broken == 2
    assert [Path(line["file"]).name for line in logs] == ["1-text.jpg", "2-empty.png"]


def test_a_looped_folder_reports_a_broken_picture_once(album: Path) -> None:
    source = PictureFolder(album, 5.0, loop=True, wait=lambda _delay_s: False)
    with capture_logs() as logs:
        assert all(source.read() is not None for _ in range(23))
    assert len(logs) == source.broken == 2


def test_the_pace_is_the_configured_one_however_slow(album: Path) -> None:
    delays: list[float] = []
    source = PictureFolder(album, 0.1, clock=lambda: 0.0, wait=lambda delay_s: bool(delays.append(delay_s)))
    _pictures(source)
    assert delays == pytest.approx([0, 10, 20, 30, 40])


def test_a_picture_above_the_limit_is_left_out(album: Path) -> None:
    cv2.imwrite(str(album / "0-huge.png"), np.zeros((7000, 6000, 1), np.uint8))
    source = PictureFolder(album, 5.0, wait=lambda _delay_s: False)
    with capture_logs() as logs:
        assert len(_pictures(source)) == 5
    assert logs[0]["reason"] == "picture.too_large"


def test_a_folder_without_one_usable_picture_says_so(tmp_path: Path) -> None:
    for folder, code in ((tmp_path / "missing", "camera.not_there"), (tmp_path, "camera.no_picture")):
        with pytest.raises(CameraFault) as refused:
            PictureFolder(folder, 5.0)
        assert refused.value.code == code
    (tmp_path / "a.jpg").write_text("text", "utf-8")
    with pytest.raises(CameraFault) as refused:
        PictureFolder(tmp_path, 5.0, loop=True).read()
    assert refused.value.code == "camera.no_picture"


def test_closing_ends_the_reading(album: Path) -> None:
    source = PictureFolder(album, 0.01)
    assert source.read() is not None
    source.close()
    with pytest.raises(CameraFault) as closed:
        source.read()
    assert closed.value.code == "camera.closed"
    source.close()
