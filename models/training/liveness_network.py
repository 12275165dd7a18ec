"""The liveness network: plain 3 x 3 convolutions, about a millisecond on one core."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.training.attack_shots import SIDE
from models.training.face_network import Block, folded

WIDTHS = (24, 32, 64, 96)
"""Channels of the maps that are 48, 24, 12 and 6 cells wide."""


def tensor(crops: NDArray[np.uint8]) -> torch.Tensor:
    """n x SIDE x SIDE x 3 BGR as the network takes it: (x - 127.5) / 127.5."""
    planes = torch.from_numpy(np.ascontiguousarray(crops.transpose(0, 3, 1, 2)))
    return ((planes.float() - 127.5) / 127.5).contiguous(memory_format=torch.channels_last)


class LivenessNetwork(nn.Module):
    """n x 3 x SIDE x SIDE to n x 2: shown on a sheet (0) and living (1), before the softmax."""

    side = SIDE

    def __init__(self) -> None:
        super().__init__()
        first, second, third, last = WIDTHS
        self.body = nn.Sequential(
            folded(3, first, 2), nn.ReLU(),
            folded(first, second, 2), nn.ReLU(), Block(second, second),
            folded(second, third, 2), nn.ReLU(), Block(third, third // 2),
            folded(third, last, 2), nn.ReLU(), Block(last, last // 2),
        )  # fmt: skip
        self.judge = nn.Linear(2 * last, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Two numbers for each crop."""
        x = self.body(x)
        return self.judge(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))
