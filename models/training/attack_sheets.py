"""What is held before a camera in somebody's place: a photograph printed or shown on a screen, as a flat sheet.

Nobody printed or filmed anything: paper, ink, screens and their faults are drawn. Everything comes from the generator.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from models.sighting import Box, Picture, Points

Generator = np.random.Generator
Sprite = NDArray[np.uint8]
"""Height x width x 4: blue, green, red already multiplied by alpha, and alpha."""
Levels = NDArray[np.float32]

FACE_PX = 130.0
"""Height of the face's box on a sheet in its own pixels: about what a gate's camera resolves of one held close."""


class Attack(StrEnum):
    """The kinds of attack that are told apart in every measure (ISO/IEC 30107-3 calls them species)."""

    PRINT = "print"
    PRINT_NO_EDGE = "print_no_edge"
    CUT_OUT = "cut_out"
    PHONE = "phone"
    TABLET = "tablet"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A photograph with one face in it: its box and five landmarks (5 x 2), pixels of the photograph."""

    picture: Picture
    box: Box
    landmarks: Points


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A flat thing to be laid into a scene: the middle of the face on it and the height of its box, in its pixels."""

    sprite: Sprite
    centre: tuple[float, float]
    face_px: float


FRAMES = {
    Attack.PRINT: ((0.75, 1.25), (0.7, 1.1)),
    Attack.PRINT_NO_EDGE: ((1.85, 2.0), (1.85, 2.0)),
    Attack.CUT_OUT: ((0.8, 0.9), (0.75, 0.9)),
    Attack.PHONE: ((0.6, 0.8), (0.85, 1.25)),
    Attack.TABLET: ((0.95, 1.25), (0.85, 1.2)),
    Attack.REPLAY: ((0.9, 1.25), (0.85, 1.2)),
}
"""How far a sheet reaches from the middle of the face, across and down, in heights of the face's box."""


def draw_sheet(attack: Attack, shown: Portrait, holder: Portrait, generator: Generator) -> Sheet:
    """The sheet of an attack that shows `shown`; through the eyes of a cut-out looks `holder`."""
    across, down = (float(generator.uniform(*reach)) for reach in FRAMES[attack])
    picture, landmarks = framed(shown, across, down)
    height, width = picture.shape[:2]
    centre = (width / 2, height / 2)
    if attack in {Attack.PHONE, Attack.TABLET, Attack.REPLAY}:
        return _in_bezel(on_screen(picture, generator), centre, attack, generator)
    paper = printed(picture, generator)
    if attack is Attack.CUT_OUT:
        return Sheet(_cut_out(paper, landmarks, holder, generator), centre, FACE_PX)
    rim = int(generator.uniform(0, 0.14) * FACE_PX) if attack is Attack.PRINT else 0
    if rim:
        shade = float(generator.uniform(190, 245))
        paper = np.asarray(
            cv2.copyMakeBorder(paper, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=[shade] * 3), np.uint8
        )
    return Sheet(opaque(_bent(paper, generator)), (centre[0] + rim, centre[1] + rim), FACE_PX)


