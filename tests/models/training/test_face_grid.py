from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.face.yunet import YuNet
from models.preprocess import Normalisation
from models.training.face_grid import LEVELS_PX, STRIDES, answers, cells
from models.training.face_scenes import Faces, Scene

SIDE = 320
GRID = cells(SIDE)
NOBODY = Faces(np.zeros((0, 4), np.float32), np.zeros((0, 5, 2), np.float32), np.zeros(0, np.float32))


def _faces(*boxes: tuple[float, float, float, float]) -> Faces:
    sides = np.array(boxes, np.float32)
    marks = np.stack([sides[:, :2] + (sides[:, 2:] - sides[:, :2]) * part for part in (0.3, 0.7, 0.5, 0.35, 0.65)], 1)
    return Faces(sides, marks.astype(np.float32), np.ones(len(sides), np.float32))


def _scene(faces: Faces, doubtful: Faces = NOBODY) -> Scene:
    return Scene(np.zeros((SIDE, SIDE, 3), np.uint8), faces, doubtful)


def test_cells_stand_in_the_order_of_the_finders_outputs() -> None:
    assert len(GRID) == sum((SIDE // stride) ** 2 for stride in STRIDES)
    assert GRID[1].tolist() == [8, 0, 8]
    assert GRID[(SIDE // 8) ** 2].tolist() == [0, 0, 16]


def test_every_face_has_a_cell_that_finds_it_whatever_its_size() -> None:
    for side in (10, 16, 24, 40, 60, 90, 120, 200, 300):
        found = answers(_scene(_faces((7, 9, 7 + side, 9 + side * 1.05))), GRID)
        strides = set(GRID[found.there == 1, 2])
        assert strides
        size = side * 1.05**0.5
        assert strides == {
            stride for stride, (least, most) in zip(STRIDES, LEVELS_PX, strict=True) if least <= size < most
        }


def test_cells_near_a_face_but_not_in_its_middle_are_asked_nothing() -> None:
    found = answers(_scene(_faces((100, 100, 200, 200))), GRID)
    at = {tuple(cell): there for cell, there in zip(GRID.tolist(), found.there, strict=True)}
    assert at[(144.0, 144.0, 16.0)] == 1
    assert at[(112.0, 112.0, 16.0)] == -1
    assert at[(48.0, 48.0, 16.0)] == 0


def test_a_large_faces_parts_are_no_small_faces() -> None:
    found = answers(_scene(_faces((60, 60, 260, 260))), GRID)
    inside = (np.abs(GRID[:, :2] - 160) < 90).all(1)
    assert set(found.there[inside & (GRID[:, 2] == 8)]) == {0}
    assert set(found.there[inside & (GRID[:, 2] == 32)]) == {-1, 1}


def test_a_doubtful_face_is_asked_for_nowhere() -> None:
    found = answers(_scene(NOBODY, _faces((100, 100, 200, 200))), GRID)
    assert set(found.there) == {-1, 0}


def test_of_two_near_faces_neither_takes_the_others_cells_away() -> None:
    found = answers(_scene(_faces((100, 100, 140, 140), (120, 100, 160, 140))), GRID)
    kept = {tuple(box) for box in found.boxes[found.there == 1].tolist()}
    assert len(kept) == 2


class Saying:
    """A session that says of a scene's cells what is right."""

    outputs = tuple(f"{part}_{stride}" for part in ("cls", "obj", "bbox", "kps") for stride in STRIDES)
    fixed_size = None
    name = "saying"

    def __init__(self, scene: Scene) -> None:
        self._found = answers(scene, GRID)

    def run(self, _tensor: object) -> list[NDArray[np.float32]]:
        given = {}
        for stride in STRIDES:
            level = GRID[:, 2] == stride
            cell, there = GRID[level, :2], (self._found.there[level] == 1).astype(np.float32)
            box, marks = self._found.boxes[level], self._found.landmarks[level]
            middle = ((box[:, :2] + box[:, 2:]) / 2 - cell) / stride
            size = np.log(np.maximum(box[:, 2:] - box[:, :2], 1) / stride)
            given[f"cls_{stride}"] = given[f"obj_{stride}"] = there[None, :, None]
            given[f"bbox_{stride}"] = np.hstack([middle, size])[None]
            given[f"kps_{stride}"] = ((marks - cell[:, None]) / stride).reshape(1, -1, 10)
        return [given[name] for name in self.outputs]


def test_the_right_answers_are_what_the_program_reads_as_the_faces() -> None:
    faces = _faces((40, 50, 80, 95), (150, 120, 290, 290), (10, 200, 22, 214))
    scene = _scene(faces)
    finder = YuNet(Saying(scene), Normalisation("bgr", (0, 0, 0), (1, 1, 1)), longest=SIDE)  # type: ignore[arg-type]
    found = sorted(finder.find(scene.picture), key=lambda face: face.box.left)
    assert len(found) == 3
    for one, i in zip(found, np.argsort(faces.boxes[:, 0]), strict=True):
        assert np.allclose([one.box.left, one.box.top, one.box.right, one.box.bottom], faces.boxes[i], atol=0.01)
        assert np.allclose(one.landmarks, faces.landmarks[i], atol=0.01)
