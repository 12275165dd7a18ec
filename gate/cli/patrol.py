"""`gate patrol`: the cases of badly parked cars."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from gate.cli.account import DEFAULT_CONFIG, ConfigPath
from gate.cli.terminal import out
from gate.config import load_config
from gate.ledger.ledger import StaffActs
from gate.patrol.case import Case
from gate.patrol.cases import Cases
from gate.patrol.wording import where
from gate.site import open_site
from gate.texts import t

app = typer.Typer(help=t("patrol.help"), no_args_is_help=True)


@app.callback()
def _several() -> None:
    """Keep `list` a command of its own: with a single one, typer would take its name away."""


@app.command("list", help=t("patrol.list_help"))
def list_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List the open cases and those closed this week; times are the compound's."""
    loaded = load_config(config)
    zone = ZoneInfo(loaded.compound.timezone)
    out_lanes = [lane.id for lane in loaded.lane if lane.direction == "out"]
    with open_site(loaded) as site:
        cases = Cases(site.engine, site.notices, site.snapshots, StaffActs(site.signer), out_lanes).listed()
    if not cases:
        out.print(t("patrol.none_open"))
        return
    table = Table(box=None)
    for column in ("plate", "standing", "household", "place", "since", "state"):
        table.add_column(t(f"patrol.column_{column}"), no_wrap=column == "plate", overflow="fold")
    for case in cases:
        standing, since = t(f"patrol_standing.{case.standing}"), f"{case.since.astimezone(zone):%m-%d %H:%M}"
        table.add_row(Text(case.plate), standing, case.household or "-", Text(where(case)), since, _state(case))
    out.print(table)


def _state(case: Case) -> str:
    if case.closed_why is not None:
        return t(f"patrol_why.{case.closed_why}")
    if case.answered:
        return t("patrol.answered")
    return t("patrol.waits" if case.notice else "patrol.not_asked")
