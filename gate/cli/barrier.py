"""`gate barrier`: trying a barrier's wiring on the spot."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.prompt import Confirm

from gate.barrier.commissioning import Check, Commissioning, Result
from gate.barrier.devices import open_barrier
from gate.cli.terminal import out
from gate.config import BarrierPart, Config, load_config
from gate.errors import ConfigRefused
from gate.texts import t

app = typer.Typer(help=t("commission.help"), no_args_is_help=True)


@app.callback()
def barrier() -> None:
    """Keep `test` a command of its own, since more commands will stand beside it."""


@app.command("test", help=t("commission.test_help"))
def walk(
    lane: Annotated[str, typer.Argument(help=t("commission.argument_lane"))],
    config: Annotated[Path, typer.Option(help=t("cli.option_config"))] = Path("gate.toml"),
    report: Annotated[Path | None, typer.Option(help=t("commission.option_report"))] = None,
    wait_s: Annotated[float, typer.Option(min=1, max=600, help=t("commission.option_wait"))] = 30.0,
) -> None:
    """Walk through the wiring of a lane's barrier; exit code 1 when a check failed."""
    settings = load_config(config)
    part = _barrier_of(settings, lane)
    began = datetime.now(ZoneInfo(settings.compound.timezone))
    path = report or Path(f"commissioning-{lane}-{began:%Y%m%d-%H%M%S}.md")
    _must_be_writable(path)
    out.print(t("commission.before", barrier=part.id, url=part.url), style="bold yellow")
    if not Confirm.ask(t("commission.go"), console=out):
        raise typer.Exit(1)
    opened = open_barrier(part, on_act=lambda _act: None)
    checks: list[Check] = []
    whole = False
    opened.start()
    try:
        checks.extend(Commissioning(opened, _AtTheTerminal(), time.monotonic, time.sleep, wait_s=wait_s).walk())
        whole = True
    finally:
        opened.stop()
        path.write_text(written(settings, part, lane, began, checks, whole=whole), "utf-8")
        out.print(t("commission.report_at", path=path))
    if any(check.result is Result.FAILED for check in checks):
        raise typer.Exit(1)


def _barrier_of(config: Config, lane: str) -> BarrierPart:
    """The barrier of a lane, or the barrier of that name."""
    name = next((known.barrier for known in config.lane if known.id == lane), lane)
    for part in config.barrier:
        if part.id == name:
            return part
    known = ", ".join([*(one.id for one in config.lane), *(one.id for one in config.barrier)]) or "-"
    raise ConfigRefused("commission.no_such_lane", lane=lane, known=known)


def _must_be_writable(path: Path) -> None:
    """Found out before the walk, whose findings would be lost."""
    there = path.exists()
    try:
        path.open("a").close()
        if not there:
            path.unlink()
    except OSError as refused:
        raise ConfigRefused("commission.report_unwritable", path=path, why=refused.strerror) from refused


class _AtTheTerminal:
    """The installer in front of this terminal."""

    def ready(self, code: str, **facts: object) -> bool:
        return Confirm.ask(t(code, **facts), console=out, default=True)

    def agrees(self, code: str, **facts: object) -> bool:
        return Confirm.ask(t(code, **facts), console=out, default=False)

    def told(self, check: Check) -> None:
        style = {Result.PASSED: "green", Result.FAILED: "bold red"}.get(check.result)
        out.print(line(check), style=style, markup=False)


def line(check: Check) -> str:
    """One check in words."""
    name = {
        "board": "commission.board",
        "input": f"barrier_input.{check.name}",
        "movement": f"barrier.command.{check.name}",
        "by_hand": f"commission.by_hand.{check.name}",
    }[check.kind]
    parts = [t(name), t(f"commission.result.{check.result}")]
    if check.took_s is not None:
        parts.append(f"{check.took_s:.2f} s")
    if check.kind == "input" and check.changes is not None and check.changes > 2:
        parts.append(t("commission.bounced", changes=check.changes))
    if check.why is not None:
        parts.append(t(check.why))
    return " · ".join(parts)


def written(
    config: Config, part: BarrierPart, lane: str, began: datetime, checks: Sequence[Check], *, whole: bool = True
) -> str:
    """The report, as Markdown: to be printed, signed and kept. It says so where the walk was not gone to its end."""
    failed = sum(check.result is Result.FAILED for check in checks)
    skipped = sum(check.result is Result.SKIPPED for check in checks)
    wiring = part.wiring.model_dump(by_alias=True, exclude_none=True) if part.wiring else {}
    wires = ", ".join(f"{name} = {value}" for name, value in wiring.items() if name != "inverted")
    inverted = ", ".join(sorted(part.wiring.inverted)) if part.wiring else ""
    facts = [
        t("commission.report.compound", name=config.compound.name),
        t("commission.report.barrier", lane=lane, barrier=part.id, kind=t(f"barrier_kind.{part.kind}"), url=part.url),
        t("commission.report.wiring", wires=wires or "-", inverted=inverted or "-"),
        t("commission.report.times", travel=part.travel_s, hold=part.hold_open_s, clear=part.clear_s),
        t("commission.report.when", at=f"{began:%Y-%m-%d %H:%M:%S %Z}", version=version("menwei")),
        t("commission.report.sum", checks=len(checks), failed=failed, skipped=skipped),
    ]
    lines = [f"# {t('commission.report.title', lane=lane)}", "", *(f"- {fact}" for fact in facts), ""]
    lines += [f"{number}. {line(check)}" for number, check in enumerate(checks, 1)]
    lines += [] if whole else ["", t("commission.cut_short")]
    lines += ["", t("commission.report.sign"), ""]
    return "\n".join(lines)
