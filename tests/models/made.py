"""Weights made up for tests, and the models that a catalogue would know them as."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.catalog import Archive, Commercial, Condition, Content, Model, Program
from models.plate.slots import COLOURS, SLOTS, SYMBOLS
from models.preprocess import Normalisation
from models.roles import Role
from models.sighting import PlateColour


def content_of(weights: bytes) -> Content:
    return Content(len(weights), hashlib.sha256(weights).hexdigest())


def model_of(
    weights: bytes,
    name: str = "toy",
    address: str | None = "https://models.invalid/toy.onnx",
    archive: Archive | None = None,
    commercial: Commercial = Commercial.YES,
    *,
    shipped: bool = False,
) -> Model:
    return Model(
        name=name,
        role=Role.FACE_FINDER,
        program=Program.YUNET,
        packs=("toys",),
        file=f"{name}.onnx",
        content=content_of(weights),
        licence="invented",
        commercial=commercial,
        condition=None if commercial is Commercial.YES else Condition.RESEARCH_ONLY,
        shape="1x3xHxW",
        normalisation=Normalisation("bgr", (0, 0, 0), (1, 1, 1)),
        output="nothing",
        shipped=shipped,
        address=None if archive or shipped else address,
        archive=archive,
        member=f"{name}.onnx" if archive else None,
    )


def constant_network(
    outputs: Mapping[str, NDArray[np.float32]], stride: int | None, size: tuple[int | str, int | str] = ("high", "wide")
) -> bytes:
    """A network on n x 3 x high x wide pictures that gives the same numbers whatever it sees.

    With a stride each output (one row of numbers) stands in every cell of so many pixels, as cells x numbers; without
    one it stands once, in the shape that it has here.
    """
    nodes, constants, given = [], [], []
    for name, numbers in outputs.items():
        side = stride or 1
        shape = (0, numbers.size, -1) if stride else (-1, *numbers.shape)
        constants += [
            numpy_helper.from_array(np.zeros((numbers.size, 3, side, side), np.float32), f"{name}.weight"),
            numpy_helper.from_array(numbers.reshape(-1).astype(np.float32), f"{name}.bias"),
            numpy_helper.from_array(np.array(shape, np.int64), f"{name}.shape"),
        ]
        if not stride:
            nodes.append(helper.make_node("GlobalAveragePool", ["picture"], [f"{name}.pooled"]))
        into = "picture" if stride else f"{name}.pooled"
        nodes.append(
            helper.make_node(
                "Conv",
                [into, f"{name}.weight", f"{name}.bias"],
                [f"{name}.map"],
                kernel_shape=[side] * 2,
                strides=[side] * 2,
            )
        )
        flat = f"{name}.flat" if stride else name
        nodes.append(helper.make_node("Reshape", [f"{name}.map", f"{name}.shape"], [flat]))
        if stride:
            nodes.append(helper.make_node("Transpose", [flat], [name], perm=[0, 2, 1]))
        given.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 3, *size])
    return _serialised(helper.make_graph(nodes, "constant", [picture], given, constants))


def face_finder() -> bytes:
    """A YuNet that sees no face anywhere."""
    parts = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    levels = [
        onnx.load_from_string(constant_network({f"{part}_{stride}": _none(n) for part, n in parts.items()}, stride))
        for stride in (8, 16, 32)
    ]
    whole = levels[0].graph
    for level in levels[1:]:
        whole.node.extend(level.graph.node)
        whole.initializer.extend(level.graph.initializer)
        whole.output.extend(level.graph.output)
    return _serialised(whole)


def face_embedder() -> bytes:
    """An embedder to whom all faces are one."""
    return constant_network({"embedding": np.ones(128, np.float32)}, None, (112, 112))


def plate_finder(row: NDArray[np.float32] | None = None) -> bytes:
    """A finder of corners that gives this row in every cell, or none."""
    return constant_network({"rows": _none(15) if row is None else row}, 32)


def plate_reader(text: str = "", colour: PlateColour = PlateColour.BLUE, sure: float = 10.0) -> bytes:
    """A reader of slots that reads this text from any plate."""
    characters, colours = np.zeros((SLOTS, len(SYMBOLS)), np.float32), np.zeros(len(COLOURS), np.float32)
    for slot, symbol in enumerate(text.ljust(SLOTS, SYMBOLS[0])):
        characters[slot, SYMBOLS.index(symbol)] = sure
    colours[COLOURS.index(colour)] = sure
    return constant_network({"characters": characters, "colours": colours}, None, (48, 160))


STARTER: Mapping[str, Callable[[], bytes]] = {
    "starter-face-finder": face_finder,
    "starter-face-embedder": face_embedder,
    "starter-plate-finder": plate_finder,
    "starter-plate-reader": plate_reader,
}
"""A network that keeps the contract of each file that comes with the program, and knows nothing."""


def _none(numbers: int) -> NDArray[np.float32]:
    return np.zeros(numbers, np.float32)


def _serialised(graph: onnx.GraphProto) -> bytes:
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    return made.SerializeToString()
