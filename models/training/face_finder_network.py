"""The face finder's network: a narrow convolutional ladder with YuNet's twelve outputs."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from models.training.face_grid import STRIDES
from models.training.face_network import Block, folded

WIDTHS = (48, 64, 64)
"""Channels at strides 8, 16 and 32."""

INNER = (16, 24, 32)
"""Channels between the two convolutions of the block at each stride."""

STEM = 24

PARTS = (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
"""The outputs of each stride and the numbers that each gives for a cell."""

CALM = 0.82
"""Lowers every confidence: the program's own limit of 0.6 stands where 0.66 stood. On 54 held-out pictures of cars
without a face seven finds are left, and all 72 faces of 40 to 60 px in made scenes are found."""

RARE = -4.0
"""Where the log-odds of a face begin: nearly all cells hold none."""


class Head(nn.Module):
    """A stride's map to its sixteen numbers per cell."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.look = nn.Sequential(folded(width, width, groups=width), folded(width, width, side=1), nn.ReLU())
        self.say = nn.Conv2d(width, sum(size for _, size in PARTS), 1)
        nn.init.constant_(self.say.bias[:2], RARE)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """n x cells x 16."""
        return self.say(self.look(x)).permute(0, 2, 3, 1).flatten(1, 2)


class FinderNetwork(nn.Module):
    """n x 3 x H x W BGR 0-255 (multiples of 32) to n x cells x 16: class and object as log-odds, box, landmarks."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, STEM, 6, 4, 1, bias=False), nn.BatchNorm2d(STEM), nn.ReLU())
        into = (STEM, *WIDTHS[:-1])
        self.steps = nn.ModuleList(
            nn.Sequential(folded(a, b, 2), nn.ReLU(), Block(b, inner))
            for a, b, inner in zip(into, WIDTHS, INNER, strict=True)
        )
        self.down = nn.ModuleList(folded(b, a, side=1) for a, b in pairwise(WIDTHS))
        self.heads = nn.ModuleList(Head(width) for width in WIDTHS)

    def levels(self, x: torch.Tensor) -> list[torch.Tensor]:
        """The sixteen numbers of each cell, for each stride."""
        x = self.stem(x)
        maps = []
        for step in self.steps:
            x = step(x)
            maps.append(x)
        for place in (1, 0):
            coarse = nn.functional.interpolate(self.down[place](maps[place + 1]), scale_factor=2.0, mode="nearest")
            maps[place] = torch.relu(maps[place] + coarse)
        return [head(one) for head, one in zip(self.heads, maps, strict=True)]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """All strides' cells in a row."""
        return torch.cat(self.levels(x), 1)


class Finder(nn.Module):
    """The network with its outputs as the program `yunet` takes them; what is exported."""

    def __init__(self, network: FinderNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """cls, obj (0 to 1), bbox and kps of strides 8, 16 and 32, sorted by part as `output_names`."""
        split = [level.split([size for _, size in PARTS], 2) for level in self.network.levels(x)]
        sure = [[level[0].sigmoid() * CALM, level[1].sigmoid(), *level[2:]] for level in split]
        return tuple(level[part] for part in range(len(PARTS)) for level in sure)


def output_names() -> list[str]:
    """The names of `Finder`'s outputs in their order."""
    return [f"{part}_{stride}" for part, _ in PARTS for stride in STRIDES]


def find_loss(said: torch.Tensor, there: torch.Tensor, boxes: torch.Tensor, landmarks: torch.Tensor,
              grid: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:  # fmt: skip
    """The loss of n x cells x 16 against `face_grid.Answers` in batches; the sums are over the cells of faces.

    `obj` learns which cells find a face (focal, for most do not), `cls` how well their box fits, the box by its
    overlap and the landmarks by their distance as a share of the face's side.
    """
    said = said.float()
    positive = there == 1
    count = positive.sum().clamp(min=1)
    sharp = nn.functional.binary_cross_entropy_with_logits(said[..., 1], there.clamp(min=0), reduction="none")
    sure = torch.sigmoid(said[..., 1].detach())
    focal = torch.where(positive, (1 - sure) ** 2, sure**2) * sharp
    exist = focal[there >= 0].sum() / count
    one, cell = said[positive], grid.expand(len(said), -1, -1)[positive]
    box, points = boxes[positive], landmarks[positive]
    stride = cell[:, 2:3]
    middle = cell[:, :2] + one[:, 2:4] * stride
    half = one[:, 4:6].clamp(-4, 4).exp() * stride / 2
    overlap, general = _overlap(torch.cat([middle - half, middle + half], 1), box)
    fit = nn.functional.binary_cross_entropy_with_logits(one[:, 0], overlap.detach())
    frame = (1 - general).mean()
    side = (box[:, 2:] - box[:, :2]).prod(1).sqrt()[:, None, None]
    placed = cell[:, None, :2] + one[:, 6:].view(-1, 5, 2) * stride[:, None]
    off = (placed - points).abs() / side
    marks = (torch.log1p(off / 0.02) * 0.1 + off).mean()
    total = exist + fit + 2 * frame + 5 * marks
    parts = {"exist": exist, "fit": fit, "overlap": overlap.mean(), "off": off.mean()}
    return total, {name: float(value.detach()) for name, value in parts.items()}


def _overlap(one: torch.Tensor, other: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Intersection over union of boxes, and the generalised one (Rezatofighi et al., 2019)."""
    inner = (torch.minimum(one[:, 2:], other[:, 2:]) - torch.maximum(one[:, :2], other[:, :2])).clamp(min=0).prod(1)
    outer = (torch.maximum(one[:, 2:], other[:, 2:]) - torch.minimum(one[:, :2], other[:, :2])).prod(1)
    union = (one[:, 2:] - one[:, :2]).prod(1) + (other[:, 2:] - other[:, :2]).prod(1) - inner
    share = inner / union.clamp(min=1e-6)
    return share, share - (outer - union) / outer.clamp(min=1e-6)
