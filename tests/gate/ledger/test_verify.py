"""What a verification finds when somebody with SQL in hand has been at the record."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from enrollment.database import reading, writing
from gate.ledger.chain import GENESIS, Row, next_row, row_hash
from gate.ledger.checkpoint import Checkpoint, Signer
from gate.ledger.ledger import Chain, Passage, append, begin
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import CheckpointRow, LedgerRow, PassageRow
from gate.ledger.verify import Break, Proof, Why, last_checkpoint, verify
from tests.databases import Database

MOMENT = datetime(2026, 2, 17, 15, 10, tzinfo=UTC)
ROWS = 19
"""Row 1 begins; then for p0 to p5 a decision (2, 5, … 17), a barrier's act and a guard's act with a remark."""


def _passage(number: int) -> Passage:
    details = {"plate": "辽A12345", "score": 0.5}
    at = MOMENT + timedelta(seconds=number)
    return Passage(f"p{number}", at, "north-in", "ask", "unknown_vehicle", None, "rules", details)


@pytest.fixture
def chain(engine: Engine, snapshots: Snapshots, signer: Signer) -> Engine:
    """Signed at rows 1 and 10; the rest is the tail that nobody has signed yet."""
    with writing(engine) as session:
        begin(session, signer, MOMENT)
    for number in range(6):
        at = MOMENT + timedelta(seconds=number)
        with writing(engine) as session:
            chain = Chain(session)
            kept = snapshots.keep(b"jpeg %d" % number, at)
            chain.add_passage(_passage(number), kept, snapshots.keep(b"whole %d" % number, at))
            chain.add(at, "barrier", {"act": "opened", "command_id": f"p{number}"})
            chain.add_note(at, "manual.open", {"actor": "a1"}, f"客人 {number}")
            chain.flush()
            if number == 2:
                chain.sign(signer, at)
    return engine


def _rewrite_from(database: Database, seq: int, *statements: str) -> None:
    """Change something and bind every later row again, as somebody who knows the format would."""
    database.tamper(*statements)
    with database.open().begin() as connection:
        found = connection.exec_driver_sql("SELECT seq, at, kind, body, hash FROM ledger ORDER BY seq").all()
        rows = [Row(*row) for row in found]
        last = rows[seq - 2].hash if seq > 1 else GENESIS
        for row in rows[seq - 1 :]:
            last = row_hash(last, row.seq, row.at, row.kind, row.body)
            connection.execute(update(LedgerRow).where(LedgerRow.seq == row.seq).values(hash=last))


def _anchor(engine: Engine, signer: Signer) -> Checkpoint:
    with writing(engine) as session:
        made = Chain(session).sign(signer, MOMENT)
    assert made is not None
    return made


def test_an_untouched_record_holds(chain: Engine, snapshots: Snapshots, signer: Signer) -> None:
    head = _anchor(chain, signer)
    proof = verify(chain, snapshots, key=signer.public, anchors=[head])
    assert proof == Proof(ROWS, 6, 12, 0, head.hash, ROWS, 1, None)


def test_an_empty_record_holds(engine: Engine) -> None:
    assert verify(engine) == Proof(0, 0, 0, 0, GENESIS, 0, 0, None)


RENUMBER = "UPDATE ledger SET seq = -seq WHERE seq > {0}", "UPDATE ledger SET seq = -seq + {1} WHERE seq < 0"


def _renumbered(after: int, by: int) -> Sequence[str]:
    return [statement.format(after, by) for statement in RENUMBER]


SWAPPED = [
    "UPDATE ledger SET seq = 99 WHERE seq = 13",
    "UPDATE ledger SET seq = 13 WHERE seq = {0}",
    "UPDATE ledger SET seq = {0} WHERE seq = 99",
]
COPY = "INSERT INTO ledger (seq, at, kind, body, hash) SELECT {0}, at, kind, body, {1} FROM ledger WHERE seq = 4"
FORGED = "row_hash((SELECT hash FROM ledger WHERE seq = 12), 13, at, kind, body)"


TWICE = """
    INSERT INTO passage SELECT 9, 'new', at, lane, verdict, reason, subject, rules, snapshot, context, salt, details,
    plate, plate_key FROM passage WHERE seq = 8"""


@pytest.mark.parametrize(
    ("statements", "seq", "why"),
    [
        (["UPDATE ledger SET body = replace(body, 'ask', 'open') WHERE seq = 5"], 5, Why.ALTERED),
        (["UPDATE ledger SET at = replace(at, '2026', '2025') WHERE seq = 3"], 3, Why.ALTERED),
        (["UPDATE ledger SET hash = zeroblob(32) WHERE seq = 7"], 7, Why.ALTERED),
        ([f"UPDATE ledger SET body = replace(body, 'a1', 'a2') WHERE seq = {ROWS}"], ROWS, Why.ALTERED),
        (["DELETE FROM ledger WHERE seq = 6"], 7, Why.MISSING_BEFORE),
        (["DELETE FROM ledger WHERE seq = 1"], 2, Why.MISSING_BEFORE),
        (["DELETE FROM ledger WHERE seq = 6", *_renumbered(6, -1)], 6, Why.MISSING_BEFORE),
        (["DELETE FROM ledger WHERE seq IN (12, 13)", *_renumbered(13, -2)], 12, Why.MISSING_BEFORE),
        ([*_renumbered(12, 1), COPY.format(13, "hash")], 13, Why.INSERTED),
        ([*_renumbered(12, 1), COPY.format(13, FORGED)], 13, Why.INSERTED),
        ([statement.format(14) for statement in SWAPPED], 13, Why.REORDERED),
        ([statement.format(17) for statement in SWAPPED], 13, Why.REORDERED),
        (["DELETE FROM ledger WHERE seq >= 8"], 8, Why.CUT_OFF),
        (["DELETE FROM ledger WHERE seq >= 17"], 17, Why.CUT_OFF),
        (["UPDATE passage SET verdict = 'open' WHERE id = 'p1'"], 5, Why.PASSAGE_ALTERED),
        (["UPDATE passage SET details = replace(details, '0.5', '0.6') WHERE id = 'p2'"], 8, Why.PASSAGE_ALTERED),
        (["UPDATE passage SET details = 'no json' WHERE id = 'p1'"], 5, Why.PASSAGE_ALTERED),
        (["UPDATE passage SET plate = '辽B12345' WHERE id = 'p1'"], 5, Why.PASSAGE_ALTERED),
        (["UPDATE passage SET plate_key = '辽812345' WHERE id = 'p1'"], 5, Why.PASSAGE_ALTERED),
        (["UPDATE passage SET plate_key = NULL WHERE id = 'p1'"], 5, Why.PASSAGE_ALTERED),
        (["UPDATE passage SET salt = 'salt' WHERE id = 'p1'"], 5, Why.PASSAGE_ALTERED),
        (["UPDATE remark SET at = replace(at, '2026', '2025') WHERE words = '客人 1'"], 7, Why.REMARK_ALTERED),
        (["UPDATE passage SET subject = 'v1' WHERE id = 'p0'"], 2, Why.PASSAGE_ALTERED),
        (["DELETE FROM passage WHERE id = 'p3'"], 11, Why.PASSAGE_MISSING),
        ([TWICE], 9, Why.PASSAGE_INSERTED),
        (["UPDATE remark SET words = '自己人' WHERE words = '客人 1'"], 7, Why.REMARK_ALTERED),
        (["DELETE FROM remark WHERE words = '客人 4'"], 16, Why.REMARK_MISSING),
        (["UPDATE checkpoint SET signature = zeroblob(64) WHERE seq = 10"], 10, Why.CHECKPOINT_FORGED),
        (["UPDATE checkpoint SET at = replace(at, '2026', '2025') WHERE seq = 10"], 10, Why.CHECKPOINT_FORGED),
    ],
)  # fmt: skip
def test_the_first_touched_row_is_named(
    chain: Engine, database: Database, signer: Signer, statements: list[str], seq: int, why: Why
) -> None:
    database.tamper(*statements)
    assert verify(chain, key=signer.public).first_broken == Break(seq, why)


def test_a_value_of_another_type_is_named(chain: Engine, database: Database, signer: Signer) -> None:
    bytes_ = "CAST(details AS BLOB)" if database.kind == "sqlite" else "convert_to(details, 'UTF8')"
    database.tamper(f"UPDATE passage SET details = {bytes_} WHERE id = 'p1'")
    assert verify(chain, key=signer.public).first_broken == Break(5, Why.PASSAGE_ALTERED)


@pytest.mark.parametrize("batch", [1, 2, 3, 7])
@pytest.mark.parametrize(
    ("statements", "found"),
    [
        ([], None),
        (["UPDATE ledger SET hash = zeroblob(32) WHERE seq = 7"], Break(7, Why.ALTERED)),
        ([*_renumbered(12, 1), COPY.format(13, FORGED)], Break(13, Why.INSERTED)),
        ([statement.format(14) for statement in SWAPPED], Break(13, Why.REORDERED)),
        (["DELETE FROM ledger WHERE seq = 8"], Break(9, Why.MISSING_BEFORE)),
        (["DELETE FROM ledger WHERE seq >= 8"], Break(8, Why.CUT_OFF)),
        ([TWICE], Break(9, Why.PASSAGE_INSERTED)),
        (["UPDATE remark SET words = '自己人' WHERE words = '客人 1'"], Break(7, Why.REMARK_ALTERED)),
        (["UPDATE checkpoint SET signature = zeroblob(64) WHERE seq = 10"], Break(10, Why.CHECKPOINT_FORGED)),
    ],
)
def test_where_a_batch_ends_changes_nothing(
    chain: Engine,
    database: Database,
    signer: Signer,
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
    statements: list[str],
    found: Break | None,
) -> None:
    monkeypatch.setattr("gate.ledger.verify.BATCH", batch)
    database.tamper(*statements)
    assert verify(chain, key=signer.public).first_broken == found


def test_of_two_breaks_the_first_is_named(chain: Engine, database: Database) -> None:
    database.tamper(
        "UPDATE ledger SET kind = 'x' WHERE seq = 9",
        "UPDATE passage SET verdict = 'open' WHERE id = 'p1'",
    )
    assert verify(chain).first_broken == Break(5, Why.PASSAGE_ALTERED)


def test_rows_bound_anew_after_a_change_differ_from_the_checkpoint(chain: Engine, database: Database) -> None:
    _rewrite_from(database, 3, 'UPDATE ledger SET body = \'{"act":"closed"}\' WHERE seq = 3')
    assert verify(chain).first_broken == Break(10, Why.REWRITTEN)


def test_a_checkpoint_of_another_key_is_named(chain: Engine, database: Database, signer: Signer) -> None:
    _rewrite_from(database, 3, 'UPDATE ledger SET body = \'{"act":"closed"}\' WHERE seq = 3')
    with chain.begin() as connection:
        hash_ = connection.exec_driver_sql("SELECT hash FROM ledger WHERE seq = 10").scalar_one()
        forged = Signer(b"f" * 32).sign(10, "2026-02-17T15:10:00.000000Z", hash_)
        values = {"at": forged.at, "hash": forged.hash, "key": forged.key, "signature": forged.signature}
        connection.execute(update(CheckpointRow).where(CheckpointRow.seq == 10).values(values))
    assert verify(chain, key=signer.public).first_broken == Break(10, Why.CHECKPOINT_FOREIGN)


def test_a_whole_record_made_with_another_key_is_foreign(engine: Engine, signer: Signer) -> None:
    with writing(engine) as session:
        begin(session, Signer(b"f" * 32), MOMENT)
    assert verify(engine).first_broken is None
    assert verify(engine, key=signer.public).first_broken == Break(1, Why.FOREIGN_CHAIN)


def test_checkpoints_that_were_all_taken_away_are_missed(engine: Engine, tmp_path: Path, signer: Signer) -> None:
    with writing(engine) as session:
        begin(session, signer, MOMENT)
        chain = Chain(session)
        for _ in range(3000):
            chain.add(MOMENT, "barrier", {})
        chain.sign(signer, MOMENT)
    assert verify(engine).first_broken == Break(2, Why.CHECKPOINTS_MISSING)


class TestOutside:
    """What only a checkpoint noted elsewhere can show."""

    def test_a_tail_cut_with_its_checkpoints_and_passages(
        self, chain: Engine, database: Database, signer: Signer
    ) -> None:
        anchor = _anchor(chain, signer)
        tables = "ledger", "checkpoint", "passage"
        database.tamper(*(f"DELETE FROM {table} WHERE seq > 10" for table in tables))
        assert verify(chain, key=signer.public).first_broken is None
        assert verify(chain, key=signer.public, anchors=[anchor]).first_broken == Break(11, Why.CUT_OFF)

    def test_an_older_copy_of_the_database(self, chain: Engine, database: Database, signer: Signer) -> None:
        older = database.copied()
        with writing(chain) as session:
            append(session, MOMENT, "barrier", {"act": "opened"})
        anchor = _anchor(chain, signer)
        assert verify(older.open(), anchors=[anchor]).first_broken == Break(ROWS + 1, Why.CUT_OFF)

    def test_everything_rewritten_by_somebody_who_has_the_key(
        self, chain: Engine, database: Database, signer: Signer
    ) -> None:
        anchor = _anchor(chain, signer)
        _rewrite_from(database, 3, "UPDATE ledger SET body = '{}' WHERE seq = 3", "DELETE FROM checkpoint")
        with writing(chain) as session:
            Chain(session).sign(signer, MOMENT)
        assert verify(chain, key=signer.public).first_broken is None
        assert verify(chain, key=signer.public, anchors=[anchor]).first_broken == Break(ROWS, Why.REWRITTEN)

    def test_a_foreign_checkpoint_among_the_notes(self, chain: Engine, signer: Signer) -> None:
        foreign = Signer(b"f" * 32).sign(5, "2026-02-17T15:10:00.000000Z", b"h" * 32)
        assert verify(chain, key=signer.public, anchors=[foreign]).first_broken == Break(5, Why.CHECKPOINT_FOREIGN)


COLUMNS = "seq, at, kind, body, hash"
REWRITE = {
    "ledger": f"INTO ledger ({COLUMNS}) SELECT seq, at, 'x', body, hash FROM ledger WHERE seq = 5",
    "checkpoint": "INTO checkpoint SELECT seq, at, zeroblob(32), key, signature FROM checkpoint WHERE seq = 10",
}
OWN = {
    "sqlite": [f"REPLACE {rewrite}" for rewrite in REWRITE.values()],
    "postgresql": ["TRUNCATE ledger", "TRUNCATE checkpoint", "TRUNCATE ledger, checkpoint, passage CASCADE"],
}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET kind = 'x'",
        "DELETE FROM ledger",
        f"INSERT {REWRITE['ledger']} ON CONFLICT (seq) DO UPDATE SET kind = excluded.kind",
        f"INSERT INTO ledger ({COLUMNS}) SELECT seq + 100, at, kind, body, hash FROM ledger",
        "UPDATE checkpoint SET key = zeroblob(32)",
        "DELETE FROM checkpoint",
        f"INSERT {REWRITE['checkpoint']} ON CONFLICT (seq) DO UPDATE SET hash = excluded.hash",
        "INSERT INTO checkpoint SELECT seq - 1, at, hash, key, signature FROM checkpoint WHERE seq = 10",
        "UPDATE passage SET verdict = 'open'",
    ],
)
def test_the_database_refuses_to_change_the_record(chain: Engine, statement: str) -> None:
    with pytest.raises(IntegrityError, match="only grows"), chain.begin() as connection:
        connection.exec_driver_sql(statement)


def test_what_only_one_of_the_databases_can_do_is_refused_there(chain: Engine, database: Database) -> None:
    for statement in OWN[database.kind]:
        with pytest.raises(IntegrityError, match="only grows"), chain.begin() as connection:
            connection.exec_driver_sql(statement)


def _one_bit_off(file: Path) -> bytes:
    *kept, last = file.read_bytes()
    return bytes([*kept, last ^ 1])


def _files(tmp_path: Path) -> list[Path]:
    return sorted(path for path in (tmp_path / "snapshots").rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("touch", "why"),
    [
        (lambda files: files[0].write_bytes(_one_bit_off(files[0])), Why.SNAPSHOT_ALTERED),
        (lambda files: files[0].write_bytes(b""), Why.SNAPSHOT_ALTERED),
        (lambda files: files[0].write_bytes(files[1].read_bytes()), Why.SNAPSHOT_SWAPPED),
        (lambda files: files[0].unlink(), Why.SNAPSHOT_MISSING),
    ],
)
def test_a_picture_that_is_altered_swapped_or_missing_is_told_apart(
    chain: Engine, snapshots: Snapshots, tmp_path: Path, touch: Callable[[list[Path]], object], why: Why
) -> None:
    files = _files(tmp_path)
    touch(files)
    with reading(chain) as session:
        stored = session.execute(select(PassageRow.seq, PassageRow.snapshot, PassageRow.context))
        named = {name: seq for seq, *names in stored for name in names}
    touched = f"{files[0].parent.name}-{files[0].name}"
    assert verify(chain, snapshots).first_broken == Break(named[touched], why)


def test_two_pictures_that_changed_places_are_noticed(chain: Engine, snapshots: Snapshots, tmp_path: Path) -> None:
    one, other, *_ = _files(tmp_path)
    before = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(before)
    broken = verify(chain, snapshots).first_broken
    assert broken is not None
    assert broken.why is Why.SNAPSHOT_SWAPPED


def test_a_picture_on_disk_is_not_readable_without_the_key(chain: Engine, tmp_path: Path) -> None:
    assert len(_files(tmp_path)) == 12
    assert not any(b"jpeg" in path.read_bytes() or b"whole" in path.read_bytes() for path in _files(tmp_path))


def test_a_rewritten_record_full_of_nonsense_is_named_and_stops_nobody(engine: Engine, snapshots: Snapshots) -> None:
    rows: list[Row] = []
    for kind, body in (("decision", {"snapshot": 7}), ("pictures.deleted", {}), ("x", {"remark": 1})):
        rows.append(next_row(rows[-1] if rows else None, MOMENT, kind, body))
    with engine.begin() as connection:
        connection.execute(insert(LedgerRow), [row._asdict() for row in rows])
    assert verify(engine, snapshots).first_broken == Break(1, Why.PASSAGE_MISSING)


def test_every_reason_has_a_sentence() -> None:
    from gate.texts import catalogue

    assert {f"ledger.{why}" for why in Why} <= set(catalogue())


def test_the_last_checkpoint_is_the_newest(chain: Engine, signer: Signer) -> None:
    with reading(chain) as session:
        newest = last_checkpoint(session)
    assert newest is not None
    assert (newest.seq, newest.key) == (10, signer.public)
    assert json.dumps(str(newest))
