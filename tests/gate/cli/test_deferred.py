"""What a command costs to start: what others need is not imported, and the lists say what the commands say."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gate.cli import BENCH, COMMANDS, app
from gate.cli.deferred import Deferred
from gate.texts import LANGUAGES, Language, t

ROOT = Path(__file__).parents[3]
VISION = {"av", "cv2", "onnxruntime", "skimage", "faiss", "matplotlib", "scipy", "PIL", "zxingcpp", "insightface"}
SERVING = {"fastapi", "uvicorn", "jinja2", "httpx", "asyncssh", "paho", "pymodbus", "serial"}
TABLES = {"openpyxl", "pypinyin", "chinese_calendar"}
DATABASE = {"sqlalchemy", "alembic", "cryptography", "argon2", "numpy"}
STARTED = """
import json, sys
from typer.testing import CliRunner
from gate.cli import app
done = CliRunner().invoke(app, {words})
print(json.dumps([done.exit_code, done.stdout, sorted({{name.partition(".")[0] for name in sys.modules}})]))
"""


@pytest.mark.parametrize(
    ("words", "spared"),
    [
        (["--help"], VISION | SERVING | TABLES | DATABASE),
        (["bench", "--help"], VISION | SERVING | TABLES | DATABASE),
        (["account", "list", "--help"], VISION | SERVING | TABLES),
        (["rules", "show", "--help"], VISION | SERVING),
    ],
    ids=["gate", "bench", "account", "rules"],
)
def test_a_command_imports_nothing_heavy_that_it_does_not_need(words: list[str], spared: set[str]) -> None:
    fresh = [sys.executable, "-c", STARTED.format(words=words)]
    done = subprocess.run(fresh, cwd=ROOT, capture_output=True, text=True, check=True)
    code, told, imported = json.loads(done.stdout)
    assert code == 0, told
    assert spared.isdisjoint(imported), sorted(spared & set(imported))


@pytest.mark.parametrize(("list_", "path"), [(COMMANDS, []), (BENCH, ["bench"])], ids=["gate", "bench"])
def test_what_a_list_says_of_a_command_is_what_the_command_says_of_itself(
    list_: dict[str, tuple[str, str]], path: list[str]
) -> None:
    for name, of in list_.items():
        listed = Deferred(name, *of)
        # A module speaks the language in which some test before this one has first imported it.
        assert listed.loaded().help in {t(of[1], language) for language in LANGUAGES}, name
        assert CliRunner().invoke(app, [*path, name, "--help"]).exit_code == 0, name


def test_the_search_for_garbage_that_was_put_off_goes_on_when_the_command_is_there() -> None:
    gc.disable()
    try:
        Deferred("account", *COMMANDS["account"]).loaded()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.enable()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_tells_every_command_in_the_language_asked_for(
    language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE_LANG", language)
    shown = CliRunner().invoke(app, ["--help"]).stdout
    for name, (_, code) in COMMANDS.items():
        assert f" {name} " in shown
        assert t(code, language)[:8].split()[0] in shown


def test_a_command_is_found_by_its_completed_and_its_mistyped_name() -> None:
    whole = typer.main.get_command(app)
    context = whole.make_context("gate", ["account", "list"], resilient_parsing=True)
    assert [one.value for one in whole.shell_complete(context, "acc")] == ["account"]
    assert "'account'" in CliRunner().invoke(app, ["acount"]).output


def test_options_are_completed_as_those_of_the_command_itself() -> None:
    account = typer.main.get_command(app).commands["account"].make_context("account", ["add"], resilient_parsing=True)
    adding = account.command.commands["add"].make_context("add", [], account, resilient_parsing=True)
    assert [one.value for one in adding.command.shell_complete(adding, "--pass")] == ["--password-stdin"]
