"""Pictures to find plates in: photographs whose plates were changed for others, and backgrounds that get new ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.picture import load_picture
from models.sighting import Picture, Points
from models.training.plate_drawing import draw
from models.training.plate_photos import Collages, Photo
from models.training.plate_texts import any_plate
from models.training.plate_wear import compressed, soiled

SIDE = 320
"""Side of the pictures that the finder learns on."""

NARROWEST, WIDEST = 18.0, 300.0
"""Pixels across the plates that are shown to the finder."""

LARGEST_PHOTO = 1280


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture (BGR, uint8, `SIDE` square), its plates' corners (n x 4 x 2), their rows (1 or 2) and whether each is
    whole enough to be asked for; those that are not are neither asked for nor counted as nothing."""

    picture: Picture
    corners: NDArray[np.float32]
    rows: NDArray[np.int64]
    whole: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Street:
    picture: Picture
    plates: tuple[Points, ...]
    rows: tuple[int, ...]
    sure: tuple[bool, ...]


class Scenes:
    """Makes scenes by lot from labelled photographs and from pictures without plates."""

    def __init__(self, photographs: Sequence[Photo], backgrounds: Sequence[Path]) -> None:
        self._streets = [_street(photo) for photo in photographs if not photo.crop]
        self._backgrounds = list(backgrounds)
        self._collages = Collages(photographs)

    def make(self, rng: np.random.Generator) -> Scene:
        """One scene: half of them photographs of cars, a tenth without any plate."""
        lot = rng.random()
        if lot < 0.6:
            scene = self._photographed(rng)
        else:
            scene = self._pasted(rng, plates=0 if lot > 0.92 else int(rng.integers(1, 4)))
        return Scene(_taken(scene.picture, rng), scene.corners, scene.rows, scene.whole)

    def _plate(self, rng: np.random.Generator) -> tuple[Picture, int]:
        if rng.random() < 0.45:
            plate, drawn = self._collages.make(rng)
            return plate, drawn.rows
        drawn = any_plate(rng)
        return soiled(draw(drawn, rng), rng), drawn.rows

    def _photographed(self, rng: np.random.Generator) -> Scene:
        street = self._streets[int(rng.integers(len(self._streets)))]
        main = street.plates[0]
        wanted = float(np.exp(rng.uniform(np.log(NARROWEST), np.log(WIDEST))))
        scale = wanted / max(8.0, float(np.ptp(main[:, 0])))
        turn = np.deg2rad(rng.normal(0, 5))
        x, y = main.mean(0)
        to = rng.uniform(0.15, 0.85, 2) * SIDE
        cos, sin = scale * np.cos(turn), scale * np.sin(turn)
        squeeze = float(np.exp(rng.normal(0, 0.08)))
        matrix = np.array([[cos * squeeze, -sin, 0], [sin * squeeze, cos, 0]], np.float64)
        matrix[:, 2] = to - matrix[:, :2] @ (x, y)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        source = street.picture
        if scale < 0.5:
            shrink = scale * 1.5
            source = np.asarray(cv2.resize(source, None, fx=shrink, fy=shrink, interpolation=how), np.uint8)
            matrix[:, :2] /= shrink
        picture = self._background(rng)
        cv2.warpAffine(source, matrix, (SIDE, SIDE), dst=picture, borderMode=cv2.BORDER_TRANSPARENT)
        back = matrix if scale >= 0.5 else np.column_stack([matrix[:, :2] * (scale * 1.5), matrix[:, 2]])
        corners = [np.asarray(plate @ back[:, :2].T + back[:, 2], np.float32) for plate in street.plates]
        rows = list(street.rows)
        for at, sure in enumerate(street.sure):
            if sure and rng.random() < 0.65:
                plate, rows[at] = self._plate(rng)
                if rows[at] == 2 and street.rows[at] == 1:
                    corners[at] = _taller(corners[at])
                picture = _put(picture, plate, corners[at], rng)
        return _scene(picture, corners, rows, street.sure)

    def _pasted(self, rng: np.random.Generator, plates: int) -> Scene:
        picture = self._background(rng)
        corners: list[Points] = []
        rows: list[int] = []
        for _ in range(plates):
            plate, of = self._plate(rng)
            quad = _hung(rng, of)
            if any(_near(quad, other) for other in corners):
                continue
            picture = _put(_car(picture, quad, rng), plate, quad, rng)
            corners.append(quad)
            rows.append(of)
        return _scene(picture, corners, rows, (True,) * len(rows))

    def _background(self, rng: np.random.Generator) -> Picture:
        """A part of a picture without plates, a street without its plate among them, with stripes and numbers."""
        if rng.random() < 0.35:
            street = self._streets[int(rng.integers(len(self._streets)))]
            picture = street.picture.copy()
            for quad in street.plates:
                cv2.fillConvexPoly(picture, _grown(quad, 1.1).astype(np.int32), picture[::9, ::9].mean((0, 1)).tolist())
        else:
            picture = load_picture(self._backgrounds[int(rng.integers(len(self._backgrounds)))])
        height, width = picture.shape[:2]
        side = int(min(height, width) * rng.uniform(0.4, 1.0))
        left, top = int(rng.integers(0, width - side + 1)), int(rng.integers(0, height - side + 1))
        part = picture[top : top + side, left : left + side]
        part = np.asarray(cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
        if rng.random() < 0.3:
            _stripes(part, rng)
        if rng.random() < 0.35:
            _numbers(part, rng)
        return part


def _street(photo: Photo) -> _Street:
    picture = load_picture(photo.file)
    scale = min(1.0, LARGEST_PHOTO / max(picture.shape[:2]))
    if scale < 1:
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    seen = ((photo.corners, photo.rows, True), *((one.corners, one.rows, one.sure) for one in photo.others))
    plates = tuple(np.asarray(corners * scale, np.float32) for corners, _, _ in seen)
    return _Street(picture, plates, tuple(rows for _, rows, _ in seen), tuple(sure for _, _, sure in seen))


def _scene(picture: Picture, corners: Sequence[Points], rows: Sequence[int], sure: Sequence[bool]) -> Scene:
    quads = np.array(corners, np.float32).reshape(-1, 4, 2)
    inside = ((quads >= -3) & (quads < SIDE + 3)).all((1, 2))
    wide = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1) >= NARROWEST * 0.6
    touching = (quads.max(1) > 0).all(1) & (quads.min(1) < SIDE).all(1)
    whole = inside & wide & np.array(sure, bool)
    return Scene(picture, quads[touching], np.array(rows, np.int64)[touching], whole[touching])


