"""`gate bench rules`: how many decisions a second the rules take."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from gate.bench.rules import measure
from gate.cli.terminal import out
from gate.texts import t


def rules(
    decisions: Annotated[int, typer.Option(min=1000, help=t("bench_rules.option_decisions"))] = 100_000,
    as_json: Annotated[bool, typer.Option("--json", help=t("bench.option_json"))] = False,
) -> None:
    """Decide about drawn arrivals, on one core."""
    score = measure(decisions)
    if as_json:
        typer.echo(json.dumps(asdict(score), indent=2))
        return
    told = ", ".join(f"{t(f'verdict.{verdict}')} {count}" for verdict, count in sorted(score.verdicts.items()))
    out.print(t("bench_rules.speed", **asdict(score)))
    out.print(told, markup=False)
