from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from enrollment.database import writing
from gate.cli import app
from gate.cli.check import examine
from gate.community.deliveries import outbox_of
from gate.community.queue import Outcome, Queue
from gate.community.registered import Webhooks
from gate.config import load_config
from gate.ledger.ledger import Passage, StaffActs, append_passage, last_body
from gate.site import open_site

CONFIG = """
[[community.destination]]
id = "office"
kind = "webhook"
url = "https://192.0.2.9/gate"
secret_file = "office.secret"

[[community.destination]]
id = "drop"
kind = "files"
folder = "drop"
events = ["passages"]
"""
WHY = {"address": "https://192.0.2.9", "why": "HTTP 422"}


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GATE_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")
    file = tmp_path / "gate.toml"
    file.write_text(CONFIG, "utf-8")
    settings = load_config(file)
    with open_site(settings, create=True) as site, writing(site.engine) as session:
        passage = Passage("p", datetime.now(UTC), "in", "open", "known_vehicle", None, "r", {})
        outbox_of(settings).post(session, [(append_passage(session, passage, None).seq, passage)])
    return file


def _gate(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["community", *words], env=dict(os.environ))
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


def _dies(config: Path) -> None:
    settings = load_config(config)
    with open_site(settings) as site:
        queue = Queue(site.engine, "office")
        (row,) = queue.oldest(0, 10)
        queue.settle(Outcome(died=[(row, "community.refused", WHY)]), datetime.now(UTC))


def test_the_status_tells_each_backlog_and_ends_with_1_on_a_fault(config: Path) -> None:
    assert "office │ 1" in _gate("status", "--config", str(config))
    with open_site(load_config(config)) as site:
        Queue(site.engine, "office").say("community.sign_in", WHY, datetime.now(UTC))
    assert "does not believe our signature" in _gate("status", "--config", str(config), code=1)


def test_what_was_not_taken_is_seen_with_its_reason_and_sent_again_on_record(config: Path) -> None:
    assert "there are no such events" in _gate("dead", "office", "--config", str(config))
    _dies(config)
    shown = _gate("dead", "office", "--config", str(config))
    assert "does not take this event (HTTP 422)" in shown
    assert "1 events wait" in _gate("resend", "office", "--config", str(config))
    assert "there are no such events" in _gate("dead", "office", "--config", str(config))
    with open_site(load_config(config)) as site:
        assert Queue(site.engine, "office").standing(datetime.now(UTC)).waiting == 1
        told = last_body(site.engine, "community.resent")
    assert (told["destination"], told["events"]) == ("office", 1)
    assert told["actor"]


def test_the_list_says_what_each_may_know_and_the_connections_where_it_goes(config: Path) -> None:
    listed = _gate("list", "--config", str(config))
    assert "ids, plates, lane, time, verdict, reason" in listed
    assert "names" not in listed
    assert "https://192.0.2.9" in _gate("connections", "--config", str(config))
    assert "`data.plate`" in _gate("fields")


def test_without_destinations_it_says_that_nothing_leaves(tmp_path: Path, config: Path) -> None:
    config.write_text("", "utf-8")
    for command in ("list", "status"):
        assert "nothing leaves this box" in _gate(command, "--config", str(config))


def test_gate_check_says_how_each_destination_stands(config: Path) -> None:
    settings = load_config(config)
    found = {finding.name: finding for finding in examine(settings) if finding.part == "destination"}
    assert found["office"].result == "1 events wait, 0 were not taken"
    _dies(config)
    found = {finding.name: finding for finding in examine(settings) if finding.part == "destination"}
    assert found["office"].doubtful
    with open_site(settings) as site:
        Queue(site.engine, "office").say("community.sign_in", WHY, datetime.now(UTC))
    found = {finding.name: finding for finding in examine(settings) if finding.part == "destination"}
    assert not found["office"].works
    assert found["drop"].works


def test_a_webhook_of_the_api_stands_beside_those_of_the_configuration(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(config.parent)
    with open_site(load_config(config)) as site:
        hooks = Webhooks(site.engine, site.keyring, StaffActs(site.signer))
        hook, _ = hooks.add("https://office.example/in", ["passages"], "api:office")
    assert hook.id in _gate("status")
    assert "https://office.example" in _gate("connections")
    assert _gate("dead", hook.id) == _gate("dead", "drop")
