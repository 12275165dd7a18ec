"""The recipe of `starter-plate-finder`: makes its scenes as it goes, learns, measures on what is held out, exports.

python -m models.training.plate_finder --data DIR --corners FILE --backgrounds DIR --out DIR
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from models.letterbox import letterbox
from models.open import SEARCH_PX
from models.picture import load_picture
from models.sighting import Picture
from models.training.export import export
from models.training.loop import Plan, Recipe, train
from models.training.plate_finder_network import REACH, STRIDES, Decoded, PlateFinderNetwork
from models.training.plate_photos import Photo, photos
from models.training.plate_scenes import SIDE, Scene, Scenes
from models.training.split import is_held_out
from models.training.weights import write_fixed, write_int8

BATCH = 16
CALIBRATED = 200
"""Scenes from which the steps of the whole numbers are taken."""

NAME = "starter-plate-finder"

ACROSS: Mapping[int, tuple[float, float]] = {8: (0.0, 72.0), 16: (44.0, 160.0), 32: (112.0, 1e9)}
"""Pixels across the plates that each stride answers for; neighbours overlap."""

Batch = tuple[torch.Tensor, list[torch.Tensor]]
"""Pictures, and for each stride n x 11 x cells x cells: 1, 0 or -1 (not asked), corners and rows of the plate there."""


def batch_of(scenes: Sequence[Scene]) -> Batch:
    """The scenes as the network takes them, and what it should answer."""
    levels = [np.stack([_answer(scene, stride) for scene in scenes]) for stride in STRIDES]
    return tensor([scene.picture for scene in scenes]), [torch.from_numpy(level) for level in levels]


def tensor(pictures: Sequence[Picture]) -> torch.Tensor:
    """n x 3 x H x W, RGB, 0 to 1."""
    planes = np.stack([picture[:, :, ::-1].transpose(2, 0, 1) for picture in pictures])
    return (torch.from_numpy(np.ascontiguousarray(planes)).float() / 255).contiguous(memory_format=torch.channels_last)


def _answer(scene: Scene, stride: int) -> NDArray[np.float32]:
    cells = SIDE // stride
    answer = np.zeros((11, cells, cells), np.float32)
    middles = (np.arange(cells, dtype=np.float32) + 0.5) * stride
    grid = np.stack(np.meshgrid(middles, middles), -1)
    least, most = ACROSS[stride]
    for quad, rows, whole in zip(scene.corners, scene.rows, scene.whole, strict=True):
        middle = quad.mean(0)
        width = float(np.linalg.norm(quad[1] - quad[0]))
        within = _inside(grid, quad)
        answer[0][within & (answer[0] == 0)] = -1
        if not whole or not least <= width < most:
            continue
        asked = _inside(grid, np.asarray((quad - middle) * 0.55 + middle, np.float32))
        column, row = (np.clip(middle // stride, 0, cells - 1)).astype(int)
        asked[row, column] = True
        answer[0][asked] = 1
        offsets = (quad[:, :, None, None] - grid.transpose(2, 0, 1)[None]) / (REACH * stride)
        answer[1:9, asked] = offsets.reshape(8, cells, cells)[:, asked]
        answer[9:, asked] = np.array([rows == 1, rows == 2], np.float32)[:, None]
    return answer


def _inside(grid: NDArray[np.float32], quad: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which middles of cells lie within the four corners."""
    inside = np.ones(grid.shape[:2], bool)
    for start, end in zip(quad, np.roll(quad, -1, axis=0), strict=True):
        edge = end - start
        inside &= edge[0] * (grid[..., 1] - start[1]) - edge[1] * (grid[..., 0] - start[0]) >= 0
    return inside


