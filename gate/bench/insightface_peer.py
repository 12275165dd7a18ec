"""`insightface.app.FaceAnalysis` on weights of our own catalogue, as a contender."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import onnxruntime

from gate.errors import GateError
from models.catalog import Model, Program
from models.preprocess import Normalisation
from models.session import ERRORS_ONLY
from models.sighting import Embedding, Picture
from models.store import Store

SIZES: Mapping[str, tuple[int, int] | None] = {"insightface": (640, 640), "insightface_auto": None}
"""The sizes at which it searches: the usual one, which is the quickest, and its own choice, 128 and 640 in turn."""

OWN = Normalisation("rgb", (127.5,) * 3, (127.5,) * 3)
"""What it does to an aligned face by itself."""

Embeds = Callable[[Picture], Embedding | None]
"""The largest face of a picture, embedded; None where there is no face."""


def open_insightface(finder: Model, embedder: Model, store: Store, folder: Path) -> dict[str, Embeds]:
    """It, at each of `SIZES`, on one thread, with the two models as a pack of its own in `folder`.

    It is asked for the largest face alone (`max_num=1`), so that it embeds no more faces than we do. It knows one mean
    and one deviation for all three colours: where an embedder has one for each, they stand in the network, before its
    first layer, and it is told to leave the face as it is. So every number that reaches the first layer is as ours.

    Raises:
        GateError: `bench_peers.not_scrfd`, the only finders that it has a program for; `bench_peers.not_rgb`.
    """
    if finder.program is not Program.SCRFD:
        raise GateError("bench_peers.not_scrfd", name=finder.name)
    own = embedder.normalisation
    if own.channels != OWN.channels:
        raise GateError("bench_peers.not_rgb", name=embedder.name)
    weights = store.read(embedder)
    (folder / "finder.onnx").write_bytes(store.read(finder))
    (folder / "embedder.onnx").write_bytes(weights if own == OWN else normalising(weights, own))
    scale = (OWN.mean[0], OWN.deviation[0]) if own == OWN else (0.0, 1.0)
    return {name: _opened(folder, size, scale) for name, size in SIZES.items()}


def normalising(weights: bytes, normalisation: Normalisation) -> bytes:
    """The same network with (x - mean) / deviation of each channel before its first layer."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load_model_from_string(weights)
    graph = model.graph
    given, ready = graph.input[0].name, "normalised"
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name == given:
                node.input[place] = ready
    shape = (1, 3, 1, 1)
    parts = {"mean": normalisation.mean, "deviation": normalisation.deviation}
    constants = [
        helper.make_node(
            "Constant", [], [name], value=numpy_helper.from_array(np.array(part, np.float32).reshape(shape), name)
        )
        for name, part in parts.items()
    ]
    before = [
        *constants,
        helper.make_node("Sub", [given, "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "deviation"], [ready]),
    ]
    for place, node in enumerate(before):
        graph.node.insert(place, node)
    return bytes(model.SerializeToString())


def _opened(folder: Path, size: tuple[int, int] | None, scale: tuple[float, float]) -> Embeds:
    from insightface.app import FaceAnalysis

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    analysis = FaceAnalysis(str(folder), providers=["CPUExecutionProvider"], sess_options=options)
    analysis.prepare(ctx_id=0, det_size=size)
    embedder = analysis.models["recognition"]
    embedder.input_mean, embedder.input_std = scale

    def embed(picture: Picture) -> Embedding | None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # it calls a way of skimage that will go
            faces = analysis.get(picture, max_num=1, det_metric="max")
        return np.asarray(faces[0].normed_embedding, np.float32) if faces else None

    return embed
