"""`gate community sources`, `plan` and `apply`: the registers that ours is filled from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from enrollment.errors import EntryRefused
from enrollment.household import HouseholdCode
from enrollment.plan import Change, Conflict, Decisions, Do, Plan, Step
from enrollment.takeover import Outcome
from gate.cli.account import DEFAULT_CONFIG, ConfigPath, local_actor
from gate.cli.terminal import out
from gate.community.registers.registers import Registers, SourceView
from gate.community.registers.wording import changes_told, told_at
from gate.config import Config, load_config
from gate.site import Site, open_site
from gate.texts import explain, system_language, t
from models.errors import Fault

SHOWN = 100
"""Steps of one sort, conflicts and wrong rows that a table prints; `--json` has all of them."""

Name = Annotated[str, typer.Argument(help=t("source.argument_name"))]
AsJson = Annotated[bool, typer.Option("--json", help=t("source.option_json"))]
Fetch = Annotated[bool, typer.Option("--fetch", help=t("source.option_fetch"))]


def sources(as_json: AsJson = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Exit code 1 where a source has a fault."""
    settings = load_config(config)
    with open_site(settings, create=True) as site:
        registers = Registers(site, settings)
        views = registers.views()
        waiting = {view.id: registers.waiting(view.id) for view in views}
    if as_json:
        told = [{**_plain_view(view), "waiting": waiting[view.id]} for view in views]
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif views:
        print_sources(settings, views, waiting)
    else:
        out.print(t("source.none"), markup=False)
    if any(view.standing.code for view in views):
        raise typer.Exit(1)


