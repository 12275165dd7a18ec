"""The plate finder's network: a small residual pyramid that gives, for every cell, a plate's chance and its corners."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from models.training.plate_reader_network import Block

STRIDES = (8, 16, 32)
REACH = 4.0
"""Corners are given in so many strides from the middle of the cell."""


def _step(inner: int, outer: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inner, outer, 3, 2, 1, bias=False), nn.BatchNorm2d(outer), nn.ReLU(inplace=True))


def _same(inner: int, outer: int, size: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inner, outer, size, 1, size // 2, bias=False), nn.BatchNorm2d(outer), nn.ReLU(inplace=True)
    )


class PlateFinderNetwork(nn.Module):
    """n x 3 x H x W (0 to 1, RGB; H and W multiples of 32) to three maps of n x 11 x H/stride x W/stride.

    The 11 channels: a plate's logit, the x and y of its four corners, and the logits of one row and of two.
    """

    def __init__(self, widths: tuple[int, int, int, int, int] = (12, 24, 32, 64, 96), neck: int = 32) -> None:
        super().__init__()
        first, second, third, fourth, fifth = widths
        self.low = nn.Sequential(_step(3, first), _step(first, second), _step(second, third), Block(third, third))
        self.middle = nn.Sequential(_step(third, fourth), Block(fourth, fourth), Block(fourth, fourth))
        self.high = nn.Sequential(_step(fourth, fifth), Block(fifth, fifth))
        self.from_high, self.from_middle, self.from_low = (_same(width, neck, 1) for width in (fifth, fourth, third))
        self.join_middle, self.join_low = _same(neck, neck), _same(neck, neck)
        self.heads = nn.ModuleList([nn.Sequential(_same(neck, neck), nn.Conv2d(neck, 11, 1)) for _ in STRIDES])
        for head in self.heads:
            nn.init.constant_(head[1].bias[:1], -4.0)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """The three maps, finest first."""
        low = self.low(x)
        middle = self.middle(low)
        high = self.from_high(self.high(middle))
        middle = self.join_middle(self.from_middle(middle) + functional.interpolate(high, scale_factor=2.0))
        low = self.join_low(self.from_low(low) + functional.interpolate(middle, scale_factor=2.0))
        return [head(level) for head, level in zip(self.heads, (low, middle, high), strict=True)]


class Decoded(nn.Module):
    """The network with its maps turned into the rows that the product's finder reads.

    A row is centre x and y, width, height, the plate's chance, four corners (8 numbers, top left first, clockwise) and
    the chances of one and of two rows, in pixels of the input.
    """

    def __init__(self, network: PlateFinderNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """1 x cells x 15."""
        rows = [self._rows(level, stride) for level, stride in zip(self.network(x), STRIDES, strict=True)]
        return torch.cat(rows, 1)

    def _rows(self, level: torch.Tensor, stride: int) -> torch.Tensor:
        n, _, high, wide = level.shape
        y = (torch.arange(high, device=level.device).float() + 0.5) * stride
        x = (torch.arange(wide, device=level.device).float() + 0.5) * stride
        middle = torch.stack([x[None, :].expand(high, wide), y[:, None].expand(high, wide)])  # 2 x high x wide
        corners = level[:, 1:9].view(n, 4, 2, high, wide) * (REACH * stride) + middle
        least, most = corners.amin(1), corners.amax(1)
        there, kinds = level[:, :1].sigmoid(), level[:, 9:].softmax(1)
        given = torch.cat([(least + most) / 2, most - least, there, corners.flatten(1, 2), kinds], 1)
        return given.flatten(2).transpose(1, 2)
