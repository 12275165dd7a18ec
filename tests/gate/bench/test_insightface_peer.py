"""insightface gets our networks so that every number that reaches the first layer is as ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from insightface.model_zoo.arcface_onnx import ArcFaceONNX
from onnx import TensorProto, helper

from gate.bench.insightface_peer import normalising, open_insightface
from gate.errors import GateError
from models.catalog import catalog
from models.preprocess import Normalisation
from models.session import Session
from models.store import Store

OWN = Normalisation("rgb", (123.7, 116.3, 103.5), (58.4, 57.1, 57.4))


def _network() -> bytes:
    """Passes a face on as it is."""
    given, seen = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 112, 112]) for name in ("x", "y"))
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"], name="only")], "toy", [given], [seen])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(model.SerializeToString())


def test_the_first_layer_sees_the_same_numbers_as_with_us(tmp_path: Path) -> None:
    weights = normalising(_network(), OWN)
    onnx.checker.check_model(weights)
    face = np.random.default_rng(1).integers(0, 256, (112, 112, 3), np.uint8)
    ours = OWN.tensor(face)
    assert np.allclose(Session(weights, "toy").run(Normalisation("rgb", (0,) * 3, (1,) * 3).tensor(face))[0], ours)
    (tmp_path / "embedder.onnx").write_bytes(weights)
    theirs = ArcFaceONNX(str(tmp_path / "embedder.onnx"))
    theirs.input_mean, theirs.input_std = 0.0, 1.0
    assert np.allclose(theirs.get_feat(face), ours, atol=1e-5)


def test_a_finder_that_insightface_cannot_run_is_refused(tmp_path: Path) -> None:
    yunet, embedder = catalog().model("starter-face-finder"), catalog().model("starter-face-embedder")
    with pytest.raises(GateError, match=r"bench_peers\.not_scrfd"):
        open_insightface(yunet, embedder, Store(), tmp_path)
