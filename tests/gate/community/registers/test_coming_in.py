"""The documentation lists every field that is taken in: it is what the code reads."""

from __future__ import annotations

from pathlib import Path

import pytest

import gate.community.registers
from enrollment.told import FIELDS
from gate.community.connections import connections
from gate.community.registers.coming_in import coming_in_table
from gate.community.registers.registers import SOURCES
from gate.config import parse_config
from gate.texts import LANGUAGES, Language

FOLDER = Path(gate.community.registers.__path__[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_the_table_that_the_command_prints(language: Language) -> None:
    assert coming_in_table(language) in (FOLDER / "COMING_IN.md").read_text("utf-8")


def test_no_source_reads_a_face_or_an_id_number() -> None:
    ours = {name for names in FIELDS.values() for name in names}
    for source in SOURCES.values():
        assert set(source.fields.values()) <= {*ours, "id", "-", "blocked / allowed"}
        assert not {name for name in source.fields if "face" in name.lower() or "idnumber" in name.lower()}


def test_a_source_is_a_short_mapping() -> None:
    for name in ("rest.py", "drop.py", "hc.py"):
        assert len((FOLDER / name).read_text("utf-8").splitlines()) < 180, name


def test_a_source_that_is_asked_is_among_the_connections(tmp_path: Path) -> None:
    block = {"id": "office", "kind": "rest", "url": "https://office.example/api", "person": "/people"}
    config = parse_config({"community": {"source": [block]}}, tmp_path / "gate.toml")
    assert [(one.purpose, one.name, one.address) for one in connections(config)] == [
        ("source", "office", "https://office.example")
    ]
