"""What the READMEs tell people to type exists, and both say it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from gate.cli import app
from gate.cli.deferred import Deferred
from gate.config import load_config

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.zh.md")


def _blocks(readme: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / readme).read_text("utf-8"), re.DOTALL)


def _commands(readme: str) -> list[list[str]]:
    lines = [line.partition("#")[0] for block in _blocks(readme, "sh") for line in block.splitlines()]
    return [words for line in lines if (words := shlex.split(line)) and words[0] == "gate"]


@pytest.mark.parametrize("readme", READMES)
def test_every_command_exists_with_its_options(readme: str) -> None:
    commands = _commands(readme)
    assert commands
    for words in commands:
        command: Any = typer.main.get_command(app)
        rest = words[1:]
        while hasattr(command, "commands"):
            name = rest.pop(0)
            assert name in command.commands, f"{readme}: gate has no {name!r} in {' '.join(words)}"
            command = command.commands[name]
            command = command.loaded() if isinstance(command, Deferred) else command
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= options, words


def test_both_languages_name_the_same_commands_and_configuration() -> None:
    english, chinese = READMES
    assert _commands(english) == _commands(chinese)
    assert [re.sub("#.*", "", block) for block in _blocks(english, "toml")] == [
        re.sub("#.*", "", block) for block in _blocks(chinese, "toml")
    ]


@pytest.mark.parametrize("readme", READMES)
def test_the_example_configurations_load(readme: str, tmp_path: Path) -> None:
    loaded = []
    for example in _blocks(readme, "toml"):
        (tmp_path / "gate.toml").write_text(example, "utf-8")
        loaded.append(load_config(tmp_path / "gate.toml"))
    models, gate, rules, community, registers = loaded
    assert (models.models.pack, models.models.face_finder) == ("base", "yunet-n")
    assert gate.lane[0].id == "north-in"
    assert [part.id for part in (*rules.rules.group, *rules.rules.window)] == ["cleaners", "taxis"]
    assert [part.kind for part in community.community.destination] == ["webhook", "mqtt"]
    assert [part.kind for part in registers.community.source] == ["rest", "hc"]


@pytest.mark.parametrize("readme", READMES)
def test_every_make_target_exists(readme: str) -> None:
    targets = set(re.findall(r"^make (\w+)", "\n".join(_blocks(readme, "sh")), re.MULTILINE))
    rules = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert targets
    assert targets <= rules
