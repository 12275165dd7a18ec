"""`gate bench peers`: our ways to an identity and to a plate beside insightface and rapidocr, in one run."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from importlib import util
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.table import Table

from gate.bench.choice import FACE_ROLES, PLATE_ROLES, Seen, models_of, name_for
from gate.bench.insightface_peer import open_insightface
from gate.bench.peers import FaceDuel, PlateDuel, Ratio, face_duel, plate_duel
from gate.bench.rapidocr_peer import open_rapidocr
from gate.bench.turns import one_thread
from gate.cli.bench import progress_bar
from gate.cli.terminal import err, out
from gate.config import Config, load_config
from gate.texts import t
from models.cast import Cast
from models.catalog import catalog
from models.open import open_face_recogniser, open_plate_recogniser
from models.store import Store

SCRFD = "scrfd-500m"
"""The smallest finder that both run."""

SEED = 1


def peers(
    faces: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help=t("bench.option_faces"))] = None,
    plates: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help=t("bench.option_plates"))] = None,
    pack: Annotated[str | None, typer.Option(help=t("bench.option_pack"))] = None,
    face_finder: Annotated[str, typer.Option(help=t("bench_peers.option_finder"))] = SCRFD,
    people: Annotated[int, typer.Option(min=2, max=20_000, help=t("bench_peers.option_people"))] = 200,
    seen: Annotated[Seen, typer.Option(help=t("bench.option_seen"))] = Seen.AUTO,
    config: Annotated[Path | None, typer.Option(help=t("bench.option_config"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=t("bench.option_json"))] = False,
) -> None:
    """Measure faces, plates or both; where a peer is not installed, say how it is and measure the other."""
    if faces is None and plates is None:
        raise typer.BadParameter(t("bench.nothing_to_do"))
    whole = load_config(config) if config else Config()
    models = models_of(pack, whole.models.cast())
    measured: dict[str, Any] = {}
    with one_thread():
        if faces is not None and _installed("insightface"):
            cast = Cast(face_finder, models.face_embedder, models.plate_finder, models.plate_reader)
            duel = _faces(cast, whole, faces, people, seen)
            measured["faces"] = {"models": _names(cast, faces=True), **asdict(duel)}
            if not as_json:
                _show_faces(duel)
        if plates is not None and _installed("rapidocr"):
            read = _plates(models, plates, seen)
            measured["plates"] = {"models": _names(models, faces=False), **asdict(read)}
            if not as_json:
                _show_plates(read)
    if as_json:
        typer.echo(json.dumps(measured, ensure_ascii=False, indent=2))
    if not measured:
        raise typer.Exit(1)


def _installed(peer: str) -> bool:
    if util.find_spec(peer) is None:
        err.print(t(f"bench_peers.no_{peer}"), markup=False)
        return False
    return True


def _faces(cast: Cast, config: Config, folder: Path, people: int, seen: Seen) -> FaceDuel:
    from samples.scenery import path

    store = Store()
    finder, embedder = (catalog().model(name_for(cast, role)) for role in FACE_ROLES)
    recogniser = open_face_recogniser(finder.name, embedder.name, store)
    backdrops = [path(np.random.default_rng(SEED)).picture]
    excluding = seen.excludes(_names(cast, faces=True))
    limits = config.faces.limits(cast)
    with tempfile.TemporaryDirectory() as pack, progress_bar(t("bench.faces")) as step:
        rivals = open_insightface(finder, embedder, store, Path(pack))
        return face_duel(recogniser, rivals, folder, backdrops, limits, step, people=people, excluding=excluding)


def _plates(models: Cast, folder: Path, seen: Seen) -> PlateDuel:
    recogniser = open_plate_recogniser(models.plate_finder, models.plate_reader, Store())
    excluding = seen.excludes(_names(models, faces=False))
    with progress_bar(t("bench.plates")) as step:
        return plate_duel(recogniser, {"rapidocr": open_rapidocr()}, folder, step, excluding=excluding)


def _names(cast: Cast, *, faces: bool) -> list[str]:
    return [name_for(cast, role) for role in (FACE_ROLES if faces else PLATE_ROLES)]


def _show_faces(duel: FaceDuel) -> None:
    out.print(t("bench_peers.faces", people=duel.enrolled, mates=duel.mates, strangers=duel.strangers))
    table = _table("ms", "per_second", "with_face", "ranked_first", "identified", "tar")
    for name, side in duel.sides.items():
        shares = (side.with_face, side.ranked_first, side.identified, side.tar)
        table.add_row(_peer(name), f"{side.ms:.1f}", f"{side.per_second:.1f}", *map(_share, shares))
    out.print(table)
    out.print(t("bench_peers.faces_legend"))
    _show_ratios(duel.ratios)


def _show_plates(duel: PlateDuel) -> None:
    out.print(t("bench_peers.plates", pictures=duel.pictures, excluded=duel.excluded))
    table = _table("ms", "per_second", "exact", "accepted_wrong")
    for name, side in duel.sides.items():
        shares = (side.exact, side.accepted_wrong)
        table.add_row(_peer(name), f"{side.ms:.1f}", f"{side.per_second:.1f}", *map(_share, shares))
    out.print(table)
    out.print(t("bench_peers.plates_legend"))
    _show_ratios(duel.ratios)


def _show_ratios(ratios: Mapping[str, Ratio]) -> None:
    for name, ratio in ratios.items():
        accuracy = "-" if ratio.accuracy is None else f"{ratio.accuracy:.2f}"
        out.print(t("bench_peers.ratio", peer=_peer(name), speed=f"{ratio.speed:.2f}", accuracy=accuracy), markup=False)


def _table(*columns: str) -> Table:
    table = Table()
    table.add_column(t("bench_peers.column_who"), no_wrap=True)
    for column in columns:
        table.add_column(t(f"bench_peers.column_{column}"), justify="right")
    return table


def _peer(name: str) -> str:
    return t(f"bench_peers.name_{name}")


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
