"""What a face finder is asked for, cell by cell: which cells a face belongs to, and where it lies from there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.training.face_scenes import Faces, Scene

STRIDES = (8, 16, 32)

LEVELS_PX = ((0.0, 44.0), (32.0, 112.0), (84.0, 1e9))
"""Sides of the faces (root of the area) that each stride finds; at the borders two of them do."""

NEAR = 0.22
"""A cell whose place lies no further from a face's middle than this share of its side finds it."""

AROUND = 0.5
"""Cells further than that but within this share are asked nothing, on the strides that find faces of about that size;
on the others they find none, or a nose would pass for a small face."""

ABOUT = 1.5
"""A stride is asked nothing of faces up to so many times smaller or larger than those that it finds."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """For each of the n cells of all strides: `there` is 1 for a face, 0 for none and -1 where nothing is asked;
    `boxes` (n x 4) and `landmarks` (n x 5 x 2), in pixels, count where it is 1."""

    there: NDArray[np.float32]
    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]


def cells(side: int) -> NDArray[np.float32]:
    """Place (x, y) and stride of each cell of a square picture, as the finder's outputs are ordered: n x 3."""
    levels = []
    for stride in STRIDES:
        across = np.arange(side // stride, dtype=np.float32) * stride
        x, y = np.meshgrid(across, across)
        levels.append(np.stack([x.ravel(), y.ravel(), np.full(x.size, stride, np.float32)], 1))
    return np.concatenate(levels)


def answers(scene: Scene, grid: NDArray[np.float32]) -> Answers:
    """The right answers of a scene for the cells of `cells`."""
    there = np.zeros(len(grid), np.float32)
    boxes = np.zeros((len(grid), 4), np.float32)
    landmarks = np.zeros((len(grid), 5, 2), np.float32)
    for faces in (scene.faces, scene.doubtful):
        for i in range(len(faces.boxes)):
            there[(_away(faces, i, grid) < AROUND) & _about(faces, i, grid)] = -1
    for i in range(len(scene.faces.boxes)):
        for chosen in _chosen(scene.faces, i, grid):
            there[chosen], boxes[chosen], landmarks[chosen] = 1, scene.faces.boxes[i], scene.faces.landmarks[i]
    return Answers(there, boxes, landmarks)


def _away(faces: Faces, i: int, grid: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far each cell lies from a face's middle, as a share of its side (across or down, the larger)."""
    box = faces.boxes[i]
    middle, side = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
    return np.asarray((np.abs(grid[:, :2] - middle) / side).max(1), dtype=np.float32)


def _about(faces: Faces, i: int, grid: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which cells stand on a stride that finds faces of about this one's size."""
    size = _size(faces, i)
    least, most = np.array(LEVELS_PX).T
    level = np.searchsorted(np.array(STRIDES), grid[:, 2])
    return np.asarray((size >= least[level] / ABOUT) & (size < most[level] * ABOUT))


def _size(faces: Faces, i: int) -> float:
    """The root of a face's area."""
    box = faces.boxes[i]
    return float(np.sqrt((box[2] - box[0]) * (box[3] - box[1])))


def _chosen(faces: Faces, i: int, grid: NDArray[np.float32]) -> list[NDArray[np.intp]]:
    """The cells of each stride that find a face: those near its middle, at least the nearest."""
    size, away = _size(faces, i), _away(faces, i, grid)
    chosen = []
    for stride, (least, most) in zip(STRIDES, LEVELS_PX, strict=True):
        if least <= size < most:
            (level,) = np.nonzero(grid[:, 2] == stride)
            near = level[away[level] <= NEAR]
            chosen.append(near if len(near) else level[[int(away[level].argmin())]])
    return chosen
