"""What is let go in time, and what a jumped clock must not touch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from enrollment.database import open_database, reading, upgrade, writing
from gate.ledger.ledger import Passage, append_note, append_passage
from gate.ledger.tables import MIGRATIONS, PassageRow, RemarkRow
from gate.ledger.verify import verify
from gate.retention import PASSAGE_DAYS, forget

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(tmp_path / "menwei.db")
    upgrade(engine, MIGRATIONS)
    with writing(engine) as session:
        for days in (PASSAGE_DAYS + 2, PASSAGE_DAYS - 1, 1):
            at = NOW - timedelta(days=days)
            passage = Passage(f"p{days}", at, "north-in", "ask", "unknown_vehicle", None, "v1", {"plate": "辽A12345"})
            append_passage(session, passage, None)
            append_note(session, at, "manual.open", {}, "张三家的客人")
    yield engine
    engine.dispose()


def _left(engine: Engine) -> tuple[int, int]:
    with reading(engine) as session:
        return len(session.scalars(select(PassageRow)).all()), len(session.scalars(select(RemarkRow)).all())


def test_after_a_year_the_details_go_and_the_chain_stays(engine: Engine) -> None:
    assert forget(engine, NOW.date()) == 2
    assert _left(engine) == (2, 2)
    proof = verify(engine)
    assert (proof.first_broken, proof.rows) == (None, 6)


def test_a_clock_that_jumps_ahead_lets_nothing_go(engine: Engine) -> None:
    assert forget(engine, (NOW + timedelta(days=9000)).date()) == 0
    assert _left(engine) == (3, 3)


def test_an_empty_record_has_nothing_to_let_go(tmp_path: Path) -> None:
    empty = open_database(tmp_path / "empty.db")
    upgrade(empty, MIGRATIONS)
    assert forget(empty, NOW.date()) == 0
    empty.dispose()
