"""The committing thread: order, a locked database, a full spool, a full disk."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from enrollment.database import open_database, reading, upgrade, writing
from enrollment.keyring import Keyring
from gate.errors import LedgerUnwritable
from gate.ledger.chain import details_digest
from gate.ledger.checkpoint import EVERY_ROWS, EVERY_S, Signer
from gate.ledger.clock import ClockWatch
from gate.ledger.ledger import Passage, append
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import MIGRATIONS, CheckpointRow, LedgerRow, PassageRow, RemarkRow
from gate.ledger.verify import verify
from gate.ledger.writer import LedgerWriter
from tests.databases import Database

MOMENT = datetime(2026, 2, 17, 15, 10, tzinfo=UTC)
PASSAGE = Passage("p1", MOMENT, "north-in", "open", "known_vehicle", "v1", "rules", {"plate": "辽A12345"})


@pytest.fixture
def writer(engine: Engine, snapshots: Snapshots) -> Iterator[LedgerWriter]:
    writer = LedgerWriter(engine, snapshots, capacity=5, retry_s=0.01)
    writer.start()
    yield writer
    writer.stop()


@pytest.fixture
def lock(database: Database) -> Iterator[ExitStack]:
    """Another process that holds the database until the stack is closed."""
    with ExitStack() as stack:
        stack.enter_context(database.held())
        yield stack


def _signed(engine: Engine) -> list[int]:
    with reading(engine) as session:
        return list(session.scalars(select(CheckpointRow.seq).order_by(CheckpointRow.seq)))


def _kinds(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.scalars(select(LedgerRow.kind).order_by(LedgerRow.seq)))


def test_a_passage_its_row_and_its_picture_are_kept_together(
    writer: LedgerWriter, engine: Engine, snapshots: Snapshots
) -> None:
    assert writer.submit(PASSAGE, b"jpeg").result(10).seq == 1
    with reading(engine) as session:
        passage = session.scalars(select(PassageRow)).one()
        row = session.scalars(select(LedgerRow)).one()
    assert passage.snapshot is not None
    assert passage.snapshot in row.body
    assert "辽A12345" not in row.body
    assert snapshots.look(passage.snapshot) == b"jpeg"
    assert verify(engine, snapshots).first_broken is None


def test_entries_of_many_threads_make_one_whole_chain(engine: Engine, snapshots: Snapshots) -> None:
    writer = LedgerWriter(engine, snapshots)
    writer.start()

    def work() -> None:
        for _ in range(50):
            writer.note("barrier", act="opened")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.stop()
    proof = verify(engine)
    assert (proof.rows, proof.first_broken) == (200, None)


def test_a_locked_database_keeps_rows_waiting_and_in_order(
    writer: LedgerWriter, engine: Engine, lock: ExitStack
) -> None:
    first, second = writer.note("a"), writer.note("b")
    with pytest.raises(TimeoutError):
        first.result(0.5)
    assert writer.health().waiting == 2
    assert writer.health().broken == "store.locked"
    lock.close()
    assert (first.result(10).seq, second.result(10).seq) == (1, 2)
    assert writer.note("c").result(10).seq == 3
    assert writer.health().broken is None
    assert _kinds(engine) == ["a", "b", "c"]


def test_a_full_spool_drops_counts_and_records_the_gap(writer: LedgerWriter, engine: Engine, lock: ExitStack) -> None:
    kept = [writer.note("kept") for _ in range(5)]
    with pytest.raises(LedgerUnwritable):
        writer.note("dropped").result(0)
    assert writer.health().lost == 1
    lock.close()
    for future in kept:
        future.result(10)
    assert _kinds(engine) == ["ledger.gap", *["kept"] * 5]
    assert verify(engine).first_broken is None


def test_a_snapshot_that_cannot_be_written_does_not_lose_the_row(
    writer: LedgerWriter, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "snapshots").write_text("a file where the folder should be")
    assert writer.submit(PASSAGE, b"jpeg").result(10).seq == 1
    with reading(engine) as session:
        assert session.scalars(select(PassageRow)).one().snapshot is None


def test_stopping_commits_what_is_waiting(engine: Engine, snapshots: Snapshots) -> None:
    writer = LedgerWriter(engine, snapshots)
    writer.start()
    futures = [writer.note("row") for _ in range(500)]
    writer.stop()
    assert all(future.done() for future in futures)
    assert len(_kinds(engine)) == 500


def test_on_a_full_disk_rows_wait_and_are_written_once_there_is_room(small_disk: Path) -> None:
    engine = open_database(small_disk / "menwei.db", busy_s=0.2)
    upgrade(engine, MIGRATIONS)
    writer = LedgerWriter(engine, Snapshots(small_disk / "snapshots", Keyring(b"k" * 32), 30), retry_s=0.01)
    writer.start()
    before = writer.note("before").result(10)
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space"), ballast.open("wb") as file:  # noqa: PT012
        while True:
            file.write(b"x" * 1000)
            file.flush()
    saving = [writer.submit(replace(PASSAGE, id=f"p{number}"), b"j" * 20_000) for number in range(20)]
    with pytest.raises(TimeoutError):
        saving[-1].result(0.5)
    assert writer.health().broken is not None
    ballast.unlink()
    assert [future.result(10).seq for future in saving] == list(range(before.seq + 1, before.seq + 21))
    writer.stop()
    proof = verify(engine)
    assert (proof.first_broken, proof.passages) == (None, 20)
    engine.dispose()


def test_a_commit_whose_answer_is_lost_is_neither_repeated_nor_stuck(
    engine: Engine, snapshots: Snapshots, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, lose = engine.dialect.do_commit, [True]

    def losing(raw: Any) -> None:
        commit(raw)
        if lose.pop() if lose else False:
            writer.note("later")  # the group that is tried again is not the same
            raise engine.dialect.loaded_dbapi.OperationalError("the connection is lost")

    writer = LedgerWriter(engine, snapshots, retry_s=0.01, signer=signer)
    saving = [writer.submit(PASSAGE), writer.note("barrier")]
    monkeypatch.setattr(engine.dialect, "do_commit", losing)
    writer.start()
    assert [future.result(10).seq for future in saving] == [1, 2]
    writer.stop()
    assert _kinds(engine) == ["decision", "barrier", "later"]
    assert verify(engine).signed == 3


def test_what_json_cannot_hold_is_refused_at_the_door(writer: LedgerWriter) -> None:
    with pytest.raises(ValueError, match="JSON"):
        writer.note("view", score=float("nan"))
    assert writer.note("view").result(10).seq == 1


def test_free_words_stay_out_of_the_chain_and_can_be_erased(writer: LedgerWriter, engine: Engine) -> None:
    writer.note("manual.open", "张三家的客人", lane="north-in").result(10)
    with reading(engine) as session:
        row = session.scalars(select(LedgerRow)).one()
        remark = session.scalars(select(RemarkRow)).one()
    assert "张三" not in row.body
    assert remark.id in row.body
    assert details_digest(remark.salt, remark.words) in row.body


class Clocks:
    """A wall clock and one that cannot be set, both turned by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.set_by_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def wall(self) -> datetime:
        return MOMENT + timedelta(seconds=self.now_s + self.set_by_s)

    def watch(self) -> ClockWatch:
        return ClockWatch(self.wall, self.monotonic)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def _signing(engine: Engine, snapshots: Snapshots, signer: Signer, clocks: Clocks) -> LedgerWriter:
    writer = LedgerWriter(
        engine, snapshots, signer=signer, clock=clocks.watch(), monotonic=clocks.monotonic, tick_s=0.01
    )
    writer.start()
    return writer


