"""Pictures with faces at any size, put together from photographs and backgrounds, their landmarks moved along."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.sighting import Picture

Generator = np.random.Generator

SMALLEST_PX = 10.0
"""A face less high is neither asked for nor held against the finder."""

SURE = 0.6
"""From this confidence of the teacher on a face is one; a doubtful one is neither."""

SHOWN = 0.75
"""A face of which less is in the picture is neither."""

MIRRORED = [1, 0, 2, 4, 3]
"""The landmarks' order in a mirrored picture: left and right are the viewer's."""


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """n boxes (n x 4: left, top, right, bottom), landmarks (n x 5 x 2) and confidences, pixels of their picture."""

    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    sure: NDArray[np.float32]

    def pick(self, chosen: NDArray[np.bool_]) -> Faces:
        """Only some of them."""
        return Faces(self.boxes[chosen], self.landmarks[chosen], self.sure[chosen])

    def moved(self, matrix: NDArray[np.float64]) -> Faces:
        """The same faces after a similarity (2 x 3), which may mirror; boxes stay upright and keep their sides."""
        landmarks = self.landmarks.astype(np.float64) @ matrix[:, :2].T + matrix[:, 2]
        if np.linalg.det(matrix[:, :2]) < 0:
            landmarks = landmarks[:, MIRRORED]
        middles = (self.boxes[:, :2] + self.boxes[:, 2:]) / 2 @ matrix[:, :2].T + matrix[:, 2]
        halves = (self.boxes[:, 2:] - self.boxes[:, :2]) / 2 * math.hypot(matrix[0, 0], matrix[1, 0])
        boxes = np.hstack([middles - halves, middles + halves])
        return Faces(boxes.astype(np.float32), landmarks.astype(np.float32), self.sure)


def gathered(faces: Sequence[Faces]) -> Faces:
    """All faces of several in one."""
    return Faces(
        np.concatenate([np.zeros((0, 4), np.float32), *(one.boxes for one in faces)]),
        np.concatenate([np.zeros((0, 5, 2), np.float32), *(one.landmarks for one in faces)]),
        np.concatenate([np.zeros(0, np.float32), *(one.sure for one in faces)]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A square picture; the faces a finder must find in it, and those that it may."""

    picture: Picture
    faces: Faces
    doubtful: Faces


@dataclass(frozen=True, slots=True, eq=False)
class Print:
    """A photograph with its faces; the first is who it is about."""

    picture: Picture
    faces: Faces


def compose(side: int, background: Picture, prints: Sequence[Print], generator: Generator, largest: float) -> Scene:
    """A side x side picture of a background and photographs laid on it without hiding each other's faces.

    A face is drawn `SMALLEST_PX` to `largest` px high, every octave as likely. A photograph is cut to a rectangle or
    an oval around its face, turned by up to 20 degrees and mirrored half of the time.
    """
    canvas = _filled(side, background, generator)
    taken = np.zeros((side, side), np.uint8)
    found: list[Faces] = []
    for one in prints:
        height = math.exp(generator.uniform(math.log(SMALLEST_PX), math.log(largest)))
        _lay(canvas, taken, one, height, found, generator)
    faces = gathered(found)
    high = faces.boxes[:, 3] - faces.boxes[:, 1]
    clear = (faces.sure >= SURE) & (high >= SMALLEST_PX)
    return Scene(canvas, faces.pick(clear), faces.pick(~clear))


def _lay(canvas: Picture, taken: NDArray[np.uint8], one: Print, height: float, found: list[Faces],
         generator: Generator) -> None:  # fmt: skip
    """Lay a photograph on the canvas so that its first face is `height` px high, unless it would hide another's."""
    side = canvas.shape[0]
    box = one.faces.boxes[0]
    scale = height / float(box[3] - box[1])
    matrix = placed(one, scale, (generator.uniform(0, side), generator.uniform(0, side)), generator)
    first = one.faces.moved(matrix).boxes[0]
    inside = np.clip(first[2:], 0, side) - np.clip(first[:2], 0, side)
    if inside.prod() < 0.9 * (first[2:] - first[:2]).prod():
        middle = np.clip((first[:2] + first[2:]) / 2, height * 0.6, max(height * 0.6, side - height * 0.6))
        matrix[:, 2] += middle - (first[:2] + first[2:]) / 2
    mask = _mask(one, generator)
    left, top, right, bottom = _reach(mask, matrix, side)
    if left >= right or top >= bottom:
        return
    matrix[:, 2] -= left, top
    size = (right - left, bottom - top)
    weight = cv2.warpAffine(mask, matrix, size, flags=cv2.INTER_LINEAR)
    here = (slice(top, bottom), slice(left, right))
    if cv2.countNonZero(cv2.bitwise_and(taken[here], weight)):
        return
    shrunk, step = _shrunk(one.picture, scale)
    picture = cv2.warpAffine(shrunk, matrix @ np.diag([1 / step, 1 / step, 1]), size, borderMode=cv2.BORDER_REPLICATE)
    share = weight.astype(np.float32)[:, :, None] / 255
    canvas[here] = canvas[here] + (picture - canvas[here].astype(np.float32)) * share
    taken[here] |= np.where(weight > 5, np.uint8(255), np.uint8(0))
    matrix[:, 2] += left, top
    moved = one.faces.moved(matrix)
    shown = np.array([_share(weight, box - np.array([left, top, left, top])) for box in moved.boxes])
    sure = np.where(shown >= SHOWN, moved.sure, 0.0).astype(np.float32)
    found.append(Faces(moved.boxes, moved.landmarks, sure).pick(shown > 0.1))


