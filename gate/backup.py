"""Backups: the whole site in one sealed file, made while the gate runs, and taken for one only once it was restored.

A file holds a tar with the database, both keys, the snapshots and `about.json`. It is sealed with the backup key, of
which a copy must lie elsewhere: nothing else is needed to restore. The database in it is one moment in a SQLite file,
whatever kind it came from, and is restored into whatever kind gate.toml names: a site can move from one to the other.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from sqlalchemy import Engine

from enrollment.database import open_database, upgrade, writing
from enrollment.errors import KeyUnusable, StoreBusy
from enrollment.keyring import Keyring, read_secret
from gate.backup_copy import LEFT_OUT, CopyFailed, copy_tables, is_empty
from gate.config import Config
from gate.errors import GateError
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import Chain
from gate.ledger.snapshots import Snapshots
from gate.ledger.verify import Proof, Why, verify
from gate.sealed_file import SealedReader, SealingWriter
from gate.site import DATABASE, KEY, LEDGER_KEY, LEDGER_MIGRATIONS, SNAPSHOTS, Site, open_site, server_of

BACKUP_KEY = Path("keys", "backup.key")
SUFFIX = ".menwei-backup"
STAMP, READ_STAMP = "%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S%z"
ABOUT = "about.json"


@dataclass(frozen=True, slots=True)
class About:
    """What a backup holds: rows of the chain, the hash of the last one in hex, and when it was taken (ISO, UTC).

    `shared` says that it was taken from a server, whose other boxes keep the pictures that they took themselves.
    """

    rows: int
    head: str
    taken_at: str
    shared: bool = False


class BackupFailed(GateError):
    """No backup was made, or none can be restored from: call a person."""


def backup_key(config: Config, *, create: bool = False) -> bytes:
    """The key of this site's backups. Raises `KeyUnusable`."""
    return read_secret(config.storage.folder / BACKUP_KEY, create=create)


def make_backup(site: Site, config: Config, folder: Path, actor: str) -> tuple[Path, About]:
    """Write a backup into the folder, restore it beside, prove its record, and only then give it its name.

    Raises:
        BackupFailed: `backup.unwritable`, `backup.not_proven` (the copy's record does not hold).
        KeyUnusable, StoreBusy: as their own sentences say.
    """
    shared = site.engine.dialect.name != "sqlite"
    key, moment = backup_key(config, create=True), datetime.now(UTC)
    target = folder / f"menwei-{moment:{STAMP}}{SUFFIX}"
    part = target.with_suffix(".part")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _workplace(config) as place:
            _copy_database(site, place / DATABASE)
            about = _proven(place / DATABASE, None, site.signer.public, moment, shared=shared)
            (place / ABOUT).write_text(json.dumps(asdict(about)), "utf-8")
            _write(part, key, place, config)
            shutil.rmtree(place)
            place.mkdir(mode=0o700)
            _unpack(part, key, place)
            restored = _proven(place / DATABASE, place, site.signer.public, moment, shared=shared)
        if restored != about:
            raise BackupFailed("backup.not_proven", why="about")
        part.replace(target)
    except CopyFailed as failed:
        raise BackupFailed("backup.not_proven", why=str(failed)) from failed
    except OSError as failed:
        raise BackupFailed("backup.unwritable", path=folder, why=failed.strerror or str(failed)) from failed
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    facts = {"actor": actor, "rows": about.rows, "head": about.head, "bytes": target.stat().st_size}
    with writing(site.engine) as session:
        chain = Chain(session)
        chain.add(datetime.now(UTC), "backup.made", facts)
        chain.sign(site.signer, datetime.now(UTC))
    return target, about


