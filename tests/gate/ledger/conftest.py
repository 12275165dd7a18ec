from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from enrollment.database import open_database, upgrade
from enrollment.keyring import Keyring
from gate.ledger.checkpoint import Signer
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import MIGRATIONS


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(tmp_path / "menwei.db", busy_s=0.2)
    upgrade(engine, MIGRATIONS)
    yield engine
    engine.dispose()


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path / "snapshots", Keyring(b"k" * 32), days=30)


@pytest.fixture
def signer() -> Signer:
    return Signer(b"s" * 32)