def _reach(mask: NDArray[np.uint8], matrix: NDArray[np.float64], side: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom on the canvas of what the mask shows."""
    x, y, width, height = cv2.boundingRect(mask)
    corners = (
        np.array([[x, y], [x + width, y], [x, y + height], [x + width, y + height]]) @ matrix[:, :2].T + matrix[:, 2]
    )
    start = np.clip(np.floor(corners.min(0)) - 1, 0, side)
    end = np.clip(np.ceil(corners.max(0)) + 1, 0, side)
    return int(start[0]), int(start[1]), int(end[0]), int(end[1])


def placed(one: Print, scale: float, spot: tuple[float, float], generator: Generator) -> NDArray[np.float64]:
    """The similarity (2 x 3) that brings the first face's middle to a spot, mirrored half of the time."""
    turn = math.radians(generator.uniform(-20, 20) * generator.uniform(0, 1))
    flip = -1.0 if generator.random() < 1 / 2 else 1.0
    cos, sin = scale * math.cos(turn), scale * math.sin(turn)
    linear = np.array([[flip * cos, -sin], [flip * sin, cos]])
    box = one.faces.boxes[0].astype(np.float64)
    return np.column_stack([linear, np.array(spot) - linear @ (box[:2] + box[2:]) / 2])


def _mask(one: Print, generator: Generator) -> NDArray[np.uint8]:
    """What of the photograph is laid on: all of it, a rectangle or a soft oval about the first face."""
    high, wide = one.picture.shape[:2]
    mask = np.zeros((high, wide), np.uint8)
    left, top, right, bottom = (float(edge) for edge in one.faces.boxes[0])
    x, y, width, height = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
    how = generator.random()
    if how < 0.35:
        mask[:] = 255
    elif how < 0.65:
        grow = generator.uniform(0.62, 1.3, 4)
        start = (round(x - width * grow[0]), round(y - height * grow[1]))
        cv2.rectangle(mask, start, (round(x + width * grow[2]), round(y + height * grow[3])), 255, -1)
    else:
        swell = generator.uniform(0.72, 1.2)
        axes = (round(width * swell * 1.05), round(height * swell))
        cv2.ellipse(mask, (round(x), round(y)), axes, 0, 0, 360, 255, -1)
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), float(generator.uniform(1, 6))), dtype=np.uint8)
    return mask


def _share(laid: NDArray[np.uint8], box: NDArray[np.float32]) -> float:
    """The share of a box that shows the photograph."""
    left, top, right, bottom = (round(float(edge)) for edge in box)
    area = max(1, (right - left) * (bottom - top))
    return float(laid[max(0, top) : max(0, bottom), max(0, left) : max(0, right)].sum()) / (255 * area)


def _shrunk(picture: Picture, scale: float) -> tuple[Picture, float]:
    """The picture made smaller by averages where it is to be much smaller, and by how much that was."""
    if scale > 0.6:
        return picture, 1.0
    step = max(scale * 1.3, 0.02)
    side = (max(1, round(picture.shape[1] * step)), max(1, round(picture.shape[0] * step)))
    return np.asarray(cv2.resize(picture, side, interpolation=cv2.INTER_AREA), dtype=np.uint8), side[0] / picture.shape[
        1
    ]


def _filled(side: int, background: Picture, generator: Generator) -> Picture:
    """A square cut anywhere from the background, of any size, mirrored half of the time."""
    high, wide = background.shape[:2]
    length = int(generator.uniform(min(high, wide) / 4, min(high, wide)))
    left, top = int(generator.integers(0, wide - length + 1)), int(generator.integers(0, high - length + 1))
    cut = background[top : top + length, left : left + length]
    if generator.random() < 1 / 2:
        cut = cut[:, ::-1]
    how = cv2.INTER_AREA if length > side else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(cut, (side, side), interpolation=how), dtype=np.uint8)


