"""What a verification finds when somebody has been at the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from enrollment.database import writing
from gate.ledger.ledger import Passage, append, append_passage
from gate.ledger.snapshots import Snapshots
from gate.ledger.verify import Break, verify

MOMENT = datetime(2026, 2, 17, 15, 10, tzinfo=UTC)


def _passage(number: int) -> Passage:
    details = {"plate": "辽A12345", "score": 0.5}
    at = MOMENT + timedelta(seconds=number)
    return Passage(f"p{number}", at, "north-in", "open", "known_vehicle", "v1", "rules", details)


@pytest.fixture
def chain(engine: Engine, snapshots: Snapshots) -> Engine:
    with writing(engine) as session:
        append(session, MOMENT, "gate.started", {})
    for number in range(5):
        kept = snapshots.keep(b"jpeg %d" % number, MOMENT)
        with writing(engine) as session:
            append_passage(session, _passage(number), kept)
            append(session, MOMENT, "barrier", {"act": "opened"})
    return engine


def _behind_our_back(tmp_path: Path, *statements: str) -> None:
    with sqlite3.connect(tmp_path / "menwei.db") as raw:
        raw.execute("DROP TRIGGER ledger_no_update")
        raw.execute("DROP TRIGGER ledger_no_delete")
        for statement in statements:
            raw.execute(statement)
    raw.close()


def test_an_untouched_chain_holds(chain: Engine, snapshots: Snapshots) -> None:
    proof = verify(chain, snapshots)
    assert proof.first_broken is None
    assert (proof.rows, proof.passages, proof.snapshots) == (11, 5, 5)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE ledger SET body = replace(body, 'open', 'shut') WHERE seq = 4", Break(4, "altered")),
        ("UPDATE ledger SET at = replace(at, '2026', '2025') WHERE seq = 3", Break(3, "altered")),
        ("UPDATE ledger SET hash = zeroblob(32) WHERE seq = 7", Break(7, "altered")),
        ("DELETE FROM ledger WHERE seq = 5", Break(6, "missing_before")),
        ("DELETE FROM ledger WHERE seq = 1", Break(2, "missing_before")),
        ("UPDATE passage SET verdict = 'refuse' WHERE id = 'p1'", Break(4, "passage_altered")),
        ("UPDATE passage SET details = replace(details, '5', '6') WHERE id = 'p2'", Break(6, "passage_altered")),
        ("UPDATE passage SET subject = NULL WHERE id = 'p0'", Break(2, "passage_altered")),
    ],
)
def test_the_first_touched_row_is_named(chain: Engine, tmp_path: Path, statement: str, expected: Break) -> None:
    _behind_our_back(tmp_path, statement)
    assert verify(chain).first_broken == expected


def test_two_rows_that_changed_places_are_noticed(chain: Engine, tmp_path: Path) -> None:
    _behind_our_back(
        tmp_path,
        "UPDATE ledger SET seq = 99 WHERE seq = 3",
        "UPDATE ledger SET seq = 3 WHERE seq = 5",
        "UPDATE ledger SET seq = 5 WHERE seq = 99",
    )
    assert verify(chain).first_broken == Break(3, "altered")


def test_an_erased_passage_leaves_the_chain_whole(chain: Engine, tmp_path: Path) -> None:
    _behind_our_back(tmp_path, "DELETE FROM passage WHERE id = 'p3'")
    proof = verify(chain)
    assert proof.first_broken is None
    assert proof.passages == 4


@pytest.mark.parametrize("statement", ["UPDATE ledger SET kind = 'x'", "DELETE FROM ledger"])
def test_the_database_refuses_to_change_the_chain(chain: Engine, statement: str) -> None:
    with pytest.raises(IntegrityError, match="only grows"), chain.begin() as connection:
        connection.exec_driver_sql(statement)


def _files(tmp_path: Path) -> list[Path]:
    return sorted(path for path in (tmp_path / "snapshots").rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "touch",
    [
        lambda files: files[0].write_bytes(files[0].read_bytes()[:-1] + b"x"),
        lambda files: files[0].write_bytes(files[1].read_bytes()),
    ],
)
def test_an_altered_or_swapped_snapshot_is_noticed(
    chain: Engine, snapshots: Snapshots, tmp_path: Path, touch: Callable[[list[Path]], object]
) -> None:
    touch(_files(tmp_path))
    broken = verify(chain, snapshots).first_broken
    assert broken is not None
    assert broken.why == "snapshot_altered"


def test_a_snapshot_past_its_days_is_told_apart(chain: Engine, snapshots: Snapshots, tmp_path: Path) -> None:
    snapshots.keep(b"yesterday", MOMENT + timedelta(days=29))
    assert snapshots.sweep((MOMENT + timedelta(days=30)).date()) == 0
    assert snapshots.sweep((MOMENT + timedelta(days=31)).date()) == 1
    proof = verify(chain, snapshots)
    assert proof.first_broken is None
    assert (proof.snapshots, proof.snapshots_over) == (0, 5)


def test_a_clock_that_jumps_far_ahead_deletes_no_evidence(chain: Engine, snapshots: Snapshots, tmp_path: Path) -> None:
    snapshots.keep(b"now", MOMENT + timedelta(days=9000))
    assert snapshots.sweep((MOMENT + timedelta(days=9000)).date()) == 0
    assert len(_files(tmp_path)) == 6


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["UPDATE passage SET details = 'no json' WHERE id = 'p1'"], Break(4, "passage_altered")),
        (["DELETE FROM ledger WHERE seq >= 10"], Break(10, "cut_off")),
    ],
)
def test_garbled_details_and_a_cut_end_are_named(
    chain: Engine, tmp_path: Path, statements: list[str], expected: Break
) -> None:
    _behind_our_back(tmp_path, *statements)
    assert verify(chain).first_broken == expected


def test_a_snapshot_on_disk_is_no_readable_picture(chain: Engine, tmp_path: Path) -> None:
    assert _files(tmp_path)
    assert not any(b"jpeg" in path.read_bytes() for path in _files(tmp_path))
