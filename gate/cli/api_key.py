"""`gate api-key`: the keys that other systems ask the API with; and `gate openapi`, what they may ask."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from gate.api.app import document
from gate.api.keys import USUAL_DAYS, ApiKeys
from gate.api.scopes import Scope
from gate.cli.account import DEFAULT_CONFIG, ConfigPath, local_actor
from gate.cli.rules import instant
from gate.cli.terminal import out
from gate.config import load_config
from gate.ledger.ledger import StaffActs
from gate.site import Site, open_site
from gate.texts import t

app = typer.Typer(help=t("api_key.help"), no_args_is_help=True)
Name = Annotated[str, typer.Argument(help=t("api_key.argument_name"))]


@app.command(help=t("api_key.add_help"))
def add(
    name: Name,
    scope: Annotated[list[Scope], typer.Option(help=t("api_key.option_scope"))],
    until: Annotated[str | None, typer.Option(help=t("api_key.option_until"))] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make a key; it is told this once, alone on its line."""
    loaded = load_config(config)
    zone = ZoneInfo(loaded.compound.timezone)
    ends = datetime.now(zone) + timedelta(days=USUAL_DAYS) if until is None else instant(until, zone)
    with open_site(loaded, create=True) as site:
        _, text = keys_of(site).add(name, scope, ends, local_actor())
    out.print(t("api_key.added", name=name, until=f"{ends.astimezone(zone):%Y-%m-%d %H:%M}"), markup=False)
    typer.echo(text)


@app.command("list", help=t("api_key.list_help"))
def list_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List the keys; times are the compound's."""
    loaded = load_config(config)
    zone, now = ZoneInfo(loaded.compound.timezone), datetime.now(UTC)
    with open_site(loaded) as site:
        keys = keys_of(site).list()
    if not keys:
        out.print(t("api_key.none_yet"))
        return
    table = Table(box=None)
    for column in ("name", "prefix", "scopes", "until", "used", "state"):
        table.add_column(t(f"api_key.column_{column}"), no_wrap=column in {"name", "prefix"}, overflow="fold")
    for key in keys:
        used = f"{key.last_used_at.astimezone(zone):%Y-%m-%d %H:%M}" if key.last_used_at else t("api_key.never")
        until = f"{key.until.astimezone(zone):%Y-%m-%d %H:%M}"
        state = t(f"api_key.state_{key.state(now)}")
        table.add_row(key.name, key.prefix, ", ".join(sorted(key.scopes)), until, used, state)
    out.print(table)


@app.command(help=t("api_key.revoke_help"))
def revoke(name: Name, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Let a key be used no more."""
    with open_site(load_config(config)) as site:
        keys_of(site).revoke(name, local_actor())
    out.print(t("api_key.revoked", name=name), markup=False)


def openapi() -> None:
    """Print the API's description as JSON."""
    typer.echo(json.dumps(document(), indent=1, ensure_ascii=False))


def keys_of(site: Site) -> ApiKeys:
    """The keys of a site."""
    return ApiKeys(site.engine, StaffActs(site.signer))
