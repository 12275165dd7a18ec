"""Vehicles on their way: in from the street, up to the stop, and through or back; drawn frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.sighting import Picture
from samples.cars import Vehicle
from samples.perspective import View, cover, lay
from samples.scenery import LANE_X, STREET_Z, Backdrop
from samples.weather import Glow, Sky, Weather

STOP_Z = 3.2
"""Where the leading end of a vehicle stands when it waits, metres from the camera."""

TURN_Z = 12.0
TURN_RADIUS_M = 3.0
HIDDEN_M = 16.6
"""So far before the stop, along its way, a vehicle is still behind the wall."""

ARRIVE_S = 4.0
WAIT_S = 0.6
REFUSED_WAIT_S = 2.5
LEAVE_S = 2.2
BACK_S = 3.2
GO_THROUGH_S = ARRIVE_S + WAIT_S + LEAVE_S
BACK_OUT_S = ARRIVE_S + REFUSED_WAIT_S + BACK_S
"""How long a vehicle is in the picture, from behind the wall until it is out of sight again."""

ACCELERATION = 3.6
"""Of a vehicle that goes through, metres per second squared."""

BUMPER_Y = 0.5
BLUR_FROM_PX = 1.5
BLUR_BEYOND_M = 2.6
"""What passes nearer fills the picture: its plate is gone, and the blur would show its edge."""

HALO_M = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """One vehicle's passage: it starts out of sight at `start_s` and goes through the gate, or backs out again."""

    vehicle: Vehicle
    start_s: float
    through: bool = True

    @property
    def stands_s(self) -> float:
        """When it comes to a stand."""
        return self.start_s + ARRIVE_S

    @property
    def moves_s(self) -> float:
        """When it sets off again."""
        return self.stands_s + (WAIT_S if self.through else REFUSED_WAIT_S)

    @property
    def end_s(self) -> float:
        """When nothing of it is to be seen any more."""
        return self.start_s + (GO_THROUGH_S if self.through else BACK_OUT_S)

    def before_stop(self, at_s: float) -> float | None:
        """Metres along its way to the stop, negative beyond it; None while it is out of sight."""
        if not self.start_s <= at_s < self.end_s:
            return None
        if at_s < self.stands_s:
            return float(HIDDEN_M * (1 - (at_s - self.start_s) / ARRIVE_S) ** 1.5)
        gone_s = max(at_s - self.moves_s, 0.0)
        if self.through:
            return -ACCELERATION / 2 * gone_s**2
        return float(HIDDEN_M * np.sin(gone_s / BACK_S * np.pi / 2) ** 2)


@dataclass(frozen=True, slots=True, eq=False)
class Parked(Drive):
    """A vehicle that stands `way_m` before the stop all the time."""

    way_m: float = 3.0

    def before_stop(self, at_s: float) -> float | None:  # noqa: ARG002 - it stands there whenever
        """Where it stands, whenever."""
        return self.way_m


@dataclass(frozen=True, slots=True, eq=False)
class Leaving(Drive):
    """A vehicle that is at the stop at `start_s` and drives away from the camera, its plate in sight."""

    def before_stop(self, at_s: float) -> float | None:
        """Metres from the stop; None once it is out of sight."""
        gone_s = at_s - self.start_s
        if not 0 <= gone_s < BACK_S:
            return None
        return float(HIDDEN_M * np.sin(gone_s / BACK_S * np.pi / 2) ** 2)


@dataclass(frozen=True, slots=True)
class Turn:
    """The weather changes to `weather` over `lasts_s` seconds, beginning at `at_s`."""

    at_s: float
    weather: Weather
    lasts_s: float = 1.0


def weather_at(turns: Sequence[Turn], at_s: float) -> Weather:
    """The weather of a moment; the first turn's holds from the start."""
    now = turns[0].weather
    for turn in turns[1:]:
        now = now.towards(turn.weather, float(np.clip((at_s - turn.at_s) / turn.lasts_s, 0, 1)))
    return now


