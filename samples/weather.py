"""Daylight, rain, dusk and night: what they do to a finished picture, and the camera's own noise."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.sighting import Picture
from samples.perspective import HEIGHT_PX

NOISE_GREYS = 12.0
"""Standard deviation of the stored noise; it is laid over weaker."""

MARGIN_PX = 96
STREAK_LAYERS = 4


@dataclass(frozen=True, slots=True)
class Weather:
    """One state of the sky.

    `blue`, `green`, `red` multiply the colours and `lift` is added, in grey levels; `grey` takes colour out, 0 to 1;
    `blur_px` and `noise` (grey levels) are Gaussian; `rain` is how much falls, `dark` how much lamps and windows
    count, 0 to 1; `exposure_s` is the shutter's time.
    """

    blue: float = 1.0
    green: float = 1.0
    red: float = 1.0
    lift: float = 0.0
    grey: float = 0.0
    blur_px: float = 0.45
    noise: float = 1.2
    rain: float = 0.0
    dark: float = 0.0
    exposure_s: float = 0.008

    def towards(self, other: Weather, share: float) -> Weather:
        """Between this weather (0) and the other (1)."""
        return Weather(
            *(mine + (theirs - mine) * share for mine, theirs in zip(astuple(self), astuple(other), strict=True))
        )


DAY = Weather()
RAIN = Weather(0.64, 0.62, 0.58, 34.0, 0.3, 0.65, 1.6, 1.0, 0.3, 0.012)
NIGHT = Weather(0.34, 0.30, 0.28, 3.0, 0.35, 0.6, 4.0, 0.0, 1.0, 0.016)
DUSK = Weather(0.50, 0.40, 0.36, 4.0, 0.12, 0.5, 2.4, 0.0, 1.0, 0.010)


@dataclass(frozen=True, slots=True)
class Glow:
    """A lamp as it is in the picture: pixels, the radius of its halo in pixels, and its colour."""

    x: float
    y: float
    radius_px: float
    colour: tuple[int, int, int]


class Sky:
    """Lays weather over pictures of one size; all chance comes from the generator it was given."""

    def __init__(self, width: int, height: int, rng: np.random.Generator) -> None:
        self._rng = rng
        large = (height + MARGIN_PX, width + MARGIN_PX, 3)
        self._noise: Picture = np.clip(rng.normal(128, NOISE_GREYS, large), 0, 255).astype(np.uint8)
        self._streaks = tuple(_streaks(width, height, rng) for _ in range(STREAK_LAYERS))
        self._halo = _halo(256)

    def over(self, picture: Picture, weather: Weather, lights: Picture, glows: tuple[Glow, ...] = ()) -> Picture:
        """What the camera gives in this weather; `lights` shines by itself, `glows` are lamps that glare."""
        seen = cv2.LUT(picture, _curve(weather))
        if weather.grey > 0:
            flat = cv2.cvtColor(cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
            seen = cv2.addWeighted(seen, 1 - weather.grey, flat, weather.grey, 0)
        if weather.dark > 0:
            seen = cv2.addWeighted(seen, 1.0, lights, weather.dark, 0)
            for glow in glows:
                self._shine(seen, glow, weather.dark)
        if weather.rain > 0:
            seen = cv2.addWeighted(seen, 1.0, self._falling(), 0.42 * weather.rain, 0)
        if weather.blur_px > 0.2:
            seen = cv2.GaussianBlur(seen, (0, 0), weather.blur_px)
        strength = weather.noise / NOISE_GREYS
        finished: Picture = cv2.addWeighted(seen, 1.0, self._grain(*picture.shape[:2]), strength, -128 * strength)
        return finished

    def _grain(self, height: int, width: int) -> Picture:
        top, left = (int(at) for at in self._rng.integers(0, MARGIN_PX, 2))
        return np.ascontiguousarray(self._noise[top : top + height, left : left + width])

    def _falling(self) -> Picture:
        layer = self._streaks[int(self._rng.integers(STREAK_LAYERS))]
        down, right = self._rng.integers(0, layer.shape[:2]).tolist()
        rolled: Picture = np.roll(layer, (down, right), (0, 1))
        return rolled

    def _shine(self, picture: Picture, glow: Glow, strength: float) -> None:
        """Add a halo; the part of it outside the picture is lost."""
        size = max(round(2 * glow.radius_px), 4)
        left, top = round(glow.x - size / 2), round(glow.y - size / 2)
        height, width = picture.shape[:2]
        within = slice(max(top, 0), min(top + size, height)), slice(max(left, 0), min(left + size, width))
        if within[0].start >= within[0].stop or within[1].start >= within[1].stop:
            return
        halo = cv2.resize(self._halo, (size, size), interpolation=cv2.INTER_AREA)
        part = halo[within[0].start - top : within[0].stop - top, within[1].start - left : within[1].stop - left]
        light = part[..., None] * np.array(glow.colour, np.float32) * strength
        picture[within] = cv2.add(picture[within], light.astype(np.uint8))


def _curve(weather: Weather) -> Picture:
    """The look-up table, 1 x 256 x 3."""
    grey = np.arange(256, dtype=np.float32)[:, None]
    curve = grey * np.array([weather.blue, weather.green, weather.red], np.float32) + weather.lift
    return np.asarray(np.clip(curve, 0, 255)[None], np.uint8)


def _streaks(width: int, height: int, rng: np.random.Generator) -> Picture:
    """Drops drawn out by the shutter, near ones longer and fainter."""
    sheet, finer = np.zeros((height, width), np.uint8), height / HEIGHT_PX
    for _ in range(520):
        x, y, near = rng.uniform(0, width), rng.uniform(0, height), rng.random() ** 2
        length = (10 + 46 * near) * finer
        tip = (round(x + length * 0.12), round(y + length))
        thick = max(1, round((1 + round(near)) * finer))
        cv2.line(sheet, (round(x), round(y)), tip, round(70 + 60 * (1 - near)), thick, cv2.LINE_AA)
    soft: Picture = cv2.cvtColor(cv2.GaussianBlur(sheet, (0, 0), 0.8), cv2.COLOR_GRAY2BGR)
    return soft


def _halo(size: int) -> NDArray[np.float32]:
    """Brightness of a glare, 0 to 1: a burnt-out core, a veil around it and a faint flat star."""
    across = np.linspace(-1, 1, size, dtype=np.float32)
    x, y = np.meshgrid(across, across)
    out = np.hypot(x, y)
    star = np.exp(-np.abs(y) * 26) * np.exp(-np.abs(x) * 3.2) * 0.35
    light = np.exp(-((out / 0.11) ** 2)) + 0.42 * np.exp(-out * 6.0) + star
    return np.asarray(np.clip(light, 0, 1) * np.clip((1 - out) * 3, 0, 1), np.float32)
