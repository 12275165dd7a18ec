"""The recipe of `starter-face-finder`: a tiny network learns from two larger finders where faces and landmarks are.

    python -m models.training.face_finder --data FOLDER --backgrounds FOLDER --out FOLDER

`--data` holds one folder per person, `--backgrounds` any photographs. A run that was cut goes on when started again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.holdout import mark
from models.open import SEARCH_PX
from models.sighting import Picture
from models.store import Store
from models.training.face_export import SCALE, write_finder
from models.training.face_finder_network import FinderNetwork, find_loss
from models.training.face_grid import Answers, answers, cells
from models.training.face_photos import list_photos
from models.training.face_scenes import Print, Scene, closer, compose, covered, noise, seen_by_camera
from models.training.face_stock import Stock, pictures_in, without_faces
from models.training.face_teachers import find_by
from models.training.loop import Plan, Recipe, train
from models.training.weights import write_fixed, write_int8

SIZES = ((320, 16), (640, 4))
"""Sides of the scenes in pixels, and how many a step has of them; steps take them in turn. Only a large scene has room
for a large face, and both have as many pixels to a step."""

NAME = "starter-face-finder"
TEACHERS = ("scrfd-2.5g", "scrfd-500m")

MOST = max(count for _, count in SIZES)

EXAM = 24
"""Batches of held-out scenes that each measure looks at."""

CALIBRATED = 100
"""Scenes from which the steps of the whole numbers are taken."""

CLOSE = 0.35
"""The share of scenes that show one face closely, as the product's second look does."""

EMPTY = 0.15
"""The share of scenes without any face."""

HELD_OUT_BACKGROUNDS = 5
"""One background in so many is kept to measure by."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pictures (n x 3 x side x side, BGR / `SCALE`) and the right answers for their cells (`grid`)."""

    pictures: torch.Tensor
    there: torch.Tensor
    boxes: torch.Tensor
    landmarks: torch.Tensor
    grid: torch.Tensor


def tensor(pictures: Sequence[Picture]) -> torch.Tensor:
    """Pictures as the network learns from them; the division becomes part of the first weights at export."""
    planes = torch.from_numpy(np.stack(pictures).transpose(0, 3, 1, 2).copy())
    return (planes.float() / SCALE).contiguous(memory_format=torch.channels_last)


class Scenery:
    """Scenes drawn by number: the same number, the same scene."""

    def __init__(self, stock: Stock, backgrounds: Sequence[Picture], seed: int) -> None:
        self._stock, self._backgrounds, self._seed = stock, backgrounds, seed

    def scene(self, number: int, side: int) -> Scene:
        """The scene of that number, side x side pixels."""
        generator = np.random.default_rng((self._seed, number))
        what = generator.random()
        if what < CLOSE:
            scene = closer(side, self._print(generator), generator)
        else:
            prints = 0 if what > 1 - EMPTY else int(generator.integers(1, 8))
            given = [self._print(generator) for _ in range(prints)]
            scene = compose(side, self._background(side, generator), given, generator, largest=side * 0.9)
        scene = covered(scene, generator)
        return Scene(seen_by_camera(scene.picture, generator), scene.faces, scene.doubtful)

    def batch(self, step: int) -> Batch:
        """The batch of a step."""
        side, count = SIZES[step % len(SIZES)]
        scenes = [self.scene(step * MOST + i, side) for i in range(count)]
        grid = cells(side)
        return _batch(scenes, [answers(scene, grid) for scene in scenes], grid)

    def _print(self, generator: np.random.Generator) -> Print:
        return self._stock.print(int(generator.integers(len(self._stock))))

    def _background(self, side: int, generator: np.random.Generator) -> Picture:
        if not self._backgrounds or generator.random() < 0.2:
            return noise(side, generator)
        return self._backgrounds[int(generator.integers(len(self._backgrounds)))]


def _batch(scenes: Sequence[Scene], given: Sequence[Answers], grid: NDArray[np.float32]) -> Batch:
    return Batch(
        tensor([scene.picture for scene in scenes]),
        torch.from_numpy(np.stack([one.there for one in given])),
        torch.from_numpy(np.stack([one.boxes for one in given])),
        torch.from_numpy(np.stack([one.landmarks for one in given])),
        torch.from_numpy(grid),
    )


