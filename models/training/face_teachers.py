"""The teachers of the face models, as the catalogue and the store of this project give them."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper

from models.catalog import Program, catalog
from models.face.scrfd import SCRFD
from models.face.yunet import YuNet
from models.session import Session
from models.sighting import Picture
from models.store import Store

EMBEDDER = "mobilefacenet"

HINTS = ("/features/features.4/Add_output_0", "/features/features.11/Add_output_0", "/conv2/conv2.2/Clip_output_0")
"""What the student is shown of the teacher's way: the last maps of 28, 14 and 7 cells' width."""

HINT_SHAPES = ((64, 28, 28), (128, 14, 14), (512, 7, 7))


def find_by(name: str, store: Store, longest: int, max_scale: float = 4.0) -> YuNet | SCRFD:
    """A face finder of the catalogue by its program; it searches pictures scaled to `longest` px."""
    model = catalog().model(name)
    session = Session(store.read(model), name)
    if model.program is Program.YUNET:
        return YuNet(session, model.normalisation, longest=longest, max_scale=max_scale)
    return SCRFD(session, model.normalisation, longest=longest, max_scale=max_scale)


class TeacherEmbedder:
    """The teacher on aligned faces, with the maps of `HINTS` beside its 128 numbers."""

    def __init__(self, store: Store) -> None:
        model = catalog().model(EMBEDDER)
        graph = onnx.load_from_string(store.read(model))
        self._embedding = graph.graph.output[0].name
        graph.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in HINTS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name
        self._normalisation = model.normalisation

    def __call__(self, face: Picture) -> tuple[NDArray[np.float32], tuple[NDArray[np.float32], ...]]:
        """The embedding of unit length, and the hints (channels x height x width), of one aligned face."""
        names = [self._embedding, *HINTS]
        row, *hints = self._session.run(names, {self._input: self._normalisation.tensor(face)})
        return row[0] / np.linalg.norm(row[0]), tuple(hint[0] for hint in hints)