def framed(shown: Portrait, across: float, down: float) -> tuple[Picture, Points]:
    """The photograph about the face, which becomes `FACE_PX` high; where it ends it is mirrored. And the landmarks."""
    scale = FACE_PX / shown.box.height
    width, height = round(2 * across * FACE_PX), round(2 * down * FACE_PX)
    x, y = shown.box.centre
    matrix = np.array([[scale, 0, width / 2 - scale * x], [0, scale, height / 2 - scale * y]], np.float64)
    picture = cv2.warpAffine(
        shown.picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(picture, np.uint8), np.asarray(shown.landmarks * scale + matrix[:, 2], np.float32)


def printed(picture: Picture, generator: Generator) -> Picture:
    """The picture on paper: less contrast and colour, ink dots, bands of the printer, the weave of the paper."""
    height, width = picture.shape[:2]
    x = _levels(picture, float(generator.uniform(0.75, 1.25)))
    grey = x.mean(2, keepdims=True)
    faded = 1.0 if generator.random() < 0.12 else float(generator.uniform(0, 0.4))
    x = x + (grey - x) * faded
    black, white = generator.uniform(0.05, 0.24), generator.uniform(0.70, 0.96)
    x = black + (white - black) * x
    x *= (1 + generator.normal(0, 0.05, 3)).astype(np.float32)
    if generator.random() < 0.6:
        x += _dots(height, width, float(generator.uniform(2.0, 4.0)), generator) * generator.uniform(0.01, 0.06)
    if generator.random() < 0.4:
        rows = np.sin(np.arange(height) * 2 * np.pi / generator.uniform(6, 40)).astype(np.float32)
        x *= 1 + rows[:, None, None] * np.float32(generator.uniform(0.005, 0.03))
    weave = generator.normal(0, 1, (height // 2 + 1, width // 2 + 1)).astype(np.float32)
    x += cv2.resize(weave, (width, height))[..., None] * np.float32(generator.uniform(0, 0.025))
    if generator.random() < 0.6:
        x = cv2.GaussianBlur(x, (0, 0), float(generator.uniform(0.5, 1.6)))
    return _bytes(x)


def on_screen(picture: Picture, generator: Generator) -> Picture:
    """The picture on a lit screen: its contrast and coolness, pixel grid, moiré, glare, and a band of the refresh."""
    height, width = picture.shape[:2]
    down, across = np.mgrid[:height, :width].astype(np.float32)
    x = _levels(picture, float(generator.uniform(0.8, 1.35)))
    x = (x - 0.5) * np.float32(generator.uniform(0.95, 1.3)) + np.float32(generator.uniform(0.45, 0.6))
    x *= np.array([generator.uniform(0.98, 1.18), 1.0, generator.uniform(0.86, 1.03)], np.float32)
    pitch = float(generator.uniform(2.0, 4.0))
    if generator.random() < 0.8:
        grid = np.cos(across * np.float32(2 * np.pi / pitch)) + np.cos(down * np.float32(2 * np.pi / pitch))
        x *= 1 + grid[..., None] * np.float32(generator.uniform(0.02, 0.10))
    if generator.random() < 0.85:
        x += _moire(across, down, generator)
    if generator.random() < 0.3:
        middle, wide = generator.uniform(0, height), generator.uniform(0.1, 0.4) * height
        band = np.exp(-(((down - np.float32(middle)) / np.float32(wide)) ** 2))
        x *= 1 + band[..., None] * np.float32(generator.uniform(-0.25, 0.15))
    x += np.float32(generator.uniform(0, 0.12))
    if generator.random() < 0.5:
        x += _glare(across, down, generator)
    return _bytes(x)


def opaque(picture: Picture) -> Sprite:
    """A sprite without any transparent part."""
    return np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])


def premultiplied(picture: Picture, alpha: NDArray[np.uint8]) -> Sprite:
    """The picture where `alpha` shows it."""
    colours = cv2.multiply(picture, cv2.merge([alpha] * 3), scale=1 / 255)
    return np.dstack([np.asarray(colours, np.uint8), alpha])


def _dots(height: int, width: int, pitch: float, generator: Generator) -> Levels:
    """A screen of ink dots for each colour, each turned its own way."""
    down, across = np.mgrid[:height, :width].astype(np.float32)
    layers = []
    for angle in generator.uniform(0, np.pi, 3):
        u, v = across * np.cos(angle) + down * np.sin(angle), down * np.cos(angle) - across * np.sin(angle)
        layers.append(np.cos(u * 2 * np.pi / pitch) * np.cos(v * 2 * np.pi / pitch))
    return np.stack(layers, 2).astype(np.float32)


def _moire(across: Levels, down: Levels, generator: Generator) -> Levels:
    """Slow coloured fringes between the screen's grid and the camera's."""
    period = float(np.exp(generator.uniform(np.log(6), np.log(60))))
    angle, bend = generator.uniform(0, np.pi), generator.uniform(-0.25, 0.25)
    way = across * np.cos(angle) + down * np.sin(angle) + bend * (across - across.mean()) * (down - down.mean()) / 200
    strength = generator.uniform(0.015, 0.09)
    tones = [np.sin(way * 2 * np.pi / period + phase) for phase in generator.uniform(0, 2.5, 3)]
    fringes = np.stack(tones, 2) * strength
    if generator.random() < 0.5:
        other = down * np.cos(angle) - across * np.sin(angle)
        fringes += np.sin(other * 2 * np.pi / (period * generator.uniform(0.6, 1.8)))[..., None] * strength / 2
    return fringes.astype(np.float32)


def _glare(across: Levels, down: Levels, generator: Generator) -> Levels:
    """A lamp or the sky in the glass: a soft spot or a slanting strip."""
    height, width = across.shape
    x, y = generator.uniform(0, width), generator.uniform(0, height)
    size = generator.uniform(0.12, 0.5) * width
    if generator.random() < 0.5:
        light = np.exp(-(((across - x) ** 2 + (down - y) ** 2) / size**2))
    else:
        light = np.exp(-((((across - x) + 0.7 * (down - y)) / (size / 2)) ** 2))
    return np.asarray(light[..., None] * generator.uniform(0.08, 0.5), np.float32)


def _in_bezel(screen: Picture, centre: tuple[float, float], attack: Attack, generator: Generator) -> Sheet:
    """The screen in its case, with round corners; a tablet's rim is wider than a phone's."""
    side = int(FACE_PX * generator.uniform(*((0.02, 0.06) if attack is Attack.PHONE else (0.06, 0.14))))
    ends = int(side * generator.uniform(1.0, 2.5))
    white = generator.random() < 0.25
    shade = [float(generator.uniform(215, 250) if white else generator.uniform(8, 40))] * 3
    case = cv2.copyMakeBorder(screen, ends, ends, side, side, cv2.BORDER_CONSTANT, value=shade)
    height, width = case.shape[:2]
    rounding = max(2, int(FACE_PX * generator.uniform(0.03, 0.12)))
    alpha = np.zeros((height, width), np.uint8)
    cv2.rectangle(alpha, (rounding, 0), (width - rounding, height), 255, -1)
    cv2.rectangle(alpha, (0, rounding), (width, height - rounding), 255, -1)
    for x in (rounding, width - 1 - rounding):
        for y in (rounding, height - 1 - rounding):
            cv2.circle(alpha, (x, y), rounding, 255, -1, cv2.LINE_AA)
    return Sheet(premultiplied(np.asarray(case, np.uint8), alpha), (centre[0] + side, centre[1] + ends), FACE_PX)


def _bent(paper: Picture, generator: Generator) -> Picture:
    """Light that falls unevenly on paper that is not quite flat, and at times a fold."""
    height, width = paper.shape[:2]
    light = cv2.resize(generator.normal(1, 0.06, (3, 3)).astype(np.float32), (width, height))
    if generator.random() < 0.3:
        fold = np.exp(-np.abs(np.arange(width) - generator.uniform(0, width)) / 3)
        light += fold[None].astype(np.float32) * np.float32(generator.uniform(-0.2, 0.15))
    return np.asarray(np.clip(paper * light[..., None], 0, 255), np.uint8)


def _cut_out(paper: Picture, landmarks: Points, holder: Portrait, generator: Generator) -> Sprite:
    """Paper cut along the head, with a white rim where the scissors strayed; in two of three the eyes are cut too."""
    height, width = paper.shape[:2]
    outline = _outline(width, height, generator)
    alpha = np.zeros((height, width), np.uint8)
    cv2.fillPoly(alpha, [outline], 255, cv2.LINE_AA)
    stray = int(generator.uniform(0, 0.06) * FACE_PX)
    if stray > 1:
        inner = cv2.erode(alpha, np.ones((stray, stray), np.uint8))
        paper = np.where(inner[..., None] > 127, paper, np.uint8(generator.uniform(190, 245)))
    paper = _bent(np.ascontiguousarray(paper), generator)
    if generator.random() < 2 / 3:
        _cut_eyes(paper, landmarks, holder, generator)
    return premultiplied(paper, alpha)


def _outline(width: int, height: int, generator: Generator) -> NDArray[np.int32]:
    around = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    reach = np.array([generator.uniform(0.52, 0.68), generator.uniform(0.62, 0.72)]) * FACE_PX
    wobble = 1 + generator.normal(0, 0.025, len(around))
    points = np.stack([np.cos(around) * reach[0], np.sin(around) * reach[1]], 1) * wobble[:, None]
    middle = np.array([width / 2, height / 2 - generator.uniform(0, 0.08) * FACE_PX])
    return np.round(points + middle).astype(np.int32)


def _cut_eyes(paper: Picture, landmarks: Points, holder: Portrait, generator: Generator) -> None:
    """Holes at the eyes, behind which, in the shade of the paper, are the holder's own."""
    behind, others = framed(holder, paper.shape[1] / 2 / FACE_PX, paper.shape[0] / 2 / FACE_PX)
    half = (int(FACE_PX * generator.uniform(0.09, 0.13)), int(FACE_PX * generator.uniform(0.05, 0.075)))
    for eye, other in zip(landmarks[:2], others[:2], strict=True):
        moved = np.array([[1, 0, eye[0] - other[0]], [0, 1, eye[1] - other[1]]], np.float32)
        seen = cv2.warpAffine(behind, moved, (paper.shape[1], paper.shape[0]), borderMode=cv2.BORDER_REFLECT_101)
        hole = np.zeros(paper.shape[:2], np.uint8)
        cv2.ellipse(hole, (round(float(eye[0])), round(float(eye[1]))), half, 0, 0, 360, 255, -1, cv2.LINE_AA)
        shade = np.clip(cv2.GaussianBlur(hole, (0, 0), 3).astype(np.float32) / 255, 0.35, 1) * generator.uniform(0.5, 1)
        dim = np.asarray(seen * shade[..., None], np.uint8)
        paper[hole > 127] = dim[hole > 127]


def _levels(picture: Picture, gamma: float) -> Levels:
    """The picture as levels of light, 0 to 1, by another gamma."""
    return np.asarray((picture.astype(np.float32) / 255) ** gamma, np.float32)


def _bytes(levels: Levels) -> Picture:
    return np.asarray(np.clip(levels * 255, 0, 255), np.uint8)
