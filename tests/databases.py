"""The two kinds of database that the record is kept in: a test that asks for one runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine

from enrollment.database import open_database, upgrade, writing
from gate.ledger.chain import row_hash
from gate.ledger.tables import MIGRATIONS

KINDS = ("sqlite", "postgresql")
BUSY_S = 0.2


class Database(ABC):
    """A database with the newest schema and nothing in it; `address` is what `open_database` takes."""

    kind: str
    address: str

    def __init__(self) -> None:
        self._opened: list[Engine] = []
        self._more: list[Database] = []

    def open(self, busy_s: float = BUSY_S) -> Engine:
        """An engine, closed with the test."""
        self._opened.append(open_database(self.address, busy_s=busy_s))
        return self._opened[-1]

    def tamper(self, *statements: str) -> None:
        """Take the guards away and run SQL, as whoever owns the file or the server can.

        SQL has `row_hash(previous, seq, at, kind, body)` and `zeroblob(bytes)`.
        """
        engine = self.open()
        with engine.begin() as connection:
            self._unguard(connection)
            for statement in statements:
                connection.exec_driver_sql(statement)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Another process that holds the database, as a long import would."""
        with writing(self.open()):
            yield

    def another(self) -> Database:
        """A second database, empty again."""
        self._more.append(self._made())
        return self._more[-1]

    def copied(self) -> Database:
        """A second database with all that is in this one now."""
        self._more.append(self._copy())
        return self._more[-1]

    def close(self) -> None:
        """Let go of every connection, and of the databases made beside it."""
        self.let_go()
        for more in self._more:
            more.close()

    def let_go(self) -> None:
        """Close every connection; an engine makes new ones when it is used again."""
        for engine in self._opened:
            engine.dispose()

    @property
    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """What gate.toml says to use this database."""

    @abstractmethod
    def _unguard(self, connection: Connection) -> None: ...

    @abstractmethod
    def _made(self) -> Database: ...

    @abstractmethod
    def _copy(self) -> Database: ...


class SqliteDatabase(Database):
    """A file in a folder, copied from one that was migrated before."""

    kind = "sqlite"

    def __init__(self, folder: Path, migrated: Path, name: str = "menwei.db") -> None:
        super().__init__()
        self._migrated = migrated
        self.path = folder / name
        self.address = str(self.path)
        shutil.copy(migrated, self.path)

    @property
    def settings(self) -> dict[str, Any]:
        return {}

    def _unguard(self, connection: Connection) -> None:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.create_function("row_hash", 5, row_hash)
        guards = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        for guard in guards:
            connection.exec_driver_sql(f"DROP TRIGGER {guard}")

    def _made(self) -> Database:
        return SqliteDatabase(self.path.parent, self._migrated, f"other{len(self._more)}.db")

    def _copy(self) -> Database:
        with sqlite3.connect(self.path) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.close()
        return SqliteDatabase(self.path.parent, self.path, f"copy{len(self._more)}.db")


class ServerDatabase(Database):
    """A database of its own on a PostgreSQL server, dropped with the test."""

    kind = "postgresql"
    TEMPLATE = "menwei_template"
    _number = 0

    def __init__(self, server: str, template: str = TEMPLATE) -> None:
        super().__init__()
        ServerDatabase._number += 1
        self._server, self.name = server, f"menwei_{ServerDatabase._number}"
        self.address = database_of(server, self.name)
        run_on(server, f"CREATE DATABASE {self.name} TEMPLATE {template}")

    @property
    def settings(self) -> dict[str, Any]:
        return {"database": {"url": self.address.replace("+psycopg", "")}}

    def close(self) -> None:
        super().close()
        run_on(self._server, f"DROP DATABASE {self.name} WITH (FORCE)")

    def _unguard(self, connection: Connection) -> None:
        for table in ("ledger", "checkpoint", "passage"):
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")

    def _made(self) -> Database:
        return ServerDatabase(self._server)

    def _copy(self) -> Database:
        self.let_go()
        return ServerDatabase(self._server, self.name)


def migrated_file(path: Path) -> Path:
    """A SQLite file with the newest schema, to be copied."""
    engine = open_database(path)
    upgrade(engine, MIGRATIONS)
    engine.dispose()
    return path


def migrated_server(server: str) -> str:
    """The same server, with a template of the newest schema and of what SQLite knows and it does not."""
    run_on(server, f"CREATE DATABASE {ServerDatabase.TEMPLATE}")
    engine = open_database(database_of(server, ServerDatabase.TEMPLATE))
    upgrade(engine, MIGRATIONS)
    lines = "'menwei-ledger/2', seq, at, kind, body"
    bound = f"sha256(previous || sha256(convert_to(concat_ws(chr(10), {lines}), 'UTF8')))"
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION row_hash(previous bytea, seq bigint, at text, kind text, body text) RETURNS bytea"
            f" LANGUAGE sql AS $$ SELECT {bound} $$"
        )
        connection.exec_driver_sql(
            "CREATE FUNCTION zeroblob(bytes integer) RETURNS bytea"
            " LANGUAGE sql AS $$ SELECT decode(repeat('00', bytes), 'hex') $$"
        )
    engine.dispose()
    return server


def database_of(server: str, name: str) -> str:
    """The address of a database on a server, whose own address names the database `postgres`."""
    return server.replace("/postgres?", f"/{name}?")


def run_on(server: str, statement: str) -> None:
    """Run a statement that no transaction may hold."""
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(statement)
    admin.dispose()
