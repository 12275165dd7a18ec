"""The photographs a recipe learns from: one folder per person, the faults told row by row, landmarks kept on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import PictureRefused
from models.holdout import mark
from models.mirror import digest
from models.picture import load_picture
from models.roles import FaceFinder, FoundFace
from models.sighting import Picture
from models.training.split import is_held_out

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})

Landmarks = NDArray[np.float32]
"""Finders x 5 x 2, pixels of the photograph."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One photograph of one person."""

    person: str
    file: Path


@dataclass(frozen=True, slots=True)
class Fault:
    """A file or folder that is left out, with the reason in a word: `stray`, `empty`, `duplicate`, `no_face` or the
    code of the picture's refusal."""

    path: Path
    why: str


@dataclass(frozen=True, slots=True)
class Photos:
    """What a folder holds on one side of the line between learning and measuring."""

    photos: tuple[Photo, ...]
    faults: tuple[Fault, ...]

    @property
    def people(self) -> tuple[str, ...]:
        """The names of everybody shown, sorted."""
        return tuple(sorted({photo.person for photo in self.photos}))


def list_photos(folder: Path, *, held_out: bool) -> Photos:
    """The photographs of the people who are held out, or of all the others.

    Of two files with the same bytes the first (by person, then name) is kept. Raises FileNotFoundError where there is
    no such folder, ValueError where nothing in it can be used.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder; give one that holds one folder per person")
    photos: list[Photo] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    for person in sorted(folder.iterdir()):
        if not person.is_dir():
            faults.append(Fault(person, "stray"))
        elif is_held_out(person.name, "people") == held_out:
            _list_person(person, photos, faults, seen)
    if not photos:
        raise ValueError(f"{folder} holds no photograph of that side; give a folder that holds one folder per person")
    return Photos(tuple(photos), tuple(faults))


def _list_person(person: Path, photos: list[Photo], faults: list[Fault], seen: set[str]) -> None:
    before = len(photos)
    for file in sorted(person.iterdir()):
        if not file.is_file() or file.suffix.lower() not in SUFFIXES:
            faults.append(Fault(file, "stray"))
            continue
        content = digest(file)
        if content in seen:
            faults.append(Fault(file, "duplicate"))
            continue
        seen.add(content)
        photos.append(Photo(person.name, file))
    if len(photos) == before:
        faults.append(Fault(person, "empty"))


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """Photographs with the landmarks that each of several finders gave (n x finders x 5 x 2)."""

    photos: tuple[Photo, ...]
    landmarks: NDArray[np.float32]
    faults: tuple[Fault, ...]


def mark_photos(photos: Photos, finders: Sequence[FaceFinder], cache: Path, tell: Callable[[str], None]) -> Marked:
    """The landmarks of the face in the middle of every photograph; those without one are left out with `no_face`.

    `cache` (an .npz file) keeps what was found under the mark of each file's place, so that a run gone on with does
    not search again. Raises ValueError where nothing is left.
    """
    known = _read(cache)
    found: dict[str, Landmarks] = {}
    faults: list[Fault] = list(photos.faults)
    kept: list[Photo] = []
    for count, photo in enumerate(photos.photos, 1):
        key = mark(f"{photo.person}/{photo.file.name}")
        try:
            points = known.get(key)
            if points is None or len(points) != len(finders):
                points = _look(load_picture(photo.file), finders)
        except PictureRefused as refused:
            faults.append(Fault(photo.file, refused.code))
            continue
        if points is None:
            faults.append(Fault(photo.file, "no_face"))
            continue
        found[key] = points
        kept.append(photo)
        if count % 1000 == 0:
            tell(f"landmarks: {count} of {len(photos.photos)} photographs")
    if not kept:
        raise ValueError("no face was found in any photograph; are these photographs of faces?")
    _write(cache, found)
    return Marked(tuple(kept), np.stack([*found.values()]), tuple(faults))


def _look(picture: Picture, finders: Sequence[FaceFinder]) -> Landmarks | None:
    """What the finders give for the middle face, None where one of them sees none there."""
    height, width = picture.shape[:2]
    middle = (width / 2, height / 2)
    faces = [nearest(finder.find(picture), middle) for finder in finders]
    points = [face.landmarks for face in faces if face is not None]
    return np.stack(points).astype(np.float32) if len(points) == len(finders) else None


def nearest(faces: Iterable[FoundFace], spot: tuple[float, float]) -> FoundFace | None:
    """The face whose middle is nearest to a spot, None where there is none."""

    def away(face: FoundFace) -> float:
        x, y = face.box.centre
        return (x - spot[0]) ** 2 + (y - spot[1]) ** 2

    return min(faces, key=away, default=None)


def _read(cache: Path) -> dict[str, Landmarks]:
    if not cache.exists():
        return {}
    with np.load(cache) as saved:
        return dict(zip((str(key) for key in saved["keys"]), saved["landmarks"], strict=True))


def _write(cache: Path, found: dict[str, Landmarks]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    part = cache.with_suffix(".part.npz")
    np.savez(part, keys=np.array(list(found)), landmarks=np.stack([*found.values()]))
    part.replace(cache)