def restore(file: Path, key: bytes, config: Config, actor: str) -> About:
    """Put a backup in the place of a site that is not there, prove it, and continue its record with a row that says so.

    Raises:
        BackupFailed: `backup.occupied`, `backup.occupied_server` (a site is there already), `backup.unreadable`,
            `backup.not_proven`.
        KeyUnusable: `backup.does_not_open`, `backup.not_one`.
        StoreBusy: the server does not answer, or takes no writes.
    """
    folder = config.storage.folder
    if any((folder / name).exists() for name in (DATABASE, KEY, LEDGER_KEY, SNAPSHOTS)):
        raise BackupFailed("backup.occupied", path=folder)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _workplace(config) as place:
            about = _unpacked(file, key, place)
            if config.database.url:
                _fill_server(config, place, about)
            for name in ("keys", SNAPSHOTS, DATABASE):
                if (place / name).exists():
                    (place / name).replace(folder / name)
    except (OSError, tarfile.TarError, ValueError, TypeError) as failed:
        raise BackupFailed("backup.unreadable", path=file, why=getattr(failed, "strerror", None) or failed) from failed
    with open_site(config) as site, writing(site.engine) as session:
        chain = Chain(session)
        facts = {"actor": actor, "rows": about.rows, "taken_at": about.taken_at}
        chain.add(datetime.now(UTC), "ledger.restored", facts)
        chain.sign(site.signer, datetime.now(UTC))
    return about


def _unpacked(file: Path, key: bytes, place: Path) -> About:
    """What a backup says it holds, once it was unpacked and is found to hold it."""
    _unpack(file, key, place)
    told = About(**json.loads((place / ABOUT).read_text("utf-8")))
    public, taken_at = Signer.open(place / LEDGER_KEY).public, datetime.fromisoformat(told.taken_at)
    if _proven(place / DATABASE, place, public, taken_at, shared=told.shared) != told:
        raise BackupFailed("backup.not_proven", why="about")
    return told


def _fill_server(config: Config, place: Path, about: About) -> None:
    """Move the tables out of the unpacked file to the server that the configuration names, and prove them there."""
    server = server_of(config)
    try:
        upgrade(server, LEDGER_MIGRATIONS)
        source = open_database(place / DATABASE)
        try:
            upgrade(source, LEDGER_MIGRATIONS)
            if not is_empty(server):
                raise BackupFailed("backup.occupied_server")
            copy_tables(source, server)
        except CopyFailed as failed:
            raise BackupFailed("backup.not_proven", why=str(failed)) from failed
        finally:
            source.dispose()
        proof = verify(server, key=Signer.open(place / LEDGER_KEY).public)
    finally:
        server.dispose()
    if proof.first_broken or (proof.rows, proof.head.hex()) != (about.rows, about.head):
        raise BackupFailed("backup.not_proven", why=_said(proof))
    for part in place.glob(f"{DATABASE}*"):
        part.unlink()


def surplus(taken: Sequence[datetime], *, keep_daily: int, keep_weekly: int, keep_monthly: int) -> frozenset[datetime]:
    """Which of these backups may go: all but the newest of each of the last days, weeks and months that have one."""
    kept: set[datetime] = set()
    newest_first = sorted(taken, reverse=True)
    for form, count in (("%Y-%m-%d", keep_daily), ("%G-%V", keep_weekly), ("%Y-%m", keep_monthly)):
        spans: dict[str, datetime] = {}
        for moment in newest_first:
            spans.setdefault(moment.strftime(form), moment)
        kept |= set(list(spans.values())[:count])
    return frozenset(taken) - kept


def backups_in(folder: Path) -> dict[datetime, Path]:
    """The backups in a folder by the moment they were taken."""
    found = {}
    for file in folder.glob(f"menwei-*{SUFFIX}"):
        try:
            moment = datetime.strptime(file.name.removesuffix(SUFFIX).removeprefix("menwei-"), READ_STAMP)  # noqa: DTZ007
        except ValueError:
            continue
        found[moment.astimezone(UTC)] = file
    return found


def rotate(config: Config, folder: Path) -> int:
    """Delete the backups that are too many by `[backup]`; how many went."""
    there, settings = backups_in(folder), config.backup
    gone = surplus(
        list(there),
        keep_daily=settings.keep_daily,
        keep_weekly=settings.keep_weekly,
        keep_monthly=settings.keep_monthly,
    )
    for moment in gone:
        there[moment].unlink(missing_ok=True)
    return len(gone)


