"""The plate reader's network: a small residual net, one row of columns, and a pointer for each slot of the text."""

from __future__ import annotations

import torch
from torch import nn

from models.plate.slots import COLOURS, SLOTS, SYMBOLS

COLUMNS = 40
SPREAD = 2.0
"""How many columns a slot looks at before it has learned anything."""


def first_guess() -> torch.Tensor:
    """1 x slots x columns: each slot begins by looking where its character stands on most plates.

    Without it the slots are all alike at first and part only after thousands of steps.
    """
    middles = torch.tensor([0.08, 0.2, 0.355, 0.48, 0.61, 0.735, 0.865, 0.95]) * COLUMNS
    away = (torch.arange(COLUMNS) + 0.5)[None] - middles[:, None]
    return -(away**2)[None] / (2 * SPREAD**2)


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a short cut."""

    def __init__(self, inner: int, outer: int, stride: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inner, outer, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outer),
            nn.ReLU(inplace=True),
            nn.Conv2d(outer, outer, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outer),
        )
        same = inner == outer and stride == (1, 1)
        self.short = (
            nn.Identity()
            if same
            else nn.Sequential(nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer))
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The same map or a smaller one."""
        return torch.relu(self.body(x) + self.short(x))


class Along(nn.Module):
    """A residual look along the row of columns: n x channels x 1 x columns."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, (1, 5), padding=(0, 2), bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The same row, each column knowing its neighbours."""
        return torch.relu(x + self.body(x))


class PlateReaderNetwork(nn.Module):
    """n x 3 x 48 x 160 to characters (n x 8 x symbols) and colours (n x colours), both as logits.

    Each slot points at the columns where its character stands (a softmax over 40 columns) and reads what is there, so
    that two equal neighbours are never one, and each character has chances of its own.
    """

    def __init__(self, width: int = 24, row: int = 128) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, width, 3, (2, 2), 1, bias=False),  # 24 x 80
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            Block(width, 2 * width, (2, 2)),  # 12 x 40
            Block(2 * width, 2 * width),
            Block(2 * width, 3 * width, (2, 1)),  # 6 x 40
            Block(3 * width, 3 * width),
        )
        self.down = nn.Sequential(
            nn.Conv2d(3 * width, row, (6, 1), bias=False), nn.BatchNorm2d(row), nn.ReLU(inplace=True)
        )
        self.along = nn.Sequential(Along(row), Along(row), Along(row))
        self.place = nn.Parameter(torch.zeros(1, row, 1, COLUMNS))
        self.guess = nn.Parameter(first_guess())
        self.point = nn.Conv2d(row, SLOTS, 1)
        self.signs = nn.Conv2d(2 * row, len(SYMBOLS), 1)
        self.colour = nn.Linear(3 * width, len(COLOURS))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of the characters and of the colours."""
        maps = self.body(x)
        row = self.down(maps)
        near = self.along(row + self.place)
        both = torch.cat([row, near], 1)
        signs = self.signs(both).squeeze(2)  # n x symbols x columns
        share = torch.softmax(self.point(near).squeeze(2).float() + self.guess, dim=2)  # n x slots x columns
        read = torch.matmul(share, signs.float().transpose(1, 2))  # n x slots x symbols
        return read, self.colour(maps.mean((2, 3))).float()
