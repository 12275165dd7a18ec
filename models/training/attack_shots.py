"""Living faces and attacks as a gate's camera gives them, cut about the face as the liveness network sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face.liveness import surroundings
from models.sighting import Box, Picture
from models.training.attack_sheets import (
    FACE_PX,
    Attack,
    Generator,
    Portrait,
    Sheet,
    draw_sheet,
    framed,
    premultiplied,
)
from models.training.face_scenes import noise, seen_by_camera

SIDE, TIMES = 96, 2.0
"""Side of what the network sees in pixels, and how many times the face's longer side it shows."""

LEAST_PX, MOST_PX = 44.0, 180.0
"""Heights of faces that a gate goes by, in the camera's pixels."""

KINDS = tuple(Attack)
PHOTOGRAPHED = 0.45
"""The share of the living that are whole photographs; the others are heads set before another background."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What shots are made of: faces, and pictures of places without any."""

    portraits: Sequence[Portrait]
    places: Sequence[Picture]


def live_shot(material: Material, generator: Generator) -> Picture:
    """A living face, SIDE x SIDE."""
    person = _pick(material, generator)
    tall = _height(generator)
    if generator.random() < PHOTOGRAPHED:
        scale = tall / person.box.height
        side = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        picture = np.asarray(cv2.resize(person.picture, None, fx=scale, fy=scale, interpolation=side), np.uint8)
        box = Box(*(edge * scale for edge in (person.box.left, person.box.top, person.box.right, person.box.bottom)))
    else:
        picture, box = _canvas(material, tall, generator)
        _body(picture, box, generator)
        _lay(picture, box, soft_head(person, generator), generator)
    return _seen(picture, box, generator)


def attack_shot(attack: Attack, material: Material, generator: Generator) -> Picture:
    """A face on a sheet, SIDE x SIDE."""
    shown, holder = _pick(material, generator), _pick(material, generator)
    tall = _height(generator)
    picture, box = _canvas(material, tall, generator)
    if generator.random() < 0.6:
        _body(picture, box, generator)
    if generator.random() < 0.4:
        _lay(picture, box, soft_head(holder, generator), generator)
    _lay(picture, box, draw_sheet(attack, shown, holder, generator), generator, turned=0.5)
    return _seen(picture, box, generator)


def _pick(material: Material, generator: Generator) -> Portrait:
    one = material.portraits[int(generator.integers(len(material.portraits)))]
    if generator.random() < 0.5:
        return one
    width = one.picture.shape[1]
    flipped = one.landmarks * np.array([-1, 1], np.float32) + np.array([width, 0], np.float32)
    box = Box(width - one.box.right, one.box.top, width - one.box.left, one.box.bottom)
    return Portrait(np.ascontiguousarray(one.picture[:, ::-1]), box, flipped[[1, 0, 2, 4, 3]])


def _height(generator: Generator) -> float:
    return float(np.exp(generator.uniform(np.log(LEAST_PX), np.log(MOST_PX))))


def _canvas(material: Material, tall: float, generator: Generator) -> tuple[Picture, Box]:
    """A place without a face, large enough for a crop about the box in its middle; behind it at times a rectangle."""
    side = round(tall * TIMES * 1.3)
    place = noise(side, generator) if generator.random() < 0.15 else _place(material, side, generator)
    if generator.random() < 0.5:
        _rectangle(place, generator)
    width = tall * float(generator.uniform(0.72, 0.9))
    middle = side / 2
    return place, Box(middle - width / 2, middle - tall / 2, middle + width / 2, middle + tall / 2)


def _place(material: Material, side: int, generator: Generator) -> Picture:
    place = material.places[int(generator.integers(len(material.places)))]
    high, wide = place.shape[:2]
    length = int(generator.uniform(min(high, wide) / 5, min(high, wide)))
    left, top = int(generator.integers(0, wide - length + 1)), int(generator.integers(0, high - length + 1))
    how = cv2.INTER_AREA if length > side else cv2.INTER_LINEAR
    cut = cv2.resize(place[top : top + length, left : left + length], (side, side), interpolation=how)
    return np.ascontiguousarray(cv2.GaussianBlur(cut, (0, 0), float(generator.uniform(0.3, 2.0))), np.uint8)


def _rectangle(place: Picture, generator: Generator) -> None:
    """A door, a window or a notice behind whoever stands there: edges that are no sheet's."""
    side = place.shape[0]
    start = generator.uniform(-0.2, 0.6, 2) * side
    end = start + generator.uniform(0.25, 0.9, 2) * side
    colour = [int(part) for part in generator.integers(0, 256, 3)]
    thick = -1 if generator.random() < 0.5 else max(1, int(side * generator.uniform(0.01, 0.05)))
    cv2.rectangle(place, tuple(int(p) for p in start), tuple(int(p) for p in end), colour, thick)


