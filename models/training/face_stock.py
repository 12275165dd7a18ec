"""The photographs and backgrounds of the face finder's scenes, with every face that the teachers see in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import PictureRefused
from models.picture import load_picture
from models.roles import FaceFinder, FoundFace
from models.sighting import Picture
from models.training.face_photos import SUFFIXES, Fault, Photos
from models.training.face_scenes import Faces, Print

BACKGROUND_PX = 800
"""Longest side of a background that is kept."""

SAME = 0.4
"""Overlap from which a face of the second teacher is the first one's."""


class Stock:
    """Photographs with all their faces, the one in the middle first; kept in `cache` (.npz) between runs.

    What is left out is in `faults`. Raises ValueError where nothing is left.
    """

    def __init__(self, photos: Photos, teachers: tuple[FaceFinder, FaceFinder], cache: Path,
                 tell: Callable[[str], None]) -> None:  # fmt: skip
        self.faults: list[Fault] = list(photos.faults)
        self._files: list[Path] = []
        self._faces: list[Faces] = []
        known = _read(cache)
        rows: dict[str, NDArray[np.float32]] = {}
        for count, photo in enumerate(photos.photos, 1):
            key = f"{photo.person}/{photo.file.name}"
            try:
                row = known.get(key)
                if row is None:
                    row = see(load_picture(photo.file), teachers)
            except PictureRefused as refused:
                self.faults.append(Fault(photo.file, refused.code))
                continue
            rows[key] = row
            if len(row) == 0:
                self.faults.append(Fault(photo.file, "no_face"))
                continue
            self._files.append(photo.file)
            self._faces.append(Faces(row[:, :4], row[:, 5:].reshape(-1, 5, 2), row[:, 4]))
            if count % 1000 == 0:
                tell(f"faces: {count} of {len(photos.photos)} photographs")
        if not self._files:
            raise ValueError("no face was found in any photograph; are these photographs of faces?")
        _write(cache, rows)

    def __len__(self) -> int:
        return len(self._files)

    def print(self, place: int) -> Print:
        """The photograph at a place, with its faces."""
        return Print(load_picture(self._files[place]), self._faces[place])


def see(picture: Picture, teachers: tuple[FaceFinder, FaceFinder]) -> NDArray[np.float32]:
    """All faces as rows of box (4), confidence and landmarks (10), the one in the middle first.

    Where both teachers see a face, the landmarks are their mean; what only one sees is doubtful.
    """
    first, second = teachers[0].find(picture), teachers[1].find(picture)
    rows = [_row(face, max(second, key=lambda other: face.box.overlap(other.box), default=None)) for face in first]
    if not rows:
        return np.zeros((0, 15), np.float32)
    middle = np.array([picture.shape[1], picture.shape[0]]) / 2
    ordered = sorted(rows, key=lambda row: float(np.square((row[:2] + row[2:4]) / 2 - middle).sum()))
    return np.stack(ordered).astype(np.float32)


def _row(face: FoundFace, other: FoundFace | None) -> NDArray[np.float32]:
    sides = [face.box.left, face.box.top, face.box.right, face.box.bottom]
    if other is None or face.box.overlap(other.box) < SAME:
        return np.array([*sides, min(face.found, 0.5), *face.landmarks.ravel()], np.float32)
    marks = (face.landmarks + other.landmarks) / 2
    return np.array([*sides, face.found, *marks.ravel()], np.float32)


def without_faces(files: Sequence[Path], teachers: Sequence[FaceFinder]) -> list[Picture]:
    """The pictures in which no teacher sees a face; what is no picture is passed over."""
    kept = []
    for file in files:
        try:
            picture = load_picture(file)
        except PictureRefused:
            continue
        if not any(teacher.find(picture) for teacher in teachers):
            kept.append(_reduced(picture))
    return kept


def _reduced(picture: Picture) -> Picture:
    """The picture with its longest side at most `BACKGROUND_PX`."""
    scale = BACKGROUND_PX / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def pictures_in(folder: Path) -> list[Path]:
    """All picture files below a folder, sorted."""
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)


def _read(cache: Path) -> dict[str, NDArray[np.float32]]:
    if not cache.exists():
        return {}
    with np.load(cache) as saved:
        rows, ends, keys = saved["rows"], saved["ends"], saved["keys"]
    return dict(zip((str(key) for key in keys), np.split(rows, ends[:-1]), strict=True))


def _write(cache: Path, rows: dict[str, NDArray[np.float32]]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    part = cache.with_suffix(".part.npz")
    ends = np.cumsum([len(row) for row in rows.values()])
    np.savez(part, rows=np.concatenate([np.zeros((0, 15), np.float32), *rows.values()]), ends=ends, keys=list(rows))
    part.replace(cache)
