"""Weights made up for the store, and the models that a catalogue would know them as."""

from __future__ import annotations

import hashlib

from models.catalog import Archive, Commercial, Condition, Content, Model, Program
from models.preprocess import Normalisation
from models.roles import Role


def content_of(weights: bytes) -> Content:
    return Content(len(weights), hashlib.sha256(weights).hexdigest())


def model_of(
    weights: bytes,
    name: str = "toy",
    address: str | None = "https://models.invalid/toy.onnx",
    archive: Archive | None = None,
    commercial: Commercial = Commercial.YES,
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
        address=None if archive else address,
        archive=archive,
        member=f"{name}.onnx" if archive else None,
    )
