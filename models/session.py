"""Running a network: one ONNX Runtime session on the CPU, with as few threads as it is given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as native

from models.errors import ModelCorrupt

Tensor = NDArray[np.float32]

ERRORS_ONLY = 3
"""ONNX Runtime's log level: files exported for one size warn at every picture of another."""

_FAILURES: tuple[type[Exception], ...] = (
    native.Fail,
    native.InvalidArgument,
    native.InvalidGraph,
    native.InvalidProtobuf,
    native.NoModel,
    native.NotImplemented,
    native.RuntimeException,
)


class Session:
    """A network ready to run, safe to call from several threads at once.

    Idle threads sleep instead of spinning: with several cameras on few cores spinning costs more than it gains.
    `name` is the model's name in the catalogue, for what is said about faults; `outputs` are the outputs' names and
    `fixed_size` is the (width, height) of the only pictures it takes, None where it takes any.

    Raises:
        ModelCorrupt: `models.not_a_network` where ONNX Runtime cannot load the bytes.
    """

    def __init__(self, weights: bytes, name: str, threads: int = 1) -> None:
        self.name = name
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        except _FAILURES as failure:
            raise ModelCorrupt("models.not_a_network", name=name) from failure
        first = self._session.get_inputs()[0]
        self._input = first.name
        high, wide = first.shape[2:] if len(first.shape) == 4 else (None, None)
        self.fixed_size: tuple[int, int] | None = (
            (wide, high) if isinstance(wide, int) and isinstance(high, int) else None
        )
        self.outputs: tuple[str, ...] = tuple(output.name for output in self._session.get_outputs())

    def run(self, tensor: Tensor) -> Sequence[Tensor]:
        """The network's outputs, in the order of `outputs`, for an n x 3 x height x width float32 tensor.

        Raises:
            ModelCorrupt: `models.wrong_shape` where the network does not take that shape.
        """
        try:
            given: Sequence[Tensor] = self._session.run(None, {self._input: tensor})
        except _FAILURES as failure:
            shape = "x".join(str(side) for side in tensor.shape)
            raise ModelCorrupt("models.wrong_shape", name=self.name, shape=shape) from failure
        return given
