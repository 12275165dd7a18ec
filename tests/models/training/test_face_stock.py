from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.training.face_photos import list_photos
from models.training.face_stock import Stock, pictures_in, see, without_faces
from models.training.split import is_held_out
from tests.models.training.drawn import BOX, MARKS, DotFinder, face, write_people

NAMES = [name for name in map("张{}".format, range(60)) if not is_held_out(name, "people")][:2]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    write_people(tmp_path / "people", dict.fromkeys(NAMES, 2))
    return tmp_path / "people"


def _quiet(_line: str) -> None:
    pass


def test_where_both_teachers_see_a_face_its_landmarks_are_their_mean() -> None:
    (row,) = see(face(), (DotFinder(found=0.8), DotFinder(off=4.0)))
    assert np.allclose(row[:4], [BOX.left, BOX.top, BOX.right, BOX.bottom])
    assert row[4] == pytest.approx(0.8)
    assert np.allclose(row[5:].reshape(5, 2), MARKS + 2)


def test_a_face_that_only_one_teacher_sees_is_doubtful() -> None:
    (row,) = see(face(), (DotFinder(found=0.9), DotFinder(blind=True)))
    assert row[4] <= 0.5
    assert len(see(face(), (DotFinder(blind=True), DotFinder()))) == 0


def test_a_stock_tells_what_is_left_out_and_does_not_look_twice(people: Path, tmp_path: Path) -> None:
    (people / NAMES[0] / "9.png").write_bytes(b"no picture")
    teachers = (DotFinder(), DotFinder())
    stock = Stock(list_photos(people, held_out=False), teachers, tmp_path / "faces.npz", _quiet)
    assert len(stock) == 4
    assert [(fault.path.name, fault.why) for fault in stock.faults] == [("9.png", "picture.not_a_picture")]
    assert np.allclose(stock.print(3).faces.landmarks[0], MARKS)
    looks = teachers[0].looks
    again = Stock(list_photos(people, held_out=False), teachers, tmp_path / "faces.npz", _quiet)
    assert teachers[0].looks == looks
    assert np.array_equal(again.print(0).faces.boxes, stock.print(0).faces.boxes)


def test_photographs_without_any_face_are_an_error(people: Path, tmp_path: Path) -> None:
    blind = (DotFinder(blind=True), DotFinder())
    with pytest.raises(ValueError, match="no face"):
        Stock(list_photos(people, held_out=False), blind, tmp_path / "faces.npz", _quiet)
    assert not (tmp_path / "faces.npz").exists()


def test_a_background_with_a_face_or_that_is_no_picture_is_not_kept(people: Path) -> None:
    (people / "broken.jpg").write_bytes(b"no picture")
    files = pictures_in(people)
    assert len(files) == 5
    assert without_faces(files, [DotFinder(blind=True), DotFinder()]) == []
    assert len(without_faces(files, [DotFinder(blind=True)])) == 4


def test_a_background_is_kept_no_larger_than_scenes_need(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "yard.png"), np.zeros((900, 1600, 3), np.uint8))
    (kept,) = without_faces(pictures_in(tmp_path), [DotFinder(blind=True)])
    assert kept.shape == (450, 800, 3)
