"""What is let go in time, and what a jumped clock must not touch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from enrollment.database import reading, writing
from enrollment.keyring import Keyring
from gate.ledger.ledger import Passage, append_note, append_passage
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import LedgerRow, PassageRow, RemarkRow
from gate.ledger.verify import Break, Why, verify
from gate.retention import PASSAGE_DAYS, forget, sweep
from tests.databases import Database

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def engine(database: Database) -> Engine:
    engine = database.open()
    with writing(engine) as session:
        for days in (PASSAGE_DAYS + 2, PASSAGE_DAYS - 1, 1):
            at = NOW - timedelta(days=days)
            passage = Passage(f"p{days}", at, "north-in", "ask", "unknown_vehicle", None, "v1", {"plate": "辽A12345"})
            append_passage(session, passage, None)
            append_note(session, at, "manual.open", {}, "张三家的客人")
    return engine


def _left(engine: Engine) -> tuple[int, int]:
    with reading(engine) as session:
        return len(session.scalars(select(PassageRow)).all()), len(session.scalars(select(RemarkRow)).all())


def test_after_a_year_the_details_go_and_the_chain_stays(engine: Engine) -> None:
    assert forget(engine, NOW.date()) == 2
    assert _left(engine) == (2, 2)
    proof = verify(engine)
    assert (proof.first_broken, proof.rows, proof.passages) == (None, 7, 2)


def test_a_clock_that_jumps_ahead_lets_nothing_go(engine: Engine) -> None:
    assert forget(engine, (NOW + timedelta(days=9000)).date()) == 0
    assert _left(engine) == (3, 3)


def test_an_empty_record_has_nothing_to_let_go(database: Database) -> None:
    assert forget(database.open(), NOW.date()) == 0


@pytest.fixture
def pictures(database: Database, tmp_path: Path) -> tuple[Engine, Snapshots]:
    """A passage with a picture on each of 40 days."""
    snapshots = Snapshots(tmp_path / "snapshots", Keyring(b"k" * 32), days=30)
    engine = database.open()
    for days in range(40, -1, -1):
        at = NOW - timedelta(days=days)
        with writing(engine) as session:
            passage = Passage(f"p{days}", at, "north-in", "open", "known_resident", "r1", "v1", {})
            append_passage(session, passage, snapshots.keep(b"jpeg %d" % days, at))
    return engine, snapshots


def test_pictures_go_after_their_days_and_a_row_says_which(pictures: tuple[Engine, Snapshots]) -> None:
    engine, snapshots = pictures
    assert sweep(engine, snapshots, NOW.date()) == 10
    assert sweep(engine, snapshots, NOW.date()) == 0
    proof = verify(engine, snapshots)
    assert (proof.first_broken, proof.rows, proof.snapshots, proof.snapshots_over) == (None, 51, 31, 10)


def test_a_picture_that_is_gone_before_its_time_is_missed(pictures: tuple[Engine, Snapshots]) -> None:
    engine, snapshots = pictures
    snapshots.delete(f"{NOW - timedelta(days=2):%Y%m%d}")
    assert verify(engine, snapshots).first_broken == Break(39, Why.SNAPSHOT_MISSING)


def test_a_clock_that_jumps_far_ahead_deletes_no_picture(pictures: tuple[Engine, Snapshots]) -> None:
    engine, snapshots = pictures
    snapshots.keep(b"now", NOW + timedelta(days=9000))
    assert sweep(engine, snapshots, (NOW + timedelta(days=9000)).date()) == 0


def test_a_passage_deleted_by_hand_is_missed_though_older_ones_were_let_go(engine: Engine) -> None:
    forget(engine, NOW.date())
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM passage WHERE id = 'p1'")
    assert verify(engine).first_broken == Break(5, Why.PASSAGE_MISSING)
    with reading(engine) as session:
        assert (
            session.scalars(select(LedgerRow.kind).order_by(LedgerRow.seq.desc()).limit(1)).one()
            == "passages.forgotten"
        )
