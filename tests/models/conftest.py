"""What tests of this room share: a small network that is really run, and a place for a store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper


@pytest.fixture
def mean_network() -> bytes:
    """A network of the shape of an embedder that gives the mean of each channel of a 112 x 112 picture."""
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["face"], ["pooled"]),
            helper.make_node("Reshape", ["pooled", "shape"], ["means"]),
        ],
        "means",
        [helper.make_tensor_value_info("face", TensorProto.FLOAT, [1, 3, 112, 112])],
        [helper.make_tensor_value_info("means", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(np.array([1, 3], np.int64), "shape")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    onnx.checker.check_model(made)
    return made.SerializeToString()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for a store that is not there yet."""
    return tmp_path / "store"
