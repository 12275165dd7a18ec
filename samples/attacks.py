"""Pictures of people carried up to the wicket in their place, and living people who turn their heads, as films.

The sheets are those of `models.training.attack_sheets`. A sheet is one flat thing: whatever it shows moves with it. A
living head has depth: the nose moves against the eyes when it turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from gate.bench.liveness import LIVING, Presentation
from models.sighting import Picture
from models.training.attack_sheets import Attack, Portrait, Sheet, draw_sheet
from models.training.attack_shots import soft_head
from samples.canvas import Sprite
from samples.compound import PEOPLE
from samples.heads import Head, Likeness, whole_photograph
from samples.people import BODY_HEIGHT_M, BODY_PX_PER_M, BODY_WIDTH_M, Figure, Light, Looks, draw_figure
from samples.perspective import cover
from samples.scenery import Backdrop, path
from samples.walking import WALK_S, Walk, walk_by
from samples.weather import DAY, DUSK, NIGHT, RAIN, Weather

TURN_S = 1.6
"""From one side to the other and back."""
LIVING_TURN, SHEET_TURN = 16.0, 34.0
"""Degrees to each side: how people look about while they walk, and how a sheet wavers in a hand."""
SKULL, NOSE = 0.42, 0.16
"""Depth of a head and of the nose on it, in heights of the face's box."""
MOMENTS = 8
"""Pictures of a replayed film."""
RATE = 10.0

LANDMARKS = ((0.31, 0.40), (0.69, 0.40), (0.50, 0.60), (0.36, 0.79), (0.64, 0.79))
"""Where eyes, nose and mouth are in a face's box, roughly."""


def portrait(likeness: Likeness) -> Portrait:
    """A sample person's photograph, to be printed or shown."""
    box = likeness.box
    points = [(box.left + x * box.width, box.top + y * box.height) for x, y in LANDMARKS]
    return Portrait(whole_photograph(likeness), box, np.array(points, np.float32))


def living(shown: Portrait, looks: Looks, rng: np.random.Generator) -> Figure:
    """Somebody with the head of any photograph on a drawn body."""
    sheet = soft_head(shown, rng)
    return replace(draw_figure(looks, rng), head=Head(sheet.sprite, sheet.centre, sheet.face_px))


