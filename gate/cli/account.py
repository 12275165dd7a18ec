"""`gate account`: who of the staff may sign in to the console."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from enrollment.accounts import Role
from gate.cli.terminal import out
from gate.config import load_config
from gate.site import open_site
from gate.texts import t

app = typer.Typer(help=t("account.help"), no_args_is_help=True)

Username = Annotated[str, typer.Argument(help=t("account.argument_username"))]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help=t("account.option_stdin"))]
ConfigPath = Annotated[Path, typer.Option("--config", help=t("cli.option_config"))]
DEFAULT_CONFIG = Path("gate.toml")


def local_actor() -> str:
    """Who the record names for a change made on the box itself: the system user's number."""
    return f"local:{os.getuid()}"


@app.command(help=t("account.add_help"))
def add(
    username: Username,
    role: Annotated[Role, typer.Option(help=t("account.option_role"))],
    password_stdin: FromStdin = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Add an account."""
    with open_site(load_config(config), create=True) as site:
        account = site.accounts.add(username, _password(password_stdin), role, local_actor())
    out.print(t("account.added", username=account.username, role=t(f"account.role_{account.role}")), markup=False)


@app.command("list", help=t("account.list_help"))
def list_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List the accounts; times are the compound's."""
    loaded = load_config(config)
    with open_site(loaded) as site:
        accounts = site.accounts.list()
    if not accounts:
        out.print(t("account.none"))
        return
    table = Table(*(t(f"account.column_{name}") for name in ("username", "role", "state", "created")), box=None)
    for account in accounts:
        state = t("account.state_disabled" if account.disabled else "account.state_ok")
        added = f"{account.created_at.astimezone(ZoneInfo(loaded.compound.timezone)):%Y-%m-%d %H:%M}"
        table.add_row(Text(account.username), t(f"account.role_{account.role}"), state, added)
    out.print(table)


@app.command(help=t("account.disable_help"))
def disable(username: Username, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Let an account sign in no more."""
    with open_site(load_config(config)) as site:
        account = site.accounts.disable(username, local_actor())
    out.print(t("account.disabled", username=account.username), markup=False)


@app.command(help=t("account.enable_help"))
def enable(username: Username, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Let a disabled account sign in again."""
    with open_site(load_config(config)) as site:
        account = site.accounts.enable(username, local_actor())
    out.print(t("account.enabled", username=account.username), markup=False)


@app.command(help=t("account.passwd_help"))
def passwd(username: Username, password_stdin: FromStdin = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Change a password."""
    with open_site(load_config(config)) as site:
        account = site.accounts.set_password(username, _password(password_stdin), local_actor())
    out.print(t("account.password_set", username=account.username), markup=False)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = typer.prompt(t("account.ask_password"), hide_input=True, confirmation_prompt=t("account.ask_again"))
    return asked
