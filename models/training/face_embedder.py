"""The recipe of `starter-face-embedder`: a small network learns a teacher's embeddings from photographs.

    python -m models.training.face_embedder --data FOLDER --out FOLDER

`FOLDER` of the data holds one folder per person. A run that was cut goes on when it is started again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from models.face.alignment import SIDE
from models.store import Store
from models.training.face_exam import Exam
from models.training.face_export import write_embedder
from models.training.face_network import FaceNetwork, Pupil, hint_loss, tensor
from models.training.face_photos import list_photos, mark_photos
from models.training.face_pool import FacePool, Lot
from models.training.face_spoil import spoil
from models.training.face_teachers import HINT_SHAPES, TeacherEmbedder, find_by
from models.training.loop import Plan, Recipe, train
from models.training.split import write_marks
from models.training.weights import write_fixed, write_int8

BATCH = 16
FRESH = 4
"""Faces of a batch that the pool has never given before, until it is full."""

FIRST = 1024
"""Faces in the pool before the first step."""

SPOILT = 0.4
"""The share of faces that are spoilt, in the later part of the run."""

CENTRED, CALIBRATED = 2048, 300
"""Faces of the pool from which the mean embedding and the steps of the whole numbers are taken."""

NAME = "starter-face-embedder"

FINDERS = ("yunet-s", "scrfd-500m")


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Faces (n x 3 x 112 x 112), the teacher's embeddings and maps, and how much the maps count."""

    faces: torch.Tensor
    embeddings: torch.Tensor
    maps: list[torch.Tensor]
    hints: float


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """The batch of each step: some faces new to the pool, the others from those before, more spoilt as it goes on."""

    pool: FacePool
    steps: int
    seed: int

    def __call__(self, step: int) -> Batch:
        """The batch of a step; the same whenever it is asked for."""
        before, upto = (min(self.pool.size, FIRST + FRESH * (step + more)) for more in (0, 1))
        self.pool.fill(upto)
        generator = np.random.default_rng((self.seed, 2, step))
        fresh = np.arange(before, upto)
        places = np.concatenate([fresh, generator.integers(0, upto, BATCH - len(fresh))])
        lot = self.pool.take(places)
        done = step / self.steps
        return Batch(
            tensor(spoilt(lot, generator, done)),
            torch.from_numpy(lot.embeddings),
            [torch.from_numpy(one) for one in lot.maps],
            1.0 - 0.9 * min(1.0, done / 0.8),
        )


def spoilt(lot: Lot, generator: np.random.Generator, done: float) -> np.ndarray:
    """The faces of a lot, after a third of the run some of them spoilt, ever worse."""
    much = min(1.0, max(0.0, (done - 0.3) / 0.4))
    if much == 0.0:
        return lot.faces
    return np.stack([spoil(face, generator, much) if generator.random() < SPOILT else face for face in lot.faces])


def loss(pupil: nn.Module, batch: Batch) -> tuple[torch.Tensor, Mapping[str, float]]:
    """The angle to the teacher's embedding, the angles within the batch, and the maps on the way."""
    row, maps = pupil(batch.faces)
    mine = nn.functional.normalize(row.float(), dim=1)
    angle = 1 - (mine * batch.embeddings).sum(1).mean()
    within = ((mine @ mine.T - batch.embeddings @ batch.embeddings.T) ** 2).mean() * len(mine)
    hints = hint_loss(maps, batch.maps)
    total = 4 * angle + 0.5 * within + batch.hints * torch.stack(hints).sum()
    parts = {"angle": float(angle.detach()), "within": float(within.detach())}
    return total, parts | {f"map{i}": float(one.detach()) for i, one in enumerate(hints)}


@dataclass(frozen=True, slots=True)
class Order:
    """Where a run learns from and writes to, how many places its pool and how many faces its exam have."""

    data: Path
    out: Path
    places: int
    exam: int


def run(order: Order, plan: Plan, tell: Callable[[str], None]) -> None:
    """Learn, and write `starter-face-embedder.onnx` with its curve and the list of who was learned from."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    store, out = Store(), order.out
    finders = [find_by(name, store, longest=400) for name in FINDERS]
    learned = mark_photos(list_photos(order.data, held_out=False), finders, out / "landmarks.npz", tell)
    asked = mark_photos(list_photos(order.data, held_out=True), finders, out / "landmarks_held_out.npz", tell)
    for fault in (*learned.faults, *asked.faults):
        tell(f"left out: {fault.path}: {fault.why}")
    write_marks({photo.person for photo in learned.photos}, out / "seen_people.txt")
    teacher = TeacherEmbedder(store)
    pool = FacePool(out / "pool", learned, teacher, order.places, HINT_SHAPES, seed=plan.seed)
    pupil = Pupil(tuple(shape[0] for shape in HINT_SHAPES))
    recipe = Recipe(Lessons(pool, plan.steps, plan.seed), loss, Exam(asked, teacher, order.exam))
    train(pupil, recipe, plan, out)
    publish(centred(mean_of(out), pool), pool, out)


def publish(network: FaceNetwork, pool: FacePool, out: Path) -> None:
    """Write the file of whole numbers that is shipped, the one of floats beside it, and one for single faces."""
    floats, shipped = out / f"{NAME}-float.onnx", out / f"{NAME}.onnx"
    write_embedder(network, floats)
    faces = pool.take(np.arange(min(CALIBRATED, pool.filled))).faces
    write_int8(floats, (tensor(face[None]).numpy() for face in faces), shipped)
    write_fixed(shipped, (1, 3, SIDE, SIDE), out / f"{NAME}-fixed.onnx")


@torch.no_grad()
def centred(network: FaceNetwork, pool: FacePool) -> FaceNetwork:
    """The network with the mean of its embeddings taken off them.

    What all faces have in common says nothing about who somebody is, and adds to every stranger's cosine.
    """
    places = np.arange(min(CENTRED, pool.filled))
    rows = [network(tensor(pool.take(part).faces)) for part in np.array_split(places, max(1, len(places) // 64))]
    network.embed.bias -= torch.cat(rows).mean(0)
    return network


def mean_of(out: Path) -> FaceNetwork:
    """The mean network of a run's last checkpoint."""
    pupil = Pupil(tuple(shape[0] for shape in HINT_SHAPES))
    pupil.load_state_dict(torch.load(out / "checkpoint.pt", weights_only=True)["mean"])
    return pupil.network.eval()


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description="Train starter-face-embedder; started again, a cut run goes on.")
    parser.add_argument("--data", type=Path, required=True, help="one folder per person")
    parser.add_argument("--out", type=Path, required=True, help="the run: pool, checkpoint, curve and the file")
    parser.add_argument("--steps", type=int, default=38_000)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--places", type=int, default=60_000, help="faces in the pool, 140 kB each")
    parser.add_argument("--exam", type=int, default=600, help="held-out photographs that each measure looks at")
    given = parser.parse_args()
    plan = Plan(given.steps, given.rate, decay=0.02, warm_up=200, average=0.999, judge_every=500, save_every=250)
    run(Order(given.data, given.out, given.places, given.exam), plan, print)


if __name__ == "__main__":
    main()
