from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.training.face_photos import list_photos, mark_photos
from models.training.split import is_held_out
from tests.models.training.drawn import MARKS, DotFinder, write_people

LEARNED = [name for name in map("张{}".format, range(60)) if not is_held_out(name, "people")][:3]
HELD_OUT = [name for name in map("李{}".format, range(60)) if is_held_out(name, "people")][:2]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    write_people(tmp_path / "people", dict.fromkeys([*LEARNED, *HELD_OUT], 2))
    return tmp_path / "people"


def _quiet(_line: str) -> None:
    pass


def test_a_person_is_on_one_side_only(people: Path) -> None:
    assert list_photos(people, held_out=False).people == tuple(sorted(LEARNED))
    assert list_photos(people, held_out=True).people == tuple(sorted(HELD_OUT))


def test_stray_files_empty_folders_and_duplicates_are_told_row_by_row(people: Path) -> None:
    (people / "notes.txt").write_text("nobody")
    (people / LEARNED[0] / "list.csv").write_text("a,b")
    (people / LEARNED[1] / "copy.png").write_bytes((people / LEARNED[0] / "0.png").read_bytes())
    empty = next(name for name in map("王{}".format, range(60)) if not is_held_out(name, "people"))
    (people / empty).mkdir()
    listed = list_photos(people, held_out=False)
    assert {(fault.path.name, fault.why) for fault in listed.faults} == {
        ("notes.txt", "stray"),
        ("list.csv", "stray"),
        ("copy.png", "duplicate"),
        (empty, "empty"),
    }
    assert len(listed.photos) == 2 * len(LEARNED)


def test_no_folder_and_a_folder_without_people_say_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="one folder per person"):
        list_photos(tmp_path / "nowhere", held_out=False)
    with pytest.raises(ValueError, match="one folder per person"):
        list_photos(tmp_path, held_out=False)


def test_a_broken_picture_and_one_without_a_face_do_not_stop_the_others(people: Path, tmp_path: Path) -> None:
    (people / LEARNED[0] / "9.png").write_bytes(b"no picture")
    marked = mark_photos(list_photos(people, held_out=False), [DotFinder()], tmp_path / "marks.npz", _quiet)
    assert [(fault.path.name, fault.why) for fault in marked.faults] == [("9.png", "picture.not_a_picture")]
    assert len(marked.photos) == len(marked.landmarks) == 2 * len(LEARNED)


def test_nothing_found_anywhere_is_an_error(people: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no face"):
        mark_photos(list_photos(people, held_out=False), [DotFinder(blind=True)], tmp_path / "marks.npz", _quiet)


def test_every_finders_landmarks_are_kept_and_not_looked_for_again(people: Path, tmp_path: Path) -> None:
    finders = [DotFinder(), DotFinder(off=2.0)]
    first = mark_photos(list_photos(people, held_out=False), finders, tmp_path / "marks.npz", _quiet)
    looks = finders[0].looks
    again = mark_photos(list_photos(people, held_out=False), finders, tmp_path / "marks.npz", _quiet)
    assert finders[0].looks == looks
    assert np.array_equal(first.landmarks, again.landmarks)
    assert np.array_equal(first.landmarks[0], np.stack([MARKS, MARKS + 2]))
