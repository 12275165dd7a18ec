"""`gate bench liveness`: pictures of residents and living residents before a lane, by kind of attack and by layer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table

from gate.bench.choice import models_of
from gate.bench.liveness import LIVING, TOGETHER, LivenessScore, measure
from gate.cli.terminal import err, out
from gate.config import Config, load_config
from gate.errors import GateError
from gate.texts import t
from models.errors import PictureRefused
from models.holdout import mark, seen
from models.open import open_face_recogniser
from models.picture import load_picture
from models.roles import FaceRecogniser
from models.store import Store
from models.training.attack_sheets import Portrait

WIDEST = 110
LEAST_PX = 60.0
"""Lower faces of a photograph make poor prints."""


def liveness(
    faces: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help=t("bench.option_faces"))] = None,
    rounds: Annotated[int, typer.Option(min=1, max=10_000, help=t("bench_liveness.option_rounds"))] = 12,
    seed: Annotated[int, typer.Option(min=0, help=t("bench_gate.option_seed"))] = 1,
    pack: Annotated[str | None, typer.Option(help=t("bench.option_pack"))] = None,
    model: Annotated[str | None, typer.Option(help=t("bench_liveness.option_model"))] = None,
    config: Annotated[Path | None, typer.Option(help=t("bench.option_config"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=t("bench.option_json"))] = False,
) -> None:
    """Show drawn attacks and living people to the models and rules of a gate."""
    from samples.attacks import Shown, presentations, sample_people

    whole = load_config(config) if config else Config()
    cast = models_of(pack, whole.models.cast())
    cast = replace(cast, face_liveness=model) if model else cast
    limits, judge = whole.faces.limits(cast), cast.face_liveness
    recogniser = open_face_recogniser(
        cast.face_finder, cast.face_embedder, Store(), whole.models.threads, judge, rims=True
    )
    people = sample_people()
    if faces is not None:
        people = [Shown(found) for found in _found(recogniser, faces, rounds)]
    with Progress(console=err) as bars:
        task = bars.add_task(t("bench_liveness.showing"), total=None)
        shown = presentations(people, rounds, seed)
        score = measure(recogniser, shown, limits, lambda done, of: bars.update(task, completed=done, total=of))
    table = as_table(score) | {"model": judge, "live_from": limits.liveness.live_from, "rounds": rounds, "seed": seed}
    if as_json:
        typer.echo(json.dumps(table, ensure_ascii=False, indent=2))
    else:
        _show(score, judge, rounds)


def as_table(score: LivenessScore) -> dict[str, Any]:
    """Shares as fractions of 1: for each layer the BPCER and each kind's APCER, with the counts they rest on."""
    layers = {
        layer: {
            "bpcer": kinds[LIVING].bpcer,
            "living": asdict(kinds[LIVING]),
            "attacks": {
                kind: {"apcer": share.apcer, **asdict(share)} for kind, share in kinds.items() if kind != LIVING
            },
        }
        for layer, kinds in score.layers.items()
    }
    return {"layers": layers, "embed_ms": score.embed_ms}


def _found(recogniser: FaceRecogniser, folder: Path, most: int) -> Iterator[Portrait]:
    """The largest face of one photograph each of people that no model of the program has learned from."""
    learned, found = seen("people"), 0
    for person in sorted(place for place in folder.iterdir() if place.is_dir() and mark(place.name) not in learned):
        for file in sorted(person.iterdir())[:1]:
            try:
                picture = load_picture(file)
            except PictureRefused:
                continue
            faces = [face for face in recogniser.find(picture) if face.box.height >= LEAST_PX]
            if faces and found < most:
                found += 1
                yield Portrait(picture, faces[0].box, faces[0].landmarks)
    if not found:
        raise GateError("bench_liveness.no_faces", folder=folder)


def _show(score: LivenessScore, model: str | None, rounds: int) -> None:
    ms = "-" if score.embed_ms is None else f"{score.embed_ms:.1f}"
    named = model or t("bench_liveness.no_model")
    out.print(t("bench_liveness.result", rounds=rounds, model=named, ms=ms), markup=False)
    kinds = [kind for kind in score.layers[TOGETHER] if kind != LIVING]
    table = Table(box=None)
    for title in ("column_layer", "column_bpcer", *(f"kind_{kind}" for kind in kinds)):
        table.add_column(t(f"bench_liveness.{title}"), justify="left" if title == "column_layer" else "right")
    for layer, shares in score.layers.items():
        rates = [shares[LIVING].bpcer, *(shares[kind].apcer for kind in kinds)]
        table.add_row(t(f"bench_liveness.layer_{layer}"), *("-" if rate is None else f"{rate:.1%}" for rate in rates))
    out.print(table, width=max(out.width, WIDEST))
    unseen = {kind: share.unseen for kind, share in score.layers[TOGETHER].items() if share.unseen}
    if unseen:
        counts = ", ".join(f"{kind} {count}" for kind, count in unseen.items())
        out.print(t("bench_liveness.unseen", counts=counts), markup=False)
    out.print(t("bench_liveness.drawn"), style="yellow", markup=False)
