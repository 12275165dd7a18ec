"""How well faces are told apart, on photographs of people whose names are known."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gate.bench.dataset import Note, digest_of, once, people_photos, shown, unseen
from gate.bench.identification import GALLERIES, Identification, cast_of, identify, sizes_of
from gate.bench.look import Step, look_at, ms_of
from gate.bench.verification import Operating, Spread, draw_pairs, fold_accuracy, operating_point, spread_of
from gate.config import FaceLimits
from gate.errors import GateError
from models.holdout import seen
from models.roles import FaceRecogniser
from models.sighting import Embedding, FaceSighting, Picture

FARS = (1e-2, 1e-3, 1e-4)
"""False accept rates at which true accepts are counted."""

NO_FACE = -1.0
"""The score of a pair of which one picture shows no face: never the same person."""


@dataclass(frozen=True, slots=True)
class FaceTask:
    """What is asked of a folder: pairs drawn with the seed, galleries of so many people, and under which rules.

    With `few`, only the people of the pairs are searched for, and nobody else's picture is looked at. With
    `excluding`, people that the project's own weights have learned from are left out.
    """

    rules: FaceLimits
    pairs: int = 6000
    seed: int = 1
    few: bool = False
    excluding: bool = False
    galleries: tuple[int, ...] = GALLERIES


@dataclass(frozen=True, slots=True)
class FaceScore:
    """What was measured, as shares of 1.

    A pair of which one picture shows no face, or is no picture, scores -1. `operating` holds one point for each rate
    of `FARS` over the pairs drawn, `spread` the scores of every pair of the pictures looked at. `excluded` counts the
    people whom the models have learned from, `notes` what is wrong with the folder.
    """

    pairs: int
    people: int
    pictures: int
    excluded: int
    accuracy: float
    deviation: float
    operating: Mapping[float, Operating]
    same_mean: float
    different_mean: float
    spread: Spread
    identification: tuple[Identification, ...]
    ms_per_picture: float
    without_face: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    notes: tuple[Note, ...]


def score_faces(recogniser: FaceRecogniser, folder: Path, step: Step, task: FaceTask) -> FaceScore:
    """Tell pairs, and search galleries, drawn from a folder that holds one folder per person.

    Raises:
        GateError: `bench.no_pairs`, and `bench.too_few_unseen` where that is for those that are left out.
    """
    people, excluded, notes = people_in(folder, task.excluding)
    try:
        drawn = draw_pairs(people, task.pairs, random.Random(task.seed))  # noqa: S311 - a draw that can be repeated
    except ValueError as few:
        raise GateError(
            "bench.too_few_unseen" if excluded else "bench.no_pairs", folder=folder, count=excluded
        ) from few
    paired = {file for pair in drawn for file in (pair.first, pair.second)}
    if task.few:
        people = {name: chosen for name, files in people.items() if (chosen := [f for f in files if f in paired])}
    cast = cast_of(people, random.Random(task.seed))  # noqa: S311
    files = sorted(paired | cast.files)
    looks = look_at(files, lambda picture: _embedding(recogniser, picture), step)
    twins = once({file: file.parent.name for file in files}, lambda file: looks[file].digest, folder)
    known = {file: looks[file].answer for file in files if file in twins.kept}
    drawn = [pair for pair in drawn if pair.first in known and pair.second in known]
    truths = np.array([pair.same for pair in drawn], bool)
    if not truths.any() or truths.all():
        raise GateError("bench.no_pairs", folder=folder)
    scores = np.array([_cosine(known[pair.first], known[pair.second]) for pair in drawn])
    accuracy, deviation = fold_accuracy(scores, truths)
    return FaceScore(
        pairs=len(drawn),
        people=len({file.parent for file in known}),
        pictures=len(known),
        excluded=excluded,
        accuracy=accuracy,
        deviation=deviation,
        operating={far: operating_point(scores, truths, far) for far in FARS},
        same_mean=float(scores[truths].mean()),
        different_mean=float(scores[~truths].mean()),
        spread=_spread(known),
        identification=tuple(
            identify(cast, known, recogniser.model_id, task.rules, size)
            for size in sizes_of(len(cast.enrolled), task.galleries)
        ),
        ms_per_picture=ms_of(looks),
        without_face=tuple(shown(file) for file in known if known[file] is None and not looks[file].code),
        refused=tuple((shown(file), look.code) for file, look in looks.items() if look.code),
        notes=(*notes, *twins.notes),
    )


def people_in(folder: Path, excluding: bool) -> tuple[dict[str, list[Path]], int, list[Note]]:  # noqa: FBT001
    """Everybody with their pictures, each once, how many people were left out, and what is wrong with the folder."""
    people, notes = people_photos(folder)
    twins = once({file: name for name, files in people.items() for file in files}, digest_of, folder)
    kept = {name: left for name, files in people.items() if (left := [file for file in files if file in twins.kept])}
    fresh = {name: files for name, files in kept.items() if not excluding or unseen([name], seen("people"))}
    return fresh, len(kept) - len(fresh), [*notes, *twins.notes]


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


def _spread(known: Mapping[Path, Embedding | None]) -> Spread:
    size = next((len(face) for face in known.values() if face is not None), 1)
    rows = np.stack([np.zeros(size, np.float32) if face is None else face for face in known.values()])
    places = {name: place for place, name in enumerate(sorted({file.parent for file in known}))}
    return spread_of(rows, np.array([places[file.parent] for file in known], np.intp))
