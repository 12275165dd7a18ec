"""`gate enroll import`, `export` and `form`: a whole compound as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from openpyxl import Workbook

from enrollment.entry import Resident, Vehicle
from enrollment.errors import EntryRefused
from enrollment.form import Standing, VehicleType
from enrollment.roster import Column, Roster
from enrollment.table_file import rows_of
from gate.cli.account import DEFAULT_CONFIG, ConfigPath, local_actor
from gate.cli.terminal import out
from gate.config import load_config
from gate.sheets import FORMULA
from gate.site import open_site
from gate.texts import LANGUAGES, explain, t
from models.sighting import PlateColour

SHOWN = 200
"""Problems that are printed; the file of rejected rows has all of them."""

File = Annotated[Path, typer.Argument(dir_okay=False, help=t("roster.argument_file"))]


def import_(
    file: File,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=t("roster.option_dry_run"))] = False,
    rejected: Annotated[Path | None, typer.Option("--rejected", help=t("roster.option_rejected"))] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Take in a table; exit code 1 when a row was not."""
    with open_site(load_config(config), create=True) as site:
        roster = Roster(site.register, words())
        intake = roster.take_in(rows_of(file), local_actor(), dry=dry_run)
    for problem in intake.problems[:SHOWN]:
        where = t(f"roster.column_{problem.column}") if problem.column else "-"
        why = explain(problem.fault)
        out.print(t("roster.problem", row=problem.row, column=where, why=why), markup=False)
    code = "roster.would_take" if dry_run else "roster.taken"
    counted = {"people": intake.people, "vehicles": intake.vehicles, "known": intake.known}
    out.print(t(code, **counted, rejected=len(intake.problems)), markup=False)
    if rejected is not None and intake.problems:
        reasons = [t("roster.reason"), *(explain(problem.fault) for problem in intake.problems)]
        _write(rejected, [(*cells, why) for cells, why in zip(intake.rejected, reasons, strict=True)])
        out.print(t("roster.rejected_written", path=rejected), markup=False)
    if intake.problems:
        raise typer.Exit(1)


def export(file: File, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Write the register in the form that `import` reads; faces, consents and credentials stay where they are."""
    with open_site(load_config(config)) as site:
        people, cars = site.register.residents(), site.register.vehicles()
        standings = {one.id: site.register.tenancies.of(one.id) for one in people}
    rows = [_person_row(one, standings[one.id][0].standing if standings[one.id] else "") for one in people]
    _write(file, [_heading(), *rows, *(_car_row(car) for car in cars)])
    out.print(t("roster.exported", people=len(people), vehicles=len(cars), path=file), markup=False)


def form(file: File) -> None:
    """Write an empty form with two invented rows."""
    rows = [
        ("3-2-501", "张三", "", t(f"standing.{Standing.OWNER}"), "", "", "辽A12345", t("plate_colour.blue"), ""),
        ("3-2-501", "张小三", "", t(f"standing.{Standing.FAMILY}"), "2020-05-01", "", "", "", ""),
    ]
    _write(file, [_heading(), *rows])
    out.print(t("roster.form_written", path=file), markup=False)


def words() -> dict[str, str]:
    """Every word of the form in either language, folded, and the key it means."""
    named = {f"roster.column_{column}": str(column) for column in Column}
    named |= {f"standing.{one}": str(one) for one in Standing}
    named |= {f"vehicle_type.{one}": str(one) for one in VehicleType}
    named |= {f"plate_colour.{one}": str(one) for one in PlateColour}
    return {t(code, language).casefold(): key for code, key in named.items() for language in LANGUAGES}


def _heading() -> tuple[str, ...]:
    return tuple(t(f"roster.column_{column}") for column in Column)


def _person_row(one: Resident, standing: str) -> tuple[str, ...]:
    said = t(f"standing.{standing}") if standing else ""
    return one.household, one.name, one.phone or "", said, "", one.notes or "", "", "", ""


def _car_row(car: Vehicle) -> tuple[str, ...]:
    colour, kind = t(f"plate_colour.{car.colour}"), t(f"vehicle_type.{car.type}")
    return car.household, "", "", "", "", "", car.plate, colour, kind


def _write(path: Path, rows: Sequence[Iterable[str]]) -> None:
    """As .xlsx, or .csv with a mark that spreadsheets know; no cell is ever read as a formula."""
    try:
        if path.suffix.lower() == ".csv":
            text = io.StringIO()
            guarded = [[f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row] for row in rows]
            csv.writer(text).writerows(guarded)
            path.write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace"))
        elif path.suffix.lower() == ".xlsx":
            book = Workbook()
            for number, row in enumerate(rows, 1):
                for place, text_ in enumerate(row, 1):
                    cell = book.worksheets[0].cell(number, place, text_)
                    cell.data_type, cell.number_format = "s", "@"
            book.save(path)
        else:
            raise EntryRefused("table.kind", path=path)
    except OSError as failed:
        raise EntryRefused("table.unwritable", path=path, why=failed.strerror) from failed
