"""The product's own ways from a picture to an identity or a plate beside those of well-known libraries, in one run.

Everybody looks at every picture in turn, on one thread, with the decoded picture in memory; the time of a picture is
from there to the answer. Faces go all the way to an identity: found, aligned, embedded, searched for in a gallery of
one photograph a person, which each contender has embedded for itself.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from enrollment.candidate import Subject, SubjectKind
from enrollment.gallery import Gallery
from gate.bench.dataset import digest_of, once, plate_photos, unseen
from gate.bench.faces import people_in
from gate.bench.identification import LANE, PROBES, Cast, Enrolled, identify
from gate.bench.insightface_peer import Embeds
from gate.bench.look import Step
from gate.bench.plates import best_plate
from gate.bench.rapidocr_peer import Reads
from gate.bench.turns import Turns, take_turns
from gate.bench.verification import spread_of
from gate.config import FaceLimits
from gate.errors import GateError
from models.errors import PictureRefused
from models.holdout import seen
from models.picture import load_picture
from models.plate.grammar import classify
from models.roles import FaceRecogniser, PlateRecogniser
from models.sighting import Embedding, Picture, PlateColour

_Answer = TypeVar("_Answer")

OURS = "menwei"

PHOTO_HEIGHTS_PX = (120, 280)
"""How high a photograph stands in its frame: a face of LFW is 0.44 of that, so 53 to 123 px, as at a gate in 720p."""

STRANGERS_EACH = 3
"""Strangers for each of the people enrolled, at most."""

FAR = 1e-3


@dataclass(frozen=True, slots=True)
class Ratio:
    """What of ours comes on one of a peer's: pictures a second, and the share that was right (None for a peer's 0)."""

    speed: float
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class FaceSide:
    """What one contender reached, as shares of 1.

    Of the pictures of enrolled people a share is `ranked_first`, and `identified` at the score that lets 1 % of the
    strangers pass (None with fewer than 100 strangers). `tar` is of all pairs of two pictures the share of those of one
    person that score above all but 0.1 % of the others, None where there are too few to tell.
    """

    ms: float
    per_second: float
    with_face: float
    ranked_first: float
    identified: float | None
    tar: float | None


@dataclass(frozen=True, slots=True)
class FaceDuel:
    """How everybody did on the same frames; a ratio's accuracy is that of `identified`, else of `ranked_first`."""

    enrolled: int
    mates: int
    strangers: int
    sides: Mapping[str, FaceSide]
    ratios: Mapping[str, Ratio]


@dataclass(frozen=True, slots=True)
class PlateSide:
    """What one contender read: `exact`, and readings that the grammar takes for a plate and are another (shares)."""

    ms: float
    per_second: float
    exact: float
    accepted_wrong: float


@dataclass(frozen=True, slots=True)
class PlateDuel:
    """How everybody did on the same pictures; a ratio's accuracy is that of `exact`."""

    pictures: int
    excluded: int
    sides: Mapping[str, PlateSide]
    ratios: Mapping[str, Ratio]