def closer(side: int, one: Print, generator: Generator) -> Scene:
    """The photograph as the second look at a face shows it: the face about half as high as the picture."""
    box = one.faces.boxes[0]
    scale = side * generator.uniform(0.3, 0.9) / float(box[3] - box[1])
    spot = side / 2 + generator.normal(0, side / 14, 2)
    matrix = placed(one, scale, (float(spot[0]), float(spot[1])), generator)
    edge = cv2.BORDER_CONSTANT if generator.random() < 1 / 2 else cv2.BORDER_REPLICATE
    shrunk, step = _shrunk(one.picture, scale)
    picture = cv2.warpAffine(shrunk, matrix @ np.diag([1 / step, 1 / step, 1]), (side, side), borderMode=edge)
    moved = one.faces.moved(matrix)
    inside = np.clip(moved.boxes[:, 2:], 0, side) - np.clip(moved.boxes[:, :2], 0, side)
    shown = inside.prod(1) / (moved.boxes[:, 2:] - moved.boxes[:, :2]).prod(1)
    clear = (shown >= SHOWN) & (moved.sure >= SURE)
    return Scene(np.asarray(picture, np.uint8), moved.pick(clear), moved.pick(~clear & (shown > 0.1)))


def noise(side: int, generator: Generator) -> Picture:
    """A background that nobody photographed: clouds of colour, from coarse to fine."""
    picture = np.full((side, side, 3), generator.uniform(0, 255, 3), np.float32)
    for cells in (3, 8, 24, 80):
        field = generator.normal(0, generator.uniform(0, 40), (cells, cells, 3)).astype(np.float32)
        picture += cv2.resize(field, (side, side), interpolation=cv2.INTER_LINEAR)
    return np.clip(picture, 0, 255).astype(np.uint8)


def seen_by_camera(picture: Picture, generator: Generator) -> Picture:
    """Light, blur, noise and packing as a camera adds them; nothing moves."""
    table = (np.arange(256) / 255.0) ** float(np.exp(generator.normal(0, 0.35)))
    table = (table - 0.5) * float(np.exp(generator.normal(0, 0.2))) + 0.5 + generator.normal(0, 0.06)
    levels = np.clip(table[:, None] * (1 + generator.normal(0, 0.06, 3)) * 255, 0, 255).astype(np.uint8)
    lit = cv2.LUT(picture, levels[None])
    if generator.random() < 0.1:
        lit = cv2.cvtColor(cv2.cvtColor(lit, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    if generator.random() < 0.25:
        lit = cv2.GaussianBlur(lit, (0, 0), float(generator.uniform(0.3, 1.4)))
    if generator.random() < 0.25:
        grain = generator.standard_normal(lit.shape, dtype=np.float32) * generator.uniform(1, 12)
        lit = np.clip(lit + grain, 0, 255).astype(np.uint8)
    if generator.random() < 0.4:
        _, coded = cv2.imencode(".jpg", lit, [cv2.IMWRITE_JPEG_QUALITY, int(generator.uniform(30, 95))])
        lit = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return np.asarray(lit, dtype=np.uint8)


def covered(scene: Scene, generator: Generator) -> Scene:
    """One face in seven with something in front of it: a patch, a mask or dark glasses. The landmarks stay."""
    picture = scene.picture.copy()
    for box, points in zip(scene.faces.boxes, scene.faces.landmarks, strict=True):
        if generator.random() > 1 / 7:
            continue
        width, height = float(box[2] - box[0]), float(box[3] - box[1])
        colour = [int(part) for part in generator.integers(0, 256, 3)]
        how = generator.random()
        if how < 0.4:
            x, y = generator.uniform(box[:2], box[2:])
            half = np.array([width, height]) * generator.uniform(0.08, 0.25, 2)
            start, end = np.array([x, y]) - half, np.array([x, y]) + half
            cv2.rectangle(picture, tuple(int(p) for p in start), tuple(int(p) for p in end), colour, -1)
        elif how < 0.8:
            nose, left, right = points[2], points[3], points[4]
            across = (right - left) * 0.55
            down = (left + right) / 2 - nose
            outline = [nose - across * 1.9, nose + across * 1.9, right + across + down, left - across + down]
            cv2.fillPoly(picture, [np.round(np.array(outline)).astype(np.int32)], colour)
        else:
            for eye in points[:2]:
                cv2.circle(picture, (int(eye[0]), int(eye[1])), max(1, round(width * 0.16)), (20, 20, 25), -1)
    return Scene(picture, scene.faces, scene.doubtful)
