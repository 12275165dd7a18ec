"""`gate community`: how the ways out and in stand, what was not taken, and what may leave this box."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from enrollment.errors import NotEnrolled
from gate.cli.account import local_actor
from gate.cli.sources import apply, local, plan, print_sources, sources
from gate.cli.terminal import out
from gate.community.connections import connections, last_successes
from gate.community.deliveries import DestinationView, destination_views
from gate.community.leaving import leaving_table
from gate.community.letters import DeadLetters, Which
from gate.community.registered import hook_parts
from gate.community.registers.coming_in import coming_in_table
from gate.community.registers.registers import Registers
from gate.config import Config, load_config
from gate.errors import GateError
from gate.site import Site, open_site
from gate.texts import explain, system_language, t
from models.errors import Fault

app = typer.Typer(help=t("community.help"), no_args_is_help=True)
ConfigPath = Annotated[Path, typer.Option("--config", help=t("cli.option_config"))]
Name = Annotated[str, typer.Argument(help=t("community.argument_destination"))]
DEFAULT_CONFIG = Path("gate.toml")
SHOWN = 200
"""The newest so many dead letters are shown."""

app.command(help=t("source.sources_help"))(sources)
app.command(help=t("source.plan_help"))(plan)
app.command(help=t("source.apply_help"))(apply)


@app.command(help=t("community.status_help"))
def status(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Exit code 1 where a destination has a fault."""
    settings = load_config(config)
    with open_site(settings) as site:
        views = destination_views(site, settings, datetime.now(UTC))
        registers = Registers(site, settings)
        sources = registers.views()
        waiting = {view.id: registers.waiting(view.id) for view in sources}
    if not views:
        out.print(t("community.none"), markup=False)
    else:
        _print_destinations(settings, views)
    if sources:
        print_sources(settings, sources, waiting)
    if any(view.standing.code for view in views) or any(view.standing.code for view in sources):
        raise typer.Exit(1)


def _print_destinations(settings: Config, views: Sequence[DestinationView]) -> None:
    names = ("id", "waiting", "lag", "delivered", "dropped", "dead", "state")
    table = Table(*(t(f"community.column.{name}") for name in names))
    for view in views:
        standing = view.standing
        state = t("community.well")
        if standing.code and standing.failing_since:
            why = explain(Fault(standing.code, **standing.facts))
            state = t("community.since", since=local(settings, standing.failing_since), why=why)
        lag = str(timedelta(seconds=round(view.lag_s)))
        counts = (standing.waiting, lag, standing.delivered, standing.dropped, standing.dead)
        table.add_row(view.id, *map(str, counts), escape(state))
    out.print(table)


@app.command("list", help=t("community.list_help"))
def list_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Needs no database."""
    settings = load_config(config)
    if not settings.community.destination:
        out.print(t("community.none"), markup=False)
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
        letters = DeadLetters(site.engine, _known(settings, site, name)).page(most=SHOWN)
    if not letters:
        out.print(t("community.no_dead"))
        return
    table = Table(*(t(f"community.column.{column}") for column in ("seq", "at", "kind", "why")))
    for letter in letters:
        why = explain(Fault(letter.code, **letter.facts))
        table.add_row(str(letter.seq), local(settings, letter.at), letter.kind, escape(why))
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
        which = Which(seqs=tuple(seq)) if seq else Which()
        letters = DeadLetters(site.engine, _known(settings, site, name))
        count = letters.resend(which, local_actor(), datetime.now(UTC))
    out.print(t("community.resent", count=count))


@app.command("connections", help=t("community.connections_help"))
def connections_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """One line for each. Needs no database: without one nobody has set up a webhook, and nothing has worked yet."""
    settings = load_config(config)
    try:
        with open_site(settings) as site:
            hooks, last = hook_parts(site.engine, site.keyring), last_successes(site.engine)
    except NotEnrolled:
        hooks, last = (), {}
    table = Table(*(t(f"community.column.{name}") for name in ("purpose", "id", "address", "leaves", "off", "last")))
    for found in connections(settings, hooks):
        leaves = "\n".join(t(f"community.leaves.{code}") for code in found.leaves) or t("community.leaves.nothing")
        at = last.get((found.purpose, found.name))
        when = "—" if at is None else local(settings, at)
        purpose = t(f"community.purpose.{found.purpose}")
        table.add_row(purpose, found.name, escape(found.address), leaves, escape(found.off), when)
    out.print(table)


@app.command(help=t("community.fields_help"))
def fields(inwards: Annotated[bool, typer.Option("--in", help=t("source.option_in"))] = False) -> None:
    """The same table as in the documentation, which is made by this command."""
    typer.echo(coming_in_table(system_language()) if inwards else leaving_table(system_language()))


def _known(settings: Config, site: Site, name: str) -> str:
    known = [part.id for part in (*settings.community.destination, *hook_parts(site.engine, site.keyring))]
    if name not in known:
        raise GateError("community.unknown", id=name, known=", ".join(known) or "-")
    return name