def face_duel(
    recogniser: FaceRecogniser,
    peers: Mapping[str, Embeds],
    folder: Path,
    backdrops: Sequence[Picture],
    rules: FaceLimits,
    step: Step,
    *,
    people: int = 200,
    seed: int = 1,
    excluding: bool = False,
) -> FaceDuel:
    """Search a gallery of up to `people` people of the folder for their other pictures and for strangers'.

    The enrolled photographs are as they are; the others stand in one of the `backdrops`. With `excluding`, people that
    the project's own weights have learned from are left out.

    Raises:
        GateError: `bench.no_pairs` where nobody has a second picture, or nobody is a stranger.
    """
    known, _, _ = people_in(folder, excluding)
    cast = _drawn(known, people, random.Random(seed))  # noqa: S311 - a draw that can be repeated
    frames = [file for person in cast.enrolled for file in person.probes] + list(cast.strangers)
    if not cast.strangers or len(frames) == len(cast.strangers):
        raise GateError("bench.no_pairs", folder=folder)
    ways = {OURS: _our_face(recogniser), **peers}
    photos = [person.photo for person in cast.enrolled]
    enrolled = take_turns(_pictures(photos), len(photos), ways, step)
    rows = {name: _rows(enrolled.answers[name]) for name in ways}
    searching = {
        name: _through_gallery(look, cast.enrolled, rows[name]) if name == OURS else _through_product(look, rows[name])
        for name, look in ways.items()
    }
    looks = take_turns(_framed(frames, backdrops, seed), len(frames), searching, step)
    sides = {name: _face_side(name, cast, photos + frames, enrolled, looks, rules, people) for name in ways}
    return FaceDuel(
        enrolled=len(cast.enrolled),
        mates=len(frames) - len(cast.strangers),
        strangers=len(cast.strangers),
        sides=sides,
        ratios=_ratios(looks, {name: _accuracy(side) for name, side in sides.items()}),
    )


def plate_duel(
    recogniser: PlateRecogniser, peers: Mapping[str, Reads], folder: Path, step: Step, *, excluding: bool = False
) -> PlateDuel:
    """Read every picture of a folder whose plate is known.

    Raises:
        GateError: `bench.no_pictures`, `bench.all_seen`.
    """
    photos, _ = plate_photos(folder)
    kept = once({photo.file: photo.plate for photo in photos}, digest_of, folder).kept
    whole = [photo for photo in photos if photo.file in kept and _readable(photo.file)]
    fresh = [photo for photo in whole if unseen(photo.names, seen("plates"))] if excluding else whole
    if not fresh:
        code = "bench.all_seen" if whole else "bench.no_pictures"
        raise GateError(code, folder=folder, count=len(whole))
    ways = {OURS: _our_plate(recogniser), **peers}
    looks = take_turns(_pictures(photo.file for photo in fresh), len(fresh), ways, step)
    sides = {name: _plate_side(looks, name, [photo.plate for photo in fresh]) for name in ways}
    ratios = _ratios(looks, {name: side.exact for name, side in sides.items()})
    return PlateDuel(len(fresh), len(whole) - len(fresh), sides, ratios)


def _our_face(recogniser: FaceRecogniser) -> Embeds:
    def embed(picture: Picture) -> Embedding | None:
        largest = recogniser.find(picture)[:1]
        return recogniser.embed(picture, largest)[0].embedding if largest else None

    return embed


def _our_plate(recogniser: PlateRecogniser) -> Reads:
    def read(picture: Picture) -> str:
        _, plate = best_plate(recogniser, picture)
        return plate.text if plate else ""

    return read


def _through_gallery(look: Embeds, people: Sequence[Enrolled], rows: NDArray[np.float32]) -> Embeds:
    known = [
        (Subject(person.name, SubjectKind.RESIDENT, person.name), [row])
        for person, row in zip(people, rows, strict=True)
        if row.any()
    ]
    gallery = Gallery.of("", known)

    def search(picture: Picture) -> Embedding | None:
        face = look(picture)
        if face is not None:
            gallery.search(face, LANE)
        return face

    return search


def _through_product(look: Embeds, rows: NDArray[np.float32]) -> Embeds:
    """A peer has no gallery of its own; a product and its largest number is the quickest that anybody writes."""

    def search(picture: Picture) -> Embedding | None:
        face = look(picture)
        if face is not None:
            (rows @ face).argmax()
        return face

    return search


