"""Opening recognisers by the names that the configuration uses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.catalog import Model, Program, catalog
from models.errors import ModelIncompatible
from models.face.behind_mask import UpperFace
from models.face.embedder import Embedder
from models.face.liveness import LivenessNetwork
from models.face.recogniser import FacePipeline
from models.face.scrfd import SCRFD
from models.face.yunet import YuNet
from models.plate.finder import CornerFinder
from models.plate.reader import ColourReader
from models.plate.recogniser import PlatePipeline
from models.plate.slots import SlotReader
from models.roles import FaceLiveness, FaceRecogniser, PlateRecogniser, Role
from models.session import Session
from models.store import Store

SEARCH_PX = 640
"""Longest side of the picture in which faces and plates are searched."""

CLOSER_PX = 320
"""Longest side of the square in which the landmarks of one face are looked for again."""

CLOSER_SCALE = 4.0
"""The square of a small face is enlarged so many times at most."""

CLOSER_PLATE_PX = 320
"""Side of the square in which the corners of one plate are looked for again, by a finder that takes any size."""

TRIED_PX = 160
"""Height of the grey picture that a network is tried out on."""

_FACE_FINDERS: Mapping[Program, type[YuNet | SCRFD]] = {Program.YUNET: YuNet, Program.SCRFD: SCRFD}
_FACE_EMBEDDERS = {Program.ALIGNED_112: Embedder}
_LIVENESS = {Program.CLASSES: LivenessNetwork}
_PLATE_FINDERS = {Program.CORNERS: CornerFinder}
_PLATE_READERS: Mapping[Program, type[ColourReader | SlotReader]] = {
    Program.CTC_78: ColourReader,
    Program.SLOTS: SlotReader,
}


def open_face_recogniser(
    finder_name: str,
    embedder_name: str,
    store: Store,
    threads: int = 1,
    liveness_name: str | None = None,
    *,
    rims: bool = False,
) -> FaceRecogniser:
    """The face recogniser of a finder and an embedder of the catalogue; a file that is not here is brought here.

    With a `liveness_name` its model judges every embedded face, with `rims` a frame about it is looked for.

    Raises:
        ModelUnavailable: the catalogue has no such name, or nothing gave the file.
        ModelIncompatible: `models.wrong_role`, the model plays another role.
        ModelCorrupt: the file is not what the catalogue says.
        LicenceNotAccepted: the file is not here and its licence forbids commercial use.
    """
    finder = _cast(finder_name, Role.FACE_FINDER, _FACE_FINDERS)
    embedder = open_embedder(embedder_name, store, threads)
    mapped = store.read_map(catalog().model(embedder_name))
    found_by = _FACE_FINDERS[finder.program]
    session = _session(finder, store, threads)
    return FacePipeline(
        found_by(session, finder.normalisation, longest=SEARCH_PX),
        found_by(session, finder.normalisation, longest=CLOSER_PX, max_scale=CLOSER_SCALE),
        embedder,
        open_liveness(liveness_name, store, threads) if liveness_name else None,
        rims=rims,
        upper=None if mapped is None else UpperFace(embedder, mapped),
    )


def open_embedder(name: str, store: Store, threads: int = 1) -> Embedder:
    """The embedder of that name. Raises what `open_face_recogniser` raises."""
    model = _cast(name, Role.FACE_EMBEDDER, _FACE_EMBEDDERS)
    return Embedder(_session(model, store, threads), model.normalisation, model.model_id)


def open_liveness(name: str, store: Store, threads: int = 1) -> FaceLiveness:
    """The liveness network of that name. Raises what `open_face_recogniser` raises."""
    model = _cast(name, Role.FACE_LIVENESS, _LIVENESS)
    return _liveness(model, _session(model, store, threads))


def _liveness(model: Model, session: Session) -> LivenessNetwork:
    if model.sees is None:
        raise LookupError(f"{model.name} judges no faces")
    return LivenessNetwork(session, model.normalisation, model.sees.times, model.sees.live)


def open_plate_recogniser(finder_name: str, reader_name: str, store: Store, threads: int = 1) -> PlateRecogniser:
    """The plate recogniser of a finder and a reader of the catalogue. Raises what `open_face_recogniser` raises."""
    finder = _cast(finder_name, Role.PLATE_FINDER, _PLATE_FINDERS)
    reader = _cast(reader_name, Role.PLATE_READER, _PLATE_READERS)
    found_by = _PLATE_FINDERS[finder.program]
    session = _session(finder, store, threads)
    return PlatePipeline(
        found_by(session, finder.normalisation, SEARCH_PX),
        _PLATE_READERS[reader.program](_session(reader, store, threads), reader.normalisation),
        None if session.fixed_size else found_by(session, finder.normalisation, CLOSER_PLATE_PX),
    )


def _cast(name: str, role: Role, programs: Mapping[Program, type]) -> Model:
    """The model of that name, sure to play the role."""
    model = catalog().model(name)
    if model.role is not role or model.program not in programs:
        raise ModelIncompatible("models.wrong_role", name=name, role=role)
    return model


def _session(model: Model, store: Store, threads: int) -> Session:
    return Session(store.read(model), model.name, threads)


def try_out(model: Model, weights: bytes) -> None:
    """Run the weights once as the role's program would. Raises `ModelCorrupt` where they do not keep its contract."""
    session = Session(weights, model.name)
    grey = np.full((TRIED_PX, TRIED_PX * 2, 3), 127, np.uint8)
    if model.role is Role.FACE_FINDER:
        _FACE_FINDERS[model.program](session, model.normalisation).find(grey)
    elif model.role is Role.FACE_EMBEDDER:
        _FACE_EMBEDDERS[model.program](session, model.normalisation, model.model_id)
    elif model.role is Role.FACE_LIVENESS:
        _liveness(model, session)
    elif model.role is Role.PLATE_FINDER:
        _PLATE_FINDERS[model.program](session, model.normalisation).find(grey)
    elif model.role is Role.PLATE_READER:
        _PLATE_READERS[model.program](session, model.normalisation)