@contextmanager
def _workplace(config: Config) -> Iterator[Path]:
    """A folder for the owner alone on the site's own disk: the copy in it is not sealed."""
    with tempfile.TemporaryDirectory(dir=config.storage.folder, prefix=".backup-") as place:
        inner = Path(place) / "site"
        inner.mkdir(mode=0o700)
        yield inner


def _copy_database(site: Site, path: Path) -> None:
    """One moment of the database as a SQLite file, while others go on writing."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    if site.engine.dialect.name == "sqlite":
        _copy_file(site.engine, path)
        return
    copy = open_database(path)
    try:
        upgrade(copy, LEDGER_MIGRATIONS)
        copy_tables(site.engine, copy)
    finally:
        copy.dispose()


def _copy_file(engine: Engine, path: Path) -> None:
    raw = engine.raw_connection()
    try:
        with closing(sqlite3.connect(path)) as copy:
            # In one go: in WAL mode a reader holds up no writer.
            cast("sqlite3.Connection", raw.driver_connection).backup(copy)
            copy.execute("PRAGMA secure_delete=ON")
            copy.execute(f"DELETE FROM {LEFT_OUT}")  # noqa: S608 - our own name
            copy.commit()
    except sqlite3.Error as failed:
        raise StoreBusy("store.unwritable", path=path) from failed
    finally:
        raw.close()


def _proven(database: Path, place: Path | None, public: bytes, moment: datetime, *, shared: bool) -> About:
    """What a copy holds, once SQLite finds it whole and its record holds; with a `place`, pictures are opened too.

    Of a `shared` record no picture is missed: it may lie on another box.
    """
    with closing(sqlite3.connect(database)) as raw:
        (said,) = raw.execute("PRAGMA integrity_check").fetchone()
    if said != "ok":
        raise BackupFailed("backup.not_proven", why=said)
    snapshots = Snapshots(place / SNAPSHOTS, Keyring.open(place / KEY), 1) if place else None
    engine = open_database(database)
    try:
        proof = verify(engine, snapshots, key=public)
    finally:
        engine.dispose()
    elsewhere = shared and proof.first_broken and proof.first_broken.why is Why.SNAPSHOT_MISSING
    if proof.first_broken and not elsewhere:
        raise BackupFailed("backup.not_proven", why=_said(proof))
    return About(proof.rows, proof.head.hex(), moment.isoformat(), shared)


def _said(proof: Proof) -> str:
    return f"{proof.first_broken.why} {proof.first_broken.seq}" if proof.first_broken else "about"


def _write(part: Path, key: bytes, place: Path, config: Config) -> None:
    folder = config.storage.folder
    with part.open("wb") as file:
        os.chmod(part, 0o600)  # noqa: PTH101 - before anything is in it
        with SealingWriter(file, key) as sealed, tarfile.open(fileobj=sealed, mode="w|") as tar:
            for source, name in (
                (place / ABOUT, ABOUT),
                (place / DATABASE, DATABASE),
                (folder / KEY, str(KEY)),
                (folder / LEDGER_KEY, str(LEDGER_KEY)),
                (folder / BACKUP_KEY, str(BACKUP_KEY)),
                (folder / SNAPSHOTS, SNAPSHOTS),
            ):
                if source.exists():
                    tar.add(source, name)
        file.flush()
        os.fsync(file.fileno())


def _unpack(file: Path, key: bytes, place: Path) -> None:
    with file.open("rb") as opened, SealedReader(opened, key) as sealed, tarfile.open(fileobj=sealed, mode="r|") as tar:
        tar.extractall(place, filter="data")
        while sealed.read(1 << 20):
            pass  # the tar ends before the file: the rest must open too, or it was cut
    for name in (KEY, LEDGER_KEY, BACKUP_KEY):
        if (place / name).exists():
            (place / name).chmod(0o600)
    if not (place / KEY).exists() or not (place / LEDGER_KEY).exists():
        raise KeyUnusable("backup.not_one")