def _put(picture: Picture, plate: Picture, quad: Points, rng: np.random.Generator) -> Picture:
    """The plate on its four corners, in the light of what was there."""
    height, width = plate.shape[:2]
    start = np.clip(np.floor(quad.min(0)).astype(int) - 1, 0, SIDE)
    end = np.clip(np.ceil(quad.max(0)).astype(int) + 2, 0, SIDE)
    if (end - start < 2).any():
        return picture
    size = max(float(np.linalg.norm(quad[1] - quad[0])), 4.0)
    if size < width / 2:
        shrink = size / width * 1.3
        plate = np.asarray(cv2.resize(plate, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
        height, width = plate.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, np.asarray(quad - start, np.float32))
    wide, high = (end - start).tolist()
    warped = cv2.warpPerspective(plate, matrix, (wide, high), flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.full((height, width), 255, np.uint8), matrix, (wide, high))
    share = mask[..., None].astype(np.float32) / 255
    light = np.exp(rng.normal(-0.1, 0.25)) * np.exp(rng.normal(0, 0.06, 3))
    part = picture[start[1] : end[1], start[0] : end[0]]
    part[...] = np.clip(part * (1 - share) + warped * light * share, 0, 255).astype(np.uint8)
    return picture


def _taken(picture: Picture, rng: np.random.Generator) -> Picture:
    """As a camera takes it: another light by a table of levels, blur, noise, compression."""
    if rng.random() < 0.8:
        steps = np.arange(256, dtype=np.float32)[:, None] / 255
        gamma = np.exp(rng.normal(0, 0.35)) * np.exp(rng.normal(0, 0.08, 3))
        level = steps**gamma * rng.uniform(0.5, 1.25) + rng.uniform(-0.05, 0.12)
        table = np.clip(level * 255, 0, 255).astype(np.uint8)[None]
        picture = np.asarray(cv2.LUT(picture, table), np.uint8)
    if rng.random() < 0.15:
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        picture = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    if rng.random() < 0.3:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.5)), np.uint8)
    if rng.random() < 0.3:
        noise = rng.normal(0, rng.uniform(2, 14), (SIDE, SIDE)).astype(np.float32)
        picture = np.clip(picture + noise[..., None], 0, 255).astype(np.uint8)
    return compressed(picture, int(rng.integers(30, 96))) if rng.random() < 0.4 else picture


