"""`gate bench gate`: labelled or drawn passages through a whole gate, and what a gate's owner asks of it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table

from gate.bench.acceptance import Limit, judge
from gate.bench.choice import models_of
from gate.bench.gate import GateBench, GateScore, Times, bench
from gate.bench.passages import read_folder
from gate.cli.terminal import err, out
from gate.config import Config, load_config
from gate.texts import t

COLUMNS = ("passages", "right", "strangers", "wrong", "needless", "residents", "vehicles", "asked", "p50", "p99")
WIDEST = 120
"""Columns a table may take where the output is no terminal."""


def gate(
    folder: Annotated[Path | None, typer.Argument(exists=True, file_okay=False, help=t("bench_gate.argument"))] = None,
    passages: Annotated[int, typer.Option(min=1, max=100_000, help=t("bench_gate.option_passages"))] = 60,
    seed: Annotated[int, typer.Option(min=0, help=t("bench_gate.option_seed"))] = 1,
    rate: Annotated[int, typer.Option(min=1, max=60, help=t("bench_gate.option_rate"))] = 10,
    full_hd: Annotated[bool, typer.Option("--1080p/--720p", help=t("bench_gate.option_full_hd"))] = True,
    write: Annotated[Path | None, typer.Option(file_okay=False, help=t("bench_gate.option_write"))] = None,
    pack: Annotated[str | None, typer.Option(help=t("bench.option_pack"))] = None,
    config: Annotated[Path | None, typer.Option(help=t("bench.option_config"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=t("bench.option_json"))] = False,
) -> None:
    """Play passages through lanes, decision and simulated barriers."""
    from samples.footage import SIZE
    from samples.passages import staging, write_staging
    from samples.perspective import HEIGHT_PX

    whole = load_config(config) if config else Config()
    height = SIZE[1] if full_hd else HEIGHT_PX
    staged = read_folder(folder) if folder else staging(passages, seed, rate, height)
    if write is not None:
        write_staging(staged, write, rate)
        err.print(t("bench_gate.written", folder=write, count=len(staged.passages)), markup=False)
        return
    cast = models_of(pack, whole.models.cast()) if pack else None
    with tempfile.TemporaryDirectory() as site, Progress(console=err) as bars:
        task = bars.add_task(t("bench_gate.playing"), total=len(staged.passages))
        measured = bench(Path(site), staged, whole, cast, lambda done, _whole: bars.update(task, completed=done))
    if as_json:
        typer.echo(json.dumps(as_table(measured), ensure_ascii=False, indent=2))
    else:
        _show(measured)


def as_table(measured: GateBench) -> dict[str, Any]:
    """The score as JSON has it: the whole's figures beside the groups."""
    table = asdict(measured)
    whole: dict[str, Any] = table.pop("whole")
    return {**whole, **table, "acceptance": [asdict(limit) for limit in judge(measured)]}


def _show(measured: GateBench) -> None:
    whole = measured.whole
    out.print(
        t(
            "bench_gate.result",
            passages=whole.passages,
            right=whole.right,
            strangers=whole.strangers_opened,
            wrong=whole.wrong_vehicles_opened,
            needless=whole.needless,
        )
    )
    out.print(
        t(
            "bench_gate.helped",
            residents=whole.residents,
            residents_opened=_share(whole.residents_opened),
            vehicles=whole.vehicles,
            vehicles_opened=_share(whole.vehicles_opened),
            asked=whole.asked,
            refused=whole.refused,
            unseen=whole.unseen,
        )
    )
    for code in ("first_sight_to_decision_ms", "first_sight_to_command_ms", "frame_to_command_ms"):
        times: Times = getattr(whole, code)
        facts = {name: _number(value) for name, value in asdict(times).items()}
        out.print(t(f"bench_gate.{code}", **facts), markup=False)
    if whole.cpu_s_per_lane_s is not None:
        out.print(t("bench_gate.cpu", share=f"{whole.cpu_s_per_lane_s:.0%}"))
    for title, groups in (("light", measured.by_light), ("scene", measured.by_scene)):
        out.print(_table(t(f"bench_gate.column_{title}"), groups), width=max(out.width, WIDEST))
    for limit in judge(measured):
        out.print(_verdict(limit), markup=False)
    for failure in measured.failures:
        facts = asdict(failure) | {
            "opens": " ".join(failure.opens) or "-",
            "opened": " ".join(failure.opened) or "-",
            "decisions": " ".join(failure.decisions) or "-",
        }
        out.print(t("bench_gate.failure", **facts), markup=False)


def _verdict(limit: Limit) -> str:
    """One demand as a line: whether it is met, what it is about, what was measured and what is asked."""
    met = {True: "met", False: "missed", None: "unmeasured"}[limit.met]
    of_share = limit.code in {"residents_opened", "vehicles_opened"}
    shown = _share if of_share else _number
    return t(
        "bench_gate.limit",
        met=t(f"bench_gate.limit_{met}"),
        what=t(f"bench_gate.limit_{limit.code}"),
        light=f" ({limit.light})" if limit.light else "",
        measured=shown(limit.measured),
        asked=shown(limit.asked),
    )


def _table(title: str, groups: dict[str, GateScore]) -> Table:
    table = Table(box=None)
    table.add_column(title, no_wrap=True)
    for column in COLUMNS:
        table.add_column(t(f"bench_gate.column_{column}"), justify="right")
    for name, group in groups.items():
        counts = (group.passages, group.right, group.strangers_opened, group.wrong_vehicles_opened, group.needless)
        table.add_row(
            name,
            *map(str, counts),
            _share(group.residents_opened),
            _share(group.vehicles_opened),
            str(group.asked + group.refused + group.unseen),
            _number(group.first_sight_to_command_ms.p50),
            _number(group.first_sight_to_command_ms.p99),
        )
    return table


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
