"""`gate resident` and `gate pad`: codes for phones and tablets, told once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from enrollment.form import PersonForm
from gate.cli import app
from gate.config import Config, load_config
from gate.site import open_site

TOML = """
[residents]
address = "https://gate.example"
[[camera]]
id = "c"
url = "folder:pictures"
[[barrier]]
id = "b"
[[lane]]
id = "walk"
name = "人行"
kind = "pedestrian"
camera = "c"
barrier = "b"
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "gate.toml").write_text(TOML, "utf-8")
    loaded = load_config(tmp_path / "gate.toml")
    with open_site(loaded, create=True):
        return loaded


def gate(tmp_path: Path, *words: str) -> str:
    ran = CliRunner().invoke(app, [*words, "--config", str(tmp_path / "gate.toml")])
    assert ran.exit_code == 0, ran.exception
    return ran.output


def code_in(told: str) -> str:
    found = re.search(r"\d{4} \d{4} \d{4}", told)
    assert found
    return found[0]


def test_a_residents_phone_is_let_in_and_out(tmp_path: Path, config: Config) -> None:
    with open_site(config) as site:
        person = site.register.enrol(PersonForm.of("张三", "3-2-501"), "staff").id
    told = gate(tmp_path, "resident", "link", person)
    assert "https://gate.example/me/enter" in told
    with open_site(config) as site:
        token = site.phones.enter(code_in(told))
        assert token is not None
        site.requests.ask(person)
    assert person in gate(tmp_path, "resident", "requests")
    assert "1" in gate(tmp_path, "resident", "end", person)
    with open_site(config) as site:
        assert site.phones.find(token) is None
        site.requests.take_back(person, "staff")
    assert person not in gate(tmp_path, "resident", "requests")


def test_a_pad_is_added_listed_and_removed(tmp_path: Path, config: Config) -> None:
    assert "walk" not in gate(tmp_path, "pad", "list")
    told = gate(tmp_path, "pad", "add", "walk", "--name", "东门")
    with open_site(config) as site:
        joined = site.pads.join(code_in(told))
        assert joined is not None
        pad, token = joined
    listed = gate(tmp_path, "pad", "list")
    assert pad.id in listed
    assert "东门" in listed
    gate(tmp_path, "pad", "end", pad.id)
    with open_site(config) as site:
        assert site.pads.find(token) is None


def test_a_pad_for_a_lane_that_is_not_there_is_refused(tmp_path: Path, config: Config) -> None:
    ran = CliRunner().invoke(app, ["pad", "add", "drive", "--name", "x", "--config", str(tmp_path / "gate.toml")])
    assert getattr(ran.exception, "code", "") == "rules.no_such_lane"
