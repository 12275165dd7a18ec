"""`gate bench`: how good and how fast the recognisers are, and how packs of models compare."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from gate.bench.choice import FACE_ROLES, PLATE_ROLES, Seen, borrowed, models_of, name_for
from gate.bench.faces import FaceScore, FaceTask, score_faces
from gate.bench.identification import GALLERIES
from gate.bench.ledger import measure as measure_ledger
from gate.bench.look import Step
from gate.bench.plates import PlateScore, score_plates
from gate.bench.plots import check_plots, draw_faces
from gate.bench.speed import Material, measure
from gate.cli.bench_results import faces_table, plates_table, show_faces, show_plates, show_speed, speed_table
from gate.cli.terminal import err, out
from gate.config import Config, load_config
from gate.site import cast_of
from gate.texts import t
from models.cast import ROLES, Cast
from models.open import open_face_recogniser, open_plate_recogniser
from models.roles import Role
from models.store import Store

CONFIGURED = "configured"
"""What the models of the configuration are called beside the packs."""

SEED = 1
"""Of the pictures that speed is measured on."""

_Pack = Annotated[str | None, typer.Option(help=t("bench.option_pack"))]
_ConfigFile = Annotated[Path | None, typer.Option(help=t("bench.option_config"))]
_Json = Annotated[bool, typer.Option("--json", help=t("bench.option_json"))]


def accuracy(
    plates: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help=t("bench.option_plates"))] = None,
    faces: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help=t("bench.option_faces"))] = None,
    pack: _Pack = None,
    pairs: Annotated[int, typer.Option(min=20, max=1_000_000, help=t("bench.option_pairs"))] = 6000,
    gallery: Annotated[list[int] | None, typer.Option(min=1, help=t("bench.option_gallery"))] = None,
    seed: Annotated[int, typer.Option(help=t("bench.option_seed"))] = 1,
    limit: Annotated[int | None, typer.Option(min=20, help=t("bench.option_limit"))] = None,
    seen: Annotated[Seen, typer.Option(help=t("bench.option_seen"))] = Seen.AUTO,
    config: _ConfigFile = None,
    plots: Annotated[Path | None, typer.Option(file_okay=False, help=t("bench.option_plots"))] = None,
    as_json: _Json = False,
) -> None:
    """Measure plates, faces or both."""
    if plates is None and faces is None:
        raise typer.BadParameter(t("bench.nothing_to_do"))
    if plots is not None and faces is None:
        raise typer.BadParameter(t("bench.plots_need_faces"))
    if plots is not None:
        check_plots()
    whole, configured = _configured(config)
    models, threads = models_of(pack, configured), whole.models.threads
    measured: dict[str, Any] = {"pack": pack}
    if plates is not None:
        _say_borrowed(pack, models, PLATE_ROLES)
        plate_score = _measure_plates(models, threads, plates, seen, limit, seed)
        measured["plates"] = {"models": _names(models, PLATE_ROLES), **plates_table(plate_score)}
        if not as_json:
            show_plates(plate_score)
    if faces is not None:
        _say_borrowed(pack, models, FACE_ROLES)
        task = FaceTask(
            whole.faces.limits(models),
            min(pairs, limit or pairs),
            seed,
            few=limit is not None,
            excluding=seen.excludes(_names(models, FACE_ROLES)),
            galleries=tuple(gallery or GALLERIES),
        )
        face_score = _measure_faces(models, threads, faces, task)
        measured["faces"] = {"models": _names(models, FACE_ROLES), "seed": seed, **faces_table(face_score)}
        if not as_json:
            show_faces(face_score)
        if plots is not None:
            for file in draw_faces({pack or CONFIGURED: face_score.spread}, plots):
                err.print(t("bench.plotted", path=file), markup=False)
    if as_json:
        typer.echo(json.dumps(measured, ensure_ascii=False, indent=2))


def ledger(
    rows: Annotated[int, typer.Option(min=1000, help=t("bench.option_rows"))] = 200_000,
    as_json: Annotated[bool, typer.Option("--json", help=t("bench.option_json"))] = False,
) -> None:
    """Measure the record in a folder of its own, which is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        measured = asdict(measure_ledger(Path(folder), rows))
    if as_json:
        typer.echo(json.dumps(measured))
    else:
        out.print(t("bench.ledger_result", **measured))


def speed(
    pack: _Pack = None,
    against: Annotated[list[str] | None, typer.Option(help=t("bench.option_against"))] = None,
    rounds: Annotated[int, typer.Option(min=1, max=10_000, help=t("bench.option_rounds"))] = 20,
    config: _ConfigFile = None,
    as_json: _Json = False,
) -> None:
    """Time the models of packs side by side, on pictures of the sample compound."""
    from samples import stills

    _, configured = _configured(config)
    others = [name.strip() for named in against or () for name in named.split(",") if name.strip()]
    packs = {pack or CONFIGURED: models_of(pack, configured)}
    packs |= {other: models_of(other, configured) for other in others if other not in packs}
    for name, models in packs.items():
        _say_borrowed(None if name == CONFIGURED else name, models, ROLES)
    with progress_bar(t("bench.drawing")):
        material = Material(stills.streets(SEED), stills.wickets(SEED), stills.plates(SEED), stills.faces(SEED))
    with progress_bar(t("bench.speed")) as step:
        result = measure(packs, Store(), material, rounds, step)
    if as_json:
        typer.echo(json.dumps(speed_table(result), ensure_ascii=False, indent=2))
    else:
        show_speed(result, list(packs))


def _configured(file: Path | None) -> tuple[Config, Cast]:
    """The configuration, and the models that its gate runs on."""
    config = load_config(file) if file else Config()
    return config, cast_of(config) if file else config.models.cast()


def _measure_plates(models: Cast, threads: int, folder: Path, seen: Seen, limit: int | None, seed: int) -> PlateScore:
    recogniser = open_plate_recogniser(models.plate_finder, models.plate_reader, Store(), threads)
    excluding = seen.excludes(_names(models, PLATE_ROLES))
    with progress_bar(t("bench.plates")) as step:
        return score_plates(recogniser, folder, step, limit, seed, excluding=excluding)


def _measure_faces(models: Cast, threads: int, folder: Path, task: FaceTask) -> FaceScore:
    recogniser = open_face_recogniser(models.face_finder, models.face_embedder, Store(), threads)
    with progress_bar(t("bench.faces")) as step:
        return score_faces(recogniser, folder, step, task)


def _names(models: Cast, roles: tuple[Role, ...]) -> list[str]:
    return [name_for(models, role) for role in roles]


def _say_borrowed(pack: str | None, models: Cast, roles: tuple[Role, ...]) -> None:
    for name in borrowed(pack, models, roles) if pack else ():
        err.print(t("bench.borrowed", pack=pack, name=name), markup=False)


@contextmanager
def progress_bar(title: str) -> Iterator[Step]:
    """A bar on stderr, so that stdout holds nothing but the result."""
    with Progress(console=err) as bars:
        task = bars.add_task(title, total=None)
        yield lambda done, whole: bars.update(task, completed=done, total=whole)
