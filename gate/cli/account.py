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

from enrollment.accounts import TEMPORARY_DAYS, Account, Role
from enrollment.errors import NotEnrolled
from gate.cli.terminal import out
from gate.config import load_config
from gate.site import open_site
from gate.texts import t

app = typer.Typer(help=t("account.help"), no_args_is_help=True)

Username = Annotated[str, typer.Argument(help=t("account.argument_username"))]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help=t("account.option_stdin"))]
Lasting = Annotated[bool, typer.Option("--lasting", help=t("account.option_lasting"))]
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
    lasting: Lasting = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Add an account."""
    with open_site(load_config(config), create=True) as site:
        password = _password(password_stdin)
        account = site.accounts.add(username, password, role, local_actor(), temporary=not lasting)
    out.print(t("account.added", username=account.username, role=t(f"account.role_{account.role}")), markup=False)
    _say_what_is_next(lasting)


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
        state = t(f"account.state_{_state(account)}")
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


@app.command(help=t("account.role_help"))
def role(
    username: Username,
    role: Annotated[Role, typer.Argument(help=t("account.option_role"))],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Give an account another role; its sign-ins end."""
    with open_site(load_config(config)) as site:
        account = site.accounts.set_role(username, role, local_actor())
    out.print(t("account.role_set", username=account.username, role=t(f"account.role_{account.role}")), markup=False)


@app.command(help=t("account.passwd_help"))
def passwd(
    username: Username,
    password_stdin: FromStdin = False,
    lasting: Lasting = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Change a password; the account's sign-ins end."""
    with open_site(load_config(config)) as site:
        password = _password(password_stdin)
        account = site.accounts.set_password(username, password, local_actor(), temporary=not lasting)
    out.print(t("account.password_set", username=account.username), markup=False)
    _say_what_is_next(lasting)


@app.command("end-sessions", help=t("account.end_sessions_help"))
def end_sessions(username: Username, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """End every sign-in of an account."""
    with open_site(load_config(config)) as site:
        account = site.accounts.end_sessions(username, local_actor())
    out.print(t("account.sessions_ended", username=account.username), markup=False)


@app.command("reset-code", help=t("account.reset_code_help"))
def reset_code(username: Username, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Ask for no code any more, where the phone and the recovery codes are lost."""
    with open_site(load_config(config)) as site:
        account = site.accounts.find(username)
        if account is None:
            raise NotEnrolled("account.nobody", username=username)
        site.second_factor.turn_off(account.id, local_actor())
    out.print(t("account.code_reset", username=account.username), markup=False)


def _state(account: Account) -> str:
    if account.disabled:
        return "disabled"
    return "temporary" if account.must_change else "ok"


def _say_what_is_next(lasting: bool) -> None:
    if not lasting:
        out.print(t("account.change_first", days=TEMPORARY_DAYS), markup=False)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = typer.prompt(t("account.ask_password"), hide_input=True, confirmation_prompt=t("account.ask_again"))
    return asked
