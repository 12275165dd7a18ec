"""The recipe of `starter-plate-reader`: makes its pictures, learns, measures on what is held out, exports.

python -m models.training.plate_reader --data DIR --corners FILE --out DIR
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from models.picture import load_picture
from models.plate.rectify import rectify
from models.plate.slots import decode
from models.sighting import Picture, Points
from models.training.export import export
from models.training.loop import Plan, Recipe, train
from models.training.plate_photos import Photo, photos
from models.training.plate_pool import SHARD, Shard, Source, read_shard, write_pool
from models.training.plate_reader_network import PlateReaderNetwork
from models.training.plate_views import fitted
from models.training.weights import write_fixed, write_int8

BATCH = 64
COLOUR_SHARE = 0.2
"""Weight of the colour's loss beside that of the characters."""

CALIBRATED = 300
"""Plates from which the steps of the whole numbers are taken."""

NAME = "starter-plate-reader"

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class Pool:
    """Batches out of the shards, by the number of the step."""

    def __init__(self, folder: Path, shards: int, seed: int) -> None:
        self._folder = folder
        self._shards = shards
        self._seed = seed
        self._read: dict[int, Shard] = {}

    def batch(self, step: int) -> Batch:
        """Pictures (n x 3 x 48 x 160, -1 to 1), slots and colours; some a little lighter or darker than in the pool."""
        rng = np.random.default_rng((self._seed, step))
        shard = self._shard(int(rng.integers(self._shards)))
        chosen = rng.choice(SHARD, BATCH, replace=False)
        pictures = tensor(shard.pictures[chosen])
        gain = torch.from_numpy(np.exp(rng.normal(0, 0.12, (BATCH, 3, 1, 1))).astype(np.float32))
        shift = torch.from_numpy(rng.normal(0, 0.08, (BATCH, 1, 1, 1)).astype(np.float32))
        slots = torch.from_numpy(shard.slots[chosen].astype(np.int64))
        colours = torch.from_numpy(shard.colours[chosen].astype(np.int64))
        return (pictures * gain + shift).clamp(-1, 1), slots, colours

    def _shard(self, number: int) -> Shard:
        if number not in self._read:
            self._read[number] = read_shard(self._folder / f"shard_{number:04d}.npz")
        return self._read[number]


def tensor(pictures: np.ndarray) -> torch.Tensor:
    """n x height x width x 3 pictures as the network takes them."""
    planes = torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).float()
    return ((planes - 127.5) / 127.5).contiguous(memory_format=torch.channels_last)


def loss(network: nn.Module, batch: Batch) -> tuple[torch.Tensor, Mapping[str, float]]:
    """Cross entropy of the slots and of the colour."""
    pictures, slots, colours = batch
    characters, paints = network(pictures)
    read = functional.cross_entropy(characters.float().flatten(0, 1), slots.flatten(), label_smoothing=0.02)
    painted = functional.cross_entropy(paints.float(), colours)
    right = (characters.argmax(2) == slots).all(1).float().mean()
    return read + COLOUR_SHARE * painted, {"read": float(read.detach()), "train_exact": float(right)}


def edges(picture: Picture) -> Points:
    """The corners of a picture that is nothing but a plate."""
    height, width = picture.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


class HeldOut:
    """The photographs that are kept to measure by, as the product's reader would get them."""

    def __init__(self, photographs: Sequence[Photo]) -> None:
        self._sets: dict[str, list[tuple[str, Picture]]] = {}
        for photo in photographs:
            picture = load_picture(photo.file)
            plate = rectify(picture, edges(picture) if photo.crop else photo.corners)
            self._sets.setdefault(photo.file.parent.name, []).append((photo.text, fitted(plate, photo.rows)))

    @torch.no_grad()
    def judge(self, network: nn.Module) -> Mapping[str, float]:
        """The share of plates read exactly, by folder."""
        network.eval()
        exact = {}
        for name, plates in self._sets.items():
            characters, _ = network(tensor(np.stack([picture for _, picture in plates])))
            read = [decode(torch.softmax(one, 1).numpy())[0] for one in characters]
            exact[name] = float(np.mean([one == text for one, (text, _) in zip(read, plates, strict=True)]))
        return exact


def main() -> None:
    """Run the recipe from the command line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder with scenes/, crops/ and green/")
    arguments.add_argument("--corners", type=Path, required=True, help="what models.training.plate_corners wrote")
    arguments.add_argument("--out", type=Path, required=True, help="folder of the run: pool, checkpoints, curve")
    arguments.add_argument("--steps", type=int, default=9000)
    arguments.add_argument("--shards", type=int, default=60)
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--threads", type=int, default=1)
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    source = Source(given.data, given.corners)
    write_pool(source, given.out / "pool", range(given.shards), given.workers)
    plan = Plan(steps=given.steps, rate=2e-3, decay=0.02, judge_every=500)
    held_out = HeldOut(photos(given.data, given.corners, held_out=True))
    pool = Pool(given.out / "pool", given.shards, plan.seed)
    network = PlateReaderNetwork()
    mean = train(network, Recipe(pool.batch, loss, held_out.judge), plan, given.out)
    floats, shipped = given.out / f"{NAME}-float.onnx", given.out / f"{NAME}.onnx"
    example = torch.zeros(1, 3, 48, 160)
    export(mean, example, floats, outputs=("characters", "colours"), free={0: "pictures"})
    write_int8(floats, (pool.batch(step)[0][:1].numpy() for step in range(CALIBRATED)), shipped)
    write_fixed(shipped, example.shape, given.out / f"{NAME}-fixed.onnx")


if __name__ == "__main__":
    main()
