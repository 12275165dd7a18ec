"""The database: one SQLite file that survives power cuts and serves several processes at once, or a PostgreSQL server.

Every connection runs in WAL mode with `synchronous=FULL` (a committed row survives the plug being pulled), checks
foreign keys, overwrites what it deletes (`secure_delete`) and waits for another process's lock before giving up.
A writing transaction takes the write lock with its first statement (BEGIN IMMEDIATE; on PostgreSQL an advisory lock),
so that it never reads a state that somebody else is about to replace and two writers cannot deadlock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from enrollment.errors import EnrollmentError, StoreBusy

BUSY_S = 5.0
"""How long a connection waits for another one's lock."""

MIGRATIONS = Path(__file__).parent / "migrations"

WRITE_LOCK = 0x6D656E776569
"""Names our write lock among the advisory locks of a PostgreSQL database: "menwei" in ASCII."""

_WRITING = "menwei_writing"
_CODES = {
    sqlite3.SQLITE_BUSY: "store.locked",
    sqlite3.SQLITE_LOCKED: "store.locked",
    sqlite3.SQLITE_FULL: "store.full",
    sqlite3.SQLITE_IOERR_SHMSIZE: "store.full",
    sqlite3.SQLITE_IOERR: "store.unwritable",
    sqlite3.SQLITE_READONLY: "store.unwritable",
    sqlite3.SQLITE_CANTOPEN: "store.unwritable",
    sqlite3.SQLITE_PERM: "store.unwritable",
    sqlite3.SQLITE_CORRUPT: "store.damaged",
    sqlite3.SQLITE_NOTADB: "store.damaged",
}

_STATES = {
    "55": "store.locked",
    "40": "store.locked",
    "53": "store.full",
    "08": "store.unreachable",
    "57": "store.unreachable",
    "28": "store.unreachable",
    "3D": "store.unreachable",
    "58": "store.unwritable",
    "25": "store.unwritable",
    "XX": "store.damaged",
}
"""PostgreSQL's classes of errors (Appendix A of its manual) that are about the server, not about the statement."""


def open_database(url_or_path: str | Path, busy_s: float = BUSY_S) -> Engine:
    """An engine on a SQLite file, given by its path or as `sqlite:///path`, or on a `postgresql+psycopg://` server.

    A missing file is made at first use; a database on a server has to be there.

    Raises:
        EnrollmentError: `store.no_such_kind` for an address of another kind of database, `store.no_driver` where the
            package for PostgreSQL is not installed.
    """
    text = str(url_or_path)
    url = make_url(text) if "://" in text else URL.create("sqlite", database=text)
    if url.get_backend_name() == "postgresql":
        return _open_server(url, busy_s)
    if url.get_backend_name() != "sqlite":
        raise EnrollmentError("store.no_such_kind", backend=url.get_backend_name())
    engine = create_engine(url, connect_args={"timeout": busy_s}, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _open_server(url: URL, busy_s: float) -> Engine:
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={
                "connect_timeout": max(1, round(busy_s)),
                # A server may be set to acknowledge what is not on its disk yet; a record may not.
                "options": f"-c lock_timeout={busy_s * 1000:.0f} -c synchronous_commit=on",
            },
        )
    except ModuleNotFoundError as missing:
        raise EnrollmentError("store.no_driver") from missing
    event.listen(engine, "begin", _begin_on_server)
    return engine


def _begin_on_server(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITING, False):
        # Taken before the first snapshot is: the next statement sees what the last writer committed.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # From here on sqlite3 begins no transaction by itself, and `_begin` does.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session in a transaction that holds the write lock; committed at the end, rolled back on any error.

    Raises:
        StoreBusy: nothing was written. `store.locked` after `busy_s` of waiting, `store.full`, `store.unwritable` (the
            disk fails or may not be written), `store.damaged` (the file is no whole database).
    """
    with _translated(engine), Session(engine.execution_options(**{_WRITING: True})) as session, session.begin():
        session.connection()
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that sees one moment of the database and holds up no writer. Raises `StoreBusy` like `writing`."""
    with _translated(engine), Session(engine) as session:
        yield session