def _body(picture: Picture, box: Box, generator: Generator) -> None:
    """Neck and shoulders under a face, in a coat of some colour."""
    tall, (x, y) = box.height, box.centre
    wide = generator.uniform(0.85, 1.15) * tall
    top = y + generator.uniform(0.62, 0.8) * tall
    end = picture.shape[0] + 5
    colour = generator.uniform(15, 220, 3)
    neck = [
        (x - 0.28 * tall, y + 0.2 * tall),
        (x + 0.28 * tall, y + 0.2 * tall),
        (x + 0.3 * tall, end),
        (x - 0.3 * tall, end),
    ]
    skin = np.array([110, 140, 185]) * generator.uniform(0.5, 1.0)
    cv2.fillPoly(picture, [np.round(neck).astype(np.int32)], skin.tolist(), cv2.LINE_AA)
    half = [(0.3 * tall, top), (0.8 * wide, top + 0.3 * tall), (wide, end)]
    coat = [(x + out, down) for out, down in half] + [(x - out, down) for out, down in reversed(half)]
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(coat).astype(np.int32)], 255, cv2.LINE_AA)
    shade = cv2.resize(generator.normal(1, 0.12, (6, 6)).astype(np.float32), picture.shape[1::-1])
    cloth = np.clip(colour * shade[..., None], 0, 255)
    share = mask[..., None].astype(np.float32) / 255
    picture[...] = (picture * (1 - share) + cloth * share).astype(np.uint8)


def soft_head(person: Portrait, generator: Generator) -> Sheet:
    """A head cut softly out of its photograph, as living as a drawing can have it: no rim, no paper."""
    picture, _ = framed(person, 0.9, 1.0)
    height, width = picture.shape[:2]
    alpha = np.zeros((height, width), np.uint8)
    middle = (width // 2, int(height / 2 - generator.uniform(0.02, 0.1) * FACE_PX))
    axes = (int(FACE_PX * generator.uniform(0.5, 0.66)), int(FACE_PX * generator.uniform(0.64, 0.78)))
    cv2.ellipse(alpha, middle, axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
    if generator.random() < 0.6:
        neck = (int(width / 2 - 0.3 * FACE_PX), height // 2), (int(width / 2 + 0.3 * FACE_PX), height)
        cv2.rectangle(alpha, *neck, 255, -1)
    alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), float(generator.uniform(1.2, 7.0))), np.uint8)
    return Sheet(premultiplied(picture, alpha), (width / 2, height / 2), FACE_PX)


def _lay(picture: Picture, box: Box, sheet: Sheet, generator: Generator, turned: float = 0.12) -> None:
    """Lay a sheet so that the face on it fills the box, a little turned out of the picture's plane and in it."""
    height, width = sheet.sprite.shape[:2]
    scale = box.height / sheet.face_px
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    flat = (corners - np.array(sheet.centre)) * scale
    yaw, pitch, roll = generator.normal(0, turned / 2), generator.normal(0, turned / 2), generator.normal(0, 0.06)
    away = 6 * box.height
    x = flat[:, 0] * np.cos(yaw)
    y = flat[:, 1] * np.cos(pitch)
    depth = flat[:, 0] * np.sin(yaw) + flat[:, 1] * np.sin(pitch)
    near = away / (away + depth)
    x, y = x * near, y * near
    seen = np.stack([x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)], 1) + box.centre
    source, least = corners, sheet.sprite
    if scale < 0.6:
        size = (max(2, round(width * scale)), max(2, round(height * scale)))
        least = np.asarray(cv2.resize(least, size, interpolation=cv2.INTER_AREA), np.uint8)
        source = corners * np.array([size[0] / width, size[1] / height], np.float32)
    bend = cv2.getPerspectiveTransform(source, seen.astype(np.float32))
    laid = cv2.warpPerspective(least, bend, picture.shape[1::-1], flags=cv2.INTER_LINEAR)
    rest = cv2.merge([cv2.bitwise_not(np.ascontiguousarray(laid[..., 3]))] * 3)
    picture[...] = cv2.add(cv2.multiply(picture, rest, scale=1 / 255), np.ascontiguousarray(laid[..., :3]))


def _seen(picture: Picture, box: Box, generator: Generator) -> Picture:
    """What the camera makes of it, cut about a box that a finder put a little off."""
    scale = np.exp(generator.normal(0, 0.07))
    x, y = np.array(box.centre) + generator.normal(0, 0.05, 2) * box.height
    half_x, half_y = box.width * scale / 2, box.height * scale / 2
    if generator.random() < 0.5:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), float(generator.uniform(0.3, 1.1))), np.uint8)
    picture = seen_by_camera(picture, generator)
    return surroundings(picture, Box(x - half_x, y - half_y, x + half_x, y + half_y), TIMES, SIDE)


def shots(material: Material, places: NDArray[np.int64], seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The shots of these numbers (n x SIDE x SIDE x 3) and whether each is living (1) or not (0): every second is."""
    pictures, labels = [], []
    for place in places.tolist():
        generator = np.random.default_rng((seed, 3, place))
        living = place % 2 == 0
        kind = KINDS[place // 2 % len(KINDS)]
        pictures.append(live_shot(material, generator) if living else attack_shot(kind, material, generator))
        labels.append(int(living))
    return np.stack(pictures), np.array(labels, np.int64)
