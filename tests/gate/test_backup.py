"""Backups are whole, sealed and tried; a restored site goes on where the backup was taken."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from enrollment.accounts import Role
from enrollment.database import reading, writing
from enrollment.errors import KeyUnusable
from enrollment.sign_in_tables import SignInRow
from enrollment.tables import Base
from gate.backup import BackupFailed, backup_key, backups_in, make_backup, restore, surplus
from gate.backup_keeper import BackupKeeper
from gate.config import Config, parse_config
from gate.ledger.ledger import Chain, Passage, append
from gate.ledger.tables import LedgerRow
from gate.ledger.verify import Break, Why, last_checkpoint, verify
from gate.sealed_file import MAGIC, PIECE, SealedReader, SealingWriter
from gate.site import DATABASE, Site, open_site
from tests.databases import KINDS, Database, ServerDatabase

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)


@pytest.fixture
def config(database: Database, tmp_path: Path) -> Config:
    kept = {"folder": "backups", "keep_daily": 2, "keep_weekly": 0, "keep_monthly": 0}
    return parse_config({"storage": {"folder": "var"}, "backup": kept, **database.settings}, tmp_path / "gate.toml")


@pytest.fixture
def elsewhere(database: Database, tmp_path: Path) -> Config:
    """Where nothing is yet: an empty folder, and an empty database of the same kind."""
    return parse_config({"storage": {"folder": "new"}, **database.another().settings}, tmp_path / "gate.toml")


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def _filled(config: Config) -> Site:
    site = open_site(config, create=True)
    site.accounts.add("laowang", "a-good-long-one", Role.GUARD, "t")
    with writing(site.engine) as session:
        chain = Chain(session)
        for number in range(20):
            kept = site.snapshots.keep(b"jpeg %d" % number, NOW)
            chain.add_passage(Passage(f"p{number}", NOW, "in", "open", "known_vehicle", None, "r", {}), kept)
        chain.sign(site.signer, NOW)
    return site


def test_a_backup_is_restored_whole_and_the_record_goes_on(config: Config, elsewhere: Config, backups: Path) -> None:
    with _filled(config) as site:
        path, about = make_backup(site, config, backups, "local:0")
        key = backup_key(config)
    assert restore(path, key, elsewhere, "local:0") == about
    with open_site(elsewhere) as site:
        assert site.accounts.verify("laowang", "a-good-long-one") is not None
        with reading(site.engine) as session:
            kinds = session.scalars(select(LedgerRow.kind).order_by(LedgerRow.seq)).all()
        assert kinds[-1] == "ledger.restored"
        proof = verify(site.engine, site.snapshots, key=site.signer.public)
        assert (proof.first_broken, proof.rows, proof.snapshots, proof.signed) == (None, about.rows + 1, 20, proof.rows)
        assert backup_key(elsewhere) == key


def test_nobody_who_was_signed_in_is_in_a_backup(
    config: Config, elsewhere: Config, backups: Path, database: Database
) -> None:
    with _filled(config) as site:
        account = site.accounts.find("laowang")
        assert account
        with writing(site.engine) as session:
            session.add(
                SignInRow(id="d" * 64, account_id=account.id, version=0, box="b", seen_at=NOW, used_at=NOW, ends_at=NOW)
            )
        path, _ = make_backup(site, config, backups, "local:0")
        key = backup_key(config)
        assert len(_everything(site.engine)[SignInRow.__tablename__]) == 1
    restore(path, key, elsewhere, "local:0")
    with open_site(elsewhere) as site:
        assert _everything(site.engine)[SignInRow.__tablename__] == []
    if database.kind == "sqlite":
        assert not [
            file for file in elsewhere.storage.folder.rglob("*") if file.is_file() and b"d" * 64 in file.read_bytes()
        ]


def _everything(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    with reading(engine) as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(*table.columns).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


@pytest.mark.parametrize("kind", KINDS)
def test_a_site_moves_from_one_kind_of_database_to_another_and_nothing_differs(
    config: Config, database: Database, tmp_path: Path, backups: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    with _filled(config) as site:
        site.register.add_vehicle("苏Z12345", "3-2-501", "t")
        site.register.block(site.register.vehicles()[0].id, "欠费", "t")
        before = _everything(site.engine)
        path, about = make_backup(site, config, backups, "local:0")
        key = backup_key(config)
    other = ServerDatabase(request.getfixturevalue("postgresql")) if kind == "postgresql" else None
    settings = other.settings if other else {}
    moved = parse_config({"storage": {"folder": "moved"}, **settings}, tmp_path / "gate.toml")
    restore(path, key, moved, "local:0")
    with open_site(moved) as site:
        after = _everything(site.engine)
        for table in ("ledger", "checkpoint"):
            after[table] = after[table][: len(before[table])]
        assert after == before
        assert verify(site.engine, site.snapshots, key=site.signer.public).rows == about.rows + 1
    assert (moved.storage.folder / DATABASE).exists() == (other is None)
    if other:
        other.close()


def test_the_pictures_of_another_box_are_not_missed(
    config: Config, elsewhere: Config, backups: Path, database: Database
) -> None:
    with _filled(config) as site:
        next(path for path in (config.storage.folder / "snapshots").rglob("*") if path.is_file()).unlink()
        if database.kind == "sqlite":
            with pytest.raises(BackupFailed, match="snapshot_missing"):
                make_backup(site, config, backups, "local:0")
            return
        path, about = make_backup(site, config, backups, "local:0")
        key = backup_key(config)
    assert restore(path, key, elsewhere, "local:0") == about


def test_a_server_that_holds_a_site_is_not_written_over(postgresql: str, tmp_path: Path, backups: Path) -> None:
    there = ServerDatabase(postgresql)
    config = parse_config({"storage": {"folder": "var"}, **there.settings}, tmp_path / "gate.toml")
    with _filled(config) as site:
        path, _ = make_backup(site, config, backups, "local:0")
        key = backup_key(config)
    again = parse_config({"storage": {"folder": "new"}, **there.settings}, tmp_path / "gate.toml")
    with pytest.raises(BackupFailed, match=r"backup\.occupied_server"):
        restore(path, key, again, "local:0")
    assert not list(again.storage.folder.iterdir())
    there.close()


def test_a_table_that_is_not_known_is_not_left_out_unseen(postgresql: str, tmp_path: Path, backups: Path) -> None:
    there = ServerDatabase(postgresql)
    config = parse_config({"storage": {"folder": "var"}, **there.settings}, tmp_path / "gate.toml")
    with _filled(config) as site:
        there.tamper("CREATE TABLE of_tomorrow (id integer)")
        with pytest.raises(BackupFailed, match="of_tomorrow"):
            make_backup(site, config, backups, "local:0")
    assert not list(backups.iterdir())
    there.close()


def test_a_checkpoint_noted_after_the_backup_shows_what_was_lost(
    config: Config, elsewhere: Config, backups: Path
) -> None:
    with _filled(config) as site:
        path, about = make_backup(site, config, backups, "local:0")
        with writing(site.engine) as session:
            for _ in range(5):
                append(session, NOW, "barrier", {})
            Chain(session).sign(site.signer, NOW)
        with reading(site.engine) as session:
            noted = last_checkpoint(session)
        key = backup_key(config)
    restore(path, key, elsewhere, "local:0")
    assert noted is not None
    with open_site(elsewhere) as site:
        assert verify(site.engine, anchors=[noted]).first_broken == Break(about.rows + 2, Why.RESTORED_OVER)


def test_a_backup_is_one_moment_while_the_gate_goes_on_writing(
    config: Config, elsewhere: Config, backups: Path
) -> None:
    with _filled(config) as site:
        ended = threading.Event()

        def work() -> None:
            while not ended.wait(0.002):
                with writing(site.engine) as session:
                    append(session, NOW, "barrier", {})

        writer = threading.Thread(target=work)
        writer.start()
        path, about = make_backup(site, config, backups, "local:0")
        ended.set()
        writer.join()
        key = backup_key(config)
        assert verify(site.engine).first_broken is None
    assert restore(path, key, elsewhere, "local:0") == about


def test_a_backup_can_be_read_by_nobody_else_and_says_nothing(config: Config, backups: Path) -> None:
    with _filled(config) as site:
        path, _ = make_backup(site, config, backups, "local:0")
    assert path.stat().st_mode & 0o777 == 0o600
    content = path.read_bytes()
    assert not [word for word in (b"SQLite", b"laowang", b"jpeg", b"about.json") if word in content]
    assert [file.name for file in backups.iterdir()] == [path.name]
    assert not list(config.storage.folder.glob(".backup-*"))


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda data: data[:-1], "backup.does_not_open"),
        (lambda data: data[: len(data) // 2], "backup.does_not_open"),
        (lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:], "backup.does_not_open"),
        (lambda data: data + b"x", "backup.does_not_open"),
        (lambda data: b"", "backup.not_one"),
        (lambda data: b"PK" + data, "backup.not_one"),
    ],
)
def test_a_damaged_backup_is_refused_and_leaves_nothing(
    config: Config, elsewhere: Config, backups: Path, spoil: Callable[[bytes], bytes], code: str
) -> None:
    with _filled(config) as site:
        path, _ = make_backup(site, config, backups, "local:0")
        key = backup_key(config)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(KeyUnusable) as refused:
        restore(path, key, elsewhere, "local:0")
    assert refused.value.code == code
    assert not list(elsewhere.storage.folder.iterdir())


def test_another_key_opens_nothing(config: Config, elsewhere: Config, backups: Path) -> None:
    with _filled(config) as site:
        path, _ = make_backup(site, config, backups, "local:0")
    with pytest.raises(KeyUnusable, match=r"backup\.does_not_open"):
        restore(path, b"x" * 32, elsewhere, "local:0")


def test_a_site_that_is_there_is_not_written_over(config: Config, backups: Path) -> None:
    with _filled(config) as site:
        path, _ = make_backup(site, config, backups, "local:0")
        key = backup_key(config)
    with pytest.raises(BackupFailed, match=r"backup\.occupied"):
        restore(path, key, config, "local:0")


def test_a_record_that_does_not_hold_is_not_taken_for_a_backup(
    config: Config, backups: Path, database: Database
) -> None:
    with _filled(config) as site:
        if database.kind == "sqlite":
            database.address = str(config.storage.folder / DATABASE)
        database.tamper("UPDATE ledger SET kind = 'x' WHERE seq = 5")
        with pytest.raises(BackupFailed, match="altered 5"):
            make_backup(site, config, backups, "local:0")
    assert not list(backups.iterdir())


def test_a_disk_that_takes_no_backup_is_said(config: Config, backups: Path) -> None:
    backups.write_text("a file stands in the folder's place")
    with _filled(config) as site, pytest.raises(BackupFailed, match=r"backup\.unwritable"):
        make_backup(site, config, backups, "local:0")


def test_the_newest_of_each_day_week_and_month_stays() -> None:
    taken = [NOW - timedelta(hours=12 * number) for number in range(400)]
    gone = surplus(taken, keep_daily=7, keep_weekly=4, keep_monthly=6)
    kept = sorted(set(taken) - gone, reverse=True)
    assert kept[0] == NOW
    assert [moment.date() for moment in kept[:7]] == [(NOW - timedelta(days=number)).date() for number in range(7)]
    assert len({moment.strftime("%Y-%m") for moment in kept}) == 6
    assert len(kept) <= 7 + 4 + 6
    assert not surplus([], keep_daily=1, keep_weekly=0, keep_monthly=0)


def test_the_daily_backup_is_made_once_when_it_is_due_and_old_ones_go(config: Config, backups: Path) -> None:
    clock = [datetime.now(UTC)]
    with _filled(config) as site:
        keeper = BackupKeeper(site, config, lambda *_told, **_facts: None, now=lambda: clock[0])
        assert keeper.look()
        assert not keeper.look()
        for days in (3, 2, 1):
            old = datetime.now(UTC) - timedelta(days=days)
            (backups / f"menwei-{old:%Y%m%dT%H%M%SZ}.menwei-backup").write_bytes(b"old")
        clock[0] += timedelta(days=1)
        assert keeper.look()
    assert len(backups_in(backups)) == 2


def test_a_backup_that_fails_is_told_once_for_each_day(config: Config, backups: Path) -> None:
    backups.write_text("in the way")
    told: list[str] = []
    with _filled(config) as site:
        keeper = BackupKeeper(site, config, lambda kind, **_facts: told.append(kind))
        assert not keeper.look()
        assert not keeper.look()
    assert told == ["backup.failed"]


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_is_sealed_comes_out_again_at_every_border(size: int) -> None:
    content, file = bytes(range(256)) * (size // 256 + 1), io.BytesIO()
    with SealingWriter(file, b"k" * 32) as sealed:
        sealed.write(content[:size])
    file.seek(0)
    assert SealedReader(file, b"k" * 32).read() == content[:size]


def test_pieces_cannot_change_places() -> None:
    file = io.BytesIO()
    with SealingWriter(file, b"k" * 32) as sealed:
        sealed.write(bytes(3 * PIECE))
    data, head, length = file.getvalue(), len(MAGIC) + 7, PIECE + 16
    one, two = data[head : head + length], data[head + length : head + 2 * length]
    moved = io.BytesIO(data[:head] + two + one + data[head + 2 * length :])
    with pytest.raises(KeyUnusable):
        SealedReader(moved, b"k" * 32).read()