def drive_by(
    backdrop: Backdrop,
    drives: Sequence[Drive],
    turns: Sequence[Turn],
    length_s: float,
    rate: float,
    rng: np.random.Generator,
) -> Iterator[Picture]:
    """Every frame of the vehicle lane's film, `rate` a second; played at another rate, all drive at another speed."""
    sky = Sky(backdrop.view.width, backdrop.view.height, rng)
    for number in range(round(length_s * rate)):
        at_s = number / rate
        weather = weather_at(turns, at_s)
        picture, lights = backdrop.picture.copy(), backdrop.lights
        glows: list[Glow] = []
        ways = [(drive, way) for drive in drives if (way := drive.before_stop(at_s)) is not None]
        for drive, way in sorted(ways, key=lambda pair: -pair[1]):
            _draw(picture, backdrop, drive, way, at_s + weather.exposure_s)
            glows += _glows(backdrop.view, drive.vehicle, way)
            lights = _hidden_by(drive.vehicle, way, backdrop.view, lights) if weather.dark > 0 else lights
        yield sky.over(picture, weather, lights, tuple(glows))


def place_of(way: float) -> tuple[tuple[float, float, float], float]:
    """Where a vehicle's leading end is and its heading in degrees, `way` metres before the stop."""
    straight, bend = TURN_Z - STOP_Z, TURN_RADIUS_M * np.pi / 2
    if way <= straight:
        return (LANE_X, 0.0, STOP_Z + way), 0.0
    turned = min((way - straight) / TURN_RADIUS_M, np.pi / 2)
    x = LANE_X - TURN_RADIUS_M * (1 - float(np.cos(turned))) - max(way - straight - bend, 0.0)
    return (x, 0.0, TURN_Z + TURN_RADIUS_M * float(np.sin(turned))), -float(np.degrees(turned))


def _draw(picture: Picture, backdrop: Backdrop, drive: Drive, way: float, shut_s: float) -> None:
    place, heading = place_of(way)
    for panel in drive.vehicle.panels:
        lay(panel.moved(place, heading), backdrop.view, picture)
    later = drive.before_stop(shut_s)
    if later is not None:
        _smear(picture, backdrop.view, place, place_of(later)[0])
    if place[2] > STREET_Z[0]:
        cover(picture, backdrop.front)
        for panel in backdrop.near:
            lay(panel, backdrop.view, picture)


def _hidden_by(vehicle: Vehicle, way: float, view: View, lights: Picture) -> Picture:
    """The lights behind, without those that the vehicle stands before."""
    place, heading = place_of(way)
    corners = view.seen(np.concatenate([panel.moved(place, heading).corners for panel in vehicle.panels]))
    hull = cv2.convexHull(view.flat(corners[corners[:, 2] > 0.5]).round().astype(np.int32))
    covered = lights.copy()
    cv2.fillConvexPoly(covered, hull, (0, 0, 0))
    return covered


def _smear(picture: Picture, view: View, opened: tuple[float, float, float], shut: tuple[float, float, float]) -> None:
    """Blur what moved while the shutter was open, as far as the middle of its leading end moved."""
    points = np.array([opened, shut])
    points[:, 1] += BUMPER_Y
    if view.seen(points)[:, 2].min() < BLUR_BEYOND_M:
        return
    first, last = view.project(points)
    run = last - first
    length = float(np.hypot(*run))
    if length < BLUR_FROM_PX:
        return
    size = int(np.ceil(length)) | 1
    kernel = np.zeros((size, size), np.float32)
    middle = (size - 1) / 2
    start, end = (middle - run / 2).round().astype(int), (middle + run / 2).round().astype(int)
    cv2.line(kernel, start.tolist(), end.tolist(), 1.0)
    reach = view.px_per_m(opened) * 1.3
    left, top = max(int(first[0] - reach), 0), max(int(first[1] - reach), 0)
    part = picture[top : max(int(first[1] + reach), 0), left : max(int(first[0] + reach), 0)]
    if part.size:
        part[...] = cv2.filter2D(part, -1, kernel / kernel.sum())


def _glows(view: View, vehicle: Vehicle, way: float) -> list[Glow]:
    """The lamps as the camera sees them, weaker from the side."""
    place, heading = place_of(way)
    facing = max(float(np.cos(np.radians(heading))), 0.0) ** 2
    turn = np.radians(heading)
    glows = []
    for lamp in vehicle.lamps:
        x, y, z = lamp.place
        point = (place[0] + x * np.cos(turn) + z * np.sin(turn), y, place[2] - x * np.sin(turn) + z * np.cos(turn))
        if view.seen(np.array([point]))[0, 2] < 0.8:
            continue
        left, top = view.project(np.array([point]))[0]
        blue, green, red = (round(channel * facing) for channel in lamp.colour)
        glows.append(Glow(float(left), float(top), HALO_M * view.px_per_m(point), (blue, green, red)))
    return glows
