from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from enrollment.accounts import Role
from gate.cli import app
from gate.config import load_config
from gate.ledger.ledger import StaffActs
from gate.patrol.case import CaseForm, Place, Standing, Whose, Why
from gate.patrol.cases import Cases
from gate.site import open_site


def test_cases_are_listed_and_a_volunteer_gets_an_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_LANG", "en")
    config = tmp_path / "gate.toml"
    config.write_text("", "utf-8")

    def gate(*words: str, said: str = "") -> str:
        result = CliRunner().invoke(app, [*words, "--config", str(config)], input=said, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())

    with open_site(load_config(config), create=True) as site:
        assert gate("patrol", "list") == "No car is in the way"
        site.register.add_vehicle("辽A12345", "3-2-501", "t")
        car = site.register.vehicles()[0].id
        cases = Cases(site.engine, site.notices, site.snapshots, StaffActs(site.signer), ())
        cases.open(CaseForm("1" * 32, "辽A12345", Whose(Standing.RESIDENT, car), Place.GREEN), "t")
        cases.open(CaseForm("2" * 32, "辽B54321", Whose(Standing.UNKNOWN), Place.OTHER, "5 号楼后"), "t")
        cases.close("2" * 32, Why.HANDED_ON, "", "t")
    told = gate("patrol", "list")
    for word in ("辽A12345", "Resident", "3-2-501", "Green", "not asked", "辽B54321", "5 号楼后", "Handed on"):
        assert word in told
    gate("account", "add", "wanggege", "--role", "patrol", "--password-stdin", said="a-good-long-one\n")
    assert "patrol" in gate("account", "list")
    with open_site(load_config(config)) as site:
        account = site.accounts.find("wanggege")
        assert account is not None
        assert account.role is Role.PATROL
