from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.bench.accuracy import edits, score_faces, score_plates
from gate.errors import GateError
from models.sighting import Box, FaceQuality, FaceSighting, Picture, PlateColour, PlateSighting

QUALITY = FaceQuality(1, 60, 1, 1, 1)


def _silent(_done: int, _all: int) -> None:
    """No progress is shown."""


def _plate(text: str, found: float) -> PlateSighting:
    corners = np.zeros((4, 2), np.float32)
    return PlateSighting(Box(0, 0, 9, 9), corners, 1, found, text, (1.0,) * len(text), PlateColour.BLUE, None)


class PlatesByShade:
    """Sees what the grey of the picture stands for."""

    def __init__(self, seen: dict[int, Sequence[PlateSighting]]) -> None:
        self._seen = seen

    def see(self, picture: Picture) -> Sequence[PlateSighting]:
        return self._seen[int(picture[0, 0, 0])]


class FacesByShade:
    """A face in the middle whose direction is the grey of the picture, and a smaller one beside it; none in black."""

    model_id = "toy@00000000"

    def find(self, picture: Picture) -> Sequence[FaceSighting]:
        if not picture.any():
            return []
        return [
            FaceSighting(Box(0, 0, 30, 30), np.zeros((5, 2), np.float32), 0.9, QUALITY),
            FaceSighting(Box(40, 40, 60, 60), np.ones((5, 2), np.float32), 0.9, QUALITY),
        ]

    def embed(self, picture: Picture, faces: Sequence[FaceSighting]) -> Sequence[FaceSighting]:
        angle = float(picture[0, 0, 0]) / 40
        row = np.array([np.cos(angle), np.sin(angle)], np.float32)
        beside = np.array([0, -1], np.float32)
        return [replace(face, embedding=row if face.landmarks.any() else beside) for face in faces]


def _write(file: Path, shade: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imencode(".png", np.full((100, 100, 3), shade, np.uint8))[1].tofile(file)


def test_only_the_best_plate_of_each_picture_counts_and_every_picture_counts(tmp_path: Path) -> None:
    names = ["辽A11111", "辽A22222", "辽A33333", "粤OA2160"]
    for shade, name in enumerate(names, 1):
        _write(tmp_path / f"{name}.png", shade)
    (tmp_path / "辽A44444.jpg").write_text("no picture")
    (tmp_path / "labels.csv").write_text("not looked at")
    seen = {
        1: [_plate("辽A11111", 0.8)],
        2: [_plate("辽A22222", 0.5), _plate("辽B99999", 0.9)],
        3: [],
        4: [_plate("粤OA2160", 0.9)],
    }
    score = score_plates(PlatesByShade(seen), tmp_path, _silent)
    assert (score.pictures, score.exact, score.found) == (5, 0.4, 0.6)
    assert {(wrong.plate, wrong.read) for wrong in score.wrong} == {
        ("辽A22222", "辽B99999"),
        ("辽A33333", ""),
        ("辽A44444", ""),
    }
    assert score.refused == (("辽A44444.jpg", "picture.not_a_picture"),)
    assert score.characters == pytest.approx((1 + 1 / 7 + 0 + 0 + 1) / 5)


def test_a_limit_draws_the_same_pictures_with_the_same_seed(tmp_path: Path) -> None:
    for digit in range(9):
        _write(tmp_path / f"辽A1234{digit}.png", digit + 1)
    recogniser = PlatesByShade({shade: [] for shade in range(1, 10)})
    steps: list[tuple[int, int]] = []
    one = score_plates(recogniser, tmp_path, lambda done, whole: steps.append((done, whole)), limit=4, seed=7)
    two = score_plates(recogniser, tmp_path, _silent, limit=4, seed=7)
    assert one.pictures == 4
    assert steps[-1] == (4, 4)
    assert [wrong.file for wrong in one.wrong] == [wrong.file for wrong in two.wrong]


def test_a_folder_without_pictures_is_said(tmp_path: Path) -> None:
    with pytest.raises(GateError) as refused:
        score_plates(PlatesByShade({}), tmp_path, _silent)
    assert refused.value.code == "bench.no_pictures"


def test_the_face_in_the_middle_stands_for_the_picture(tmp_path: Path) -> None:
    for person, shade in (("张三", 10), ("李四", 60), ("王五", 110)):
        for take in range(6):
            _write(tmp_path / person / f"{take}.png", shade + take // 2)
    score = score_faces(FacesByShade(), tmp_path, _silent, pairs=40)
    assert (score.pairs, score.people, score.accuracy) == (40, 3, 1.0)
    assert score.operating[1e-3].tar == 1
    assert score.same_mean > 0.9 > score.different_mean
    assert score.without_face == score.refused == ()


def test_a_picture_without_a_face_or_that_is_none_makes_its_pairs_wrong(tmp_path: Path) -> None:
    for person, shade in (("张三", 10), ("李四", 60)):
        for take in range(4):
            _write(tmp_path / person / f"{take}.png", shade)
    _write(tmp_path / "张三" / "black.png", 0)
    (tmp_path / "李四" / "text.png").write_text("no picture")
    score = score_faces(FacesByShade(), tmp_path, _silent, pairs=30)
    assert score.without_face == ("black.png",)
    assert score.refused == (("text.png", "picture.not_a_picture"),)
    assert score.accuracy < 1
    assert score.operating[1e-2].tar < 1


def test_one_person_gives_no_pairs(tmp_path: Path) -> None:
    _write(tmp_path / "张三" / "1.png", 10)
    with pytest.raises(GateError) as refused:
        score_faces(FacesByShade(), tmp_path, _silent, pairs=30)
    assert refused.value.code == "bench.no_pairs"


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [("", "", 0), ("辽A12345", "辽A12345", 0), ("辽A12345", "辽A1234", 1), ("川AM118G", "川AM1186", 1), ("", "辽A", 2)],
)
def test_edits_are_counted(one: str, other: str, count: int) -> None:
    assert edits(one, other) == count


@given(st.text("ABC", max_size=8), st.text("ABC", max_size=8), st.text("ABC", max_size=8))
def test_edits_are_a_distance(one: str, two: str, three: str) -> None:
    assert edits(one, two) == edits(two, one)
    assert (edits(one, two) == 0) == (one == two)
    assert edits(one, three) <= edits(one, two) + edits(two, three)
