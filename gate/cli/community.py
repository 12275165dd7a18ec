"""`gate community`: how the way out stands, what was not taken, and what may leave this box."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from enrollment.database import writing
from enrollment.errors import NotEnrolled
from gate.cli.account import local_actor
from gate.cli.terminal import out
from gate.community.connections import connections
from gate.community.deliveries import destination_views
from gate.community.leaving import leaving_table
from gate.community.queue import Queue
from gate.community.registered import hook_parts
from gate.config import Config, load_config
from gate.errors import GateError
from gate.ledger.ledger import append
from gate.site import Site, open_site
from gate.texts import explain, system_language, t
from models.errors import Fault

app = typer.Typer(help=t("community.help"), no_args_is_help=True)
ConfigPath = Annotated[Path, typer.Option("--config", help=t("cli.option_config"))]
Name = Annotated[str, typer.Argument(help=t("community.argument_destination"))]
DEFAULT_CONFIG = Path("gate.toml")


@app.command(help=t("community.status_help"))
def status(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Exit code 1 where a destination has a fault."""
    settings = load_config(config)
    with open_site(settings) as site:
        views = destination_views(site, settings, datetime.now(UTC))
    if not views:
        out.print(t("community.none"))
        return
    names = ("id", "waiting", "lag", "delivered", "dropped", "dead", "state")
    table = Table(*(t(f"community.column.{name}") for name in names))
    for view in views:
        standing = view.standing
        state = t("community.well")
        if standing.code and standing.failing_since:
            why = explain(Fault(standing.code, **standing.facts))
            state = t("community.since", since=_local(settings, standing.failing_since), why=why)
        lag = str(timedelta(seconds=round(view.lag_s)))
        counts = (standing.waiting, lag, standing.delivered, standing.dropped, standing.dead)
        table.add_row(view.id, *map(str, counts), escape(state))
    out.print(table)
    if any(view.standing.code for view in views):
        raise typer.Exit(1)


@app.command("list", help=t("community.list_help"))
def list_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Needs no database."""
    settings = load_config(config)
    if not settings.community.destination:
        out.print(t("community.none"))
        return
    table = Table(*(t(f"community.column.{name}") for name in ("id", "kind", "address", "events", "allowed")))
    for part in settings.community.destination:
        more = [t(f"community.{name}") for name in ("names", "pictures") if getattr(part, name)]
        address = str(getattr(part, "url", getattr(part, "folder", "")))
        table.add_row(
            part.id, part.kind, escape(address), ", ".join(part.events), ", ".join([t("community.minimum"), *more])
        )
    out.print(table)


@app.command(help=t("community.dead_help"))
def dead(name: Name, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """The newest first."""
    settings = load_config(config)
    with open_site(settings) as site:
        letters = Queue(site.engine, _known(settings, site, name)).dead()
    if not letters:
        out.print(t("community.no_dead"))
        return
    table = Table(*(t(f"community.column.{column}") for column in ("seq", "at", "kind", "why")))
    for letter in letters:
        why = explain(Fault(letter.code, **letter.facts))
        table.add_row(str(letter.seq), _local(settings, letter.at), letter.kind, escape(why))
    out.print(table)


@app.command(help=t("community.resend_help"))
def resend(
    name: Name,
    seq: Annotated[list[int] | None, typer.Argument(help=t("community.argument_seq"))] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """A row of the record says who did it."""
    settings = load_config(config)
    with open_site(settings) as site:
        count = Queue(site.engine, _known(settings, site, name)).resend(seq or None)
        with writing(site.engine) as session:
            facts = {"actor": local_actor(), "destination": name, "events": count}
            append(session, datetime.now(UTC), "community.resent", facts)
    out.print(t("community.resent", count=count))


@app.command("connections", help=t("community.connections_help"))
def connections_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """One line for each; where no database is there yet, nobody has set up a webhook."""
    table = Table(*(t(f"community.column.{name}") for name in ("purpose", "id", "address")))
    settings = load_config(config)
    try:
        with open_site(settings) as site:
            hooks = hook_parts(site.engine, site.keyring)
    except NotEnrolled:
        hooks = ()
    for found in connections(settings, hooks):
        table.add_row(t(f"community.purpose.{found.purpose}"), found.name, escape(found.address))
    out.print(table)


@app.command(help=t("community.fields_help"))
def fields() -> None:
    """The same table as in the documentation, which is made by this command."""
    typer.echo(leaving_table(system_language()))


def _known(settings: Config, site: Site, name: str) -> str:
    known = [part.id for part in (*settings.community.destination, *hook_parts(site.engine, site.keyring))]
    if name not in known:
        raise GateError("community.unknown", id=name, known=", ".join(known) or "-")
    return name


def _local(settings: Config, at: str) -> str:
    moment = datetime.fromisoformat(at).astimezone(ZoneInfo(settings.compound.timezone))
    return f"{moment:%Y-%m-%d %H:%M:%S}"
