"""A pool of aligned faces with what the teacher says of each, on disk, that grows while a run learns from it.

Which face stands at a place follows from the place alone, so a run that is gone on with finds the same pool.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.face.alignment import SIDE
from models.picture import load_picture
from models.sighting import Picture
from models.training.face_morph import crop, mix
from models.training.face_photos import Marked

Teacher = Callable[[Picture], tuple[NDArray[np.float32], tuple[NDArray[np.float32], ...]]]
"""The embedding of an aligned face, and the teacher's maps on the way to it."""

MIXED = 0.5
"""The share of mixtures of two people once every photograph has been in once."""

LEVELS = 127
"""Maps are kept as whole numbers of -127 to 127 steps; a step is a channel's `SPREAD` deviations / 127."""

SPREAD = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class Lot:
    """n faces (n x 112 x 112 x 3 BGR), their embeddings (n x size), their maps (n x channels x h x w, each channel
    brought to mean 0 and deviation 1)."""

    faces: NDArray[np.uint8]
    embeddings: NDArray[np.float32]
    maps: tuple[NDArray[np.float32], ...]


class FacePool:
    """`size` places; those below `filled` hold a face. One thread fills and reads it."""

    def __init__(self, folder: Path, marked: Marked, teacher: Teacher, size: int, shapes: Sequence[tuple[int, ...]],
                 width: int = 128, seed: int = 1) -> None:  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._marked, self._teacher, self._seed = folder, marked, teacher, seed
        self.size = size
        self._faces = _keep(folder / "faces.npy", np.uint8, (size, SIDE, SIDE, 3))
        self._embeddings = _keep(folder / "embeddings.npy", np.float32, (size, width))
        self._maps = [_keep(folder / f"maps{i}.npy", np.int8, (size, *shape)) for i, shape in enumerate(shapes)]
        self._count = folder / "filled.txt"
        self.filled = min(size, int(self._count.read_text())) if self._count.exists() else 0
        self._scales = self._measure()

    def fill(self, upto: int) -> None:
        """Fill the places below `upto` that are still empty."""
        upto = min(upto, self.size)
        if upto <= self.filled:
            return
        for place in range(self.filled, upto):
            face = self._draw(place)
            embedding, maps = self._teacher(face)
            self._faces[place], self._embeddings[place] = face, embedding
            for kept, values, (mean, step) in zip(self._maps, maps, self._scales, strict=True):
                kept[place] = np.clip(np.rint((values - mean) / step), -LEVELS, LEVELS)
        self.filled = upto
        self._count.write_text(str(upto))

    def take(self, places: NDArray[np.int64]) -> Lot:
        """The faces of some filled places."""
        maps = tuple(kept[places].astype(np.float32) * (SPREAD / LEVELS) for kept in self._maps)
        return Lot(self._faces[places], self._embeddings[places], maps)

    def _draw(self, place: int) -> Picture:
        """The face of a place: first every photograph once in a shuffled order, then half mixtures of two."""
        generator = np.random.default_rng((self._seed, place))
        photos = len(self._marked.photos)
        round_, turn = divmod(place, photos)
        order = np.random.default_rng((self._seed, 1 << 40, round_)).permutation(photos)
        face = self._crop(int(order[turn]), generator)
        if round_ > 0 and generator.random() < MIXED:
            return mix(face, self._crop(int(generator.integers(photos)), generator), generator)
        return face

    def _crop(self, photo: int, generator: np.random.Generator) -> Picture:
        return crop(load_picture(self._marked.photos[photo].file), self._marked.landmarks[photo], generator)

    def _measure(self) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Mean and step of each channel of each map over the first 200 faces."""
        file = self._folder / "scales.npz"
        if not file.exists():
            seen = [self._teacher(self._draw(place))[1] for place in range(min(200, self.size))]
            values = {}
            for i, maps in enumerate(zip(*seen, strict=True)):
                stacked = np.stack(maps)
                values[f"mean{i}"] = stacked.mean((0, 2, 3))[:, None, None]
                values[f"step{i}"] = (stacked.std((0, 2, 3)) + 1e-3)[:, None, None] * (SPREAD / LEVELS)
            np.savez(file, **values)
        with np.load(file) as saved:
            return [(saved[f"mean{i}"], saved[f"step{i}"]) for i in range(len(self._maps))]


def _keep(file: Path, kind: type, shape: tuple[int, ...]) -> NDArray[Any]:
    """An array on disk, taken up again where it has the shape that is asked for."""
    if file.exists():
        kept = np.lib.format.open_memmap(file, mode="r+")
        if kept.shape == shape:
            return kept
        raise ValueError(f"{file} belongs to a pool of another size; give another folder or remove it")
    return np.lib.format.open_memmap(file, mode="w+", dtype=kind, shape=shape)
