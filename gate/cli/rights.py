"""`gate enroll right`, `block` and `unblock`: which lanes somebody may use and when, or that they may use none."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from enrollment.entry import Entry, Resident
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.household import HouseholdCode
from enrollment.rights import Right
from gate.cli.account import DEFAULT_CONFIG, ConfigPath, local_actor
from gate.cli.terminal import out
from gate.config import load_config
from gate.rights import hours_line, known_lanes, lanes_line
from gate.site import Site, open_site
from gate.texts import t

Person = Annotated[str | None, typer.Option("--person", help=t("enroll.option_person"))]
Plate = Annotated[str | None, typer.Option("--plate", help=t("enroll.option_plate"))]
Until = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%d %H:%M"], help=t("enroll.option_block_until"))
]


def right(
    person: Person = None,
    plate: Plate = None,
    household: Annotated[str | None, typer.Option("--household", help=t("enroll.option_home"))] = None,
    lane: Annotated[list[str] | None, typer.Option("--lane", help=t("enroll.option_lane"))] = None,
    hours: Annotated[str, typer.Option("--hours", help=t("enroll.option_hours"))] = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Set a right in place of the one before, or without lanes and hours take it away."""
    loaded = load_config(config)
    names = {one.id: one.name for one in loaded.lane}
    known_lanes(lane or (), names)
    given = Right.of(lane, hours)
    if sum(one is not None for one in (person, plate, household)) != 1:
        raise EntryRefused("enroll.one_holder")
    with open_site(loaded) as site:
        who = _give(site, person, plate, household, given)
    lanes = lanes_line(given.lanes or (), names) or t("enroll.every_lane")
    said = hours_line(given.hours) or t("rights.as_usual")
    out.print(t("enroll.right_given", who=who, lanes=lanes, hours=said), markup=False)


def _give(site: Site, person: str | None, plate: str | None, household: str | None, given: Right) -> str:
    if household is not None:
        code = HouseholdCode.parse(household)
        site.register.rights.give_home(code, given, local_actor())
        return str(code)
    entry = entry_of(site, person, plate)
    site.register.rights.give(entry.id, given, local_actor())
    return called(entry)


def block(
    reason: Annotated[str, typer.Option(help=t("enroll.option_reason"))],
    person: Person = None,
    plate: Plate = None,
    until: Until = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Let a resident or a vehicle through no more."""
    loaded = load_config(config)
    ends = None if until is None else until.replace(tzinfo=ZoneInfo(loaded.compound.timezone))
    with open_site(loaded) as site:
        entry = site.register.block(entry_of(site, person, plate).id, reason, local_actor(), ends)
    out.print(t("enroll.blocked", who=called(entry)), markup=False)


def unblock(person: Person = None, plate: Plate = None, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Take a block away."""
    with open_site(load_config(config)) as site:
        entry = site.register.unblock(entry_of(site, person, plate).id, local_actor())
    out.print(t("enroll.unblocked", who=called(entry)), markup=False)


def entry_of(site: Site, person: str | None, plate: str | None) -> Entry:
    """The resident of that id, or the vehicle of that plate. Raises `EntryRefused`, `NotEnrolled`."""
    if (person is None) == (plate is None):
        raise EntryRefused("enroll.one_subject")
    entry = site.register.find(person) if person is not None else site.register.find_plate(plate or "")
    if entry is None:
        raise NotEnrolled("register.nobody", id=person or plate)
    return entry


def called(entry: Entry) -> str:
    """The name or the plate."""
    return entry.name if isinstance(entry, Resident) else entry.plate
