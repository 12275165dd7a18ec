from __future__ import annotations

import os
from pathlib import Path

import pytest

from gate.bench.dataset import could_be_plate, digest_of, once, people_photos, plate_photos, shown, unseen
from gate.texts import t
from models.holdout import mark
from tests.gate.bench.toys import write


def _plates(folder: Path) -> dict[str, str]:
    return {photo.file.name: photo.plate for photo in plate_photos(folder)[0]}


def _notes(folder: Path) -> set[tuple[str, str]]:
    return {(note.file, note.code.removeprefix("bench.row_")) for note in plate_photos(folder)[1]}


@pytest.mark.parametrize(
    ("name", "plate"),
    [
        ("辽A12345", "辽A12345"),
        ("辽A·12345", "辽A12345"),
        ("辽a-12345", "辽A12345"),
        ("辽A12345_2", "辽A12345"),
        ("辽A12345 (2)", "辽A12345"),
        ("辽A12345（3）", "辽A12345"),
        ("辽A12345 - 副本", "辽A12345"),
        ("辽AD12345", "辽AD12345"),
        ("辽AD1234-12", "辽AD1234"),
        ("粤O12345", "粤O12345"),
    ],
)
def test_a_files_name_is_its_plate_whatever_marks_a_copy(name: str, plate: str, tmp_path: Path) -> None:
    file = write(tmp_path / f"{name}.png", 1)
    assert _plates(tmp_path) == {file.name: plate}


def test_two_files_of_one_plate_are_both_measured(tmp_path: Path) -> None:
    for shade, name in enumerate(("辽A12345.png", "辽A12345_2.png", "更多/辽A12345.png"), 1):
        write(tmp_path / name, shade)
    assert [photo.plate for photo in plate_photos(tmp_path)[0]] == ["辽A12345"] * 3
    assert plate_photos(tmp_path)[1] == []


def test_a_name_that_is_no_plate_is_reported_and_one_outside_the_grammar_is_measured(tmp_path: Path) -> None:
    for shade, name in enumerate(("IMG_0001.png", "---.png", "辽AABC12.png", "辽A12345.png", "._辽A1.png"), 1):
        write(tmp_path / name, shade)
    (tmp_path / "辽A99999.png").mkdir()
    (tmp_path / "notes.txt").write_text("not looked at")
    assert set(_plates(tmp_path).values()) == {"辽AABC12", "辽A12345"}
    assert _notes(tmp_path) == {
        ("IMG_0001.png", "not_a_plate"),
        ("---.png", "not_a_plate"),
        ("._辽A1.png", "not_a_plate"),
        ("辽AABC12.png", "outside_grammar"),
    }


def test_only_files_are_looked_at_and_a_link_to_nothing_is_not_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "辽A12345.png", 1)
    (tmp_path / "辽A11111.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "辽A22222.png").mkdir()
    os.mkfifo(tmp_path / "辽A33333.png")
    (tmp_path / "again").symlink_to(tmp_path)
    assert set(_plates(tmp_path)) == {"辽A12345.png", "辽A11111.png"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_says_what_is_on_the_pictures_beside_it_in_the_encodings_it_comes_in(
    encoding: str, tmp_path: Path
) -> None:
    for shade, name in enumerate(("1.png", "sub/2.png", "3.png"), 1):
        write(tmp_path / name, shade)
    rows = "file,plate,corrected_plate\n1.png,辽A12345,\nsub\\2.png,辽A12345,苏B54321\n"
    (tmp_path / "labels.csv").write_bytes(rows.encode(encoding))
    assert _plates(tmp_path) == {"1.png": "辽A12345", "2.png": "苏B54321"}
    (mended,) = [photo for photo in plate_photos(tmp_path)[0] if photo.file.name == "2.png"]
    assert mended.names == {"辽A12345", "苏B54321"}
    assert _notes(tmp_path) == {("3.png", "not_a_plate")}


def test_each_wrong_row_of_a_list_is_reported_and_the_others_count(tmp_path: Path) -> None:
    folder = tmp_path / "plates"
    for shade, name in enumerate(("good.png", "twice.png", "辽B11111.png", "odd.png"), 1):
        write(folder / name, shade)
    outside = write(tmp_path / "outside.png", 9)
    rows = [
        "plate,file",
        "辽A12345,good.png",
        "辽A12345,good.png",
        "辽A11111,twice.png",
        "辽A22222,twice.png",
        "辽A11111,twice.png",
        "辽A12345,gone.png",
        f"辽A12345,{outside}",
        "辽A12345,../outside.png",
        "辽A12345,",
        ",辽B11111.png",
        "不是车牌,odd.png",
        "辽A12345",
    ]
    (folder / "labels.csv").write_text("\n".join(rows), "utf-8")
    assert _plates(folder) == {"good.png": "辽A12345", "辽B11111.png": "辽B11111"}
    assert _notes(folder) == {
        ("twice.png", "two_labels"),
        ("labels.csv:7", "no_file"),
        ("labels.csv:8", "no_file"),
        ("labels.csv:9", "no_file"),
        ("labels.csv:10", "no_file"),
        ("labels.csv:11", "no_plate"),
        ("labels.csv:13", "no_file"),
        ("odd.png", "not_a_plate"),
    }


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"name,number\n1.png,2\n", "columns"),
        (b"", "columns"),
        (b"\xff\xfe\x00\x81", "columns"),
        (b'file,plate\n"' + b"x" * 200_000 + b'",y\n', "broken"),
    ],
)
def test_a_list_that_is_none_leaves_the_names_to_speak(content: bytes, code: str, tmp_path: Path) -> None:
    write(tmp_path / "辽A12345.png", 1)
    (tmp_path / "labels.csv").write_bytes(content)
    assert _plates(tmp_path) == {"辽A12345.png": "辽A12345"}
    assert {what for _, what in _notes(tmp_path)} == {code}