def turned(head: Head, degrees: float, *, deep: bool) -> Head:
    """The head turned about the upright axis: as a flat sheet, or with the depth of a skull and a nose."""
    height, width = head.sprite.shape[:2]
    down, across = np.mgrid[:height, :width].astype(np.float32)
    middle_x, middle_y = head.centre
    x, y = (across - middle_x) / head.face_px, (down - middle_y) / head.face_px
    cosine, sine = float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))
    depth = np.zeros_like(x)
    if deep:
        depth = SKULL * np.sqrt(np.clip(1 - (x / 0.75) ** 2 - (y / 0.95) ** 2, 0, 1)) - SKULL
        depth += NOSE * np.exp(-((x / 0.12) ** 2 + ((y - 0.08) / 0.16) ** 2))
    source = ((x - depth * sine) / cosine * head.face_px + middle_x).astype(np.float32)
    sprite = cv2.remap(head.sprite, source, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return Head(np.asarray(sprite, np.uint8), head.centre, head.face_px)


def swing(most: float, *, deep: bool, phase: float = 0.0) -> Callable[[Head, float], Head]:
    """A pose that turns to and fro by `most` degrees."""

    def pose(head: Head, at_s: float) -> Head:
        return turned(head, most * float(np.sin(2 * np.pi * (at_s / TURN_S + phase))), deep=deep)

    return pose


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """A sheet in somebody's hand: the figure that carries it, and what the sheet shows as time goes on."""

    figure: Figure
    sheets: tuple[Sheet, ...]
    turns: bool

    def pose(self, _head: Head, at_s: float) -> Head:
        """The sheet so many seconds after it came into sight."""
        sheet = self.sheets[int(at_s * RATE) % len(self.sheets)]
        flat = Head(sheet.sprite, sheet.centre, sheet.face_px)
        return swing(SHEET_TURN, deep=False)(flat, at_s) if self.turns else flat


def carry(attack: Attack, shown: Portrait, holder: Portrait, looks: Looks, rng: np.random.Generator) -> Carried:
    """A sheet of `shown` before somebody who looks like nobody; a third of them waver in the hand."""
    figure = draw_figure(looks, rng)
    bare: Sprite = np.zeros((round(BODY_HEIGHT_M * BODY_PX_PER_M), round(BODY_WIDTH_M * BODY_PX_PER_M), 4), np.uint8)
    seed, turns = int(rng.integers(2**32)), bool(rng.random() < 1 / 3)
    moments = MOMENTS if attack is Attack.REPLAY else 1
    sheets = tuple(
        draw_sheet(attack, _moment(shown, number / moments), holder, np.random.default_rng(seed))
        for number in range(moments)
    )
    return Carried(replace(figure, collar=bare), sheets, turns)


def _moment(shown: Portrait, share: float) -> Portrait:
    """A replayed person looks about."""
    if share == 0:
        return shown
    sprite = np.dstack([shown.picture, np.full(shown.picture.shape[:2], 255, np.uint8)])
    head = turned(Head(sprite, shown.box.centre, shown.box.height), 12 * np.sin(2 * np.pi * share), deep=True)
    picture = shown.picture.copy()
    cover(picture, head.sprite)
    return replace(shown, picture=picture)


def attack_film(backdrop: Backdrop, carried: Carried, weather: Weather, rng: np.random.Generator) -> Iterator[Picture]:
    """Somebody walks up with a sheet, `RATE` pictures a second."""
    walk = Walk(carried.figure, -0.9, int(rng.choice([-1, 1])), float(rng.uniform(-0.25, 0.25)), pose=carried.pose)
    return walk_by(backdrop, [walk], weather, WALK_S - 0.9, RATE, rng)


def living_film(backdrop: Backdrop, figure: Figure, weather: Weather, rng: np.random.Generator) -> Iterator[Picture]:
    """The same by somebody in person; half of them look about."""
    pose = swing(LIVING_TURN, deep=True, phase=float(rng.random())) if rng.random() < 0.5 else None
    walk = Walk(figure, -0.9, int(rng.choice([-1, 1])), float(rng.uniform(-0.25, 0.25)), pose=pose)
    return walk_by(backdrop, [walk], weather, WALK_S - 0.9, RATE, rng)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Somebody to be living once and shown in every kind of attack: a photograph and, of a sample person, the looks."""

    portrait: Portrait
    looks: Looks | None = None


def sample_people() -> list[Shown]:
    """The six people whose photographs come inside installed packages."""
    return [Shown(portrait(person.looks.likeness), person.looks) for person in PEOPLE]


def presentations(people: Sequence[Shown], rounds: int, seed: int) -> list[Presentation]:
    """Every round shows the next of the people living and in each kind of attack, in the next light."""
    backdrop = path(np.random.default_rng([seed, 1]))
    drawn = []
    for number in range(rounds):
        weather = (DAY, DUSK, RAIN, NIGHT)[number % 4]
        shown, holder = people[number % len(people)], people[(number + 1 + number // len(people)) % len(people)]
        for place, kind in enumerate((None, *Attack)):
            rng = np.random.default_rng([seed, 2, number, place])
            film = partial(_film, backdrop, shown, holder, kind, weather, rng)
            drawn.append(Presentation(kind.value if kind else LIVING, film))
    return drawn


def _film(
    backdrop: Backdrop, shown: Shown, holder: Shown, kind: Attack | None, weather: Weather, rng: np.random.Generator
) -> Iterator[tuple[float, Picture]]:
    rng = deepcopy(rng)  # the same film at each call
    if kind is not None:
        carried = carry(kind, shown.portrait, holder.portrait, anybody(rng), rng)
        frames = attack_film(backdrop, carried, weather, rng)
    else:
        own = shown.looks
        figure = draw_figure(own, rng) if own else living(shown.portrait, anybody(rng), rng)
        frames = living_film(backdrop, figure, weather, rng)
    for number, picture in enumerate(frames):
        yield number / RATE, picture


def anybody(rng: np.random.Generator) -> Looks:
    """A coat, trousers and light by lot; the likeness is only a place holder for a head that is replaced."""
    one = PEOPLE[int(rng.integers(len(PEOPLE)))].looks
    coat = tuple(int(part) for part in rng.integers(30, 200, 3))
    return replace(
        one, coat=(coat[0], coat[1], coat[2]), light=Light(float(rng.uniform(0.85, 1.1)), float(rng.uniform(-0.5, 0.5)))
    )
