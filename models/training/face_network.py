"""The face embedder's network: plain 3 x 3 convolutions with shortcuts, which a CPU trains and runs at full speed."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.training.face_pool import SPREAD

WIDTHS = (64, 128, 192)
"""Channels of the maps that are 28, 14 and 7 cells wide."""

DEPTHS = (1, 3, 1)
"""Blocks on each of them."""

INNER = (48, 96, 192)
"""Channels between the two convolutions of a block."""

LAST = 512
"""Channels of the last map, of which each is weighed cell by cell into one number."""


def tensor(faces: NDArray[np.uint8]) -> torch.Tensor:
    """n x 112 x 112 x 3 BGR as the network takes it."""
    planes = torch.from_numpy(np.ascontiguousarray(faces[..., ::-1].transpose(0, 3, 1, 2)))
    return ((planes.float() - 127.5) / 127.5).contiguous(memory_format=torch.channels_last)


def folded(into: int, out: int, stride: int = 1, side: int = 3, groups: int = 1) -> nn.Sequential:
    """A convolution whose batch normalisation becomes part of it when it is exported."""
    return nn.Sequential(nn.Conv2d(into, out, side, stride, side // 2, groups=groups, bias=False), nn.BatchNorm2d(out))


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.first = folded(width, inner)
        self.second = folded(inner, width)
        nn.init.constant_(self.second[1].weight, 0.3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The map, changed a little."""
        return torch.relu(x + self.second(torch.relu(self.first(x))))


class FaceNetwork(nn.Module):
    """n x 3 x 112 x 112, (x - 127.5) / 127.5 RGB, to n x `size` numbers; and, on `hints`, to the maps on the way."""

    def __init__(self, size: int = 128) -> None:
        super().__init__()
        self.stem = nn.Sequential(folded(3, 32, 2), nn.ReLU(), folded(32, WIDTHS[0], 2), nn.ReLU())
        into = (WIDTHS[0], *WIDTHS[:-1])
        self.stages = nn.ModuleList(
            nn.Sequential(
                *([] if place == 0 else [folded(into[place], width, 2), nn.ReLU()]),
                *(Block(width, INNER[place]) for _ in range(DEPTHS[place])),
            )
            for place, width in enumerate(WIDTHS)
        )
        self.widen = nn.Sequential(folded(WIDTHS[-1], LAST, side=1), nn.ReLU())
        self.weigh = nn.Sequential(nn.Conv2d(LAST, LAST, 7, groups=LAST, bias=False), nn.BatchNorm2d(LAST))
        self.embed = nn.Linear(LAST, size)

    def hints(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The embedding, and the maps of 28, 14 and 7 cells."""
        x = self.stem(x)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        maps[-1] = self.widen(x)
        return self.embed(self.weigh(maps[-1]).flatten(1)), maps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The embedding, not normalised."""
        return self.hints(x)[0]


class BothWays(nn.Module):
    """What is exported: the embedding of a face and of its mirror image, added up.

    Both show one person, and the pupil errs on each in its own way: the sum is worth two points of true accepts.
    """

    def __init__(self, network: FaceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """n x `size`, not normalised."""
        rows = self.network(torch.cat([x, x.flip(3)]))
        return rows.reshape(2, -1, rows.shape[1]).sum(0)


class Pupil(nn.Module):
    """The network beside what only training needs: the translation of its maps into the teacher's."""

    def __init__(self, hint_widths: tuple[int, ...]) -> None:
        super().__init__()
        self.network = FaceNetwork()
        mine = (*WIDTHS[:-1], LAST)
        self.adapters = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in zip(mine, hint_widths, strict=True))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The embedding and the maps in the teacher's words."""
        row, maps = self.network.hints(x)
        return row, [adapter(one) for adapter, one in zip(self.adapters, maps, strict=True)]


def hint_loss(mine: list[torch.Tensor], wanted: list[torch.Tensor]) -> list[torch.Tensor]:
    """The mean squared error of each map, in deviations of the teacher's channels."""
    return [
        nn.functional.mse_loss(one.float().clamp(-2 * SPREAD, 2 * SPREAD), other)
        for one, other in zip(mine, wanted, strict=True)
    ]
