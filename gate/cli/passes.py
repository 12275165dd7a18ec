"""`gate pass`: visitors' passes, made and ended by the staff."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from gate.cli.account import DEFAULT_CONFIG, ConfigPath, local_actor
from gate.cli.rules import instant
from gate.cli.terminal import out
from gate.config import load_config
from gate.errors import GateError
from gate.site import open_site
from gate.texts import t

app = typer.Typer(help=t("pass.help"), no_args_is_help=True)


@app.command(help=t("pass.add_help"))
def add(
    plate: Annotated[str | None, typer.Option(help=t("pass.option_plate"))] = None,
    pin: Annotated[bool, typer.Option("--pin", help=t("pass.option_pin"))] = False,
    begins: Annotated[str | None, typer.Option("--from", help=t("pass.option_from"))] = None,
    until: Annotated[str | None, typer.Option(help=t("pass.option_until"))] = None,
    uses: Annotated[int, typer.Option(help=t("pass.option_uses"))] = 1,
    lane: Annotated[list[str] | None, typer.Option(help=t("pass.option_lane"))] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make a pass; a PIN is told this once."""
    loaded = load_config(config)
    zone = ZoneInfo(loaded.compound.timezone)
    known = [one.id for one in loaded.lane]
    for name in lane or ():
        if name not in known:
            raise GateError("rules.no_such_lane", lane=name, lanes=", ".join(known))
    starts = instant(begins, zone)
    ends = starts + timedelta(days=1) if until is None else instant(until, zone)
    with open_site(loaded) as site:
        new = site.passes.add(local_actor(), starts, ends, uses, plate=plate, pin=pin, lanes=lane or None)
    times = {"starts": f"{starts.astimezone(zone):%Y-%m-%d %H:%M}", "ends": f"{ends.astimezone(zone):%Y-%m-%d %H:%M}"}
    out.print(t("pass.added", id=new.made.id, uses=uses, **times), markup=False)
    if new.pin is not None:
        out.print(t("pass.pin", pin=f"{new.pin[:4]} {new.pin[4:]}"), markup=False)


@app.command("list", help=t("pass.list_help"))
def list_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List the passes that are not forgotten; times are the compound's."""
    loaded = load_config(config)
    zone, now = ZoneInfo(loaded.compound.timezone), datetime.now(UTC)
    with open_site(loaded) as site:
        passes = site.passes.kept()
    if not passes:
        out.print(t("pass.none_yet"))
        return
    table = Table(box=None)
    for column in ("id", "plate", "starts", "ends", "uses", "state"):
        table.add_column(t(f"pass.column_{column}"), no_wrap=column == "id", overflow="fold")
    for one in passes:
        state = "holds" if one.lets_in(now) else "waits" if now < one.starts_at else "over"
        span = [f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (one.starts_at, one.over_at)]
        held = one.plate or t("pass.by_pin" if one.has_pin else "pass.by_code")
        table.add_row(one.id, Text(held), *span, f"{one.used}/{one.uses}", t(f"pass.state_{state}"))
    out.print(table)


@app.command(help=t("pass.end_help"))
def end(
    pass_id: Annotated[str, typer.Argument(metavar="ID", help=t("pass.argument_id"))],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """End a pass now."""
    with open_site(load_config(config)) as site:
        site.passes.end(pass_id, local_actor())
    out.print(t("pass.ended", id=pass_id), markup=False)
