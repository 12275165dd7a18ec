"""`gate bench intake`: a whole compound with photos taken in, killed in the middle and taken up again."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gate.bench.intake import measure
from gate.cli.terminal import out
from gate.texts import t


def intake(
    faces: Annotated[Path, typer.Option(exists=True, file_okay=False, help=t("bench_intake.option_faces"))],
    people: Annotated[int, typer.Option(min=1, max=50_000, help=t("bench_intake.option_people"))] = 10_000,
    kills: Annotated[int, typer.Option(min=0, max=100, help=t("bench_intake.option_kills"))] = 3,
    seed: Annotated[int, typer.Option(help=t("bench.option_seed"))] = 1,
    as_json: Annotated[bool, typer.Option("--json", help=t("bench.option_json"))] = False,
) -> None:
    """Import in a folder of its own, which is thrown away; exit code 1 when somebody was entered twice or lost."""
    with tempfile.TemporaryDirectory() as folder:
        score = measure(faces, Path(folder), people, kills, seed)
    if as_json:
        typer.echo(json.dumps(asdict(score) | {"rate": score.rate}, indent=2))
    else:
        out.print(t("bench_intake.told", **asdict(score), rate=score.rate))
    if score.doubles or score.residents != score.people:
        raise typer.Exit(1)
