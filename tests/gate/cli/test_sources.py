"""`gate community sources`, `plan` and `apply`."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from enrollment.form import PersonForm
from gate.cli import app
from gate.cli.check import examine
from gate.config import load_config
from gate.errors import GateError
from gate.ledger.ledger import last_body
from gate.site import open_site
from gate.texts import explain

CONFIG = '[[community.source]]\nid = "drop"\nkind = "drop"\nfolder = "in"\nsettle_s = 0\n'


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GATE_LANG", "en")
    monkeypatch.setenv("COLUMNS", "400")
    (tmp_path / "in").mkdir()
    file = tmp_path / "gate.toml"
    file.write_text(CONFIG, "utf-8")
    return file


def _gate(config: Path, *words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["community", *words, "--config", str(config)], env=dict(os.environ))
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


def _drops(config: Path, *rows: str) -> None:
    text = "\n".join(["id,household,name,telephone", *rows]) + "\n"
    (config.parent / "in" / "register.csv").write_text(text, "utf-8")


def _people(count: int) -> list[str]:
    return [f"{number},1-1-{number},住户{number}," for number in range(1, count + 1)]


def test_a_plan_is_shown_in_both_languages_and_then_done(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nothing told yet" in _gate(config, "sources")
    _drops(config, "7,3-2-501,张三,13800000000", "8,somewhere,李四,")
    told = _gate(config, "plan", "drop", "--fetch")
    assert "1 to add" in told
    assert "unreadable: person, row 3, id 8" in told
    assert "add 1, change 0, end 0, match 0, unchanged 0; waiting for a person 0, unreadable 1" in told
    monkeypatch.setenv("GATE_LANG", "zh")
    assert "新增 1，变更 0，结束 0" in _gate(config, "plan", "drop")
    monkeypatch.setenv("GATE_LANG", "en")
    assert "added 1, changed 0, ended 0, matched 0" in _gate(config, "apply", "drop")
    with open_site(load_config(config)) as site:
        assert [one.name for one in site.register.residents()] == ["张三"]
        assert last_body(site.engine, "community.taken_over")["add"] == 1
        assert last_body(site.engine, "view")["what"] == "source:drop"
    assert "well" in _gate(config, "status")


def test_many_endings_wait_for_the_code_of_their_plan(config: Path) -> None:
    _drops(config, *_people(10))
    _gate(config, "apply", "drop", "--fetch")
    _drops(config, *_people(5))
    told = _gate(config, "plan", "drop", "--fetch")
    found = re.search(r"apply drop --confirm ([0-9a-f]{8})", told)
    assert found is not None
    assert "added 0, changed 0, ended 0" in _gate(config, "apply", "drop", code=1)
    _gate(config, "apply", "drop", "--confirm", "00000000", code=1)
    assert "ended 5" in _gate(config, "apply", "drop", "--confirm", found[1])
    with open_site(load_config(config)) as site:
        assert len(site.register.residents()) == 10
        assert last_body(site.engine, "community.taken_over")["confirmed"] is True


def test_a_conflict_is_told_field_by_field_and_decided_at_the_command_line(config: Path) -> None:
    _drops(config, "7,3-2-501,张三,13800000000")
    _gate(config, "apply", "drop", "--fetch")
    with open_site(load_config(config)) as site:
        (who,) = site.register.residents()
        form = PersonForm.of("张三", "3-2-501", phone="13900000000")
        site.register.edit_person(who.id, form, "chief", who.version)
    _drops(config, "7,3-2-501,张三,13700000000", "9,,王五,")
    told = json.loads(_gate(config, "plan", "drop", "--fetch", "--json"))
    assert [(one["code"], one["ref"]) for one in told["conflicts"]] == [("no_household", "9"), ("edited_here", "7")]
    assert told["conflicts"][1]["changes"] == [{"field": "phone", "before": "13900000000", "after": "13700000000"}]
    assert "telephone" not in _gate(config, "plan", "drop")
    assert "phone: 13900000000 → 13700000000" in _gate(config, "plan", "drop")
    assert "changed 1" in _gate(config, "apply", "drop", "--take", "7", "--place", "9=3-2-502")
    _gate(config, "apply", "drop", "--place", "nowhere", code=1)


def test_check_says_what_waits_and_what_is_out_of_order(config: Path) -> None:
    _drops(config, "7,3-2-501,张三,")
    _gate(config, "plan", "drop", "--fetch")
    (found,) = (one for one in examine(load_config(config)) if one.part == "source")
    assert (found.doubtful, found.result) == (True, "1 entries, 1 to take over, 0 wait for a person, 0 unreadable")
    (config.parent / "in").rename(config.parent / "gone")
    _gate(config, "plan", "drop", "--fetch", code=1)
    assert "cannot be read" in _gate(config, "sources", code=1)
    assert "cannot be read" in _gate(config, "status", code=1)
    told = json.loads(_gate(config, "sources", "--json", code=1))
    assert (told[0]["id"], told[0]["fault"]) == ("drop", "community.folder_unreadable")
    (found,) = (one for one in examine(load_config(config)) if one.part == "source")
    assert not found.works


def test_a_source_that_is_not_there_is_named(config: Path) -> None:
    done = CliRunner().invoke(app, ["community", "plan", "office", "--config", str(config)])
    assert isinstance(done.exception, GateError)
    assert explain(done.exception, "en") == "There is no source office; there are: drop"