def _hung(rng: np.random.Generator, rows: int) -> Points:
    """Four corners of a plate that hangs somewhere, seen from some side."""
    width = float(np.exp(rng.uniform(np.log(NARROWEST), np.log(WIDEST))))
    height = width / (rng.uniform(2.6, 3.6) if rows == 1 else rng.uniform(1.5, 2.2))
    quad = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (width / 2, height / 2)
    quad[:, 1] += quad[:, 0] * rng.normal(0, 0.12)
    quad[:, 0] += quad[:, 1] * rng.normal(0, 0.15)
    quad *= 1 + rng.normal(0, 0.02, (4, 2))
    room = max(4.0, SIDE - width - 8)
    middle = np.array([width / 2 + 4, height / 2 + 4]) + rng.random(2) * (room, max(4.0, SIDE - height - 8))
    return np.asarray(quad + middle, np.float32)


def _car(picture: Picture, quad: Points, rng: np.random.Generator) -> Picture:
    """Something to hang the plate on: a bumper, a grille, a frame."""
    if rng.random() < 0.6:
        x, y = quad.mean(0)
        wide, high = np.ptp(quad[:, 0]) * rng.uniform(1.2, 4), np.ptp(quad[:, 1]) * rng.uniform(1.2, 5)
        start, end = (int(x - wide / 2), int(y - high / 2)), (int(x + wide / 2), int(y + high / 2))
        cv2.rectangle(picture, start, end, rng.uniform(0, 255, 3).tolist(), -1)
        if rng.random() < 0.5:
            _stripes(picture, rng, (start, end))
    if rng.random() < 0.4:
        ring = _grown(quad, float(rng.uniform(1.03, 1.15)))
        cv2.fillConvexPoly(picture, ring.astype(np.int32), (float(rng.choice([12, 40, 150, 210])),) * 3, cv2.LINE_AA)
    return picture


def _stripes(
    picture: Picture, rng: np.random.Generator, where: tuple[tuple[int, int], tuple[int, int]] | None = None
) -> None:
    """Railings and grilles, which finders take for plates."""
    (left, top), (right, bottom) = where or sorted(map(tuple, rng.integers(0, SIDE, (2, 2)).tolist()))
    step, tone = int(rng.integers(3, 14)), rng.uniform(0, 255, 3).tolist()
    thick = max(1, step // int(rng.integers(2, 5)))
    if rng.random() < 0.5:
        for y in range(min(top, bottom), max(top, bottom), step):
            cv2.line(picture, (left, y), (right, y), tone, thick)
    else:
        for x in range(left, right, step):
            cv2.line(picture, (x, top), (x, bottom), tone, thick)


def _numbers(picture: Picture, rng: np.random.Generator) -> None:
    """A phone number, a brand, the date of a camera: text that is no plate."""
    text = "".join(
        chr(int(code)) for code in rng.choice([*range(48, 58), *range(65, 91), 47, 58, 45], rng.integers(3, 14))
    )
    place = (int(rng.integers(0, SIDE - 60)), int(rng.integers(15, SIDE)))
    size, tone = float(rng.uniform(0.3, 1.4)), rng.uniform(0, 255, 3).tolist()
    if rng.random() < 0.5:
        (wide, high), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
        ground = rng.uniform(0, 255, 3).tolist()
        cv2.rectangle(picture, (place[0] - 4, place[1] - high - 4), (place[0] + wide + 4, place[1] + 6), ground, -1)
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, tone, int(rng.integers(1, 3)), cv2.LINE_AA)


def _grown(quad: Points, times: float) -> Points:
    return np.asarray((quad - quad.mean(0)) * times + quad.mean(0), np.float32)


def _taller(quad: Points) -> Points:
    """The corners of a plate of two rows where one of one row hung: 220 mm high instead of 140."""
    down = (quad[[3, 2]] - quad[[0, 1]]) * (220 / 140 - 1)
    return np.asarray([quad[0], quad[1], quad[2] + down[1], quad[3] + down[0]], np.float32)


def _near(quad: Points, other: Points) -> bool:
    return bool((np.abs(quad.mean(0) - other.mean(0)) < (np.ptp(quad, axis=0) + np.ptp(other, axis=0)) * 0.6).all())
