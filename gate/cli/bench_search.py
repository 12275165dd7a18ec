"""`gate bench search`: one face searched for among many, against faiss and plain numpy."""

from __future__ import annotations

import json
import logging
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gate.bench.search import Times, measure
from gate.cli.logs import log_to_stderr
from gate.cli.terminal import out
from gate.texts import t


def search(
    templates: Annotated[int, typer.Option(min=1, max=200_000, help=t("bench_search.option_templates"))] = 10_000,
    size: Annotated[int, typer.Option(min=2, max=2048, help=t("bench_search.option_size"))] = 512,
    rounds: Annotated[int, typer.Option(min=10, max=100_000, help=t("bench_search.option_rounds"))] = 300,
    as_json: Annotated[bool, typer.Option("--json", help=t("bench.option_json"))] = False,
) -> None:
    """Measure in a folder of its own, which is thrown away."""
    log_to_stderr(logging.WARNING)  # each change of the register would be a line
    with tempfile.TemporaryDirectory() as folder:
        score = measure(Path(folder), templates, size, rounds)
    if as_json:
        typer.echo(json.dumps(asdict(score), indent=2))
        return
    out.print(t("bench_search.gallery", templates=score.templates, size=score.size, megabytes=score.megabytes))
    bandwidth, in_turn = score.at_bandwidth_ms, score.read_ms
    out.print(t("bench_search.memory", rate=score.memory_gb_s, bandwidth=bandwidth, in_turn=in_turn))
    for name, times in (("gallery", score.gallery), ("numpy", score.numpy), ("faiss", score.faiss)):
        out.print(t("bench_search.no_faiss") if times is None else _line(name, times), markup=False)
    out.print(t("bench_search.ratio", ratio=score.ratio, disagreed=score.disagreed, rounds=score.rounds))
    out.print(_line("quiet", score.quiet))
    out.print(_line("changing", score.changing))
    out.print(t("bench_search.in_force", changes=score.changes, ms=score.in_force_ms))


def _line(name: str, times: Times) -> str:
    return t("bench_search.line", what=t(f"bench_search.{name}_name"), **asdict(times))
