"""How many faces finders of the catalogue find, side by side, in scenes and photographs that no recipe learned from.

    python -m models.training.face_finder_exam --data FOLDER --backgrounds FOLDER [--out FOLDER] [NAME ...]

The folders are those of `face_finder`. What counts as a face, and where its landmarks are, the teachers say.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.open import SEARCH_PX
from models.roles import FaceFinder, FoundFace
from models.sighting import Box, Picture
from models.store import Store
from models.training.face_finder import TEACHERS, backgrounds_of
from models.training.face_photos import list_photos
from models.training.face_scenes import Faces, compose, seen_by_camera
from models.training.face_stock import Stock, without_faces
from models.training.face_teachers import find_by

SEARCH_SCALE = 2.0
"""So many times a picture is enlarged at most; what the finders take by themselves."""

SCENES, SEED = 250, 99
LARGEST_PX = 500.0

BANDS_PX = (16, 24, 40, 60)
"""Where one band of face heights ends and the next begins; the last one, from 60 px, is what the aim speaks of."""

FOUND, ELSEWHERE = 0.4, 0.1
"""Overlap with a teacher's face from which a find is that face, and below which it is none at all."""


@dataclass(slots=True)
class Score:
    """What one finder did with some pictures: by band, whether each face was found; how far off its landmarks were, as
    a share of the face's side, where it was; and how many finds were no face."""

    found: dict[int, list[bool]] = field(default_factory=lambda: defaultdict(list))
    off: list[float] = field(default_factory=list)
    false: int = 0

    def add(self, given: Sequence[FoundFace], faces: Faces, doubtful: NDArray[np.float32]) -> None:
        """Count one picture's finds against its faces; what overlaps a `doubtful` box (n x 4) counts as nothing."""
        boxes = [_box(row) for row in faces.boxes]
        for box, landmarks in zip(boxes, faces.landmarks, strict=True):
            best = max(given, key=lambda one: one.box.overlap(box), default=None)
            hit = best is not None and best.box.overlap(box) >= FOUND
            self.found[sum(box.height >= end for end in BANDS_PX)].append(hit)
            if best is not None and hit and box.height >= BANDS_PX[-1]:
                distance = np.linalg.norm(best.landmarks - landmarks, axis=1).mean()
                self.off.append(float(distance / np.sqrt(box.width * box.height)))
        known = [*boxes, *(_box(row) for row in doubtful)]
        self.false += sum(all(one.box.overlap(box) < ELSEWHERE for box in known) for one in given)

    def told(self) -> str:
        """One line: found by height, landmarks, false finds."""
        edges = [0, *BANDS_PX]
        shares = (
            f"from {edges[band]} px {100 * np.mean(hits):.2f} % of {len(hits)}"
            for band, hits in sorted(self.found.items())
        )
        off = f"landmarks off {100 * np.mean(self.off):.2f} % of the side" if self.off else "no landmarks"
        return f"{', '.join(shares)}; {off}; {self.false} finds are no face"


def _box(row: NDArray[np.float32]) -> Box:
    return Box(*(float(side) for side in row))


def scenes(stock: Stock, backgrounds: Sequence[Picture]) -> list[tuple[Picture, Faces, NDArray[np.float32]]]:
    """Made scenes of the side that the product searches, with their faces and the boxes of doubtful ones."""
    made = []
    for number in range(SCENES):
        generator = np.random.default_rng((SEED, number))
        prints = [stock.print(int(generator.integers(len(stock)))) for _ in range(int(generator.integers(1, 7)))]
        background = backgrounds[int(generator.integers(len(backgrounds)))]
        scene = compose(SEARCH_PX, background, prints, generator, largest=LARGEST_PX)
        made.append((seen_by_camera(scene.picture, generator), scene.faces, scene.doubtful.boxes))
    return made


def examine(finder: FaceFinder, stock: Stock, made: Sequence[tuple[Picture, Faces, NDArray[np.float32]]]) -> list[str]:
    """The lines about one finder: in the made scenes, and in the photographs as they are."""
    in_scenes, in_photographs = Score(), Score()
    for picture, faces, doubtful in made:
        in_scenes.add(finder.find(picture), faces, doubtful)
    for place in range(len(stock)):
        photograph = stock.print(place)
        first = np.arange(len(photograph.faces.boxes)) == 0
        in_photographs.add(finder.find(photograph.picture), photograph.faces.pick(first), photograph.faces.boxes[1:])
    return [f"made scenes: {in_scenes.told()}", f"photographs: {in_photographs.told()}"]


def main() -> None:
    """Examine finders from the command line."""
    words = argparse.ArgumentParser(description="Count what face finders find on what no recipe learned from.")
    words.add_argument("names", nargs="*", default=["starter-face-finder", "yunet-s"], help="of the catalogue")
    words.add_argument("--data", type=Path, required=True, help="one folder per person")
    words.add_argument("--backgrounds", type=Path, required=True, help="photographs; those with a face are left out")
    words.add_argument("--out", type=Path, default=Path(), help="where the teachers' faces are kept between runs")
    given = words.parse_args()
    cv2.setNumThreads(1)
    store = Store()
    first, second = (find_by(name, store, longest=320) for name in TEACHERS)
    stock = Stock(list_photos(given.data, held_out=True), (first, second), given.out / "faces_held_out.npz", print)
    made = scenes(stock, without_faces(backgrounds_of(given.backgrounds, held_out=True), (first, second)))
    for name in given.names:
        for line in examine(find_by(name, store, longest=SEARCH_PX, max_scale=SEARCH_SCALE), stock, made):
            print(f"{name}: {line}")  # noqa: T201 - the command's own output


if __name__ == "__main__":
    main()
