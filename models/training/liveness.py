"""The recipe of `starter-face-liveness`: a small network tells living faces from drawn prints and screens.

    python -m models.training.liveness --data FACES --places PLACES --out RUN

It learns from attacks that `attack_sheets` draws and from nothing that anybody held before a camera.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.errors import PictureRefused
from models.picture import load_picture
from models.roles import FaceFinder
from models.sighting import Picture
from models.store import Store
from models.training.attack_sheets import Portrait
from models.training.attack_shots import KINDS, SIDE, Material, shots
from models.training.export import export
from models.training.face_export import fold
from models.training.face_photos import SUFFIXES, Photo, list_photos, nearest
from models.training.face_teachers import find_by
from models.training.liveness_network import LivenessNetwork, tensor
from models.training.loop import Plan, Recipe, train
from models.training.split import write_marks
from models.training.weights import write_int8

NAME = "starter-face-liveness"
FINDER = "starter-face-finder"
BATCH, FRESH, FIRST = 32, 6, 600
"""Crops of a batch, those of them drawn for it, and those drawn before the first step."""
EXAM = 600
CALIBRATED = 300
LIVE_KEPT = 0.99
"""The share of the living that the measure's threshold lets pass."""


@dataclass(slots=True, eq=False)
class Lessons:
    """The batch of each step: some crops drawn for it, the others drawn before; half of them mirrored."""

    material: Material
    most: int
    seed: int
    _crops: NDArray[np.uint8] = field(init=False)
    _labels: NDArray[np.int64] = field(init=False)
    _filled: int = 0

    def __post_init__(self) -> None:
        self._crops = np.zeros((self.most, SIDE, SIDE, 3), np.uint8)
        self._labels = np.zeros(self.most, np.int64)

    def __call__(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Crops (BATCH x 3 x SIDE x SIDE) and their classes."""
        upto = min(self.most, FIRST + FRESH * (step + 1))
        before = self._filled
        if upto > before:
            self._crops[before:upto], self._labels[before:upto] = shots(
                self.material, np.arange(before, upto), self.seed
            )
            self._filled = upto
        generator = np.random.default_rng((self.seed, 2, step))
        new = np.arange(max(before, upto - FRESH), upto)
        places = np.concatenate([new, generator.integers(0, upto, BATCH - len(new))])
        crops = self._crops[places]
        mirrored = generator.random(BATCH) < 0.5
        crops[mirrored] = crops[mirrored][:, :, ::-1]
        return tensor(crops), torch.from_numpy(self._labels[places])

    def some(self, count: int) -> NDArray[np.uint8]:
        """The first crops that were drawn."""
        self(0)
        return self._crops[:count]


def loss(network: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> tuple[torch.Tensor, Mapping[str, float]]:
    """Cross entropy, a little softened: a drawing is never quite what it stands for."""
    crops, classes = batch
    total = nn.functional.cross_entropy(network(crops).float(), classes, label_smoothing=0.05)
    return total, {}


class Exam:
    """Crops of people and places that the network never learns from."""

    def __init__(self, material: Material, seed: int) -> None:
        self._crops, self._labels = shots(material, np.arange(EXAM), seed)
        self._kinds = np.arange(EXAM) // 2 % len(KINDS)

    @torch.no_grad()
    def __call__(self, network: nn.Module) -> Mapping[str, float]:
        """`from`: the log-odds that `LIVE_KEPT` of the living reach; and the share of each attack that reaches it."""
        rows = torch.cat([network(tensor(self._crops[at : at + 100])) for at in range(0, EXAM, 100)]).float().numpy()
        odds = rows[:, 1] - rows[:, 0]
        living = self._labels == 1
        least = float(np.quantile(odds[living], 1 - LIVE_KEPT))
        passed = {
            kind.value: float((odds[~living & (self._kinds == at)] >= least).mean()) for at, kind in enumerate(KINDS)
        }
        return {"from": least, "right": float(((odds > 0) == living).mean()), **passed}


def portraits(photos: tuple[Photo, ...], finder: FaceFinder, each: int, people: int) -> list[Portrait]:
    """The face in the middle of up to `each` photographs of each of the first `people`."""
    found: list[Portrait] = []
    taken: dict[str, int] = {}
    for photo in photos:
        if taken.get(photo.person, 0) >= each or (len(taken) >= people and photo.person not in taken):
            continue
        try:
            picture = load_picture(photo.file)
        except PictureRefused:
            continue
        middle = (picture.shape[1] / 2, picture.shape[0] / 2)
        face = nearest(finder.find(picture), middle)
        if face is not None and face.box.height >= picture.shape[0] / 5:
            found.append(Portrait(picture, face.box, face.landmarks))
            taken[photo.person] = taken.get(photo.person, 0) + 1
    return found


def read_places(folder: Path) -> list[Picture]:
    """Every picture of a folder, sorted by name."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    return [load_picture(file) for file in files]


@dataclass(frozen=True, slots=True)
class Order:
    """Where a run learns from and writes to, photographs of each person, people to learn from, and
    crops kept in memory.
    """

    data: Path
    places: Path
    out: Path
    each: int
    people: int
    most: int


def run(order: Order, plan: Plan, tell: Callable[[str], None]) -> None:
    """Learn, and write `starter-face-liveness.onnx` with its curve and the list of who was learned from."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    finder, places = find_by(FINDER, Store(), longest=400), read_places(order.places)
    listed = list_photos(order.data, held_out=False)
    order.out.mkdir(parents=True, exist_ok=True)
    write_marks(listed.people, order.out / "seen_people.txt")
    learned = Material(portraits(listed.photos, finder, order.each, order.people), places[::2])
    held = list_photos(order.data, held_out=True).photos
    asked = Material(portraits(held, finder, 1, order.people // 4), places[1::2])
    tell(f"faces: {len(learned.portraits)} to learn from, {len(asked.portraits)} to measure by")
    lessons = Lessons(learned, order.most, plan.seed)
    mean = train(LivenessNetwork(), Recipe(lessons, loss, Exam(asked, plan.seed + 1)), plan, order.out)
    floats = order.out / f"{NAME}-float.onnx"
    export(fold(mean), torch.zeros(1, 3, SIDE, SIDE), floats, ["classes"], {0: "n"})
    write_int8(floats, (tensor(crop[None]).numpy() for crop in lessons.some(CALIBRATED)), order.out / f"{NAME}.onnx")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description="Train starter-face-liveness; started again, a cut run goes on.")
    parser.add_argument("--data", type=Path, required=True, help="one folder per person")
    parser.add_argument("--places", type=Path, required=True, help="pictures of streets without faces")
    parser.add_argument("--out", type=Path, required=True, help="the run: checkpoint, curve and the file")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--each", type=int, default=1, help="photographs of each person")
    parser.add_argument("--people", type=int, default=3300, help="people to learn from")
    parser.add_argument("--most", type=int, default=24_000, help="crops kept in memory, 28 kB each")
    given = parser.parse_args()
    plan = Plan(given.steps, given.rate, decay=0.02, warm_up=100, average=0.995, judge_every=200, save_every=50)
    run(Order(given.data, given.places, given.out, given.each, given.people, given.most), plan, print)


if __name__ == "__main__":
    main()
