"""Every code that the room of models raises has its sentence, and every value that is shown has its word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gate.texts import catalogue
from models.catalog import Commercial, Condition
from models.roles import Role
from models.store import State

ROOT = Path(__file__).parents[3]


def _codes(*folders: str) -> list[str]:
    texts = [file.read_text("utf-8") for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    return sorted({code for text in texts for code in re.findall(r'"((?:models|picture|bench)\.[a-z_]+)"', text)})


@pytest.mark.parametrize("code", _codes("models", "gate/bench"))
def test_every_fault_has_its_sentence(code: str) -> None:
    assert code in catalogue()


@pytest.mark.parametrize(
    "code",
    [
        *(f"models.role.{role}" for role in Role),
        *(f"models.commercial.{allowed}" for allowed in Commercial),
        *(f"models.condition.{condition}" for condition in Condition),
        *(f"models.state.{state}" for state in State),
    ],
)
def test_every_value_has_its_word(code: str) -> None:
    assert code in catalogue()
