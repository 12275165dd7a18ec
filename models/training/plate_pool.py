"""Reader's pictures made ahead, in shards on disk, so that a run spends its time on learning."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.picture import load_picture
from models.plate.slots import COLOURS, SLOTS, SYMBOLS
from models.sighting import Picture, PlateColour
from models.training.plate_drawing import draw
from models.training.plate_photos import Collages, Photo, photos, straight
from models.training.plate_texts import any_plate
from models.training.plate_views import HEIGHT, WIDTH, surroundings, view
from models.training.plate_wear import soiled

SHARD = 4000
DRAWN, COLLAGE = 0.35, 0.42
"""Shares of drawn plates and of plates pieced together; the rest are the photographed plates themselves."""

EDGE = 0.25
"""The share of plates whose own edge is drawn out instead of showing what stands around them."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the photographs are and where the corners of those that have none of their own were written."""

    folder: Path
    corners: Path


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """n x 48 x 160 x 3 pictures (BGR, uint8), n x 8 classes of the slots and n colours."""

    pictures: NDArray[np.uint8]
    slots: NDArray[np.uint8]
    colours: NDArray[np.uint8]


def slots_of(text: str) -> NDArray[np.uint8]:
    """The class of each slot; what follows the text is 0."""
    classes = np.zeros(SLOTS, np.uint8)
    classes[: len(text)] = [SYMBOLS.index(sign) for sign in text]
    return classes


@cache
def _photographed(source: Source) -> tuple[Collages, Sequence[tuple[Photo, Picture]]]:
    learned = photos(source.folder, source.corners, held_out=False)
    whole = [(one, load_picture(one.file) if one.crop else straight(one)) for one in learned]
    return Collages(learned), whole


def example(source: Source, seed: int) -> tuple[Picture, str, PlateColour]:
    """One reader's picture with its text and colour, by its seed alone."""
    rng = np.random.default_rng(seed)
    collages, whole = _photographed(source)
    lot = rng.random()
    if lot < DRAWN:
        drawn = any_plate(rng)
        return view(soiled(draw(drawn, rng), rng), drawn.rows, rng, surroundings(rng)), drawn.text, drawn.colour
    if lot < DRAWN + COLLAGE:
        plate, drawn = collages.make(rng)
        around = None if rng.random() < EDGE else surroundings(rng)
        return view(plate, drawn.rows, rng, around), drawn.text, drawn.colour
    photo, picture = whole[int(rng.integers(len(whole)))]
    around = None if photo.crop or rng.random() < EDGE else surroundings(rng)
    return view(picture, photo.rows, rng, around), photo.text, photo.colour


def write_shard(source: Source, folder: Path, number: int) -> Path:
    """Make the shard of that number, if it is not there."""
    target = folder / f"shard_{number:04d}.npz"
    if target.exists():
        return target
    cv2.setNumThreads(1)
    pictures = np.empty((SHARD, HEIGHT, WIDTH, 3), np.uint8)
    slots, colours = np.empty((SHARD, SLOTS), np.uint8), np.empty(SHARD, np.uint8)
    for at in range(SHARD):
        picture, text, colour = example(source, number * SHARD + at)
        pictures[at], slots[at], colours[at] = picture, slots_of(text), COLOURS.index(colour)
    part = target.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, pictures=pictures, slots=slots, colours=colours)
    part.replace(target)
    return target


def write_pool(source: Source, folder: Path, shards: range, workers: int) -> None:
    """Make the shards of these numbers, several at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers) as pool:
        for number in pool.map(write_shard, [source] * len(shards), [folder] * len(shards), shards):
            print(number.name, flush=True)  # noqa: T201 - the recipe's own output


def read_shard(file: Path) -> Shard:
    """A shard as it was written."""
    with np.load(file) as held:
        return Shard(held["pictures"], held["slots"], held["colours"])
