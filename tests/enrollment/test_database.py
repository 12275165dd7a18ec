from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hatchling.builders.wheel import WheelBuilder
from sqlalchemy import Engine, event, select, text, update
from sqlalchemy.exc import OperationalError

from enrollment.database import open_database, purge, reading, upgrade, writing
from enrollment.errors import EnrollmentError, StoreBusy
from enrollment.sign_in_tables import SignInRow
from enrollment.tables import Base, HouseholdRow, RegisterVersionRow

ROOT = Path(__file__).parents[2]
SEEDS_THAT_LEAVE_COPIES = (57, 71, 99, 118, 133)
"""With these, SQLite 3.40 leaves names in the file that were overwritten under `secure_delete`."""

HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
connection.execute("SELECT count(*) FROM household").fetchone()
print("held", flush=True)
sys.stdin.readline()
"""
UPGRADE = """
import sys
from enrollment.database import open_database, upgrade
upgrade(open_database(sys.argv[1]))
"""
COUNT = """
import sys
from sqlalchemy import select, update
from enrollment.database import open_database, writing
from enrollment.tables import RegisterVersionRow
engine = open_database(sys.argv[1], 60)
for _ in range(25):
    with writing(engine) as session:
        version = session.scalars(select(RegisterVersionRow.version)).one()
        session.execute(update(RegisterVersionRow).values(version=version + 1))
