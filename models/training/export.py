"""Writing a network as ONNX, with its batch normalisation folded away, checked against what it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

OPSET = 17
TOLERANCE = 2e-3
"""The largest difference between the network and its export, relative to the largest number given."""


def export(
    network: nn.Module, example: torch.Tensor, target: Path, outputs: Sequence[str], free: Mapping[int, str]
) -> None:
    """Write the network; `free` names the axes of the input whose size stays open.

    Raises:
        ValueError: ONNX Runtime gives something else than the network does.
    """
    network = network.eval().float()
    axes = {"picture": dict(free)} | {name: {0: "n"} for name in outputs}
    torch.onnx.export(
        network,
        (example,),
        str(target),
        input_names=["picture"],
        output_names=list(outputs),
        dynamic_axes=axes,
        opset_version=OPSET,
        dynamo=False,
    )
    onnx.checker.check_model(str(target))
    sample = torch.randn(example.shape) * 0.5
    with torch.no_grad():
        wanted = network(sample)
    wanted = [wanted] if isinstance(wanted, torch.Tensor) else list(wanted)
    session = onnxruntime.InferenceSession(target.read_bytes(), providers=["CPUExecutionProvider"])
    for given, right in zip(session.run(None, {"picture": sample.numpy()}), wanted, strict=True):
        largest = float(np.abs(right.numpy()).max()) or 1.0
        if float(np.abs(given - right.numpy()).max()) > TOLERANCE * largest:
            raise ValueError(f"{target.name} does not give what the network gives")