def _face_side(
    name: str,
    cast: Cast,
    files: Sequence[Path],
    enrolled: Turns[Embedding | None],
    looks: Turns[Embedding | None],
    rules: FaceLimits,
    people: int,
) -> FaceSide:
    answers = [*enrolled.answers[name], *looks.answers[name]]
    known = dict(zip(files, answers, strict=True))
    found = identify(cast, known, "", rules, people)
    names = {owner: place for place, owner in enumerate(sorted({file.parent.name for file in files}))}
    owners = np.array([names[file.parent.name] for file in files], np.intp)
    point = spread_of(_rows(answers), owners).at(FAR)
    # Whose photograph shows no face could not be enrolled, and is not found by any other picture either.
    known_share = found.mates / sum(len(person.probes) for person in cast.enrolled)
    return FaceSide(
        ms=looks.ms(name),
        per_second=1000 / looks.ms(name),
        with_face=float(np.mean([face is not None for face in answers])),
        ranked_first=(found.ranked_first or 0.0) * known_share,
        identified=found.at_fpir.tar * known_share if found.at_fpir else None,
        tar=point.tar if point else None,
    )


def _plate_side(looks: Turns[str], name: str, plates: Sequence[str]) -> PlateSide:
    read = looks.answers[name]
    exact = [text == plate for text, plate in zip(read, plates, strict=True)]
    accepted = [classify(text, PlateColour.UNKNOWN) is not None for text in read]
    wrong = [taken and not right for taken, right in zip(accepted, exact, strict=True)]
    return PlateSide(looks.ms(name), 1000 / looks.ms(name), float(np.mean(exact)), float(np.mean(wrong)))


def _ratios(looks: Turns[_Answer], accuracy: Mapping[str, float]) -> dict[str, Ratio]:
    return {
        peer: Ratio(looks.times_as_fast(OURS, peer), accuracy[OURS] / theirs if theirs else None)
        for peer, theirs in accuracy.items()
        if peer != OURS
    }


def _accuracy(side: FaceSide) -> float:
    return side.ranked_first if side.identified is None else side.identified


def _rows(faces: Sequence[Embedding | None]) -> NDArray[np.float32]:
    """The embeddings as rows, all zero where there is no face."""
    size = next((len(face) for face in faces if face is not None), 1)
    return np.stack([np.zeros(size, np.float32) if face is None else face for face in faces])


def _pictures(files: Iterable[Path]) -> Iterator[Picture]:
    return (load_picture(file) for file in files)


def _framed(files: Sequence[Path], backdrops: Sequence[Picture], seed: int) -> Iterator[Picture]:
    for number, file in enumerate(files):
        yield framed(load_picture(file), backdrops[number % len(backdrops)], np.random.default_rng([seed, number]))


def framed(photo: Picture, backdrop: Picture, rng: np.random.Generator) -> Picture:
    """The photograph somewhere in a frame, so high that its face is as large as at a gate, and never beyond it."""
    tall, wide = backdrop.shape[:2]
    scale = rng.uniform(*PHOTO_HEIGHTS_PX) / photo.shape[0]
    scale = min(scale, tall / photo.shape[0], wide / photo.shape[1])
    height, width = (max(1, int(side * scale)) for side in photo.shape[:2])
    left, top = int(rng.integers(wide - width + 1)), int(rng.integers(tall - height + 1))
    frame = backdrop.copy()
    frame[top : top + height, left : left + width] = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
    return frame


def _drawn(known: Mapping[str, Sequence[Path]], people: int, generator: random.Random) -> Cast:
    """Up to `people` people of several pictures, enrolled by one of them, and so many times as many strangers.

    A stranger is shown once: it takes many to say which score one in a hundred reaches. Files that are no pictures are
    left out.
    """
    names = sorted(known)
    generator.shuffle(names)
    drawn = {name: generator.sample(sorted(known[name]), len(known[name])) for name in names}
    several = [name for name in names if len(drawn[name]) > 1][:people]
    enrolled = []
    for name in several:
        photo, *probes = drawn[name][: 1 + PROBES]
        if _readable(photo):
            enrolled.append(Enrolled(name, photo, tuple(filter(_readable, probes))))
    others = [drawn[name][0] for name in names if name not in set(several)]
    return Cast(tuple(enrolled), tuple(filter(_readable, others[: STRANGERS_EACH * people])))


def _readable(file: Path) -> bool:
    try:
        load_picture(file)
    except PictureRefused:
        return False
    return True