def test_a_folder_called_like_a_list_is_reported(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").mkdir()
    assert _notes(tmp_path) == {("labels.csv", "unreadable")}


def test_names_that_cannot_be_printed_are_shown_so_that_they_can(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/\xff\x1b[31m.png"
    with open(raw, "wb") as file:  # noqa: PTH123 - no text is this name
        file.write(b"x")
    (note,) = plate_photos(tmp_path)[1]
    assert note.file.encode("utf-8").decode("utf-8").isprintable()
    assert t(note.code, file=note.file, detail=note.detail)


def test_a_picture_under_two_names_counts_once_and_under_two_labels_not_at_all(tmp_path: Path) -> None:
    names = ["辽A11111.png", "辽A11111_2.png", "辽A22222.png", "辽A33333.png", "辽A44444.png"]
    files = [write(tmp_path / name, shade) for name, shade in zip(names, (1, 1, 2, 2, 3), strict=True)]
    twins = once({file: file.stem[:7] for file in files}, digest_of, tmp_path)
    assert twins.kept == {files[0], files[4]}
    assert {(note.file, note.code, note.detail) for note in twins.notes} == {
        ("辽A11111_2.png", "bench.row_twice", "辽A11111.png"),
        ("辽A22222.png", "bench.row_contradiction", "辽A33333.png"),
        ("辽A33333.png", "bench.row_contradiction", "辽A22222.png"),
    }


def test_files_that_cannot_be_compared_all_stay(tmp_path: Path) -> None:
    gone = {tmp_path / "a.png": "a", tmp_path / "b.png": "b"}
    assert once(gone, digest_of, tmp_path).kept == set(gone)


def test_a_folder_of_people_has_a_folder_for_each(tmp_path: Path) -> None:
    write(tmp_path / "张三" / "1.png", 1)
    write(tmp_path / "张三" / "deeper" / "2.png", 1)
    write(tmp_path / "loose.png", 1)
    (tmp_path / "李四").mkdir()
    people, notes = people_photos(tmp_path)
    assert {name: [file.name for file in files] for name, files in people.items()} == {"张三": ["1.png"]}
    assert [(note.file, note.code) for note in notes] == [("loose.png", "bench.row_nobody")]


def test_whoever_bears_a_mark_has_been_seen() -> None:
    marks = {mark("辽A12345")}
    assert not unseen(["辽A54321", "辽A12345"], marks)
    assert unseen(["辽A54321"], marks)


@pytest.mark.parametrize(
    ("text", "could"),
    [("辽A12345", True), ("辽AABC12", True), ("使123456", True), ("辽A1234", False), ("", False), ("ABCDEFG", False)],
)
def test_what_could_be_a_plate(text: str, could: bool) -> None:
    assert could_be_plate(text) is could


def test_a_file_is_shown_by_its_path_within_the_folder(tmp_path: Path) -> None:
    assert shown(tmp_path / "a" / "b.png", tmp_path) == "a/b.png"
    assert shown(tmp_path / "a" / "b.png") == "b.png"
