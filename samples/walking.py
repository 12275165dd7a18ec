"""People on their way to the wicket: in from the side path, up to the camera, and out of the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.sighting import Picture
from samples.canvas import Canvas, Sprite
from samples.heads import Head
from samples.people import BODY_HEIGHT_M, BODY_WIDTH_M, DRAWN_FOR_M, FACE_M, PHASES, Figure
from samples.perspective import Panel, View, cover, lay, upright
from samples.scenery import Backdrop
from samples.weather import Sky, Weather

FAR_Z = 5.4
"""Where a face is 40 pixels high, metres from the camera."""

CLOSE_Z = 1.34
SIDE_PATH = (3.9, 6.9)
"""Where people come from: metres to one side, and away."""

ENTER_S = 1.5
APPROACH_S = 3.0
PAUSE_S = 0.8
LEAVE_S = 0.7
WALK_S = ENTER_S + APPROACH_S + PAUSE_S + LEAVE_S
"""How long a person is in the picture."""

STRIDE_S = 1.05
CHIN_BELOW_TOP_M = 0.225


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """One person's way: in from `side` (-1 left, 1 right) at `start_s`, then to the camera along x = `line_m`.

    `pose` gives the head as it is turned so many seconds after that.
    """

    figure: Figure
    start_s: float
    side: int
    line_m: float = 0.0
    beat: float = 0.0
    pose: Callable[[Head, float], Head] | None = None

    @property
    def near_s(self) -> float:
        """When the face is about 40 pixels high and the person comes straight on."""
        return self.start_s + ENTER_S

    @property
    def end_s(self) -> float:
        """When the person has left the picture."""
        return self.start_s + WALK_S

    def place(self, at_s: float) -> tuple[float, float] | None:
        """Where the person stands, x and z in metres; None when not in the picture."""
        if not self.start_s <= at_s < self.end_s:
            return None
        if at_s < self.near_s:
            share = (at_s - self.start_s) / ENTER_S
            x, z = self.side * SIDE_PATH[0], SIDE_PATH[1]
            return x + (self.line_m - x) * (1 - (1 - share) ** 1.4), z + (FAR_Z - z) * share
        share = min((at_s - self.near_s) / APPROACH_S, 1.0)
        z = FAR_Z + (CLOSE_Z - FAR_Z) * share
        gone = max((at_s - self.near_s - APPROACH_S - PAUSE_S) / LEAVE_S, 0.0)
        away = 1.0 if self.line_m >= 0 else -1.0
        return self.line_m + away * 1.45 * gone**1.5, z - 0.35 * gone


def walk_by(
    backdrop: Backdrop, walks: Sequence[Walk], weather: Weather, length_s: float, rate: float, rng: np.random.Generator
) -> Iterator[Picture]:
    """Every frame of the pedestrian lane's film, `rate` a second; played at another rate, all walk at another pace."""
    sky = Sky(backdrop.view.width, backdrop.view.height, rng)
    for number in range(round(length_s * rate)):
        at_s = number / rate
        picture = backdrop.picture.copy()
        there = [(walk, place) for walk in walks if (place := walk.place(at_s)) is not None]
        for walk, place in sorted(there, key=lambda pair: -pair[1][1]):
            _draw(picture, backdrop.view, walk, place, at_s)
        cover(picture, backdrop.front)
        yield sky.over(picture, weather, backdrop.lights)


def _draw(picture: Picture, view: View, walk: Walk, place: tuple[float, float], at_s: float) -> None:
    """Shadow, body, head and collar; they sway, bob and nod with the stride."""
    figure, (x, z) = walk.figure, place
    stride = (at_s - walk.start_s) / STRIDE_S + walk.beat
    moving = 1.0 if at_s < walk.near_s + APPROACH_S or at_s > walk.near_s + APPROACH_S + PAUSE_S else 0.25
    swing = float(np.sin(2 * np.pi * stride))
    x += 0.02 * swing * moving
    bob = 0.014 * abs(swing) * moving
    grow = figure.tall_m / DRAWN_FOR_M
    half, tall = BODY_WIDTH_M / 2 * grow, BODY_HEIGHT_M * grow
    lay(_shadow(x, z), view, picture)
    body = figure.bodies[int(stride * PHASES) % PHASES if moving == 1.0 else 0]
    lay(upright(body, x - half, bob, x + half, tall + bob, z), view, picture)
    tilt = 2.2 * float(np.sin(2 * np.pi * stride * 0.5 + walk.beat * 7))
    nod = 1 + 0.018 * float(np.sin(2 * np.pi * stride + 1.1))
    chin = figure.tall_m - CHIN_BELOW_TOP_M + bob
    head = walk.pose(figure.head, at_s - walk.start_s) if walk.pose else figure.head
    lay(_head_panel(head, x + 0.006 * swing, chin, z, tilt, nod), view, picture)
    lay(upright(figure.collar, x - half, bob, x + half, tall + bob, z), view, picture)


def _head_panel(head: Head, x: float, chin: float, z: float, tilt: float, nod: float) -> Panel:
    """The head with its chin at a height, tilted by some degrees and foreshortened by a nod."""
    metre = FACE_M / head.face_px
    height, width = head.sprite.shape[:2]
    middle_x, middle_y = head.centre
    turn = np.radians(tilt)
    corners = []
    for across, down in ((0, 0), (width, 0), (width, height), (0, height)):
        right, up = (across - middle_x) * metre, (middle_y - down) * metre * nod
        corners.append(
            (
                x + right * np.cos(turn) + up * np.sin(turn),
                chin + FACE_M / 2 - right * np.sin(turn) + up * np.cos(turn),
                z,
            )
        )
    return Panel(head.sprite, np.array(corners))


def _blot() -> Sprite:
    canvas = Canvas(0.9, 0.6, 120.0)
    canvas.disc(0.45, 0.3, 0.26, 0.13, (10, 10, 10))
    canvas.blur(0.06)
    canvas.fade(0.6)
    return canvas.pixels


SHADOW = _blot()


def _shadow(x: float, z: float) -> Panel:
    left, right, near, far = x - 0.45, x + 0.45, z - 0.3, z + 0.3
    return Panel(SHADOW, np.array([(left, 0, far), (right, 0, far), (right, 0, near), (left, 0, near)]))
