"""How the command line speaks: tables and progress on stdout, what went wrong on stderr."""

from __future__ import annotations

from rich.console import Console

from gate.errors import ConfigRefused
from gate.texts import explain
from models.errors import Fault

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(fault: Fault) -> None:
    """Say what went wrong and, for a configuration, each of its problems."""
    err.print(explain(fault), style="bold red", markup=False)
    if isinstance(fault, ConfigRefused):
        for problem in fault.problems:
            err.print(f"  - {explain(problem)}", markup=False)