def upgrade(engine: Engine, *more: Path) -> None:
    """Bring the schema up to date in one transaction: this room's migrations and those in the folders `more`.

    Raises:
        StoreBusy: as `writing` does.
        EnrollmentError: `store.newer`, the file was made by a later version of the program.
    """
    config = Config()
    config.set_main_option("script_location", _escaped(MIGRATIONS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(_escaped(path) for path in (MIGRATIONS / "versions", *more)))
    try:
        with _translated(engine), engine.execution_options(**{_WRITING: True}).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "heads")
    except CommandError as unknown:
        raise EnrollmentError("store.newer", path=engine.url.database) from unknown


def purge(engine: Engine, tables: Sequence[str]) -> bool:
    """Leave no byte of rows deleted earlier from `tables` in the database file or its write-ahead log.

    `secure_delete` overwrites a deleted row but not the copies that stay behind in half-empty pages when SQLite moves
    rows between pages. So each table is emptied whole, which clears all of its pages, and filled again from memory;
    then the log is moved into the file and cut to nothing. Time and space grow with these tables, not with the record.

    False when it could not be done now: another process kept the database in use for longer than `busy_s`, or the disk
    is full. No row is lost then, and the next purge makes up for it. A PostgreSQL server writes the tables anew too,
    but keeps the old bytes in its own log until that is recycled.
    """
    if engine.dialect.name == "postgresql":
        return _vacuumed(engine, tables)
    try:
        return _rewrite(engine, tables)
    except sqlite3.OperationalError as failed:
        if _code(failed) is None:
            raise
        return False


def rebuild(engine: Engine, indexes: Sequence[str]) -> bool:
    """Write indexes anew, so that no key of a deleted row stays in their pages; False as for `purge`, which comes next.

    A PostgreSQL server does so when the tables are written anew.
    """
    if engine.dialect.name == "postgresql":
        return True
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for index in indexes:
                connection.exec_driver_sql(f"REINDEX {index}")
    except DatabaseError as failed:
        if _code(failed.orig) is None:
            raise
        return False
    return True


def _vacuumed(engine: Engine, tables: Sequence[str]) -> bool:
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            raw = connection.connection.cursor()
            for table in tables:
                raw.execute(f"VACUUM (FULL) {table}")
            raw.close()
    except (DatabaseError, engine.dialect.loaded_dbapi.Error):
        return False
    return True


def _rewrite(engine: Engine, tables: Sequence[str]) -> bool:
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        # With foreign keys checked, SQLite would delete row by row and keep the pages. No row changes here.
        cursor.execute("PRAGMA foreign_keys=OFF")
        cursor.execute("BEGIN IMMEDIATE")
        for table in tables:
            cursor.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM main.{table}")  # noqa: S608
            cursor.execute(f"DELETE FROM main.{table}")  # noqa: S608
            cursor.execute(f"INSERT INTO main.{table} SELECT * FROM kept")  # noqa: S608
            cursor.execute("DROP TABLE kept")
        raw.commit()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy, _, _ = cursor.fetchone() or (1, 0, 0)
        return not busy
    finally:
        # Closed for good: the pool would hand it on with its foreign keys off.
        raw.invalidate()


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")


@contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    """Turn what SQLite says about the file or the disk into a `StoreBusy`; a wrong statement passes as it is."""
    try:
        yield
    except DatabaseError as failed:
        code = _code(failed.orig)
        if code is None:
            raise
        raise StoreBusy(code, path=engine.url.database) from failed


def _code(failed: object) -> str | None:
    state = getattr(failed, "sqlstate", "")
    if state != "":
        # A connection that was refused or lost has no state at all.
        return _STATES.get(str(state)[:2]) if state else "store.unreachable"
    code = getattr(failed, "sqlite_errorcode", 0)
    # An extended result code keeps the primary one in its low byte.
    return _CODES.get(code) or _CODES.get(code & 0xFF)
