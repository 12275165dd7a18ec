from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.preprocess import Normalisation
from models.training.weights import halved, widened, write_fixed, write_int8

NORMALISATION = Normalisation("rgb", (127.5, 127.5, 127.5), (127.5, 127.5, 127.5))


@pytest.fixture
def network() -> onnx.ModelProto:
    """Two convolutions and the mean of the second one's sixteen maps."""
    generator = np.random.default_rng(1)
    weights = generator.normal(0, 0.3, (16, 3, 3, 3)).astype(np.float32)
    last = generator.normal(0, 0.3, (16, 16, 1, 1)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["face", "weights"], ["map"], "conv", strides=[4, 4]),
            helper.make_node("Relu", ["map"], ["rising"], "relu"),
            helper.make_node("Conv", ["rising", "last"], ["said"], "say"),
            helper.make_node("GlobalAveragePool", ["said"], ["pooled"], "pool"),
            helper.make_node("Flatten", ["pooled"], ["embedding"], "flatten"),
        ],
        "network",
        [helper.make_tensor_value_info("face", TensorProto.FLOAT, ["faces", 3, 112, 112])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["faces", 16])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(last, "last")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    return model


@pytest.fixture
def faces() -> NDArray[np.uint8]:
    return np.random.default_rng(2).integers(0, 256, (12, 112, 112, 3), dtype=np.uint8)


def _run(weights: bytes, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(weights, providers=["CPUExecutionProvider"])
    rows = [session.run(None, {"face": NORMALISATION.tensor(face)})[0][0] for face in faces]
    return np.stack(rows)


def test_weights_of_16_bits_give_nearly_the_same_in_half_the_space(
    network: onnx.ModelProto, faces: NDArray[np.uint8]
) -> None:
    before = _run(network.SerializeToString(), faces)
    size = len(numpy_helper.to_array(network.graph.initializer[0]).tobytes())
    small = halved(network)
    assert len(small.graph.initializer[0].raw_data) == size // 2
    assert np.abs(_run(small.SerializeToString(), faces) - before).max() < 2e-3


def test_widened_weights_need_no_cast(network: onnx.ModelProto, faces: NDArray[np.uint8]) -> None:
    small = halved(network)
    before = _run(small.SerializeToString(), faces)
    wide = widened(small)
    assert "Cast" not in {node.op_type for node in wide.graph.node}
    assert np.allclose(_run(wide.SerializeToString(), faces), before, atol=1e-6)


def test_whole_numbers_give_nearly_the_same_direction(
    network: onnx.ModelProto, faces: NDArray[np.uint8], tmp_path: Path
) -> None:
    onnx.save(halved(network), tmp_path / "float.onnx")
    examples = [NORMALISATION.tensor(face) for face in faces]
    write_int8(tmp_path / "float.onnx", examples, tmp_path / "int8.onnx")
    one, other = (_run((tmp_path / name).read_bytes(), faces) for name in ("float.onnx", "int8.onnx"))
    cosines = (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    assert cosines.min() > 0.99


def test_whole_numbers_are_used_up_to_the_last_convolution(
    network: onnx.ModelProto, faces: NDArray[np.uint8], tmp_path: Path
) -> None:
    onnx.save(network, tmp_path / "float.onnx")
    write_int8(tmp_path / "float.onnx", [NORMALISATION.tensor(face) for face in faces], tmp_path / "int8.onnx")
    kept = {tensor.name: tensor.data_type for tensor in onnx.load(tmp_path / "int8.onnx").graph.initializer}
    assert kept["last"] == TensorProto.FLOAT
    assert kept["weights_quantized"] == TensorProto.INT8


def test_a_network_for_one_size_gives_the_same_and_takes_no_other(
    network: onnx.ModelProto, faces: NDArray[np.uint8], tmp_path: Path
) -> None:
    onnx.save(network, tmp_path / "any.onnx")
    write_fixed(tmp_path / "any.onnx", (1, 3, 112, 112), tmp_path / "one.onnx")
    one, other = (_run((tmp_path / name).read_bytes(), faces) for name in ("any.onnx", "one.onnx"))
    assert np.allclose(one, other, atol=1e-6)
    session = onnxruntime.InferenceSession(tmp_path / "one.onnx", providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape == [1, 3, 112, 112]