def plan(name: Name, fetch: Fetch = False, as_json: AsJson = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Changes nothing here; a row of the record says who has looked."""
    settings = load_config(config)
    with open_site(settings, create=True) as site:
        registers = _asked(site, settings, name, fetch)
        found = registers.plan(name)
        registers.note_look(name, local_actor())
    if as_json:
        typer.echo(json.dumps(_plain_plan(found), ensure_ascii=False, indent=2))
    else:
        _print_plan(settings, found)


def apply(
    name: Name,
    confirm: Annotated[str | None, typer.Option("--confirm", help=t("source.option_confirm"))] = None,
    take: Annotated[list[str] | None, typer.Option("--take", help=t("source.option_take"))] = None,
    keep: Annotated[list[str] | None, typer.Option("--keep", help=t("source.option_keep"))] = None,
    place: Annotated[list[str] | None, typer.Option("--place", help=t("source.option_place"))] = None,
    fetch: Fetch = False,
    as_json: AsJson = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Exit code 1 where something was refused or still waits for a person."""
    settings = load_config(config)
    decisions = Decisions(take or (), keep or (), _placed(place or ()))
    with open_site(settings, create=True) as site:
        registers = _asked(site, settings, name, fetch)
        done, outcome = registers.apply(name, local_actor(), confirm, decisions)
        left = registers.plan(name)
    if as_json:
        counts = {str(do): outcome.done[do] for do in Do}
        typer.echo(json.dumps({"done": counts, "left": _plain_plan(left)}, ensure_ascii=False, indent=2))
    else:
        _print_outcome(outcome)
        _print_waiting(settings, left)
        if done.held and confirm is None:
            out.print(t("source.held", count=len(done.of(Do.END)), name=name, code=done.code), style="yellow")
    if outcome.left or left.conflicts or left.held:
        raise typer.Exit(1)


def print_sources(settings: Config, views: Sequence[SourceView], waiting: Mapping[str, int]) -> None:
    """The table of sources; `waiting` counts what waits for a person."""
    table = Table()
    for name in ("id", "kind", "apply", "told", "waiting", "asked_at", "applied_at", "state"):
        table.add_column(t(f"source.head.{name}"), overflow="fold")
    for view in views:
        standing, state = view.standing, t("source.well")
        if standing.code:
            why = explain(Fault(standing.code, **standing.facts))
            state = t("community.since", since=local(settings, standing.failing_since), why=why)
        elif standing.told_at is None:
            state = t("source.never")
        # Without the year and the seconds, so that a narrow window has room for what is wrong.
        times = (local(settings, at)[5:16] or "-" for at in (standing.asked_at, standing.applied_at))
        how = t(f"source.apply_{view.apply}")
        table.add_row(view.id, view.kind, how, str(standing.told), str(waiting[view.id]), *times, escape(state))
    out.print(table)


def local(settings: Config, at: str | datetime | None) -> str:
    """A moment in the compound's time zone; a dash for none."""
    return told_at(at, ZoneInfo(settings.compound.timezone))


def _asked(site: Site, settings: Config, name: str, fetch: bool) -> Registers:
    registers = Registers(site, settings)
    if fetch:
        # A folder is only sure that a file is whole once it has looked twice.
        for _ in range(2):
            registers.ask(name)
        registers.close()
    registers.source(name)
    return registers


def _placed(entered: Sequence[str]) -> Mapping[str, str]:
    """REF=3-2-501, as codes by the source's ids."""
    placed = {}
    for text in entered:
        ref, sign, home = text.rpartition("=")
        if not sign:
            raise EntryRefused("source.place", entered=text)
        placed[ref] = str(HouseholdCode.parse(home))
    return placed


def _print_plan(settings: Config, found: Plan) -> None:
    for do in (Do.ADD, Do.CHANGE, Do.END):
        if steps := found.of(do):
            _print_steps(settings, do, steps)
    _print_waiting(settings, found)
    counts = {str(do): len(found.of(do)) for do in Do}
    waiting = {"conflicts": len(found.conflicts), "wrong": len(found.wrong)}
    out.print(t("source.counts", **counts, **waiting, unchanged=found.unchanged), markup=False)
    if found.held:
        ends = len(found.of(Do.END))
        out.print(t("source.held", count=ends, name=found.source, code=found.code), style="yellow", markup=False)


def _print_steps(settings: Config, do: Do, steps: Sequence[Step]) -> None:
    table = Table(*(t(f"source.head.{name}") for name in ("what", "ref", "label", "household", "changes")))
    table.title = t(f"source.title_{do}", count=len(steps))
    for step in steps[:SHOWN]:
        changes = _changes(settings, step.changes)
        home, what = step.values.get("household", ""), t(f"source.kind.{step.kind}")
        table.add_row(what, escape(step.ref), escape(step.label), escape(home), escape(changes))
    out.print(table)
    _say_more(len(steps))


def _print_waiting(settings: Config, found: Plan) -> None:
    if found.conflicts:
        table = Table(*(t(f"source.head.{name}") for name in ("what", "ref", "label", "household", "why")))
        table.title = t("source.title_conflicts", count=len(found.conflicts))
        for one in found.conflicts[:SHOWN]:
            what, why = t(f"source.kind.{one.kind}"), _why(settings, one)
            table.add_row(what, escape(one.ref), escape(one.label), escape(one.household), escape(why))
        out.print(table)
        _say_more(len(found.conflicts))
    for wrong in found.wrong[:SHOWN]:
        facts = {"what": t(f"source.kind.{wrong.kind}"), "row": wrong.row or "-", "ref": wrong.ref or "-"}
        out.print(t("source.wrong", **facts, why=explain(wrong.fault)), markup=False)
    _say_more(len(found.wrong))


def _print_outcome(outcome: Outcome) -> None:
    out.print(t("source.done", **{str(do): outcome.done[do] for do in Do}), markup=False)
    for step, fault in outcome.left[:SHOWN]:
        out.print(t("source.left", label=step.label, why=explain(fault)), style="yellow", markup=False)


def _say_more(count: int) -> None:
    if count > SHOWN:
        out.print(t("source.more", count=count - SHOWN))


def _why(settings: Config, one: Conflict) -> str:
    said = t(f"source.conflict.{one.code}", **one.facts)
    return f"{said} {_changes(settings, one.changes)}" if one.changes else said


def _changes(settings: Config, changes: Sequence[Change]) -> str:
    return "\n".join(changes_told(changes, ZoneInfo(settings.compound.timezone), system_language()))


def _plain_view(view: SourceView) -> dict[str, Any]:
    standing = view.standing
    times = {name: getattr(standing, name) for name in ("asked_at", "told_at", "applied_at", "failing_since")}
    told = {name: at.isoformat() if at else None for name, at in times.items()}
    about = {"id": view.id, "kind": view.kind, "address": view.address, "apply": view.apply, "told": standing.told}
    return {**about, **told, "fault": standing.code}


def _plain_plan(found: Plan) -> dict[str, Any]:
    steps = {str(do): [_plain_step(step) for step in found.of(do)] for do in Do}
    conflicts = [
        {"code": one.code, "kind": one.kind, "ref": one.ref, "label": one.label, "household": one.household}
        | {"facts": dict(one.facts), "changes": _plain_changes(one.changes)}
        for one in found.conflicts
    ]
    wrong = [{"kind": one.kind, "ref": one.ref, "row": one.row, "code": one.fault.code} for one in found.wrong]
    rest = {"unchanged": found.unchanged, "held": found.held, "confirm": found.code}
    return {"source": found.source, **steps, "conflicts": conflicts, "wrong": wrong, **rest}


def _plain_step(step: Step) -> dict[str, Any]:
    about = {"kind": step.kind, "ref": step.ref, "subject": step.subject, "label": step.label}
    return {**about, "household": step.values.get("household"), "changes": _plain_changes(step.changes)}


def _plain_changes(changes: Sequence[Change]) -> list[dict[str, str | None]]:
    return [{"field": one.field, "before": one.before, "after": one.after} for one in changes]
