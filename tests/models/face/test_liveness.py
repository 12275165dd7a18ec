"""The liveness network's crop and answer, with small networks made for the test."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from models.errors import ModelCorrupt
from models.face.liveness import LivenessNetwork, surroundings
from models.preprocess import Normalisation
from models.session import Session
from models.sighting import Box

PLAIN = Normalisation("bgr", (0.0, 0.0, 0.0), (255.0, 255.0, 255.0))


def _network(classes: int = 2, side: int = 8) -> bytes:
    """The mean brightness, ten times over, as the odds of class 0 against all others."""
    weights = np.zeros((3, classes), np.float32)
    weights[:, 0] = 10 / 3
    nodes = [
        helper.make_node("GlobalAveragePool", ["picture"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["row"]),
        helper.make_node("MatMul", ["row", "weights"], ["given"]),
        helper.make_node("Sub", ["given", "half"], ["classes"]),
    ]
    half = np.zeros(classes, np.float32)
    half[0] = 5
    graph = helper.make_graph(
        nodes,
        "bright",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("classes", TensorProto.FLOAT, [1, classes])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(half, "half")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(("shade", "live"), [(255, 0.99), (0, 0.01), (127, 0.5)])
def test_the_mark_is_the_share_of_the_living_class(shade: int, live: float) -> None:
    network = LivenessNetwork(Session(_network(), "bright"), PLAIN, times=2.0, live=0)
    picture = np.full((200, 200, 3), shade, np.uint8)
    assert network.live(picture, Box(80, 80, 120, 130)) == pytest.approx(live, abs=0.02)


@pytest.mark.parametrize("live", [2, 5])
def test_a_file_without_the_living_class_is_refused(live: int) -> None:
    with pytest.raises(ModelCorrupt):
        LivenessNetwork(Session(_network(), "bright"), PLAIN, times=2.0, live=live)


def test_bytes_that_are_no_network_are_refused_when_they_are_opened() -> None:
    with pytest.raises(ModelCorrupt):
        Session(onnx.ModelProto().SerializeToString(), "nothing")


def test_the_crop_is_as_wide_as_asked_and_repeats_the_border() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[:, :10] = 200
    crop = surroundings(picture, Box(0, 40, 20, 60), times=4.0, side=80)
    assert crop.shape == (80, 80, 3)
    assert (crop[:, :40] == 200).all()
    assert (crop[:, 42:] == 0).all()


@pytest.mark.parametrize(
    "box", [Box(-50, -50, -30, -30), Box(95, 95, 140, 150), Box(200, 200, 220, 220), Box(50, 50, 50.2, 50.3)]
)
def test_a_box_anywhere_gives_a_crop(box: Box) -> None:
    assert surroundings(np.zeros((100, 100, 3), np.uint8), box, times=3.0, side=32).shape == (32, 32, 3)
