from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from enrollment.database import open_database, upgrade
from gate.bench.ledger import measure
from gate.bench.record import Record
from gate.ledger.tables import MIGRATIONS
from gate.ledger.verify import verify


def test_a_small_record_is_written_proven_and_searched(tmp_path: Path) -> None:
    speed = measure(tmp_path, 3000)
    assert speed.rows > speed.appended >= 2999
    rates = speed.append_per_s, speed.alone_per_s, speed.verify_per_s, speed.verify_per_cpu_s
    peaks = speed.append_peak_mib, speed.verify_peak_mib, speed.search_peak_mib
    assert min(*rates, *peaks, *speed.search_ms.values()) > 0
    assert speed.search_ms[speed.slowest_search] == speed.slowest_ms == max(speed.search_ms.values())
    assert speed.hash_ratio > 1, "a verification hashes every row, and more"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(tmp_path / "record.db")
    upgrade(engine, MIGRATIONS)
    yield engine
    engine.dispose()


def test_a_record_that_was_filled_fast_is_as_whole_and_guarded_as_any(engine: Engine) -> None:
    schema = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    with engine.connect() as connection:
        before = connection.exec_driver_sql(schema).all()
    record = Record(engine)
    record.fill(3000)
    record.append(3500)
    with engine.connect() as connection:
        assert connection.exec_driver_sql(schema).all() == before
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    proof = verify(engine, key=record.signer.public)
    assert (proof.first_broken, proof.rows, proof.signed) == (None, record.rows, record.rows)
