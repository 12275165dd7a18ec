"""Two lanes as a camera of 1080p sends them, 25 pictures a second: passages with rests between, and a scene at rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import cv2
import numpy as np

from gate.bench.passages import PEDESTRIAN, VEHICLE, KnownPerson, KnownVehicle, Labelled
from models.sighting import Picture
from samples.film import CONSTANT, SMALL, VARIABLE, write_film
from samples.passages import staging

RATE = 25
REST_S = 6.0
"""Between two passages: longer than somebody who went through is remembered, and long enough for a lane to rest."""
NOISE = 3.0
"""Grey levels of a sensor by day (standard deviation)."""
NOISES = 5
SIZE = (1920, 1080)
SMALL_SIZE = (640, 360)
"""Of the small stream, of the film at a constant rate."""
POOL = 120
"""Passages that the ones for the films are chosen from."""
SCENES = frozenset({"resident", "vehicle"})
RATES = {"constant": CONSTANT, "variable": VARIABLE}


@dataclass(frozen=True, slots=True)
class Footage:
    """Films by lane, who is enrolled, and whom each lane is to be opened for.

    `resting` are films of the path with nobody on it, encoded at a `constant` and at a `variable` rate; `small` is what
    the same camera's small stream shows of it.
    """

    films: dict[str, Path]
    resting: dict[str, Path]
    small: Path
    people: tuple[KnownPerson, ...]
    vehicles: tuple[KnownVehicle, ...]
    opens: dict[str, tuple[str, ...]]


def draw_footage(
    folder: Path, passages: int, seed: int, size: tuple[int, int] = SIZE, rest_s: float = REST_S
) -> Footage:
    """Draw so many passages a lane into the folder; films that are there already are kept.

    The scenes are drawn at the films' own size, 16 wide for 9 high, and carry a sensor's noise. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    staged = staging(POOL, seed, RATE, size[1])
    kind = f"{size[0]}x{size[1]}-{RATE}-{rest_s:g}"
    films, opens = {}, {}
    for lane in (PEDESTRIAN, VEHICLE):
        chosen = _chosen(staged.passages, lane, passages)
        films[lane] = folder / f"{lane}-{seed}-{len(chosen)}-{kind}.mp4"
        opens[lane] = tuple(name for passage in chosen for name in passage.opens)
        if not films[lane].exists():
            rng = np.random.default_rng([seed, 11, len(lane)])
            write_film(films[lane], _sensed(_in_turn(chosen, rest_s), size, rng), RATE, CONSTANT)
    resting = {name: folder / f"resting-{seed}-{name}-{kind}.mp4" for name in RATES}
    if not all(film.exists() for film in resting.values()):
        empty = _left_by(_chosen(staged.passages, PEDESTRIAN, 1)[0])
        for name, film in resting.items():
            pictures = repeat(empty, round(2 * rest_s * RATE))
            write_film(film, _sensed(pictures, size, np.random.default_rng([seed, 12])), RATE, RATES[name])
    small = folder / f"resting-{seed}-small-{kind}.mp4"
    if not small.exists():
        pictures = repeat(_left_by(_chosen(staged.passages, PEDESTRIAN, 1)[0]), round(2 * rest_s * RATE))
        write_film(small, _sensed(pictures, SMALL_SIZE, np.random.default_rng([seed, 13])), RATE, SMALL)
    return Footage(films, resting, small, staged.people, staged.vehicles, opens)


def _chosen(drawn: Sequence[Labelled], lane: str, count: int) -> list[Labelled]:
    """Passages of a lane with one who comes alone: each car once, for a plate is remembered for longer than a rest."""
    alone = [passage for passage in drawn if passage.lane == lane and passage.scene in SCENES]
    if lane == VEHICLE:
        alone = list({passage.opens: passage for passage in reversed(alone)}.values())
    return sorted(alone, key=lambda passage: passage.name)[:count]


def _in_turn(chosen: Sequence[Labelled], rest_s: float) -> Iterator[Picture]:
    """Each passage, and after it the scene as it was left, with nobody in it; that comes first as well."""
    picture = _left_by(chosen[0])
    for passage in chosen:
        yield from repeat(picture, round(rest_s * RATE))
        for _, picture in passage.film():
            yield picture
    yield from repeat(picture, round(rest_s * RATE))


def _left_by(passage: Labelled) -> Picture:
    *_, (_, picture) = passage.film()
    return picture


def _sensed(pictures: Iterable[Picture], size: tuple[int, int], rng: np.random.Generator) -> Iterator[Picture]:
    """Each picture at the camera's size, with noise of its own."""
    noises = [rng.normal(0, NOISE, (size[1], size[0], 3)).astype(np.float32) for _ in range(NOISES)]
    for picture in pictures:
        down, across = (int(rng.integers(side)) for side in (size[1], size[0]))
        noise = np.roll(noises[int(rng.integers(NOISES))], (down, across), (0, 1))
        sized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        yield np.asarray(np.clip(sized + noise, 0, 255), np.uint8)
