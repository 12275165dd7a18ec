"""The record, its checkpoints and its backups from the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from enrollment.accounts import Role
from gate.cli import app
from gate.config import load_config
from gate.ledger.checkpoint import Checkpoint
from gate.site import open_site
from models.errors import Fault

TOML = '[ledger]\nanchor_folders = ["stick"]\n[backup]\nfolder = "backups"\n'


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(TOML, "utf-8")
    with open_site(load_config(path), create=True) as site:
        site.accounts.add("laowang", "a-good-long-one", Role.GUARD, "t")
    monkeypatch.chdir(tmp_path)
    return path


def _run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def _tamper(config: Path, *statements: str) -> None:
    with open_site(load_config(config)) as site, site.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_a_record_is_proven_and_says_that_nothing_was_noted_outside(config: Path) -> None:
    done = _run("ledger", "verify", "--pictures")
    assert done.exit_code == 0, done.output
    assert "记录完整：2 行" in done.output
    assert "[ledger] anchor_folders" in done.output


def test_a_touched_record_is_named_with_exit_code_1(config: Path) -> None:
    _tamper(config, "DROP TRIGGER ledger_no_update", "UPDATE ledger SET kind = 'x' WHERE seq = 2")
    done = _run("ledger", "verify")
    assert done.exit_code == 1
    assert "第 2 行" in done.output


def test_a_noted_checkpoint_shows_a_cut_tail(config: Path, tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    noted = _run("ledger", "anchor", "--to", "stick")
    checkpoint = Checkpoint.parse(noted.output)
    assert checkpoint is not None
    assert checkpoint.genuine
    assert _run("ledger", "verify").exit_code == 0
    _tamper(
        config, "DROP TRIGGER ledger_no_delete", "DROP TRIGGER checkpoint_no_delete", "DELETE FROM ledger WHERE seq = 2"
    )
    _tamper(config, "DELETE FROM checkpoint WHERE seq = 2")
    done = _run("ledger", "verify")
    assert (done.exit_code, "被截断" in done.output) == (1, True)


def test_a_checkpoint_is_given_as_a_file_or_as_it_stands(config: Path, tmp_path: Path) -> None:
    line = _run("ledger", "anchor").output.strip()
    (tmp_path / "mail.txt").write_text(f"> {line}\n", "utf-8")
    for given in (line, "mail.txt"):
        done = _run("ledger", "verify", "--anchor", given)
        assert (done.exit_code, "箱外检查点 1 个" in done.output) == (0, True), done.output
    (tmp_path / "empty.txt").write_text("没有", "utf-8")
    for given, code in (("empty.txt", "ledger.anchor_none"), ("nowhere.txt", "ledger.anchor_unreadable")):
        refused = _run("ledger", "verify", "--anchor", given).exception
        assert isinstance(refused, Fault)
        assert refused.code == code
    _tamper(config, "DROP TRIGGER ledger_no_delete", "DROP TRIGGER checkpoint_no_delete")
    _tamper(config, "DELETE FROM ledger WHERE seq = 2", "DELETE FROM checkpoint WHERE seq = 2")
    assert _run("ledger", "verify").exit_code == 0
    for given in (line, "mail.txt"):
        assert _run("ledger", "verify", "--anchor", given).exit_code == 1


def test_only_the_key_that_was_noted_counts(config: Path) -> None:
    assert _run("ledger", "verify", "--key", "ab" * 32).exit_code == 1
    assert _run("ledger", "verify", "--key", "nonsense").exit_code == 2


def test_a_backup_is_made_listed_and_restored_with_the_key_as_written_down(config: Path, tmp_path: Path) -> None:
    made = _run("backup", "make")
    assert made.exit_code == 0, made.output
    assert "gate backup key" in made.output
    assert "gate backup key" not in _run("backup", "make").output
    listed = re.findall(r"\S+\.menwei-backup", _run("backup", "list").output)
    assert listed
    (tmp_path / "paper").write_text(_run("backup", "key").output, "utf-8")
    (tmp_path / "new.toml").write_text('[storage]\nfolder = "new"\n', "utf-8")
    restored = _run("restore", listed[0], "--key-file", "paper", "--config", "new.toml")
    assert restored.exit_code == 0, restored.output
    assert _run("ledger", "verify", "--config", "new.toml").exit_code == 0
    refused = _run("restore", listed[0], "--key-file", "paper", "--config", "new.toml")
    assert isinstance(refused.exception, Fault)
    assert refused.exception.code == "backup.occupied"


def test_a_backup_without_a_folder_says_what_to_write(config: Path) -> None:
    config.write_text("", "utf-8")
    assert isinstance(_run("backup", "make").exception, Fault)


def test_the_record_is_measured_as_json(config: Path) -> None:
    told = json.loads(_run("bench", "ledger", "--rows", "1000", "--json").output)
    assert {"rows", "append_per_s", "verify_per_s", "hash_ratio"} <= set(told)
