"""`gate enroll import`, `export` and `form`: a whole compound as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from enrollment.errors import EntryRefused
from enrollment.faces import FacePhoto
from enrollment.photo import face_jpeg, judge
from enrollment.photo_pack import PhotoPack
from enrollment.roster import Album, Roster
from enrollment.roster_form import RosterForm
from enrollment.table_file import rows_of
from gate.cli.account import DEFAULT_CONFIG, ConfigPath, local_actor
from gate.cli.terminal import out
from gate.config import Config, load_config
from gate.roster_table import Rows, as_csv, as_xlsx, empty_form, form_xlsx, register_rows, rejected_rows, summary
from gate.site import Site, open_site
from gate.texts import explain, system_language, t
from gate.vocabulary import lane_words, words
from models.open import open_face_recogniser
from models.picture import decode_picture
from models.store import Store

SHOWN = 200
"""Problems that are printed; the file of rejected rows has all of them."""

WRITERS = {".csv": as_csv, ".xlsx": as_xlsx}

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
        zone, lanes = ZoneInfo(loaded.compound.timezone), lane_words(loaded.lane)
        roster = Roster(site.register, RosterForm(words(), zone, system_language(), lanes))
        intake = roster.take_in(rows, local_actor(), album, dry=dry_run, progress=advance)
    for problem in intake.problems[:SHOWN]:
        where = t(f"roster.column_{problem.column}") if problem.column else "-"
        why = explain(problem.fault)
        out.print(t("roster.problem", row=problem.row, column=where, why=why), markup=False)
    out.print(summary(intake, system_language(), dry=dry_run), markup=False)
    if intake.unused:
        shown = t("roster.separator").join(intake.unused[:UNUSED])
        out.print(t("roster.unused_photos", count=len(intake.unused), names=shown), markup=False)
    if rejected is not None and intake.problems:
        _write(rejected, rejected_rows(intake, system_language()))
        out.print(t("roster.rejected_written", path=rejected), markup=False)
    if intake.problems:
        raise typer.Exit(1)


def export(file: File, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Write the register in the form that `import` reads; faces, consents and credentials stay where they are."""
    loaded = load_config(config)
    with open_site(loaded) as site:
        count = site.register.count()
        zone = ZoneInfo(loaded.compound.timezone)
        _write(file, register_rows(site.register, zone, system_language()))
    out.print(t("roster.exported", people=count.residents, vehicles=count.vehicles, path=file), markup=False)


def form(file: File) -> None:
    """Write an empty form with invented rows."""
    language = system_language()
    _write(file, empty_form(language), {".xlsx": lambda _rows: form_xlsx(language)})
    out.print(t("roster.form_written", path=file), markup=False)


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


def _write(path: Path, rows: Rows, instead: Mapping[str, Callable[[Rows], bytes]] | None = None) -> None:
    write = (WRITERS | dict(instead or {})).get(path.suffix.lower())
    if write is None:
        raise EntryRefused("table.kind", path=path)
    try:
        path.write_bytes(write(rows))
    except OSError as failed:
        raise EntryRefused("table.unwritable", path=path, why=failed.strerror) from failed
