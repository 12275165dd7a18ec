"""The command `gate`: one module per group of commands."""

from __future__ import annotations

import sys

import typer

from gate.cli import account, bench, enroll, ledger, models
from gate.cli.check import check
from gate.cli.demo import demo
from gate.cli.run import run
from gate.cli.terminal import fail
from gate.texts import t
from models.errors import Fault

app = typer.Typer(help=t("cli.help"), no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.command(help=t("cli.run_help"))(run)
app.command(help=t("cli.check_help"))(check)
app.command(help=t("cli.demo_help"))(demo)
for group in (enroll, account, models, ledger, bench):
    app.add_typer(group.app, name=group.__name__.rpartition(".")[2])


def main() -> None:
    """Run the command line; a `Fault` becomes its sentence on stderr and exit code 1."""
    try:
        app()
    except Fault as fault:
        fail(fault)
        sys.exit(1)
