"""People to walk up to the gate: a drawn body in winter clothes under a photographed head."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from samples.canvas import Bgr, Canvas, Point, Sprite
from samples.heads import Head, Likeness, cut_head

BODY_PX_PER_M = 420.0
BODY_WIDTH_M = 1.0
BODY_HEIGHT_M = 1.60
"""From the soles to above the collar, for a person of `DRAWN_FOR_M`."""

DRAWN_FOR_M = 1.70
FACE_M = 0.20
"""Height of a face's box, brow to chin, on an adult."""

PHASES = 12
"""Pictures of one full stride."""

MIDDLE = BODY_WIDTH_M / 2
SKIN: Bgr = (128, 160, 205)
NECK: Bgr = (84, 108, 150)
"""Skin in the shade of the chin."""


@dataclass(frozen=True, slots=True)
class Light:
    """How somebody is lit: overall gain, warmth (-1 blue to 1 yellow) and from which side (-1 left to 1 right)."""

    gain: float = 1.0
    warmth: float = 0.0
    side: float = 0.0


@dataclass(frozen=True, slots=True)
class Looks:
    """What a person looks like."""

    likeness: Likeness
    coat: Bgr
    trousers: Bgr
    scarf: Bgr | None
    tall_m: float
    light: Light


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A person drawn: the head, and for each phase of the stride the body and the collar that goes over the neck."""

    head: Head
    bodies: tuple[Sprite, ...]
    collar: Sprite
    tall_m: float


def draw_figure(looks: Looks, rng: np.random.Generator) -> Figure:
    """Everything that is needed to show the person walking."""
    cut = cut_head(looks.likeness)
    head = replace(cut, sprite=relit(cut.sprite, looks.light))
    seed = int(rng.integers(2**32))
    bodies = tuple(_body(looks, phase / PHASES, np.random.default_rng(seed)) for phase in range(PHASES))
    return Figure(head, bodies, _collar(looks, rng), looks.tall_m)


def relit(sprite: Sprite, light: Light) -> Sprite:
    """The sprite in another light: gain, colour temperature, and one side brighter than the other."""
    across = np.linspace(-1, 1, sprite.shape[1], dtype=np.float32)[None, :, None]
    tint = np.array([1 - 0.16 * light.warmth, 1.0, 1 + 0.13 * light.warmth], np.float32)
    factor = light.gain * tint * (1 + 0.3 * light.side * across)
    shone = sprite.copy()
    shone[..., :3] = np.minimum(sprite[..., :3] * factor, sprite[..., 3:]).astype(np.uint8)
    return shone


def _body(looks: Looks, phase: float, rng: np.random.Generator) -> Sprite:
    """Legs, coat and arms at one moment of the stride, `phase` 0 to 1."""
    swing = float(np.sin(2 * np.pi * phase))
    body = Canvas(BODY_WIDTH_M, BODY_HEIGHT_M, BODY_PX_PER_M)
    for side in sorted((-1, 1), key=lambda leg: leg * swing):
        _part(body, _leg(side, swing), looks.trousers, 0.05, looks.light)
        _part(body, _shoe(side, swing), (34, 34, 38), 0.03, looks.light)
    for side in (-1, 1):
        _part(body, _arm(side, swing), _tone(looks.coat, 0.93), 0.05, looks.light)
        _part(body, _hand(side, swing), SKIN, 0.03, looks.light)
    body.disc(MIDDLE, 1.478, 0.092, 0.032, _tone(looks.scarf or looks.coat, 0.4))
    body.blob([(MIDDLE - 0.052, 1.40), (MIDDLE - 0.05, 1.51), (MIDDLE + 0.05, 1.51), (MIDDLE + 0.052, 1.40)], NECK)
    _part(body, _mirrored(COAT), looks.coat, 0.13, looks.light)
    _details(body, looks.coat)
    body.grain(rng, 2.2)
    return relit(body.pixels, Light(looks.light.gain, looks.light.warmth))


COAT: list[Point] = [
    (0.06, 1.455),
    (0.16, 1.415),
    (0.215, 1.36),
    (0.225, 1.22),
    (0.205, 1.0),
    (0.215, 0.80),
    (0.205, 0.74),
    (0.07, 0.725),
]
"""The right half of the coat's outline: x from the middle, y from the soles."""


def _mirrored(half: list[Point]) -> list[Point]:
    return [(MIDDLE + x, y) for x, y in half] + [(MIDDLE - x, y) for x, y in reversed(half)]