class Exam:
    """Scenes of held-out people: the loss's parts, and how many faces a cell that should find them is sure of."""

    def __init__(self, scenery: Scenery, batches: int) -> None:
        self._batches = [scenery.batch(step) for step in range(batches)]

    @torch.no_grad()
    def __call__(self, network: nn.Module) -> Mapping[str, float]:
        """Means over the scenes, each name with `held_` before it."""
        sums: dict[str, list[float]] = {}
        for batch in self._batches:
            said = network(batch.pictures)
            parts = find_loss(said, batch.there, batch.boxes, batch.landmarks, batch.grid)[1]
            score = (said[..., 0].sigmoid() * said[..., 1].sigmoid()).sqrt()
            parts["sure"] = float((score[batch.there == 1] > 0.6).float().mean())
            parts["false_a_picture"] = float((score[batch.there == 0] > 0.6).sum()) / len(batch.pictures)
            for name, value in parts.items():
                sums.setdefault(f"held_{name}", []).append(value)
        return {name: float(np.mean(values)) for name, values in sums.items()}


@dataclass(frozen=True, slots=True)
class Order:
    """Where a run learns from and writes to."""

    data: Path
    backgrounds: Path
    out: Path


def run(order: Order, plan: Plan, tell: Callable[[str], None]) -> None:
    """Learn, and write `starter-face-finder.onnx` with its curve."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    store, out = Store(), order.out
    first, second = (find_by(name, store, longest=320) for name in TEACHERS)
    stock = Stock(list_photos(order.data, held_out=False), (first, second), out / "faces.npz", tell)
    asked = Stock(list_photos(order.data, held_out=True), (first, second), out / "faces_held_out.npz", tell)
    for fault in (*stock.faults, *asked.faults):
        tell(f"left out: {fault.path}: {fault.why}")
    mine, others = (
        without_faces(backgrounds_of(order.backgrounds, held_out=kept), (first, second)) for kept in (False, True)
    )
    tell(f"{len(stock)} photographs, {len(mine)} backgrounds to learn from; {len(asked)} and {len(others)} held out")

    def loss(network: nn.Module, batch: Batch) -> tuple[torch.Tensor, Mapping[str, float]]:
        return find_loss(network(batch.pictures), batch.there, batch.boxes, batch.landmarks, batch.grid)

    scenery = Scenery(stock, mine, plan.seed)
    recipe = Recipe(scenery.batch, loss, Exam(Scenery(asked, others, plan.seed + 1), EXAM))
    train(FinderNetwork(), recipe, plan, out)
    floats, shipped = out / f"{NAME}-float.onnx", out / f"{NAME}.onnx"
    write_finder(mean_of(out), floats)
    write_int8(floats, (scenery.batch(step).pictures[:1].numpy() * SCALE for step in range(CALIBRATED)), shipped)
    write_fixed(shipped, (1, 3, SEARCH_PX, SEARCH_PX), out / f"{NAME}-fixed.onnx")


def backgrounds_of(folder: Path, *, held_out: bool) -> list[Path]:
    """The photographs below a folder that scenes stand on, or those kept to measure by."""
    return [file for file in pictures_in(folder) if (int(mark(file.stem), 16) % HELD_OUT_BACKGROUNDS == 0) is held_out]


def mean_of(out: Path) -> FinderNetwork:
    """The mean network of a run's last checkpoint."""
    network = FinderNetwork()
    network.load_state_dict(torch.load(out / "checkpoint.pt", weights_only=True)["mean"])
    return network.eval()


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description="Train starter-face-finder; started again, a cut run goes on.")
    parser.add_argument("--data", type=Path, required=True, help="one folder per person")
    parser.add_argument("--backgrounds", type=Path, required=True, help="photographs; those with a face are left out")
    parser.add_argument("--out", type=Path, required=True, help="the run: checkpoint, curve and the file")
    parser.add_argument("--steps", type=int, default=24_000)
    parser.add_argument("--rate", type=float, default=3e-3)
    given = parser.parse_args()
    plan = Plan(given.steps, given.rate, decay=0.02, warm_up=200, average=0.998, judge_every=250, save_every=100)
    run(Order(given.data, given.backgrounds, given.out), plan, print)


if __name__ == "__main__":
    main()
