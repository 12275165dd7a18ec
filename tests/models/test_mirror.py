from __future__ import annotations

from pathlib import Path

import pytest

import models.mirror
from models.mirror import FolderMirror, WebMirror, parse_mirrors
from tests.models.made import content_of


def test_a_folder_knows_a_file_by_its_content_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "other.bin").write_bytes(b"weightz")
    wanted = tmp_path / "a" / "b" / "renamed.dat"
    wanted.write_bytes(b"weights")
    assert FolderMirror(tmp_path).find(content_of(b"weights")) == wanted


def test_files_of_another_size_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "long.bin").write_bytes(b"weights and more")
    monkeypatch.setattr(models.mirror, "digest", lambda file: pytest.fail(f"{file} was read"))
    assert FolderMirror(tmp_path).find(content_of(b"weights")) is None


def test_a_folder_that_is_not_there_has_nothing(tmp_path: Path) -> None:
    assert FolderMirror(tmp_path / "unplugged").find(content_of(b"weights")) is None


def test_a_link_to_nowhere_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").symlink_to(tmp_path / "gone")
    (tmp_path / "b.onnx").write_bytes(b"weights")
    assert FolderMirror(tmp_path).find(content_of(b"weights")) == tmp_path / "b.onnx"


def test_a_folder_is_not_walked_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.mirror, "MOST_FILES", 3)
    for i in range(5):
        (tmp_path / f"{i}.onnx").write_bytes(b"weights" if i == 4 else b"another")
    assert FolderMirror(tmp_path).find(content_of(b"weights")) is None


@pytest.mark.parametrize(
    ("value", "mirrors"),
    [
        ("", []),
        (" , ", []),
        ("/mnt/usb", [FolderMirror(Path("/mnt/usb"))]),
        ("/a, https://m.invalid/x/", [FolderMirror(Path("/a")), WebMirror("https://m.invalid/x/")]),
        ("~/weights", [FolderMirror(Path.home() / "weights")]),
    ],
)
def test_the_list_of_mirrors_keeps_its_order(value: str, mirrors: list[object]) -> None:
    assert parse_mirrors(value) == mirrors


def test_a_web_mirror_has_a_file_under_its_name_or_its_hash() -> None:
    content = content_of(b"weights")
    assert WebMirror("https://m.invalid/x/").addresses("toy.onnx", content) == (
        "https://m.invalid/x/toy.onnx",
        f"https://m.invalid/x/{content.sha256}",
    )
