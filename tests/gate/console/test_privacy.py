from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

import gate.cli
from enrollment.database import reading
from enrollment.errors import NotEnrolled
from enrollment.form import PersonForm
from gate.api.keys import ApiKeys
from gate.api.scopes import Scope
from gate.community.registered import Webhooks
from gate.config import load_config
from gate.console.pages import privacy_file
from gate.ledger.ledger import StaffActs
from gate.ledger.tables import LedgerRow
from gate.privacy import Filing, filing, handling_of
from gate.site import open_site
from tests.consents import FACE
from tests.gate.console.conftest import Booth
from tests.gate.console.fake_watch import FakeWatch
from tests.gate.console.made_app import handling

CONFIG = """
[compound]
name = "示范小区"
handler = "示范小区业主委员会"
contact = "三号楼一层，8:00-17:00"

[storage]
folder = "var"

[[community.destination]]
id = "office"
kind = "webhook"
url = "https://192.0.2.9/in"
secret_file = "secret"
names = true
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(CONFIG, "utf-8")
    (tmp_path / "secret").write_text("s" * 40, "utf-8")
    (tmp_path / "secret").chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("people", "stage"),
    [(0, Filing.NONE), (79_999, Filing.NONE), (80_000, Filing.SOON), (99_999, Filing.SOON), (100_000, Filing.DUE)],
)
def test_filing_is_said_from_80_000_people_on_and_due_from_100_000(people: int, stage: Filing) -> None:
    assert filing(people) is stage


def test_everybody_reads_the_notice_and_an_auditor_the_assessment(booth: Booth) -> None:
    notice = booth.browser().get("/privacy").text
    assert "示范小区业主委员会" in notice
    assert "姓名" in notice.partition("office")[2][:60]
    assert "80001" not in notice
    assessment = booth.signed_in("auditor").get("/privacy/assessment").text
    assert "接近十万人" in assessment
    assert "handler" in assessment
    assert "https://192.0.2.9" in assessment


def test_the_facts_are_those_of_the_configuration_and_the_register(config: Path) -> None:
    with open_site(load_config(config), create=True) as site:
        person = site.register.enrol(PersonForm.of("张三", "1-1-1"), "local:0", [FACE])
        site.register.enrol(PersonForm.of("李四", "1-1-1"), "local:0")
        told = handling_of(site, load_config(config))
    assert (told.residents, told.faces, told.named) == (2, 0, True)
    assert told.consents[FACE.purpose] == 1
    assert [(one.id, one.names, one.pictures) for one in told.recipients] == [("office", True, False)]
    assert person.name not in privacy_file("zh", "assessment", handling=told)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("document", ["notice", "assessment"])
def test_a_document_needs_nothing_besides_itself(watch: FakeWatch, language: str, document: str) -> None:
    html = privacy_file("zh" if language == "zh" else "en", document, handling=handling(watch))
    assert "<style>" in html
    assert 'src="' not in html
    assert 'href="' not in html
    assert "privacy." not in html


def test_an_assessment_that_was_made_can_be_told_by_its_hash(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    arguments = ["privacy", "assessment", "--to", str(file), "--config", str(config)]
    assert isinstance(CliRunner().invoke(gate.cli.app, arguments).exception, NotEnrolled)
    open_site(load_config(config), create=True).close()
    assert CliRunner().invoke(gate.cli.app, arguments).exit_code == 0
    with open_site(load_config(config)) as site, reading(site.engine) as session:
        body = session.scalars(select(LedgerRow.body).where(LedgerRow.kind == "assessment.made")).one()
    assert hashlib.sha256(file.read_bytes()).hexdigest() in str(body)


def test_the_notice_needs_no_register_yet(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "n.html"
    arguments = ["privacy", "notice", "--to", str(file), "--config", str(config)]
    assert CliRunner().invoke(gate.cli.app, arguments).exit_code == 0
    assert "三号楼一层" in file.read_text("utf-8")


def test_whoever_asks_with_a_key_or_set_up_a_webhook_is_named(config: Path) -> None:
    loaded = load_config(config)
    with open_site(loaded, create=True) as site:
        record = StaffActs(site.signer)
        keys, until = ApiKeys(site.engine, record), datetime.now(UTC) + timedelta(days=1)
        keys.add("property-office", [Scope.PASSAGES_READ, Scope.PEOPLE_READ], until, "local:0")
        keys.add("gone", [Scope.LANES_READ], until, "local:0")
        keys.revoke("gone", "local:0")
        hooks = Webhooks(site.engine, site.keyring, record)
        hook, _ = hooks.add("https://board.example/in", ["passages"], "api:property-office")
        told = handling_of(site, loaded)
        assert [one.id for one in told.recipients] == ["office", "board.example"]
        assert hook.id in {one.name for one in told.connections}
        notice = privacy_file("en", "notice", handling=told)
    assert "property-office" in notice
    assert "people and vehicles of the register" in notice
    assert "gone" not in [key.name for key in told.askers]
