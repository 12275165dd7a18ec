"""How the house stands: imports point one way, and both languages say the same things."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

from gate.texts import LANGUAGES, catalogue
from tests.conftest import LONGEST

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "models": {"models"},
    "enrollment": {"models", "enrollment"},
    "gate": {"models", "enrollment", "gate"},
}
SAMPLES_DOORS = {
    ROOT / "gate" / "cli" / name
    for name in (
        "bench.py",
        "bench_gate.py",
        "bench_lanes.py",
        "bench_liveness.py",
        "bench_pages.py",
        "bench_peers.py",
        "demo.py",
    )
}
"""The files through which the command line reaches the samples."""


def _imported_rooms(file: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            rooms |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            rooms.add((node.module or "").split(".")[0])
    return rooms & {"models", "enrollment", "gate", "samples", "tests"}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_run_one_way(room: str) -> None:
    files = [file for file in (ROOT / room).rglob("*.py") if file not in SAMPLES_DOORS]
    assert files
    wrong = {str(file.relative_to(ROOT)): _imported_rooms(file) - MAY_IMPORT[room] for file in files}
    assert not {file: rooms for file, rooms in wrong.items() if rooms}


def _blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_text_is_in_both_languages_with_the_same_facts() -> None:
    for code, sentences in catalogue().items():
        assert set(sentences) == set(LANGUAGES), code
        assert all(sentence.strip() for sentence in sentences.values()), code
        assert _blanks(sentences["zh"]) == _blanks(sentences["en"]), code


def test_the_files_that_a_parallel_run_begins_with_are_there() -> None:
    assert [name for name in LONGEST if not (ROOT / name).is_file()] == []
