from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from enrollment.keyring import Keyring
from gate.ledger.checkpoint import Signer
from gate.ledger.snapshots import Snapshots
from tests.databases import Database


@pytest.fixture
def engine(database: Database) -> Engine:
    return database.open()


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path / "snapshots", Keyring(b"k" * 32), days=30)


@pytest.fixture
def signer() -> Signer:
    return Signer(b"s" * 32)