def test_no_thousand_rows_are_without_a_checkpoint(
    engine: Engine, snapshots: Snapshots, signer: Signer, clocks: Clocks
) -> None:
    writer = _signing(engine, snapshots, signer, clocks)
    for _ in range(3000):
        last = writer.note("barrier")
    last.result(30)
    signed = [0, *_signed(engine)]
    assert all(later - earlier <= 1000 for earlier, later in zip(signed, [*signed[1:], 3000], strict=True))
    assert len(signed) <= 2 + 3000 // EVERY_ROWS
    writer.stop()
    assert _signed(engine)[-1] == 3000
    assert verify(engine, key=signer.public).signed == 3000


def test_an_old_end_is_signed_though_nothing_happens_whoever_appended_it(
    engine: Engine, snapshots: Snapshots, signer: Signer, clocks: Clocks
) -> None:
    writer = _signing(engine, snapshots, signer, clocks)
    with writing(engine) as session:
        append(session, MOMENT, "resident.added", {})
    writer.note("barrier").result(10)
    assert _signed(engine) == []
    clocks.now_s += EVERY_S
    while not _signed(engine):
        assert threading.Event().wait(0.01) is False
    assert _signed(engine) == [2]
    writer.stop()


@pytest.mark.parametrize(("step_s", "rows"), [(-3600.0, [-3_600_000]), (7200.0, [7_200_000]), (1.0, [])])
def test_a_clock_that_is_set_becomes_a_row(
    engine: Engine, snapshots: Snapshots, signer: Signer, clocks: Clocks, step_s: float, rows: list[int]
) -> None:
    writer = _signing(engine, snapshots, signer, clocks)
    writer.note("barrier").result(10)
    clocks.set_by_s += step_s
    writer.note("barrier").result(10)
    writer.stop()
    with reading(engine) as session:
        bodies = session.scalars(select(LedgerRow.body).where(LedgerRow.kind == "clock.step")).all()
    assert [json.loads(body)["by_ms"] for body in bodies] == rows


def test_a_clock_that_was_set_back_while_the_gate_was_off_becomes_a_row(
    engine: Engine, snapshots: Snapshots, signer: Signer, clocks: Clocks
) -> None:
    with writing(engine) as session:
        append(session, datetime.now(UTC) + timedelta(hours=1), "gate.stopped", {})
    writer = _signing(engine, snapshots, signer, clocks)
    writer.note("gate.started").result(10)
    writer.stop()
    assert _kinds(engine) == ["gate.stopped", "clock.step", "gate.started"]


def test_the_whole_picture_is_kept_beside_the_crop(writer: LedgerWriter, engine: Engine, snapshots: Snapshots) -> None:
    writer.submit(PASSAGE, b"crop", b"whole").result(10)
    with reading(engine) as session:
        passage = session.scalars(select(PassageRow)).one()
    assert passage.snapshot is not None
    assert passage.context is not None
    assert (snapshots.look(passage.snapshot), snapshots.look(passage.context)) == (b"crop", b"whole")
    assert verify(engine, snapshots).snapshots == 2
