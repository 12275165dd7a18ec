"""`gate bench lanes`: two lanes at 1080p in real time, and one at rest."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gate.bench.gate import Times
from gate.bench.lanes import Casting, LanesScore, RestScore, measure, rest
from gate.bench.passages import PEDESTRIAN
from gate.cli.terminal import err, out
from gate.config import Config, load_config
from gate.texts import t
from models.catalog import catalog

SLOWEST = 3
"""Openings that are named: the slowest."""


def lanes(
    folder: Annotated[Path, typer.Option(file_okay=False, help=t("bench_lanes.option_folder"))] = Path("var/lanes"),
    passages: Annotated[int, typer.Option(min=1, max=20, help=t("bench_lanes.option_passages"))] = 4,
    seed: Annotated[int, typer.Option(min=0, help=t("bench_gate.option_seed"))] = 1,
    rest_s: Annotated[float, typer.Option(min=1, max=600, help=t("bench_lanes.option_rest"))] = 15,
    pack: Annotated[str | None, typer.Option(help=t("bench.option_pack"))] = None,
    config: Annotated[Path | None, typer.Option(help=t("bench.option_config"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=t("bench.option_json"))] = False,
) -> None:
    """Draw the films where they are not there yet, then play them."""
    from samples.footage import draw_footage

    whole = load_config(config) if config else Config()
    if pack is not None:
        catalog().pack(pack)  # a name that is none is said with the nearest one
        whole = whole.model_copy(update={"models": whole.models.model_copy(update={"pack": pack})})
    err.print(t("bench_lanes.drawing", folder=folder), markup=False)
    footage = draw_footage(folder, passages, seed)
    casting = Casting(footage.people, footage.vehicles, whole)
    err.print(t("bench_lanes.playing"))
    with tempfile.TemporaryDirectory() as site:
        resting = {
            rate: rest(Path(site, rate), PEDESTRIAN, film, casting, rest_s) for rate, film in footage.resting.items()
        }
        large, small = footage.resting["constant"], footage.small
        resting["watched"] = rest(Path(site, "watched"), PEDESTRIAN, large, casting, rest_s, small)
        busy = measure(Path(site, "busy"), footage.films, footage.opens, casting)
    if as_json:
        typer.echo(
            json.dumps({**asdict(busy), "rest": {rate: asdict(score) for rate, score in resting.items()}}, indent=2)
        )
    else:
        _show(busy, resting)


def _show(busy: LanesScore, resting: dict[str, RestScore]) -> None:
    for name, lane in busy.lanes.items():
        facts = asdict(lane) | {"camera": f"{lane.camera:.0%}", "own": f"{lane.lane:.0%}"}
        out.print(t("bench_lanes.lane", name=t(f"bench_lanes.{name}"), **facts), markup=False)
    for code in ("first_sight_to_command_ms", "pictures_ms", "frame_to_command_ms"):
        times: Times = getattr(busy, code)
        facts = {key: "-" if value is None else f"{value:.0f}" for key, value in asdict(times).items()}
        out.print(t(f"bench_lanes.{code}", **facts), markup=False)
    for one in busy.openings[:SLOWEST]:
        facts = {"lane": t(f"bench_lanes.{one.lane}"), "name": one.name}
        times_ms = {"pictures": f"{one.pictures_ms:.0f}", "frame": f"{one.frame_ms:.0f}"}
        out.print(t("bench_lanes.slow", **facts, **times_ms), markup=False)
    out.print(t("bench_lanes.process", share=f"{busy.process:.0%}", seconds=f"{busy.film_s:.0f}"))
    for rate, score in resting.items():
        shares = {name: f"{getattr(score, name):.1%}" for name in ("process", "camera", "lane")}
        out.print(t("bench_lanes.rest", rate=t(f"bench_lanes.{rate}"), seconds=f"{score.seconds:.0f}", **shares))
