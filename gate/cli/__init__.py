"""The command `gate`: one module per group of commands."""

from __future__ import annotations

import sys

import typer

from gate.cli.terminal import fail
from gate.texts import t
from models.errors import Fault

app = typer.Typer(help=t("cli.help"), no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


def main() -> None:
    """Run the command line; a `Fault` becomes its sentence on stderr and exit code 1."""
    try:
        app()
    except Fault as fault:
        fail(fault)
        sys.exit(1)
