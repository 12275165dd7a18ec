"""Every code of this area has its sentence, and every sentence can be filled with the facts that come with the code."""

from __future__ import annotations

import ast
import string
import tomllib
from importlib import resources
from pathlib import Path

import gate.camera.worker
import gate.password_file
from gate.camera.decoder import SILENT
from gate.texts import LANGUAGES, catalogue

FILES = [*sorted(Path(gate.camera.worker.__file__).parent.glob("*.py")), Path(gate.password_file.__file__)]


def _calls() -> list[ast.Call]:
    nodes = [node for file in FILES for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    return [
        node
        for node in nodes
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"CameraFault", "fault"}
    ]


def _code(call: ast.Call) -> str | None:
    match call.args[0]:
        case ast.Constant(value=str(code)):
            return code
        case ast.Name(id="SILENT"):
            return SILENT
    return None


def _blanks(code: str) -> set[str]:
    texts = (catalogue()[code][language] for language in LANGUAGES)
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_fault_brings_the_facts_of_its_sentence() -> None:
    raised = {(code, frozenset(fact.arg for fact in call.keywords)) for call in _calls() if (code := _code(call))}
    assert len(raised) > 10
    for code, facts in raised:
        assert _blanks(code) <= facts, code


def test_every_code_is_in_the_catalogue_and_none_is_there_for_nothing() -> None:
    strings = {
        node.value
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("camera.")
    }
    logged = {
        "camera.broken",
        "camera.recovered",
        "camera.still_reading",
        "camera.file_damaged",
        "camera.picture_skipped",
    }
    written = tomllib.loads((resources.files("gate.texts") / "camera.toml").read_text("utf-8"))["camera"]
    assert strings - logged == {f"camera.{name}" for name in written}


def test_the_faults_of_opening_need_only_an_address_and_a_why() -> None:
    opening = ("not_there", "not_allowed", "unreadable", "unauthorised", "no_stream", "unreachable", "no_device")
    assert all(_blanks(f"camera.{code}") <= {"address", "why"} for code in opening)
