"""The recipe of the maps of `models.face.behind_mask`: which whole face belongs to what shows above a mask.

    python -m models.training.behind_mask --data FOLDER --out FILE.npy --finder yunet-s --embedder mobilefacenet

`FOLDER` holds one folder per person. A mask is drawn over each photograph, whose face is then found, aligned and
embedded as at the gate, as it is and spoilt. The map is the ridge regression from that to the bare photograph's own
embedding, then sharpened to tell people apart. What it says of the held-out people is printed: rates of true accepts,
and the thresholds for the catalogue.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.catalog import catalog
from models.errors import PictureRefused
from models.face.alignment import align
from models.face.behind_mask import painted_over, through
from models.face.recogniser import SMOOTH
from models.open import open_embedder, open_face_recogniser
from models.picture import load_picture
from models.roles import FaceEmbedder, FaceRecogniser
from models.sighting import FaceSighting, Picture
from models.store import Store
from models.training.face_masks import put_on
from models.training.face_photos import Photos, list_photos
from models.training.face_spoil import spoil

Rows = NDArray[np.float32]

RIDGE = 1.0
"""Of 0.3 to 10 all do; more costs true accepts."""
SPOILT = 0.6
"""How much the second copy of a masked face is spoilt."""
STEPS, BATCH, RATE = 300, 256, 3e-3
SHARP, LEAD = 20.0, 0.2
"""How sharply the loss looks at the likest stranger, and how far ahead of that one the right person is to be."""


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """n bare faces, the same ones masked, and those painted over (n x size each), and whose each is."""

    bare: Rows
    whole: Rows
    above: Rows
    people: NDArray[np.str_]


def look(
    photos: Photos, faces: FaceRecogniser, embedder: FaceEmbedder, much: float, tell: Callable[[str], None]
) -> Looks:
    """Every photograph in which the face is found bare and masked; with `much` another, spoilt copy of each."""
    bare, whole, above, people = [], [], [], []
    for place, photo in enumerate(photos.photos):
        generator = np.random.default_rng((1, place))
        try:
            picture = load_picture(photo.file)
        except PictureRefused:
            continue
        plain = _middle(picture, faces)
        covered = None if plain is None else put_on(picture, plain.landmarks, generator)
        masked = None if covered is None else _middle(covered, faces)
        if plain is None or covered is None or masked is None:
            continue
        face = align(covered, masked.landmarks, SMOOTH)
        for one in (face, spoil(face, generator, much)) if much else (face,):
            bare.append(plain.embedding)
            rows = embedder.embed([one, painted_over(one)])
            whole.append(rows[0])
            above.append(rows[1])
            people.append(photo.person)
        if place % 500 == 0:
            tell(f"{place} of {len(photos.photos)}")
    embeddings = [np.array(rows, np.float32) for rows in (bare, whole, above)]
    return Looks(embeddings[0], embeddings[1], embeddings[2], np.array(people))


def drawn(photos: Photos, most: int, generator: np.random.Generator) -> Photos:
    """So many of the photographs, drawn by lot; all where there are no more."""
    order = generator.permutation(len(photos.photos))[:most]
    return replace(photos, photos=tuple(photos.photos[place] for place in sorted(order)))


def _middle(picture: Picture, faces: FaceRecogniser) -> FaceSighting | None:
    """The embedded face nearest to the middle, which is the one that the photograph is named after."""
    middle = np.array([picture.shape[1], picture.shape[0]]) / 2
    found = min(faces.find(picture), key=lambda face: float(np.hypot(*(face.box.centre - middle))), default=None)
    return None if found is None else faces.embed(picture, [found])[0]


def fit(looks: Looks, generator: np.random.Generator) -> Rows:
    """The map, (2 n + 1) x n."""
    return sharpened(ridge(looks), looks, generator)


def sharpened(mapped: Rows, looks: Looks, generator: np.random.Generator) -> Rows:
    """The map after `STEPS` of Adam, each on a batch of masked faces against everybody's bare ones.

    Of each face the mean cosine to its own person's is pushed above the (soft) highest to anybody else's by `LEAD`.
    """
    given = np.hstack([looks.whole, looks.above, np.ones((len(looks.bare), 1), np.float32)])
    mean, square = np.zeros_like(mapped), np.zeros_like(mapped)
    for step in range(1, STEPS + 1):
        batch = generator.integers(0, len(given), BATCH)
        mine = looks.people[batch, None] == looks.people
        slope = given[batch].T @ _push(given[batch] @ mapped, looks.bare, mine)
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        rate = RATE * (1 - step / STEPS)
        mapped = mapped - rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return mapped.astype(np.float32)


def _push(rows: Rows, bare: Rows, mine: NDArray[np.bool_]) -> Rows:
    """Where to each mapped row (not of unit length) is to move away from: the slope of the loss."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = rows / length
    scores = unit @ bare.T
    own = mine / mine.sum(1, keepdims=True)
    others = np.where(mine, 0, np.exp(SHARP * (scores - 1)))
    total = others.sum(1, keepdims=True)
    behind = np.log(total) / SHARP + 1 - (scores * own).sum(1, keepdims=True) + LEAD
    slope = (others / total - own) / (1 + np.exp(-SHARP * behind)) / len(rows) @ bare
    return np.asarray((slope - (slope * unit).sum(1, keepdims=True) * unit) / length, np.float32)


