"""From a trained face network to the file that ONNX Runtime runs: normalisation folded in, weights kept in 16 bits."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import onnx
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from models.face.alignment import SIDE
from models.training.face_finder_network import Finder, FinderNetwork, output_names
from models.training.face_network import BothWays, FaceNetwork
from models.training.weights import halved

SCALE = 64
"""What the finder's recipe divides its pictures by; in the file that is part of the first weights."""


def write_embedder(network: FaceNetwork, target: Path) -> None:
    """n x 3 x 112 x 112 to n x 128 (`BothWays`)."""
    batch = {0: torch.export.Dim("faces", min=1, max=4096)}
    _write(BothWays(fold(network)), torch.zeros(2, 3, SIDE, SIDE), ["face"], ["embedding"], (batch,), target)


def write_finder(network: FinderNetwork, target: Path) -> None:
    """1 x 3 x H x W to YuNet's twelve outputs, for any multiples of 32."""
    scaled = deepcopy(network)
    with torch.no_grad():
        scaled.stem[0].weight /= SCALE
    sides = {2: 32 * torch.export.Dim("rows", min=1, max=128), 3: 32 * torch.export.Dim("columns", min=1, max=128)}
    _write(Finder(fold(scaled)), torch.zeros(1, 3, 96, 128), ["input"], output_names(), (sides,), target)


def fold(network: nn.Module) -> nn.Module:
    """A copy in which each batch normalisation is part of the convolution before it."""
    copied = deepcopy(network).eval()
    for module in list(copied.modules()):
        if isinstance(module, nn.Sequential):
            _fold_pairs(module)
    return copied


def _fold_pairs(sequence: nn.Sequential) -> None:
    for place in range(len(sequence) - 1):
        first, second = sequence[place], sequence[place + 1]
        if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
            sequence[place], sequence[place + 1] = fuse_conv_bn_eval(first, second), nn.Identity()


def _write(network: nn.Module, example: torch.Tensor, inputs: Sequence[str], outputs: Sequence[str],
           shapes: tuple[dict[int, object]], target: Path) -> None:  # fmt: skip
    network.eval()
    program = torch.onnx.export(
        network, (example,), input_names=list(inputs), output_names=list(outputs), dynamic_shapes=shapes, dynamo=True,
        optimize=True, verbose=False,
    )  # fmt: skip
    model = halved(program.model_proto)
    onnx.checker.check_model(model)
    target.write_bytes(model.SerializeToString())
