"""The record on a real PostgreSQL server: the same chain, the same guards, the same things found by a verification."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import IntegrityError

from enrollment.accounts import Accounts, Role
from enrollment.database import open_database, upgrade, writing
from enrollment.errors import StoreBusy
from enrollment.keyring import Keyring
from gate.archive import Archive
from gate.config import parse_config
from gate.ledger.chain import stamp
from gate.ledger.checkpoint import Signer
from gate.ledger.counts import by_hour
from gate.ledger.ledger import Chain, Passage, StaffActs, append, begin
from gate.ledger.report import report_of
from gate.ledger.search import Place, Query
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import MIGRATIONS
from gate.ledger.verify import Break, Why, verify
from gate.ledger.writer import LedgerWriter
from gate.retention import forget
from gate.site import open_site
from tests.postgresql import running

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture
def url(server: str) -> str:
    """A fresh database on the server."""
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS menwei WITH (FORCE)")
        connection.exec_driver_sql("CREATE DATABASE menwei")
    admin.dispose()
    return server.replace("/postgres?", "/menwei?")


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = open_database(url, busy_s=2)
    upgrade(engine, MIGRATIONS)
    yield engine
    engine.dispose()


@pytest.fixture
def chain(engine: Engine, signer: Signer) -> Engine:
    """Row 1 begins; then for p0 to p5 a decision (2, 5, … 17), a barrier's act and a guard's act with a remark."""
    with writing(engine) as session:
        begin(session, signer, NOON)
    for number in range(6):
        at = NOON + timedelta(seconds=number)
        details = {"plate": f"苏Z1234{number}", "weakest": 0.5}
        with writing(engine) as session:
            chain = Chain(session)
            chain.add_passage(Passage(f"p{number}", at, "in", "ask", "unknown_vehicle", None, "r", details), None)
            chain.add(at, "barrier", {"act": "opened", "barrier": "arm", "command_id": f"p{number}"})
            chain.add_note(at, "manual.open", {"actor": "a1", "lane": "in", "reason": "visitor"}, f"客人 {number}")
            chain.flush()
            if number == 2:
                chain.sign(signer, at)
    return engine


def test_upgrading_again_changes_nothing(chain: Engine) -> None:
    upgrade(chain, MIGRATIONS)
    assert verify(chain).rows == 19


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET kind = 'x'",
        "DELETE FROM ledger",
        "TRUNCATE ledger",
        "INSERT INTO ledger (seq, at, kind, body, hash) SELECT seq + 100, at, kind, body, hash FROM ledger",
        "UPDATE checkpoint SET at = 'x'",
        "DELETE FROM checkpoint",
        "UPDATE passage SET verdict = 'open'",
    ],
)
def test_the_server_refuses_to_change_the_record(chain: Engine, statement: str) -> None:
    with pytest.raises(IntegrityError, match="only grows"), chain.begin() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("statements", "seq", "why"),
    [
        (["UPDATE ledger SET body = replace(body, 'ask', 'open') WHERE seq = 5"], 5, Why.ALTERED),
        (["DELETE FROM ledger WHERE seq = 6"], 7, Why.MISSING_BEFORE),
        (
            [
                "UPDATE ledger SET seq = 99 WHERE seq = 13",
                "UPDATE ledger SET seq = 13 WHERE seq = 14",
                "UPDATE ledger SET seq = 14 WHERE seq = 99",
            ],
            13,
            Why.REORDERED,
        ),
        (["DELETE FROM ledger WHERE seq >= 17"], 17, Why.CUT_OFF),
        (["UPDATE passage SET verdict = 'open' WHERE id = 'p1'"], 5, Why.PASSAGE_ALTERED),
        (["DELETE FROM passage WHERE id = 'p3'"], 11, Why.PASSAGE_MISSING),
        (["UPDATE remark SET words = '自己人' WHERE words = '客人 1'"], 7, Why.REMARK_ALTERED),
        (["UPDATE checkpoint SET at = replace(at, '2026', '2025') WHERE seq = 10"], 10, Why.CHECKPOINT_FORGED),
    ],
)
def test_the_first_touched_row_is_named(chain: Engine, statements: list[str], seq: int, why: Why) -> None:
    with chain.begin() as connection:
        for table in ("ledger", "checkpoint", "passage"):
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for statement in statements:
            connection.exec_driver_sql(statement)
    assert verify(chain).first_broken == Break(seq, why)


def test_two_boxes_at_once_make_one_whole_chain(url: str, engine: Engine, tmp_path: Path, signer: Signer) -> None:
    boxes = [open_database(url), open_database(url)]
    writers = [
        LedgerWriter(box, Snapshots(tmp_path / str(number), Keyring(b"k" * 32), 30), signer=signer)
        for number, box in enumerate(boxes)
    ]
    for writer in writers:
        writer.start()

    def work(writer: LedgerWriter) -> None:
        for _ in range(100):
            writer.note("barrier", act="opened")

    threads = [threading.Thread(target=work, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for writer in writers:
        writer.stop(30)
    for box in boxes:
        box.dispose()
    proof = verify(engine)
    assert (proof.rows, proof.signed, proof.first_broken) == (200, 200, None)


def test_a_lock_that_is_held_makes_rows_wait(engine: Engine, snapshots: Snapshots) -> None:
    writer = LedgerWriter(engine, snapshots, retry_s=0.01)
    with writing(engine) as session:
        append(session, NOON, "barrier", {})
        writer.start()
        waiting = writer.note("waits")
        with pytest.raises(TimeoutError):
            waiting.result(0.2)
    assert waiting.result(20).seq == 2
    writer.stop()


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    gone = open_database(f"postgresql+psycopg://nobody@/menwei?host={tmp_path}", busy_s=1)
    with pytest.raises(StoreBusy) as refused, writing(gone):
        pass
    assert refused.value.code == "store.unreachable"
    gone.dispose()


def test_a_site_opens_by_its_url_and_forgets_and_erases(url: str, tmp_path: Path) -> None:
    address = url.replace("+psycopg", "")
    config = parse_config({"storage": {"folder": "var"}, "database": {"url": address}}, tmp_path / "gate.toml")
    with open_site(config, create=True) as site:
        car = site.register.add_vehicle("苏Z12345", "3-2-501", "t")
        assert site.register.remove(car.id, "t").purged
        site.accounts.add("laowang", "a-good-long-one", Role.GUARD, "t")
        forget(site.engine, NOON.date())
    with open_site(config) as site:
        proof = verify(site.engine, key=site.signer.public)
        assert (proof.first_broken, proof.rows, proof.signed) == (None, 4, 4)
    assert not (tmp_path / "var" / "menwei.db").exists()


def test_the_auditors_questions_are_answered(chain: Engine, snapshots: Snapshots, signer: Signer) -> None:
    Accounts(chain, StaffActs(signer)).add("laowang", "a-good-long-one", Role.GUARD, "t")
    archive = Archive(chain, signer, snapshots, lambda *_told, **_facts: None)
    entries, after = archive.passages(Query(plate="苏Z*S", verdict="ask"), None)
    assert ([entry.id for entry in entries], after) == (["p5"], None)
    entries, _ = archive.passages(Query(), Place(stamp(entries[0].at), entries[0].seq))
    assert len(entries) == 5
    acts, _ = archive.rows(Query(kinds="staff"), None)
    assert [act.kind for act in acts] == ["account.added"]
    story = archive.story("p2")
    assert story is not None
    assert [act.kind for act in story.acts][:2] == ["barrier", "manual.open"]
    assert len(archive.export(Query(), "a1", "csv", "police", "函")) == 6
    hours = by_hour(chain, NOON.date(), UTC)
    assert hours[4].verdicts == {"ask": 6}
    told = report_of(chain, Query(since=NOON - timedelta(days=1), until=NOON + timedelta(days=1)), UTC)
    assert told.opens == {"a1": {"visitor": 6}}
    with chain.connect() as connection:
        body = connection.execute(text("SELECT body FROM ledger WHERE kind = 'export'")).scalar_one()
    assert json.loads(body)["passages"] == 6