def ridge(looks: Looks) -> Rows:
    """The map that comes nearest to the bare faces in the least squares."""
    given = np.hstack([looks.whole, looks.above])
    mean, aim = given.mean(0), looks.bare.mean(0)
    centred = given - mean
    slope = np.linalg.solve(
        centred.T @ centred + RIDGE * np.eye(centred.shape[1], dtype=np.float32), centred.T @ (looks.bare - aim)
    )
    return np.vstack([slope, aim - mean @ slope]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Rate:
    """At a false accept rate: the threshold of the map's rows, and the true accepts with the map and without."""

    far: float
    cosine: float
    mapped: float
    unmapped: float


def exam(looks: Looks, mapped: Rows, plain: dict[float, float]) -> list[Rate]:
    """All masked photographs against all bare ones of the same people, but each against its own.

    A lane takes whoever either look knows, so a threshold is set for both together: `plain` gives the cosine of whole
    faces at each rate, and the map's is raised until no more strangers pass either of them.
    """
    rows = through(mapped, looks.whole, looks.above)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    other = ~np.eye(len(rows), dtype=bool)
    same = looks.people[:, None] == looks.people
    with_map, without = rows @ looks.bare.T, looks.whole @ looks.bare.T
    right, wrong = same & other, ~same & other
    rates = []
    for far, cosine in plain.items():
        lone = np.sort(without[wrong])[::-1]
        passing = without >= cosine
        left = int(far * int(wrong.sum())) - int((passing & wrong).sum())
        rest = np.sort(with_map[wrong & ~passing])[::-1]
        needed = float(rest[max(left, 0)])
        accepts = ((with_map >= needed) | passing)[right].mean()
        rates.append(Rate(far, needed, float(accepts), float((without[right] > lone[int(far * len(lone))]).mean())))
    return rates


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description="Learn an embedder's map for masked faces.")
    parser.add_argument("--data", type=Path, required=True, help="one folder per person")
    parser.add_argument("--out", type=Path, required=True, help="the map, a NumPy file")
    parser.add_argument("--finder", required=True)
    parser.add_argument("--embedder", required=True)
    parser.add_argument("--photos", type=int, default=10_000, help="learned from at most")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    store = Store()
    faces = open_face_recogniser(given.finder, given.embedder, store)
    embedder, limits = open_embedder(given.embedder, store), catalog().model(given.embedder).thresholds
    if limits is None or limits.far_1e_3 is None or limits.far_1e_4 is None:
        raise SystemExit(f"{given.embedder}: its thresholds for whole faces have to be measured first")
    generator = np.random.default_rng(1)
    learned = drawn(list_photos(given.data, held_out=False), given.photos, generator)
    mapped = fit(look(learned, faces, embedder, SPOILT, print), generator).astype(np.float16)
    np.save(given.out, mapped)
    asked = look(list_photos(given.data, held_out=True), faces, embedder, 0.0, print)
    plain = {1e-3: limits.far_1e_3, 1e-4: limits.far_1e_4}
    for rate in exam(asked, mapped.astype(np.float32), plain):
        print(rate)  # noqa: T201


if __name__ == "__main__":
    main()
