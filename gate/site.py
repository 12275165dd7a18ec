"""What a compound keeps on its box, opened together: database, key, register, staff accounts and snapshots."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import Engine, make_url, select

import gate.ledger
from enrollment.accounts import Accounts
from enrollment.change import own_key_opens
from enrollment.database import open_database, reading, upgrade, writing
from enrollment.errors import KeyUnusable, NotEnrolled, StoreBusy
from enrollment.keyring import Keyring
from enrollment.notices import Notices
from enrollment.pads import Pads
from enrollment.passes import Passes
from enrollment.phones import Phones
from enrollment.register import Register
from enrollment.requests import Requests
from enrollment.second_factor import SecondFactor
from enrollment.tables import AccountRow
from enrollment.template import keys_in_use, models_in_use, unknown_to
from gate.community.tables import WebhookRow
from gate.config import Config, Models
from gate.errors import GateError
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import StaffActs, begin
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import CheckpointRow, LedgerRow, PassageRow
from gate.password_file import read_password
from models.cast import Cast

DATABASE = "menwei.db"
KEY = Path("keys", "menwei.key")
LEDGER_KEY = Path("keys", "ledger.key")
SNAPSHOTS = "snapshots"
LEDGER_MIGRATIONS = Path(gate.ledger.__path__[0]) / "migrations"


@dataclass(frozen=True, slots=True)
class Site:
    """An open site. The command line and the server both work through it, at the same time if need be."""

    engine: Engine
    keyring: Keyring
    signer: Signer
    register: Register
    accounts: Accounts
    passes: Passes
    phones: Phones
    pads: Pads
    requests: Requests
    notices: Notices
    second_factor: SecondFactor
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
        StoreBusy: the folder or the database does not take writes now, or the server does not answer.
        EnrollmentError: `store.newer`, a later version of the program has been here.
        KeyUnusable: the key file is missing while something is sealed with it, is another one, or open to others.
    """
    folder = config.storage.folder
    with ExitStack() as undo:
        engine = server_of(config) if config.database.url else _file(folder / DATABASE, create=create)
        undo.callback(engine.dispose)
        upgrade(engine, LEDGER_MIGRATIONS)
        keyring = _keyring(engine, folder / KEY)
        signer = _signer(engine, folder / LEDGER_KEY)
        undo.pop_all()
    acts, lasts = StaffActs(signer), config.residents
    return Site(
        engine=engine,
        keyring=keyring,
        signer=signer,
        register=Register(engine, keyring, acts),
        accounts=Accounts(engine, acts),
        passes=Passes(engine, keyring, acts),
        phones=Phones(
            engine,
            keyring,
            acts,
            link_lasts=timedelta(minutes=lasts.link_minutes),
            phone_lasts=timedelta(days=lasts.phone_days),
        ),
        pads=Pads(engine, keyring, acts),
        requests=Requests(engine, acts),
        notices=Notices(engine, acts, phone_lasts=timedelta(days=lasts.phone_days)),
        second_factor=SecondFactor(engine, acts, keyring),
        snapshots=Snapshots(folder / SNAPSHOTS, keyring, config.storage.snapshot_days),
    )


def _file(database: Path, *, create: bool) -> Engine:
    if create:
        _make_private(database)
    elif not database.exists():
        raise NotEnrolled("store.missing", path=database)
    return open_database(database)


def server_of(config: Config) -> Engine:
    """An engine on the server that `config.database` names. Raises `GateError` for a password that cannot be read."""
    url = make_url(str(config.database.url))
    if config.database.password_file:
        url = url.set(password=read_password(config.database.password_file, GateError))
    return open_database(url.render_as_string(hide_password=False))


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
        sealed = own_key_opens(session, None) is not None
        hooked = session.scalars(select(WebhookRow.id).limit(1)).first()
        coded = session.scalars(select(AccountRow.id).where(AccountRow.totp_sealed.is_not(None)).limit(1)).first()
    fresh = not used and pictures is None and not sealed and coded is None and hooked is None
    keyring = Keyring.open(path, create=fresh)
    with reading(engine) as session:
        opens = own_key_opens(session, keyring)
    if opens is False or (used and keyring.id not in used):
        raise KeyUnusable("key.wrong", path=path)
    return keyring


def _signer(engine: Engine, path: Path) -> Signer:
    """The key that the record is signed with, made before the first row; that row begins the chain."""
    with reading(engine) as session:
        begun = session.scalars(select(LedgerRow.seq).limit(1)).first()
        signed = session.scalars(select(CheckpointRow.key).order_by(CheckpointRow.seq.desc()).limit(1)).first()
    signer = Signer.open(path, create=signed is None)
    if signed is not None and signed != signer.public:
        raise KeyUnusable("ledger.key_wrong", path=path)
    if begun is None:
        with writing(engine) as session:
            begin(session, signer, datetime.now(UTC))
    return signer
