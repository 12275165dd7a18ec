"""A real register on a real file, with a record that only collects."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from enrollment.act import Act
from enrollment.database import open_database, upgrade
from enrollment.keyring import Keyring
from enrollment.register import Register
from models.sighting import Box, Embedding, FaceFault, FaceQuality, FaceSighting

MakeFace = Callable[..., FaceSighting]


def _unit(seed: int, size: int = 128) -> Embedding:
    vector = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.fixture(scope="session")
def unit() -> Callable[..., Embedding]:
    """Makes the embedding of invented person number `seed`; strangers of this kind score about 0."""
    return _unit


@pytest.fixture(scope="session")
def make_face() -> MakeFace:
    """Makes a face sighting of a height, with faults, of invented person number `seed`."""

    def make(
        seed: int | None = None, height: float = 160, faults: tuple[FaceFault, ...] = (), left: float = 0
    ) -> FaceSighting:
        return FaceSighting(
            box=Box(left, 0, left + height * 0.8, height),
            landmarks=np.zeros((5, 2), np.float32),
            found=0.9,
            quality=FaceQuality(0.8, height, 0.9, 0.9, 0.9, faults),
            embedding=None if seed is None else _unit(seed),
        )

    return make


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the database file is."""
    return tmp_path / "menwei.db"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with this room's newest schema, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "menwei.db"
    made = open_database(path)
    upgrade(made)
    made.dispose()
    return path


@pytest.fixture
def engine(database: Path, migrated: Path) -> Iterator[Engine]:
    """An up-to-date database."""
    shutil.copy(migrated, database)
    opened = open_database(database)
    yield opened
    opened.dispose()


@pytest.fixture
def keyring() -> Keyring:
    """A key in memory."""
    return Keyring(bytes(range(32)))


@pytest.fixture
def acts() -> list[Act]:
    """What the record was given."""
    return []


@pytest.fixture
def register(engine: Engine, keyring: Keyring, acts: list[Act]) -> Register:
    """A register that writes to `acts`."""
    return Register(engine, keyring, lambda _session, act: acts.append(act))
