"""What only a PostgreSQL server can do to the record; all else is tried on both kinds of database where it belongs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from enrollment.accounts import Role
from enrollment.database import open_database, upgrade, writing
from enrollment.errors import StoreBusy
from enrollment.keyring import Keyring
from gate.config import parse_config
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import append
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import MIGRATIONS
from gate.ledger.verify import verify
from gate.ledger.writer import LedgerWriter
from gate.retention import forget
from gate.site import open_site
from tests.databases import ServerDatabase, database_of, run_on

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)


@pytest.fixture
def server(postgresql: str) -> Iterator[ServerDatabase]:
    database = ServerDatabase(postgresql)
    yield database
    database.close()


def test_a_new_database_is_brought_up_to_date_and_once_more_changes_nothing(postgresql: str) -> None:
    run_on(postgresql, "CREATE DATABASE menwei_bare")
    engine = open_database(database_of(postgresql, "menwei_bare"))
    for _ in range(2):
        upgrade(engine, MIGRATIONS)
        with writing(engine) as session:
            append(session, NOON, "barrier", {})
    assert verify(engine).rows == 2
    engine.dispose()
    run_on(postgresql, "DROP DATABASE menwei_bare")


def test_what_is_acknowledged_is_on_the_servers_disk_whatever_its_own_settings_say(server: ServerDatabase) -> None:
    run_on(server.address, f"ALTER DATABASE {server.name} SET synchronous_commit = off")
    with server.open().connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"


def test_two_boxes_at_once_make_one_whole_chain(server: ServerDatabase, tmp_path: Path, signer: Signer) -> None:
    boxes = [server.open(busy_s=10), server.open(busy_s=10)]
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
    proof = verify(server.open())
    assert (proof.rows, proof.signed, proof.first_broken) == (200, 200, None)


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    gone = open_database(f"postgresql+psycopg://nobody@/menwei?host={tmp_path}", busy_s=1)
    with pytest.raises(StoreBusy) as refused, writing(gone):
        pass
    assert refused.value.code == "store.unreachable"
    gone.dispose()


def test_a_site_opens_by_its_url_and_forgets_and_erases(server: ServerDatabase, tmp_path: Path) -> None:
    config = parse_config({"storage": {"folder": "var"}, **server.settings}, tmp_path / "gate.toml")
    with open_site(config, create=True) as site:
        car = site.register.add_vehicle("苏Z12345", "3-2-501", "t")
        assert site.register.remove(car.id, "t").purged
        site.accounts.add("laowang", "a-good-long-one", Role.GUARD, "t")
        forget(site.engine, NOON.date())
    with open_site(config) as site:
        proof = verify(site.engine, key=site.signer.public)
        assert (proof.first_broken, proof.rows, proof.signed) == (None, 4, 4)
    assert not (tmp_path / "var" / "menwei.db").exists()
