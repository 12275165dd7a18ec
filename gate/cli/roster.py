"""`gate enroll import`, `export` and `form`: a whole compound as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from openpyxl import Workbook
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from enrollment.entry import Resident, Vehicle
from enrollment.errors import EntryRefused
from enrollment.faces import FacePhoto
from enrollment.form import Standing, VehicleType
from enrollment.photo import face_jpeg, judge
from enrollment.photo_pack import PhotoPack
from enrollment.roster import Album, Roster
from enrollment.roster_form import Column, RosterForm, Tick
from enrollment.table_file import rows_of
from gate.cli.account import DEFAULT_CONFIG, ConfigPath, local_actor
from gate.cli.terminal import out
from gate.config import Config, load_config
from gate.sheets import FORMULA
from gate.site import Site, open_site
from gate.texts import LANGUAGES, explain, system_language, t
from models.open import open_face_recogniser
from models.picture import decode_picture
from models.sighting import PlateColour
from models.store import Store

SHOWN = 200
"""Problems that are printed; the file of rejected rows has all of them."""

UNUSED = 10
"""Photos that were nobody's, by name."""

File = Annotated[Path, typer.Argument(dir_okay=False, help=t("roster.argument_file"))]


Photos = Annotated[Path | None, typer.Option("--photos", dir_okay=False, help=t("roster.option_photos"))]


def import_(
    file: File,
    photos: Photos = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=t("roster.option_dry_run"))] = False,
    rejected: Annotated[Path | None, typer.Option("--rejected", help=t("roster.option_rejected"))] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Take in a table; exit code 1 when something of it was not."""
    loaded = load_config(config)
    rows = list(rows_of(file))
    with open_site(loaded, create=True) as site, ExitStack() as opened:
        album = Album(opened.enter_context(PhotoPack(photos)), _judging(loaded, site)) if photos else None
        advance = opened.enter_context(_bar(len(rows) - 1))
        roster = Roster(site.register, RosterForm(words(), ZoneInfo(loaded.compound.timezone), system_language()))
        intake = roster.take_in(rows, local_actor(), album, dry=dry_run, progress=advance)
    for problem in intake.problems[:SHOWN]:
        where = t(f"roster.column_{problem.column}") if problem.column else "-"
        why = explain(problem.fault)
        out.print(t("roster.problem", row=problem.row, column=where, why=why), markup=False)
    code = "roster.would_take" if dry_run else "roster.taken"
    counted = {"people": intake.people, "vehicles": intake.vehicles, "faces": intake.faces, "known": intake.known}
    out.print(t(code, **counted, rejected=len(intake.problems)), markup=False)
    if intake.unused:
        shown = t("roster.separator").join(intake.unused[:UNUSED])
        out.print(t("roster.unused_photos", count=len(intake.unused), names=shown), markup=False)
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
    told: dict[Column, str] = {
        Column.HOUSEHOLD: "3-2-501",
        Column.SIGNED: "2026-03-01",
        Column.KEEP: t("roster.word_no"),
    }
    car = {Column.PLATE: "辽A12345", Column.COLOUR: t("plate_colour.blue")}
    grown = {Column.NAME: "张三", Column.STANDING: t(f"standing.{Standing.OWNER}"), **car}
    child = {Column.NAME: "张小三", Column.STANDING: t(f"standing.{Standing.FAMILY}"), Column.BORN: "2020-05-01"}
    signer = {
        Column.GUARDIAN: "张三",
        Column.RELATION: t("roster.example_relation"),
        Column.PHOTO: "zhang-xiao-san.jpg",
    }
    rows = [_row(told | grown), _row(told | child | signer)]
    _write(file, [_heading(), *rows])
    out.print(t("roster.form_written", path=file), markup=False)


def words() -> dict[str, str]:
    """Every word of the form in either language, folded, and the key it means."""
    named = {f"roster.column_{column}": str(column) for column in Column}
    named |= {f"standing.{one}": str(one) for one in Standing}
    named |= {f"vehicle_type.{one}": str(one) for one in VehicleType}
    named |= {f"plate_colour.{one}": str(one) for one in PlateColour}
    named |= {f"roster.word_{one}": str(one) for one in Tick}
    return {t(code, language).casefold(): key for code, key in named.items() for language in LANGUAGES}


def _judging(config: Config, site: Site) -> Callable[[bytes], FacePhoto]:
    cast = site.cast(config.models)
    recogniser = open_face_recogniser(cast.face_finder, cast.face_embedder, Store(), config.models.threads)

    def judged(raw: bytes) -> FacePhoto:
        picture = decode_picture(raw)
        face = judge(recogniser, picture)
        return FacePhoto(face, recogniser.model_id, face_jpeg(picture, face))

    return judged


@contextmanager
def _bar(rows: int) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal for how far it is; nothing where the output goes to a file."""
    shown = Console(stderr=True)
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=shown, transient=True) as progress:
        task = progress.add_task(t("roster.reading"), total=rows)
        yield lambda done: progress.update(task, completed=done)


def _heading() -> tuple[str, ...]:
    return tuple(t(f"roster.column_{column}") for column in Column)


def _person_row(one: Resident, standing: str) -> tuple[str, ...]:
    said = t(f"standing.{standing}") if standing else ""
    known = {Column.HOUSEHOLD: one.household, Column.NAME: one.name, Column.STANDING: said}
    return _row(known | {Column.PHONE: one.phone or "", Column.NOTES: one.notes or ""})


def _car_row(car: Vehicle) -> tuple[str, ...]:
    colour, kind = t(f"plate_colour.{car.colour}"), t(f"vehicle_type.{car.type}")
    known = {Column.HOUSEHOLD: car.household, Column.PLATE: car.plate}
    return _row(known | {Column.COLOUR: colour, Column.TYPE: kind})


def _row(told: Mapping[Column, str]) -> tuple[str, ...]:
    return tuple(told.get(column, "") for column in Column)


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
