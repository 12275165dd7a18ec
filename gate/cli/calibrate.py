"""`gate calibrate`: how well the enrolled faces are told apart, who is too alike, and from which cosine to open."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from enrollment.database import writing
from enrollment.entry import Resident
from enrollment.faces import similar
from enrollment.gallery import load_gallery
from gate.bench.plots import check_plots, draw_calibration
from gate.calibration import Calibration, calibrate
from gate.cli.account import DEFAULT_CONFIG, ConfigPath, local_actor
from gate.cli.terminal import err, out
from gate.config import load_config
from gate.face_rules import FaceLimits
from gate.ledger.ledger import Chain
from gate.site import Site, open_site
from gate.texts import t


def command(
    config: ConfigPath = DEFAULT_CONFIG,
    pairs: Annotated[int, typer.Option(min=1, max=1000, help=t("calibrate.option_pairs"))] = 20,
    plot: Annotated[Path | None, typer.Option(dir_okay=False, help=t("calibrate.option_plot"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=t("bench.option_json"))] = False,
) -> None:
    """Look at the whole gallery; the look is on record before anything is shown."""
    if plot is not None:
        check_plots()
    loaded = load_config(config)
    with open_site(loaded) as site:
        cast = site.cast(loaded.models)
        model_id = cast.embedder.model_id
        limits = loaded.faces.limits(cast)
        lanes = [lane.id for lane in loaded.lane if lane.kind == "pedestrian"]
        _record(site)
        gallery = load_gallery(site.engine, site.keyring, model_id)
        residents = {resident.id: resident for resident in site.register.residents()}
        found = calibrate(gallery, limits, similar(model_id), lanes, pairs)
    left_out = {"unreadable": gallery.unreadable, "other_models": gallery.other_models}
    if as_json:
        typer.echo(json.dumps(_as_json(found, residents, model_id, limits, left_out), ensure_ascii=False, indent=2))
    else:
        _show(found, residents, limits, left_out)
    if plot is not None:
        draw_calibration(found.spread, found.needed, found.recommended, plot)
        err.print(t("bench.plotted", path=plot), markup=False)


def _record(site: Site) -> None:
    with writing(site.engine) as session:
        chain = Chain(session)
        chain.add(datetime.now(UTC), "view", {"actor": local_actor(), "what": "gallery"})
        chain.sign(site.signer, datetime.now(UTC))


def _show(
    found: Calibration, residents: Mapping[str, Resident], limits: FaceLimits, left_out: Mapping[str, int]
) -> None:
    out.print(t("calibrate.gallery", people=found.people, templates=found.templates))
    for name, count in left_out.items():
        if count:
            out.print(t(f"calibrate.{name}", count=count), style="yellow")
    if found.people < 2:
        out.print(t("calibrate.nobody" if found.people == 0 else "calibrate.one_person"), style="yellow")
    for reach in found.lanes:
        out.print(t("calibrate.lane", lane=reach.lane, templates=reach.templates, needed=f"{reach.needed:.2f}"))
    _show_pairs(found, residents)
    _show_rates(found, limits)


def _show_pairs(found: Calibration, residents: Mapping[str, Resident]) -> None:
    if found.highest is None:
        return
    names = [_name(residents, id_) for id_ in (found.highest.one, found.highest.other)]
    out.print(t("calibrate.highest", one=names[0], other=names[1], score=f"{found.highest.score:.3f}"), markup=False)
    if not found.alike:
        out.print(t("calibrate.none_alike"))
        return
    out.print(t("calibrate.alike", count=found.alike_count, shown=len(found.alike)), style="bold")
    for pair in found.alike:
        household = t("calibrate.one_household") if pair.one_household else ""
        out.print(f"  {pair.score:.3f}  {_name(residents, pair.one)}  {pair.one}", markup=False)
        out.print(f"         {_name(residents, pair.other)}  {pair.other}", markup=False)
        out.print(f"         {household}{t(f'calibrate.advice_{pair.advice}')}", markup=False)


def _show_rates(found: Calibration, limits: FaceLimits) -> None:
    if found.people < 2:
        return
    in_force = f"{found.needed:.2f}"
    if found.recommended > found.needed:
        said = t("calibrate.raise", needed=in_force, recommended=f"{found.recommended:.2f}")
        out.print(said, style="bold yellow", markup=False)
    else:
        out.print(t("calibrate.keep", needed=in_force), style="bold")
    if found.false_accepts is None:
        out.print(t("calibrate.few_people", target=f"{limits.false_positives:.2%}"))
    else:
        out.print(t("calibrate.false_accepts", share=f"{found.false_accepts:.3%}", pairs=found.spread.pairs[1]))
    if found.false_rejects is None:
        out.print(t("calibrate.few_photos"))
    else:
        out.print(t("calibrate.false_rejects", share=f"{found.false_rejects:.1%}", pairs=found.spread.pairs[0]))


def _name(residents: Mapping[str, Resident], id_: str) -> str:
    """Who it is by the register; somebody who was erased this very moment is only an id."""
    who = residents.get(id_)
    return f"{who.name}（{who.household}）" if who else id_


def _as_json(
    found: Calibration,
    residents: Mapping[str, Resident],
    model_id: str,
    limits: FaceLimits,
    left_out: Mapping[str, int],
) -> dict[str, Any]:
    pairs = []
    for pair in found.alike:
        names = {f"{which}_name": residents[id_].name for which, id_ in _ids(pair.one, pair.other) if id_ in residents}
        pairs.append(asdict(pair) | names)
    return {
        "model": model_id,
        "people": found.people,
        "templates": found.templates,
        **left_out,
        "lanes": [asdict(reach) for reach in found.lanes],
        "margin": limits.margin,
        "false_positives": limits.false_positives,
        "needed": found.needed,
        "recommended": found.recommended,
        "highest": asdict(found.highest) if found.highest else None,
        "alike_count": found.alike_count,
        "alike": pairs,
        "pairs_of_one_person": found.spread.pairs[0],
        "pairs_of_strangers": found.spread.pairs[1],
        "expected_false_accepts": found.false_accepts,
        "expected_false_rejects": found.false_rejects,
    }


def _ids(one: str, other: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("one", one), ("other", other)
