"""A trained network made smaller, with weights of 16 bits on disk or whole numbers of 8 on the way; or for one size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.tools.onnx_model_utils import fix_output_shapes, make_input_shape_fixed

LEAST_VALUES = 64
"""Smaller tensors keep their 32 bits."""


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with its weights kept as 16-bit floats, which are widened when it is loaded.

    What is computed stays 32 bits wide: rounding a weight to 11 bits moves an embedding by less than a thousandth.
    """
    graph = model.graph
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < LEAST_VALUES:
            continue
        name = tensor.name
        small = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{name}_16")
        tensor.CopyFrom(small)
        graph.node.insert(0, helper.make_node("Cast", [small.name], [name], to=TensorProto.FLOAT))
    del graph.value_info[:]
    for prop in list(model.metadata_props):
        model.metadata_props.remove(prop)
    for node in graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    return model


class _Examples(CalibrationDataReader):
    """Inputs one by one, as the network takes them."""

    def __init__(self, name: str, examples: Iterable[NDArray[np.float32]]) -> None:
        self._name, self._left = name, iter(examples)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next one, None after the last."""
        example = next(self._left, None)
        return None if example is None else {self._name: example}


def write_int8(source: Path, examples: Iterable[NDArray[np.float32]], target: Path) -> None:
    """Write the network in `source` with eight bits; a few hundred `examples` of its input will do.

    The last convolution on each way and what follows it keep their floats: there the answers are made. Weights use
    seven of the eight bits: without VNNI a processor adds two products in 16 bits, and would overflow.
    """
    model = widened(onnx.load(source))
    for place, node in enumerate(model.graph.node):
        node.name = node.name or f"node_{place}"
    with TemporaryDirectory() as folder:
        whole = Path(folder) / "float.onnx"
        onnx.save(model, whole)
        quantize_static(
            whole,
            target,
            _Examples(model.graph.input[0].name, examples),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=_closing(model.graph),
            calibrate_method=CalibrationMethod.MinMax,
        )


def _closing(graph: onnx.GraphProto) -> list[str]:
    """The nodes from which no way leads to another convolution."""
    takers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            takers.setdefault(name, []).append(node)
    goes_on: dict[str, bool] = {}
    for node in reversed(graph.node):  # sorted: whoever takes an output comes later
        after = [taker for name in node.output for taker in takers.get(name, [])]
        goes_on[node.name] = any(taker.op_type == "Conv" or goes_on[taker.name] for taker in after)
    return [name for name, on in goes_on.items() if not on]


def write_fixed(source: Path, shape: Sequence[int], target: Path) -> None:
    """Write the network in `source` for one shape of its input, which some accelerators ask for."""
    model = onnx.load(source)
    make_input_shape_fixed(model.graph, model.graph.input[0].name, list(shape))
    fix_output_shapes(model)
    onnx.checker.check_model(model)
    onnx.save(model, target)


def widened(model: onnx.ModelProto) -> onnx.ModelProto:
    """The network with 32-bit weights in the place of 16-bit ones that are cast when it is loaded."""
    graph = model.graph
    small = {tensor.name: tensor for tensor in graph.initializer}
    casts = [node for node in graph.node if node.op_type == "Cast" and node.input[0] in small]
    for node in casts:
        values = numpy_helper.to_array(small[node.input[0]]).astype(np.float32)
        small[node.input[0]].CopyFrom(numpy_helper.from_array(values, node.output[0]))
        graph.node.remove(node)
    return model
