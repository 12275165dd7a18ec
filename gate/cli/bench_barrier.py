"""`gate bench barrier`: from the decision to the relay, driver by driver."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from gate.bench.barrier import measure
from gate.cli.terminal import out
from gate.texts import t


def barrier(
    rounds: Annotated[int, typer.Option(min=10, max=10_000, help=t("bench_barrier.option_rounds"))] = 200,
    as_json: Annotated[bool, typer.Option("--json", help=t("bench_barrier.option_json"))] = False,
) -> None:
    """Measure every driver against a peer on this machine."""
    measured = {}
    for name, score in measure(rounds):
        if score is None:
            if not as_json:
                out.print(t("bench_barrier.none", driver=name))
            continue
        measured[name] = asdict(score)
        if not as_json:
            out.print(t("bench_barrier.line", driver=name, p50=score.p50_ms, p99=score.p99_ms, rounds=score.rounds))
    if as_json:
        typer.echo(json.dumps(measured, indent=2))
    else:
        out.print(t("bench_barrier.gpio"))
