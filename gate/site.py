"""What a compound keeps on its box, opened together: database, key, register, staff accounts and snapshots."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy import Engine, select

import gate.ledger
from enrollment.accounts import Accounts
from enrollment.database import open_database, reading, upgrade
from enrollment.errors import KeyUnusable, NotEnrolled, StoreBusy
from enrollment.keyring import Keyring
from enrollment.register import Register
from enrollment.template import keys_in_use, models_in_use, unknown_to
from gate.config import Config, Models
from gate.ledger.ledger import record_act
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import PassageRow
from models.cast import Cast

DATABASE = "menwei.db"
KEY = Path("keys", "menwei.key")
SNAPSHOTS = "snapshots"
LEDGER_MIGRATIONS = Path(gate.ledger.__path__[0]) / "migrations"


@dataclass(frozen=True, slots=True)
class Site:
    """An open site. The command line and the server both work through it, at the same time if need be."""

    engine: Engine
    keyring: Keyring
    register: Register
    accounts: Accounts
    snapshots: Snapshots

    def templates(self) -> Mapping[str, int]:
        """How many enrolled faces each model made, by its id; the model with the most first."""
        with reading(self.engine) as session:
            return models_in_use(session)

    def unknown_to(self, model_id: str) -> int:
        """How many residents have enrolled faces and none that this model made."""
        with reading(self.engine) as session:
            return unknown_to(session, model_id)

    def cast(self, models: Models) -> Cast:
        """Which model plays which role here: as configured, and where that names no pack as the enrolled faces need."""
        return models.cast(tuple(self.templates()))

    def close(self) -> None:
        """Let go of the database; leaving a `with` block does the same."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()


def open_site(config: Config, *, create: bool = False) -> Site:
    """Open what `config.storage` names and bring its schema up to date; with `create`, make what is not there yet.

    Raises:
        NotEnrolled: `store.missing`, there is no database and `create` is False.
        StoreBusy: the folder or the database does not take writes now.
        EnrollmentError: `store.newer`, a later version of the program has been here.
        KeyUnusable: the key file is missing while something is sealed with it, is another one, or open to others.
    """
    folder = config.storage.folder
    database = folder / DATABASE
    if create:
        _make_private(database)
    elif not database.exists():
        raise NotEnrolled("store.missing", path=database)
    with ExitStack() as undo:
        engine = open_database(database)
        undo.callback(engine.dispose)
        upgrade(engine, LEDGER_MIGRATIONS)
        keyring = _keyring(engine, folder / KEY)
        undo.pop_all()
    return Site(
        engine=engine,
        keyring=keyring,
        register=Register(engine, keyring, record_act),
        accounts=Accounts(engine, record_act),
        snapshots=Snapshots(folder / SNAPSHOTS, keyring, config.storage.snapshot_days),
    )


def cast_of(config: Config) -> Cast:
    """Which model plays which role at the configuration's site, which may not be there yet. Raises as `open_site`."""
    try:
        with open_site(config) as site:
            return site.cast(config.models)
    except NotEnrolled:
        return config.models.cast()


def _make_private(database: Path) -> None:
    """Names and plates stand in this file as they are: only its owner may read it, and its log takes its mode."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not database.exists():
            os.close(os.open(database, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as failed:
        raise StoreBusy("store.unwritable", path=database) from failed


def _keyring(engine: Engine, path: Path) -> Keyring:
    """The site's key, made where nothing has been sealed yet."""
    with reading(engine) as session:
        used = keys_in_use(session)
        pictures = session.scalars(select(PassageRow.id).where(PassageRow.snapshot.is_not(None)).limit(1)).first()
    keyring = Keyring.open(path, create=not used and pictures is None)
    if used and keyring.id not in used:
        raise KeyUnusable("key.wrong", path=path)
    return keyring
