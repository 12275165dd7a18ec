"""`gate resident`: what staff do for residents' own pages, from the command line of the box."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import segno
import typer
from rich.table import Table

from gate.cli.account import DEFAULT_CONFIG, ConfigPath, local_actor
from gate.cli.terminal import out
from gate.config import load_config
from gate.site import open_site
from gate.texts import t

app = typer.Typer(help=t("residents.cli_help"), no_args_is_help=True)

Person = Annotated[str, typer.Argument(metavar="ID", help=t("residents.argument_person"))]


@app.command(help=t("residents.cli_link_help"))
def link(person: Person, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Make a code, and draw it where the configuration says how phones reach the console."""
    loaded = load_config(config)
    with open_site(loaded) as site:
        made = site.phones.link(person, local_actor())
    address = f"{loaded.residents.address or ''}/me/enter"
    if loaded.residents.address and out.is_terminal:
        segno.make(f"{address}#{made.code}", micro=False).terminal(compact=True)
    until = f"{made.ends_at.astimezone(ZoneInfo(loaded.compound.timezone)):%H:%M}"
    out.print(t("residents.cli_link", address=address, code=made.spaced, until=until), markup=False)


@app.command(help=t("residents.cli_end_help"))
def end(person: Person, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Sign all phones out."""
    with open_site(load_config(config)) as site:
        count = site.phones.end_all(person, local_actor())
    out.print(t("residents.cli_ended", count=count), markup=False)


@app.command("requests", help=t("residents.cli_requests_help"))
def requests(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List who waits to be erased; times are the compound's."""
    loaded = load_config(config)
    with open_site(loaded) as site:
        waiting = site.requests.open()
    if not waiting:
        out.print(t("residents.no_request"))
        return
    table = Table(box=None, show_header=False)
    for one in waiting:
        at = one.asked_at.astimezone(ZoneInfo(loaded.compound.timezone))
        table.add_row(one.resident_id, one.name, f"{at:%Y-%m-%d %H:%M}")
    out.print(table)
