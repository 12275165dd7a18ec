"""Measuring the product's own recognisers on labelled photographs."""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from gate.bench.verification import Operating, draw_pairs, fold_accuracy, operating_point
from gate.errors import GateError
from models.errors import PictureRefused
from models.picture import load_picture
from models.plate.grammar import normalise
from models.roles import FaceRecogniser, PlateRecogniser
from models.sighting import Embedding, FaceSighting, Picture

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})

FARS = (1e-2, 1e-3)
"""False accept rates at which true accepts are counted."""

NO_FACE = -1.0
"""The score of a pair of which one picture shows no face: never the same person."""

Step = Callable[[int, int], None]
"""Called with the pictures that are done and the pictures there are."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Wrong:
    """A plate that was not read exactly: what stands on it and what was read, "" where nothing was found."""

    file: str
    plate: str
    read: str


@dataclass(frozen=True, slots=True)
class PlateScore:
    """Shares (0 to 1) over all pictures, those that could not be decoded among them.

    `exact` counts only the plate with the highest score of each picture; `characters` is the share of characters that
    are right (1 - edit distance / length). `refused` names each picture that was none, with the fault's code.
    """

    pictures: int
    found: float
    exact: float
    characters: float
    ms_per_picture: float
    wrong: tuple[Wrong, ...]
    refused: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FaceScore:
    """Verification over pairs of pictures, as shares of 1.

    A pair of which one picture shows no face, or is no picture, scores -1. `operating` holds one point for each rate
    of `FARS`.
    """

    pairs: int
    people: int
    pictures: int
    accuracy: float
    deviation: float
    operating: Mapping[float, Operating]
    same_mean: float
    different_mean: float
    ms_per_picture: float
    without_face: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Look(Generic[_Answer]):
    """What came of one picture; `answer` is None where it was refused with `code`."""

    answer: _Answer | None
    seconds: float
    code: str | None = None


def score_plates(
    recogniser: PlateRecogniser, folder: Path, step: Step, limit: int | None = None, seed: int = 1
) -> PlateScore:
    """Read every picture of the folder, or `limit` of them drawn with the seed; the file's stem is its plate.

    Raises:
        GateError: `bench.no_pictures`.
    """
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)
    if limit is not None and limit < len(files):
        files = sorted(random.Random(seed).sample(files, limit))  # noqa: S311 - a draw that can be repeated
    if not files:
        raise GateError("bench.no_pictures", folder=folder)
    looks = _look_at(files, lambda picture: _best_text(recogniser, picture), step)
    read = {file: look.answer for file, look in looks.items()}
    labels = {file: normalise(file.stem) for file in files}
    rights = [1 - min(1.0, edits(labels[file], read[file] or "") / max(1, len(labels[file]))) for file in files]
    return PlateScore(
        pictures=len(files),
        found=float(np.mean([read[file] is not None for file in files])),
        exact=float(np.mean([read[file] == labels[file] for file in files])),
        characters=float(np.mean(rights)),
        ms_per_picture=_ms(looks),
        wrong=tuple(Wrong(file.name, labels[file], read[file] or "") for file in files if read[file] != labels[file]),
        refused=_refused(looks),
    )


def score_faces(recogniser: FaceRecogniser, folder: Path, step: Step, pairs: int = 6000, seed: int = 1) -> FaceScore:
    """Tell pairs drawn with the seed from a folder that holds one folder per person.

    Raises:
        GateError: `bench.no_pairs`.
    """
    people = {
        person.name: sorted(file for file in person.iterdir() if file.suffix.lower() in SUFFIXES)
        for person in sorted(folder.iterdir())
        if person.is_dir()
    }
    try:
        drawn = draw_pairs({name: files for name, files in people.items() if files}, pairs, random.Random(seed))  # noqa: S311
    except ValueError as few:
        raise GateError("bench.no_pairs", folder=folder) from few
    files = sorted({file for pair in drawn for file in (pair.first, pair.second)})
    looks = _look_at(files, lambda picture: _embedding(recogniser, picture), step)
    known = {file: look.answer for file, look in looks.items()}
    scores = np.array([_cosine(known[pair.first], known[pair.second]) for pair in drawn])
    truths = np.array([pair.same for pair in drawn])
    accuracy, deviation = fold_accuracy(scores, truths)
    return FaceScore(
        pairs=len(drawn),
        people=len({file.parent for file in files}),
        pictures=len(files),
        accuracy=accuracy,
        deviation=deviation,
        operating={far: operating_point(scores, truths, far) for far in FARS},
        same_mean=float(scores[truths].mean()),
        different_mean=float(scores[~truths].mean()),
        ms_per_picture=_ms(looks),
        without_face=tuple(file.name for file in files if known[file] is None and not looks[file].code),
        refused=_refused(looks),
    )


def _look_at(
    files: Sequence[Path], look: Callable[[Picture], _Answer | None], step: Step
) -> Mapping[Path, _Look[_Answer]]:
    """Every file looked at, several at a time; one that is no picture keeps no other from its turn."""

    def one(file: Path) -> _Look[_Answer]:
        try:
            picture = load_picture(file)
        except PictureRefused as refused:
            return _Look(None, 0.0, refused.code)
        began = time.perf_counter()
        return _Look(look(picture), time.perf_counter() - began)

    looks = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for file, seen in zip(files, pool.map(one, files), strict=True):
            looks[file] = seen
            step(len(looks), len(files))
    return looks


def _best_text(recogniser: PlateRecogniser, picture: Picture) -> str | None:
    best = max(recogniser.see(picture), key=lambda plate: plate.found, default=None)
    return None if best is None else best.text


def _embedding(recogniser: FaceRecogniser, picture: Picture) -> Embedding | None:
    """The face nearest to the middle of the picture, embedded: there stands who the picture is named after."""
    height, width = picture.shape[:2]

    def off_centre(face: FaceSighting) -> float:
        x, y = face.box.centre
        return math.hypot(x - width / 2, y - height / 2)

    face = min(recogniser.find(picture), key=off_centre, default=None)
    return None if face is None else recogniser.embed(picture, [face])[0].embedding


def _cosine(one: Embedding | None, other: Embedding | None) -> float:
    return NO_FACE if one is None or other is None else float(one @ other)


def _ms(looks: Mapping[Path, _Look[_Answer]]) -> float:
    taken = [look.seconds for look in looks.values() if not look.code]
    return 1000 * float(np.mean(taken)) if taken else 0.0


def _refused(looks: Mapping[Path, _Look[_Answer]]) -> tuple[tuple[str, str], ...]:
    return tuple((file.name, look.code) for file, look in looks.items() if look.code)


def edits(one: str, other: str) -> int:
    """How many characters must be put in, taken out or changed to make one text the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return row[-1]
