"""Weights kept in fewer bits: 16 on disk, or 8 on the way, with maps of whole numbers calibrated on aligned faces."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

from models.preprocess import Normalisation

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


class _Faces(CalibrationDataReader):
    """The faces one by one, as the network takes them."""

    def __init__(self, faces: NDArray[np.uint8], name: str, normalisation: Normalisation) -> None:
        self._left = iter(faces)
        self._name, self._normalisation = name, normalisation

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next face, None after the last."""
        face = next(self._left, None)
        return None if face is None else {self._name: self._normalisation.tensor(face)}


def write_int8(source: Path, faces: NDArray[np.uint8], normalisation: Normalisation, target: Path) -> None:
    """Write the network in `source` with eight bits; `faces` is n x 112 x 112 x 3, BGR, a few hundred will do.

    Weights use seven of the eight bits: without VNNI a processor adds two products in 16 bits, and would overflow.
    """
    model = widened(onnx.load(source))
    with TemporaryDirectory() as folder:
        whole = Path(folder) / "float.onnx"
        onnx.save(model, whole)
        quantize_static(
            whole,
            target,
            _Faces(faces, model.graph.input[0].name, normalisation),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[node.name for node in model.graph.node if node.op_type in {"Gemm", "MatMul"}],
            calibrate_method=CalibrationMethod.MinMax,
        )


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
