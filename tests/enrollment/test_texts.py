"""Every fault that the register raises has its sentence, and the facts that the sentence needs."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from enrollment import errors
from enrollment.photo import _CODES as PHOTO_CODES
from gate.texts import catalogue

ROOT = Path(__file__).parents[2]
FILES = [*(ROOT / "enrollment").rglob("*.py"), ROOT / "gate" / "site.py", *(ROOT / "gate" / "cli").glob("*.py")]
FAULTS = {name for name, thing in vars(errors).items() if isinstance(thing, type) and issubclass(thing, errors.Fault)}


def _raised() -> Iterator[tuple[str, frozenset[str]]]:
    """Each fault's code and facts, as the source names them."""
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FAULTS:
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    yield str(code.value), frozenset(str(keyword.arg) for keyword in node.keywords)


def _blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize(("code", "facts"), sorted(set(_raised()), key=str))
def test_a_fault_has_a_sentence_and_the_facts_it_needs(code: str, facts: frozenset[str]) -> None:
    for sentence in catalogue()[code].values():
        assert _blanks(sentence) <= facts


@pytest.mark.parametrize("code", ["locked", "full", "unwritable", "damaged"])
def test_what_sqlite_says_has_a_sentence_with_the_path(code: str) -> None:
    for sentence in catalogue()[f"store.{code}"].values():
        assert _blanks(sentence) == {"path"}


def test_each_fault_of_a_face_has_a_sentence_without_facts() -> None:
    for code in PHOTO_CODES.values():
        assert not any(_blanks(sentence) for sentence in catalogue()[code].values())


def test_the_source_names_every_kind_of_fault() -> None:
    rooms = {code.split(".")[0] for code, _ in _raised()}
    assert {"store", "key", "photo", "register", "account", "enroll"} <= rooms
