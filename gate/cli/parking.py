"""`gate parking`: what is inside, who stays too long, and a patrol's counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from gate.cli.account import DEFAULT_CONFIG, ConfigPath, local_actor
from gate.cli.rules import instant
from gate.cli.terminal import out
from gate.config import Config, load_config
from gate.errors import GateError
from gate.ledger.ledger import StaffActs
from gate.parking.book import ParkingBook
from gate.parking.room import ParkingRoom
from gate.parking.wording import lasted
from gate.rulebook.reading import read_parking
from gate.site import open_site
from gate.texts import t

app = typer.Typer(help=t("parking.help"), no_args_is_help=True)


@contextmanager
def _room(config: Config) -> Iterator[tuple[ParkingRoom, ZoneInfo]]:
    """What the record says now. Raises `GateError` where no zone is configured, or a file is broken."""
    parking = read_parking(config)
    if not parking.zone:
        raise GateError("parking.not_configured")
    zone = ZoneInfo(config.compound.timezone)
    with open_site(config) as site:
        book = ParkingBook(site.engine, parking, zone)
        book.refresh()
        yield ParkingRoom(site.engine, book, StaffActs(site.signer), zone), zone


def _table(*columns: str) -> Table:
    table = Table(box=None)
    for column in columns:
        table.add_column(t(f"parking.column.{column}"), overflow="fold")
    return table


@app.command(help=t("parking.now_help"))
def now(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Print each zone."""
    with _room(load_config(config)) as (room, zone):
        view = room.view(datetime.now(UTC))
    table = _table("zone", "takes", "spaces", "occupied", "free", "others", "counted")
    for one in view.zones:
        last = one.count
        counted = f"{last.at.astimezone(zone):%m-%d %H:%M} {last.cars}" if last else "—"
        numbers = map(str, (one.zone.spaces, one.occupied, one.free, one.others))
        takes = t(f"parking.takes.{one.zone.takes}")
        table.add_row(Text(f"{one.zone.name} ({one.zone.id})"), takes, *numbers, counted)
    out.print(table)


@app.command("overstays", help=t("parking.overstays_help"))
def overstays_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List the visitors whose time is over, the longest first."""
    moment = datetime.now(UTC)
    with _room(load_config(config)) as (room, zone):
        view = room.view(moment)
    if not view.overstays:
        out.print(t("parking.nobody_over"))
        return
    names = {one.zone.id: one.zone.name for one in view.zones}
    table = _table("plate", "zone", "since", "over_at", "late")
    for late in view.overstays:
        over_at = late.over_at or moment
        times = [f"{at.astimezone(zone):%m-%d %H:%M}" for at in (late.since, over_at)]
        table.add_row(Text(late.plate or "—"), Text(names[late.zone]), *times, lasted(moment - over_at))
    out.print(table)


@app.command(help=t("parking.count_help"))
def count(
    zone_id: Annotated[str, typer.Argument(metavar="ZONE", help=t("parking.argument_zone"))],
    cars: Annotated[int, typer.Argument(metavar="N", help=t("parking.argument_cars"))],
    at: Annotated[str | None, typer.Option(help=t("parking.option_at"))] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Enter a count."""
    with _room(load_config(config)) as (room, zone):
        room.count(zone_id, cars, instant(at, zone), local_actor())
        counted = next(one for one in room.view(datetime.now(UTC)).zones if one.zone.id == zone_id)
    expected = counted.count.expected if counted.count else 0
    out.print(t("parking.counted", zone=counted.zone.name, cars=cars, expected=expected), markup=False)