def loss(network: nn.Module, batch: Batch) -> tuple[torch.Tensor, Mapping[str, float]]:
    """Focal loss of the chance (Lin et al. 2017), smooth L1 of the corners by the plate's height, rows."""
    pictures, answers = batch
    there = torch.zeros(())
    off = torch.zeros(())
    kind = torch.zeros(())
    count = sum(float((answer[:, 0] == 1).sum()) for answer in answers) or 1.0
    for level, answer in zip(network(pictures), answers, strict=True):
        given = level.float()
        logit, truth = given[:, 0], (answer[:, 0] == 1).float()
        asked = (answer[:, 0] >= 0).float()
        entropy = functional.binary_cross_entropy_with_logits(logit, truth, reduction="none")
        chance = torch.sigmoid(logit)
        miss = torch.where(truth > 0, 1 - chance, chance)
        weight = torch.where(truth > 0, 0.6, 0.4) * miss**2
        there = there + (entropy * weight * asked).sum()
        here = answer[:, 0] == 1
        if here.any():
            found, wanted = (part.permute(0, 2, 3, 1)[here] for part in (given, answer))
            high = _height(wanted[:, 1:9])
            error = functional.smooth_l1_loss(found[:, 1:9], wanted[:, 1:9], beta=0.02, reduction="none").sum(1)
            off = off + (error / high.clamp_min(0.05)).sum()
            kind = kind + functional.cross_entropy(found[:, 9:], wanted[:, 9:].argmax(1), reduction="sum")
    parts = {"there": float(there.detach()) / count, "corners": float(off.detach()) / count}
    return (4 * there + off + 0.5 * kind) / count, parts


def _height(corners: torch.Tensor) -> torch.Tensor:
    """How high each plate is, in the corners' own measure."""
    quads = corners.view(-1, 4, 2)
    return ((quads[:, 3] - quads[:, 0]).norm(dim=1) + (quads[:, 2] - quads[:, 1]).norm(dim=1)) / 2


class HeldOut:
    """Photographs that are kept to measure by, at the size that the product searches."""

    def __init__(self, photographs: Sequence[Photo], side: int = SEARCH_PX) -> None:
        self._seen = []
        for photo in photographs:
            if not photo.crop:
                boxed = letterbox(load_picture(photo.file), side, side, 114)
                self._seen.append((photo.file.parent.name, boxed.canvas, photo.corners * boxed.scale))

    @torch.no_grad()
    def judge(self, network: nn.Module) -> Mapping[str, float]:
        """By folder: the share of plates whose best row overlaps, and the mean error of their corners in heights."""
        decoded = Decoded(network).eval()
        hits: dict[str, list[float]] = {}
        errors: dict[str, list[float]] = {}
        for name, canvas, corners in self._seen:
            rows = decoded(tensor([canvas]))[0]
            best = rows[rows[:, 4].argmax()]
            given = best[5:13].view(4, 2).numpy()
            high = np.linalg.norm(corners[3] - corners[0])
            error = float(np.linalg.norm(given - corners, axis=1).mean() / high)
            hits.setdefault(name, []).append(float(error < 0.35 and best[4] > 0.3))
            errors.setdefault(name, []).append(min(error, 1.0))
        found = {name: float(np.mean(all_)) for name, all_ in hits.items()}
        return found | {f"{name}_error": float(np.median(all_)) for name, all_ in errors.items()}


def main() -> None:
    """Run the recipe from the command line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder with scenes/, crops/ and green/")
    arguments.add_argument("--corners", type=Path, required=True, help="what models.training.plate_corners wrote")
    arguments.add_argument("--backgrounds", type=Path, required=True, help="pictures without plates, a folder a person")
    arguments.add_argument("--out", type=Path, required=True, help="folder of the run: checkpoints, curve")
    arguments.add_argument("--steps", type=int, default=7000)
    arguments.add_argument("--threads", type=int, default=1)
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(1)
    people = [folder for folder in sorted(given.backgrounds.iterdir()) if not is_held_out(folder.name, "people")]
    scenes = Scenes(
        photos(given.data, given.corners, held_out=False),
        [file for one in people for file in sorted(one.glob("*.jpg"))],
    )
    plan = Plan(steps=given.steps, rate=2e-3, decay=0.02, judge_every=500, average=0.998)

    def batch(step: int) -> Batch:
        return batch_of([scenes.make(np.random.default_rng((plan.seed, step, at))) for at in range(BATCH)])

    held_out = HeldOut(photos(given.data, given.corners, held_out=True))
    mean = train(PlateFinderNetwork(), Recipe(batch, loss, held_out.judge), plan, given.out)
    floats, shipped = given.out / f"{NAME}-float.onnx", given.out / f"{NAME}.onnx"
    example = torch.zeros(1, 3, SEARCH_PX, SEARCH_PX)
    export(Decoded(mean), example, floats, outputs=("plates",), free={2: "height", 3: "width"})
    write_int8(floats, (batch(step)[0][:1].numpy() for step in range(CALIBRATED)), shipped)
    write_fixed(shipped, example.shape, given.out / f"{NAME}-fixed.onnx")


if __name__ == "__main__":
    main()
