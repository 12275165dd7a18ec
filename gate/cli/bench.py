"""`gate bench`: how good the recognisers are on photographs whose truth is known."""

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

from gate.bench.accuracy import FaceScore, PlateScore, Step, score_faces, score_plates
from gate.bench.ledger import measure as measure_ledger
from gate.cli.terminal import err, out
from gate.config import Models, load_config
from gate.texts import t
from models.open import open_face_recogniser, open_plate_recogniser
from models.store import Store

app = typer.Typer(help=t("bench.help"), no_args_is_help=True)


@app.callback()
def bench() -> None:
    """Keep `accuracy` a command of its own, since more measures will stand beside it."""


@app.command(help=t("bench.accuracy_help"))
def accuracy(
    plates: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help=t("bench.option_plates"))] = None,
    faces: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help=t("bench.option_faces"))] = None,
    pairs: Annotated[int, typer.Option(min=20, max=1_000_000, help=t("bench.option_pairs"))] = 6000,
    seed: Annotated[int, typer.Option(help=t("bench.option_seed"))] = 1,
    limit: Annotated[int | None, typer.Option(min=20, help=t("bench.option_limit"))] = None,
    config: Annotated[Path | None, typer.Option(help=t("bench.option_config"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=t("bench.option_json"))] = False,
) -> None:
    """Measure plates, faces or both."""
    if plates is None and faces is None:
        raise typer.BadParameter(t("bench.nothing_to_do"))
    names = load_config(config).models if config else Models()
    measured: dict[str, Any] = {}
    if plates is not None:
        plate_recogniser = open_plate_recogniser(names.plate_finder, names.plate_reader, Store(), names.threads)
        with _bar(t("bench.plates")) as step:
            plate_score = score_plates(plate_recogniser, plates, step, limit, seed)
        measured["plates"] = {"models": [names.plate_finder, names.plate_reader], **asdict(plate_score)}
        if not as_json:
            _show_plates(plate_score)
    if faces is not None:
        face_recogniser = open_face_recogniser(names.face_finder, names.face_embedder, Store(), names.threads)
        with _bar(t("bench.faces")) as step:
            face_score = score_faces(face_recogniser, faces, step, min(pairs, limit or pairs), seed)
        measured["faces"] = {"models": [names.face_finder, names.face_embedder], "seed": seed, **_faces(face_score)}
        if not as_json:
            _show_faces(face_score)
    if as_json:
        typer.echo(json.dumps(measured, ensure_ascii=False, indent=2))


@app.command(help=t("bench.ledger_help"))
def ledger(
    rows: Annotated[int, typer.Option(min=1000, help=t("bench.option_rows"))] = 200_000,
    as_json: Annotated[bool, typer.Option("--json", help=t("bench.option_json"))] = False,
) -> None:
    """Measure the record in a folder of its own, which is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        speed = asdict(measure_ledger(Path(folder), rows))
    if as_json:
        typer.echo(json.dumps(speed))
    else:
        out.print(t("bench.ledger_result", **speed))


def _faces(score: FaceScore) -> dict[str, Any]:
    """The score as JSON has it: one key per rate, such as `tar_at_far_1e-3`."""
    table = asdict(score)
    del table["operating"]
    for far, point in score.operating.items():
        rate = f"{far:.0e}".replace("e-0", "e-")
        table |= {f"tar_at_far_{rate}": point.tar, f"threshold_at_far_{rate}": point.threshold}
    return table


def _show_plates(score: PlateScore) -> None:
    out.print(
        t(
            "bench.plates_result",
            pictures=score.pictures,
            exact=f"{score.exact:.1%}",
            found=f"{score.found:.1%}",
            characters=f"{score.characters:.1%}",
            ms=f"{score.ms_per_picture:.0f}",
        )
    )
    for wrong in score.wrong:
        out.print(t("bench.wrong", file=wrong.file, plate=wrong.plate, read=wrong.read or "-"), markup=False)
    _show_refused(score.refused)


def _show_faces(score: FaceScore) -> None:
    out.print(
        t(
            "bench.faces_result",
            pairs=score.pairs,
            people=score.people,
            accuracy=f"{score.accuracy:.2%}",
            deviation=f"{score.deviation:.2%}",
            ms=f"{score.ms_per_picture:.0f}",
        )
    )
    for far, point in score.operating.items():
        out.print(t("bench.operating", far=f"{far:.1%}", tar=f"{point.tar:.1%}", threshold=f"{point.threshold:.3f}"))
    if score.without_face:
        out.print(t("bench.without_face", pictures=len(score.without_face)))
    _show_refused(score.refused)


def _show_refused(refused: tuple[tuple[str, str], ...]) -> None:
    for file, code in refused:
        err.print(t("bench.refused", file=file, code=code), markup=False)


@contextmanager
def _bar(title: str) -> Iterator[Step]:
    """A bar on stderr, so that stdout holds nothing but the result."""
    with Progress(console=err) as bars:
        task = bars.add_task(title, total=None)
        yield lambda done, whole: bars.update(task, completed=done, total=whole)