"""


def _home(number: int) -> HouseholdRow:
    return HouseholdRow(id=f"{number:032}", building=str(number), unit="1", room="1")


@contextmanager
def _held_elsewhere(database: Path, begin: str) -> Iterator[None]:
    """Another process holds the database in a transaction."""
    command = [sys.executable, "-c", HOLDER, str(database), begin]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        try:
            yield
        finally:
            holder.communicate("go\n")


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("busy_timeout", 5000),
        ("temp_store", 2),
    ],
)
def test_every_connection_is_durable_and_strict(engine: Engine, pragma: str, value: str | int) -> None:
    with reading(engine) as session:
        assert session.scalar(text(f"PRAGMA {pragma}")) == value


def test_the_url_form_opens_the_same_file(engine: Engine, database: Path) -> None:
    with writing(engine) as session:
        session.add(_home(1))
    other = open_database(f"sqlite:///{database}")
    with reading(other) as session:
        assert session.scalars(select(HouseholdRow.building)).all() == ["1"]
    other.dispose()


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(EnrollmentError, match=r"store\.no_such_kind"):
        open_database("mysql://localhost/menwei")


def test_a_writing_transaction_takes_the_write_lock_with_its_first_statement(engine: Engine) -> None:
    said: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: said.append(statement))
    with writing(engine):
        pass
    with reading(engine) as session:
        session.scalars(select(RegisterVersionRow.version)).one()
    assert said[0] == "BEGIN IMMEDIATE"
    assert "BEGIN" in said[1:]


def test_an_error_inside_rolls_everything_back(engine: Engine) -> None:
    def half_way() -> None:
        with writing(engine) as session:
            session.add(_home(1))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()
    with reading(engine) as session:
        assert session.scalars(select(HouseholdRow)).all() == []


def test_a_reader_sees_one_moment_while_others_write(engine: Engine) -> None:
    with reading(engine) as session:
        before = session.scalars(select(RegisterVersionRow.version)).one()
        with writing(engine) as writer:
            writer.execute(update(RegisterVersionRow).values(version=before + 1))
        assert session.scalars(select(RegisterVersionRow.version)).one() == before


def test_a_lock_held_by_another_process_is_said_and_nothing_is_written(engine: Engine, database: Path) -> None:
    impatient = open_database(database, busy_s=0.05)
    with _held_elsewhere(database, "BEGIN IMMEDIATE"):
        with pytest.raises(StoreBusy) as busy, writing(impatient) as session:
            session.add(_home(1))
        assert busy.value.code == "store.locked"
        with reading(impatient) as session:
            assert session.scalars(select(HouseholdRow)).all() == []
    with writing(impatient) as session:
        session.add(_home(1))
    impatient.dispose()


def test_purging_waits_for_another_time_while_a_reader_keeps_the_log(engine: Engine, database: Path) -> None:
    with writing(engine) as session:
        session.add(_home(1))
    impatient = open_database(database, busy_s=0.05)
    with _held_elsewhere(database, "BEGIN"):
        assert not purge(impatient, ["household"])
    assert purge(impatient, ["household"])
    assert database.with_name("menwei.db-wal").stat().st_size == 0
    with reading(impatient) as session:
        assert session.scalars(select(HouseholdRow.building)).all() == ["1"]
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
    impatient.dispose()


def _raw(database: Path) -> bytes:
    """Every byte of the database on disk, with its log."""
    files = (database, database.with_name(f"{database.name}-wal"))
    return b"".join(file.read_bytes() for file in files if file.exists())


def _shuffle_residents(engine: Engine, seed: int) -> tuple[list[bytes], list[bytes]]:
    """Add, stretch and clear residents in an order that makes SQLite split and join pages; the names gone and kept."""
    chance = random.Random(seed)
    living: dict[str, bytes] = {}
    gone: list[bytes] = []
    with writing(engine) as session:
        for number in range(400):
            if chance.random() < 0.6 or not living:
                id_, name = f"{chance.getrandbits(128):032x}", f"X{seed:03}{number:05}" + "王" * chance.randint(0, 3)
                add = text("INSERT INTO resident (id, name, blocked, created_at) VALUES (:id, :name, 0, '2026')")
                session.execute(add, {"id": id_, "name": name})
                living[id_] = name.encode()
            else:
                one = chance.choice(list(living))
                gone.append(living.pop(one))
                clear = text("UPDATE resident SET name = NULL, blocked_reason = NULL, ended_at = '2026' WHERE id = :id")
                session.execute(clear, {"id": one})
            if chance.random() < 0.5 and living:
                stretch = text("UPDATE resident SET blocked_reason = :reason WHERE id = :id")
                reason = "因" * chance.randint(100, 900)
                session.execute(stretch, {"id": chance.choice(list(living)), "reason": reason})
    return gone, list(living.values())


@pytest.mark.parametrize("seed", SEEDS_THAT_LEAVE_COPIES)
def test_purging_clears_the_copies_of_rows_that_sqlite_moved_between_pages(
    engine: Engine, database: Path, seed: int
) -> None:
    gone, kept = _shuffle_residents(engine, seed)
    assert purge(engine, ["resident"])
    raw = _raw(database)
    assert not [name for name in gone if name in raw]
    assert all(name in raw for name in kept)
    with reading(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM resident")) == len(gone) + len(kept)
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"


def test_processes_that_start_together_make_one_schema(database: Path) -> None:
    starts = [subprocess.Popen([sys.executable, "-c", UPGRADE, str(database)]) for _ in range(4)]
    assert [start.wait() for start in starts] == [0, 0, 0, 0]
    engine = open_database(database)
    with reading(engine) as session:
        assert session.scalars(select(RegisterVersionRow.version)).all() == [0]
    engine.dispose()


def test_processes_that_write_together_never_read_a_stale_state(engine: Engine, database: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", COUNT, str(database)]) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    with reading(engine) as session:
        assert session.scalars(select(RegisterVersionRow.version)).one() == 75


def test_upgrading_again_changes_nothing(engine: Engine) -> None:
    with writing(engine) as session:
        session.add(_home(1))
    upgrade(engine)
    with reading(engine) as session:
        assert session.scalars(select(HouseholdRow.building)).all() == ["1"]


def test_the_migrations_make_exactly_the_mapped_tables(engine: Engine) -> None:
    ours = {"household", "resident", "face_template", "vehicle", "access_right", "account", "register_version"}
    ours |= {"tenancy", "credential", "consent", "reference_photo", "notice", SignInRow.__tablename__}
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": lambda _o, name, kind, *_: kind != "table" or name in ours,
            },
        )
        assert compare_metadata(context, Base.metadata) == []


def test_another_room_adds_its_own_branch_in_the_same_transaction(tmp_path: Path) -> None:
    folder = tmp_path / "100% other room"
    folder.mkdir()
    script = "revision = 'other_1'\ndown_revision = None\nbranch_labels = ('other',)\n"
    (folder / "1.py").write_text(
        f"from alembic import op\n{script}def upgrade(): op.execute('CREATE TABLE o (i INT)')\n"
    )
    engine = open_database(tmp_path / "menwei.db")
    upgrade(engine, folder)
    with reading(engine) as session:
        heads = set(session.scalars(text("SELECT version_num FROM alembic_version")))
        assert heads == {"enrollment_0012", "other_1"}
        assert session.scalar(text("SELECT count(*) FROM o")) == 0
    engine.dispose()


def test_a_migration_that_fails_leaves_the_schema_as_it_was(engine: Engine, tmp_path: Path) -> None:
    script = "revision = 'bad_1'\ndown_revision = None\nbranch_labels = ('bad',)\n"
    act = "    op.execute('CREATE TABLE half (i INT)')\n    op.execute('CREATE TABLE half (i INT)')\n"
    (tmp_path / "1.py").write_text(f"from alembic import op\n{script}def upgrade():\n{act}")
    with pytest.raises(OperationalError, match="already exists"):
        upgrade(engine, tmp_path)
    with reading(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM sqlite_master WHERE name = 'half'")) == 0


def test_a_database_of_a_later_version_is_left_alone(engine: Engine) -> None:
    with writing(engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'enrollment_9999'"))
    with pytest.raises(EnrollmentError, match=r"store\.newer"):
        upgrade(engine)


def test_a_file_that_is_no_database_is_said_to_be_damaged(database: Path) -> None:
    database.write_bytes("这不是数据库".encode() * 100)
    engine = open_database(database)
    with pytest.raises(StoreBusy) as refused:
        upgrade(engine)
    assert refused.value.code == "store.damaged"
    assert refused.value.facts["path"] == str(database)
    engine.dispose()


def test_a_folder_that_is_not_there_is_said_to_be_unwritable(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "nowhere" / "menwei.db")
    with pytest.raises(StoreBusy) as refused:
        upgrade(engine)
    assert refused.value.code == "store.unwritable"
    engine.dispose()


def test_a_file_that_may_only_be_read_is_said_to_be_unwritable(engine: Engine, database: Path) -> None:
    locked = open_database(f"sqlite:///file:{database}?mode=ro&uri=true")
    with pytest.raises(StoreBusy) as refused, writing(locked) as session:
        session.add(_home(1))
    assert refused.value.code == "store.unwritable"
    locked.dispose()


def test_a_wrong_statement_is_no_fault_of_the_store(engine: Engine) -> None:
    with pytest.raises(OperationalError, match="no such table"), writing(engine) as session:
        session.execute(text("SELECT * FROM no_such_thing"))


def test_a_full_disk_is_said_and_what_was_committed_stays(small_disk: Path) -> None:
    database = small_disk / "menwei.db"
    engine = open_database(database)
    upgrade(engine)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 220_000)
    kept = 0
    with pytest.raises(StoreBusy) as full:  # noqa: PT012
        while True:
            with writing(engine) as session:
                session.add(_home(kept))
            kept += 1
    assert full.value.code == "store.full"
    assert not purge(engine, ["household"])
    with reading(engine) as session:
        assert len(session.scalars(select(HouseholdRow)).all()) == kept
    ballast.unlink()
    with writing(engine) as session:
        session.add(_home(kept))
    engine.dispose()
    with sqlite3.connect(database) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert plain.execute("SELECT count(*) FROM household").fetchone() == (kept + 1,)
    plain.close()


def test_everything_that_is_read_at_run_time_is_in_the_wheel(tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    assert {
        "enrollment/migrations/env.py",
        "enrollment/migrations/versions/0001_register.py",
        "enrollment/migrations/versions/0002_register.py",
        "enrollment/consents/SHA256SUMS",
        "enrollment/worst_passwords.txt",
        "gate/ledger/migrations/0001_ledger.py",
        "gate/texts/enrollment.toml",
        "models/catalog.toml",
        *(f"models/weights/{file.name}" for file in (ROOT / "models" / "weights").iterdir()),
    } <= names
