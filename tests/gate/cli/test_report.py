"""The committee's report from the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from enrollment.accounts import Role
from enrollment.database import reading, writing
from gate.cli import app
from gate.config import Config, load_config
from gate.ledger.ledger import Chain, Passage
from gate.ledger.tables import LedgerRow
from gate.site import open_site
from models.errors import Fault

TOML = """
[compound]
name = "幸福里小区"
[[camera]]
id = "north"
url = "rtsp://192.0.2.10/stream2"
[[barrier]]
id = "arm"
url = "sim://"
[[lane]]
id = "in"
name = "北门入口"
kind = "vehicle"
camera = "north"
barrier = "arm"
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A record with one of everything that a report tells, eight days ago and now."""
    (tmp_path / "gate.toml").write_text(TOML, "utf-8")
    monkeypatch.chdir(tmp_path)
    config = load_config(tmp_path / "gate.toml")
    with open_site(config, create=True) as site:
        guard = site.accounts.add("laowang", "a-good-long-one", Role.GUARD, "t").id
        for days in (8, 0):
            at = datetime.now(UTC) - timedelta(days=days)
            with writing(site.engine) as session:
                chain = Chain(session)
                chain.add(at, "gate.started", {"lanes": {"in": {"camera": "north", "barrier": "arm"}}})
                chain.add_passage(Passage(f"p{days}", at, "in", "refuse", "blocked", None, "r", {}), None)
                chain.add(at, "manual.open", {"actor": guard, "lane": "in", "reason": "visitor"})
                chain.add(at, "barrier.alarm", {"barrier": "arm", "act": "forced", "cause": "x"})
                chain.add_note(at, "complaint.filed", {"actor": guard, "about": f"p{days}"}, "放错了车")
                chain.add_note(
                    at, "complaint.closed", {"actor": guard, "about": f"p{days}", "outcome": "upheld"}, "已改"
                )
                chain.add_note(
                    at, "export", {"actor": guard, "format": "csv", "purpose": "police", "passages": 1}, "调取函"
                )
                chain.flush()
    return config


def _run(*words: str) -> Result:
    return CliRunner().invoke(app, ["report", *words])


@pytest.mark.parametrize("span", ["week", "month"])
def test_the_report_of_this_span_tells_everything_in_one_file(config: Config, tmp_path: Path, span: str) -> None:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    done = _run("--span", span, "--day", today, "--to", "report.html")
    assert done.exit_code == 0, done.output
    html = (tmp_path / "report.html").read_text("utf-8")
    for told in (
        "幸福里小区",
        "laowang",
        "访客，已确认",
        "门或闸被强行打开",
        "北门入口",
        "放错了车",
        "属实",
        "已改",
        "CSV",
        "调取函",
    ):
        assert told in html, told
    assert "/static/" not in html
    with open_site(config) as site, reading(site.engine) as session:
        row = session.scalars(select(LedgerRow.body).where(LedgerRow.kind == "report.made")).one()
    assert json.loads(row)["actor"].startswith("local:")


def test_without_a_day_it_is_the_last_week_that_is_over(config: Config, tmp_path: Path) -> None:
    assert _run().exit_code == 0
    (file,) = tmp_path.glob("menwei-week-*.html")
    today = datetime.now(ZoneInfo(config.compound.timezone)).date()
    monday = today - timedelta(days=today.weekday() + 7)
    assert file.name == f"menwei-week-{monday}.html"


def test_a_report_in_english_has_no_chinese_of_its_own(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE_LANG", "en")
    assert _run("--to", "report.html", "--day", f"{datetime.now(UTC):%Y-%m-%d}").exit_code == 0
    html = (tmp_path / "report.html").read_text("utf-8")
    assert "A door or barrier was forced" in html
    assert '<html lang="en">' in html


@pytest.mark.parametrize("words", [("--day", "soon"), ("--span", "year")])
def test_what_cannot_be_meant_is_refused(config: Config, words: tuple[str, ...]) -> None:
    assert _run(*words).exit_code == 2


def test_what_is_still_to_come_and_a_place_that_cannot_be_written_are_said(config: Config) -> None:
    for words, code in (
        (("--day", "2999-01-01"), "report.in_the_future"),
        (("--to", "nowhere/report.html"), "report.unwritable"),
    ):
        refused = _run(*words).exception
        assert isinstance(refused, Fault)
        assert refused.code == code
