"""`gate plates`: which readings a gate would take for an enrolled plate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from enrollment.candidate import Subject, SubjectKind
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.gallery import PlateBook, load_plate_book
from enrollment.plate_match import Neighbour, neighbours
from gate.cli.account import DEFAULT_CONFIG, ConfigPath
from gate.cli.terminal import err, out
from gate.config import PlateRules, load_config
from gate.site import open_site
from gate.texts import t
from models.plate.grammar import classify, normalise
from models.sighting import PlateColour

app = typer.Typer(help=t("plates.help"), no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Without it Typer would make `neighbours`, the only command, that of `gate plates` itself."""


@app.command("neighbours", help=t("plates.neighbours_help"))
def list_neighbours(
    plate: Annotated[str | None, typer.Argument(help=t("plates.argument_plate"))] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """List what would be accepted for a plate; without one, the enrolled plates that are neighbours."""
    book, limits = _book(config)
    if plate is None:
        _list_pairs(book, limits)
        return
    text = normalise(plate)
    colour = book.colours.get(text, PlateColour.UNKNOWN)
    if classify(text, colour) is None:
        raise EntryRefused("register.not_a_plate", plate=text)
    enrolled = text in book.vehicles
    out.print(t("plates.enrolled" if enrolled else "plates.not_enrolled", plate=text), markup=False)
    if not enrolled:
        asked = Subject("asked", SubjectKind.VEHICLE, "")
        book = replace(book, vehicles={**book.vehicles, text: asked})
    found = neighbours(book, text, colour, limits.min_character)
    out.print(t("plates.exact", plate=text), markup=False)
    _list_accepted([one for one in found if one.accepted], limits)
    for one in found:
        if one.belongs is not None:
            out.print(t("plates.neighbour", plate=text, other=one.text), style="yellow", markup=False)


def _book(config: Path) -> tuple[PlateBook, PlateRules]:
    """The enrolled plates; none, said so, where there is no register and no configuration has been named."""
    if config == DEFAULT_CONFIG and not config.exists():
        err.print(t("plates.no_register"), markup=False)
        return PlateBook({}), PlateRules()
    loaded = load_config(config)
    try:
        with open_site(loaded) as site:
            return load_plate_book(site.engine), loaded.plates
    except NotEnrolled:
        err.print(t("plates.no_register"), markup=False)
        return PlateBook({}), loaded.plates


def _list_accepted(accepted: list[Neighbour], limits: PlateRules) -> None:
    if not accepted:
        out.print(t("plates.nothing_else"))
        return
    out.print(t("plates.accepted", count=len(accepted), sure=f"{limits.min_character:.0%}"), markup=False)
    table = Table(box=None)
    for column in ("read", "position", "swap"):
        table.add_column(t(f"plates.column_{column}"), no_wrap=True)
    for one in accepted:
        table.add_row(one.text, str(one.position), f"{one.enrolled} → {one.read}")
    out.print(table)


def _list_pairs(book: PlateBook, limits: PlateRules) -> None:
    pairs = {
        tuple(sorted((plate, one.text)))
        for plate in book.vehicles
        for one in neighbours(book, plate, book.colours.get(plate, PlateColour.UNKNOWN), limits.min_character)
        if one.belongs is not None
    }
    out.print(t("plates.pairs", count=len(pairs), vehicles=len(book.vehicles)), markup=False)
    for plate, other in sorted(pairs):
        out.print(t("plates.neighbour", plate=plate, other=other), style="yellow", markup=False)
