"""`gate bench pages`: the console's pages over a compound with a past, timed at the server."""

from __future__ import annotations

import json
import logging
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gate.bench import loading
from gate.bench.pages import measure
from gate.cli.logs import log_to_stderr
from gate.cli.terminal import out
from gate.config import load_config
from gate.texts import t

SLOWDOWN = t("bench_pages.option_slowdown", old=f"{loading.OLD_PC:g}")


def pages(
    days: Annotated[int, typer.Option(min=1, max=365, help=t("bench_pages.option_days"))] = 30,
    per_day: Annotated[int, typer.Option(min=200, max=50_000, help=t("bench_pages.option_per_day"))] = 4000,
    rounds: Annotated[int, typer.Option(min=1, max=100, help=t("bench_pages.option_rounds"))] = 5,
    browser: Annotated[int, typer.Option(min=0, max=200, help=t("bench_pages.option_browser"))] = 0,
    slowdown: Annotated[float | None, typer.Option(min=1, max=20, help=SLOWDOWN)] = None,
    as_json: Annotated[bool, typer.Option("--json", help=t("bench.option_json"))] = False,
) -> None:
    """Measure in a folder of its own, which is thrown away."""
    log_to_stderr(logging.CRITICAL)  # its cameras are nowhere
    from samples.archive import fill

    with tempfile.TemporaryDirectory() as folder:
        filled = fill(Path(folder), days=days, per_day=per_day)
        config = load_config(filled.config)
        load = loading.measure(config, browser, slowdown) if browser else None
        score = measure(config, rounds)
    if as_json:
        told = asdict(score) | {"browser": asdict(load) if load else None}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    if load is not None:
        _show(load)
    counted = {"residents": score.residents, "vehicles": score.vehicles, "passages": score.passages}
    out.print(t("bench_pages.compound", **counted, rounds=score.rounds))
    table = Table(*(t(f"bench_pages.column_{name}") for name in ("page", "median", "longest", "size")), box=None)
    for page in sorted(score.pages, key=lambda page: -page.median_ms):
        table.add_row(page.name, f"{page.median_ms:.1f}", f"{page.longest_ms:.1f}", f"{page.kilobytes:.0f}")
    out.print(table)


def _show(load: loading.LoadScore) -> None:
    drawn = {"lanes": load.lanes, "passages": load.passages, "questions": load.questions}
    pace = {"index": f"{load.index:g}", "slowdown": f"{load.slowdown:g}"}
    out.print(t("bench_pages.browser", times=load.times, **pace, **drawn), markup=False)
    for code, one in (("bench_pages.cold", load.cold), ("bench_pages.warm", load.warm)):
        out.print(t(code, median=f"{one.median_ms:.0f}", p95=f"{one.p95_ms:.0f}"), markup=False)