def _leg(side: int, swing: float) -> list[Point]:
    lift = 0.05 * max(-side * swing, 0.0)
    outline = [(0.015, 0.78), (0.19, 0.78), (0.178, 0.50), (0.152, 0.10 + lift), (0.055, 0.10 + lift), (0.035, 0.50)]
    return [(MIDDLE + side * x, y) for x, y in outline]


def _shoe(side: int, swing: float) -> list[Point]:
    lift = 0.05 * max(-side * swing, 0.0)
    outline = [(0.05, 0.11), (0.155, 0.11), (0.168, 0.03), (0.15, 0.0), (0.06, 0.0), (0.042, 0.03)]
    return [(MIDDLE + side * x, y + lift) for x, y in outline]


def _arm(side: int, swing: float) -> list[Point]:
    ahead = side * swing
    out, end = 0.285 - 0.012 * ahead, 0.86 + 0.05 * ahead
    outline = [
        (0.15, 1.41),
        (0.225, 1.37),
        (0.262, 1.27),
        (out + 0.012, 1.05),
        (out, end),
        (out - 0.085, end),
        (out - 0.1, 1.06),
        (0.16, 1.25),
    ]
    return [(MIDDLE + side * x, y) for x, y in outline]


def _hand(side: int, swing: float) -> list[Point]:
    ahead = side * swing
    x, y = 0.243 - 0.012 * ahead, 0.83 + 0.05 * ahead
    return [
        (MIDDLE + side * (x + dx), y + dy)
        for dx, dy in ((-0.03, 0.045), (0.032, 0.045), (0.036, -0.02), (0.0, -0.06), (-0.03, -0.03))
    ]


def _part(body: Canvas, outline: list[Point], colour: Bgr, depth: float, light: Light) -> None:
    """Lay a rounded piece over what is there."""
    piece = Canvas(BODY_WIDTH_M, BODY_HEIGHT_M, BODY_PX_PER_M)
    piece.blob(outline, colour)
    piece.swell(depth, 0.45, light.side * 0.5)
    body.add(piece)


def _details(body: Canvas, coat: Bgr) -> None:
    """Quilting seams, the zip and two pockets."""
    for up in np.arange(0.84, 1.36, 0.085):
        wide = 0.19 + 0.02 * (up > 1.1)
        body.line([(MIDDLE - wide, up + 0.012), (MIDDLE, up), (MIDDLE + wide, up + 0.012)], 0.007, _tone(coat, 0.62))
        body.line([(MIDDLE - wide, up), (MIDDLE, up - 0.012), (MIDDLE + wide, up)], 0.006, _tone(coat, 1.16))
    body.line([(MIDDLE, 0.74), (MIDDLE, 1.44)], 0.014, _tone(coat, 0.5))
    body.line([(MIDDLE + 0.003, 0.74), (MIDDLE + 0.003, 1.44)], 0.004, (170, 172, 174))
    for side in (-1, 1):
        body.line([(MIDDLE + side * 0.13, 1.0), (MIDDLE + side * 0.165, 0.88)], 0.01, _tone(coat, 0.5))


def _collar(looks: Looks, rng: np.random.Generator) -> Sprite:
    """A stand-up collar, or a scarf, that goes in front of the neck; as large as the body's sheet."""
    sheet = Canvas(BODY_WIDTH_M, BODY_HEIGHT_M, BODY_PX_PER_M)
    colour = looks.scarf or _tone(looks.coat, 0.95)
    _part(
        sheet,
        _mirrored([(0.03, 1.468), (0.085, 1.505), (0.105, 1.49), (0.115, 1.43), (0.07, 1.39), (0.02, 1.375)]),
        colour,
        0.04,
        looks.light,
    )
    if looks.scarf:
        end = [(0.01, 1.42), (0.10, 1.42), (0.115, 1.12), (0.035, 1.11)]
        _part(sheet, [(MIDDLE + x, y) for x, y in end], _tone(colour, 0.94), 0.03, looks.light)
        for fold in (1.41, 1.44, 1.465):
            sheet.line(
                [(MIDDLE - 0.09, fold + 0.02), (MIDDLE, fold - 0.02), (MIDDLE + 0.09, fold + 0.02)],
                0.005,
                _tone(colour, 0.7),
            )
    else:
        sheet.line([(MIDDLE, 1.38), (MIDDLE, 1.465)], 0.008, _tone(colour, 0.5))
    sheet.grain(rng, 2.2)
    return relit(sheet.pixels, Light(looks.light.gain, looks.light.warmth))


def _tone(colour: Bgr, factor: float) -> Bgr:
    blue, green, red = (min(round(channel * factor), 255) for channel in colour)
    return blue, green, red
