"""`gate pad`: PIN pads at doors, from the command line of the box."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from gate.cli.account import DEFAULT_CONFIG, ConfigPath, local_actor
from gate.cli.terminal import out
from gate.config import load_config
from gate.errors import GateError
from gate.site import open_site
from gate.texts import t

app = typer.Typer(help=t("pad.cli_help"), no_args_is_help=True)


@app.command(help=t("pad.cli_add_help"))
def add(
    lane: Annotated[str, typer.Argument(help=t("pad.argument_lane"))],
    name: Annotated[str, typer.Option(help=t("pad.option_name"))],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Add a pad, and say the code that its tablet joins with."""
    loaded = load_config(config)
    known = [one.id for one in loaded.lane]
    if lane not in known:
        raise GateError("rules.no_such_lane", lane=lane, lanes=", ".join(known))
    with open_site(loaded) as site:
        link = site.pads.add(lane, name, local_actor())
    until = f"{link.ends_at.astimezone(ZoneInfo(loaded.compound.timezone)):%H:%M}"
    address = f"{loaded.residents.address or ''}/pinpad"
    out.print(t("residents.cli_link", address=address, code=link.spaced, until=until), markup=False)


@app.command("list", help=t("pad.cli_list_help"))
def list_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List the pads."""
    with open_site(load_config(config)) as site:
        pads = site.pads.list()
    if not pads:
        out.print(t("pad.none_yet"))
        return
    table = Table(box=None, show_header=False)
    for one in pads:
        table.add_row(one.id, one.lane, Text(one.name), t("pad.joined" if one.joined else "pad.waits"))
    out.print(table)


@app.command(help=t("pad.cli_end_help"))
def end(
    pad_id: Annotated[str, typer.Argument(metavar="ID", help=t("pad.argument_id"))],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Remove a pad."""
    with open_site(load_config(config)) as site:
        site.pads.remove(pad_id, local_actor())
    out.print(t("pad.ended"))
