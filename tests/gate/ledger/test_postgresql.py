"""What only a PostgreSQL server can do to the record; all else is tried on both kinds of database where it belongs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enrollment.accounts import Role
from enrollment.consent import Purpose
from enrollment.credential import CredentialKind
from enrollment.database import open_database, upgrade, writing
from enrollment.errors import StoreBusy
from enrollment.form import PersonForm, VehicleForm
from enrollment.gallery import load_plate_book
from enrollment.keyring import Keyring
from gate.clocks import clocks
from gate.config import parse_config
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import append
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import MIGRATIONS
from gate.ledger.verify import verify
from gate.ledger.writer import LedgerWriter
from gate.retention import forget
from gate.site import open_site
from tests.consents import FACE
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


def test_the_whole_register_works_on_a_server_too(server: ServerDatabase, tmp_path: Path) -> None:
    config = parse_config({"storage": {"folder": "var"}, **server.settings}, tmp_path / "gate.toml")
    plates = replace(FACE, purpose=Purpose.PLATE_ENTRY)
    with open_site(config, create=True) as site:
        register = site.register
        person = register.enrol(PersonForm.of("张三", "3-2-501", ["east"]), "t", [FACE, plates])
        edited = register.edit_person(person.id, PersonForm.of("张三", "5-1-101"), "t", person.version)
        register.enter_vehicle(VehicleForm.of("苏Z12345", "5-1-101", owner=person.id), "t")
        (stay,) = register.tenancies.of(person.id)
        register.tenancies.end(stay.id, datetime.now(UTC) + timedelta(days=1), "t", expected=edited.version)
        assert load_plate_book(site.engine).vehicles["苏Z12345"].until is not None
        ended = register.consents.withdraw(person.id, Purpose.FACE_ENTRY, "t", CredentialKind.CARD, "04A1B2C3")
        assert (ended.purged, register.credentials.find_card("04A1B2C3")) == (True, person.id)
        assert register.consents.withdraw(person.id, Purpose.PLATE_ENTRY, "t").gone == {"vehicles": 1}
        assert (register.consents.end_expired("t"), register.consents.unconsented()) == (0, ())
        assert [home.residents for home in register.households.list()] == [0, 1]
        assert not [clock for clock in clocks(site, 30, datetime.now(UTC).date()) if clock.overdue]
        assert verify(site.engine, key=site.signer.public).first_broken is None


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
