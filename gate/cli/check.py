"""`gate check`: opens everything the configuration names and says what works."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from gate.barrier.device import INPUT_NAMES
from gate.barrier.devices import DEVICES
from gate.camera.worker import probe as probe_camera
from gate.cli.check_readers import examine_line
from gate.cli.logs import log_to_stderr
from gate.cli.terminal import out
from gate.clocks import clocks
from gate.community.deliveries import destination_views
from gate.community.registers.registers import Registers
from gate.config import BarrierPart, CameraPart, Config, load_config
from gate.errors import ConfigRefused
from gate.holidays import unknown_years
from gate.privacy import Filing, faces_of, filing
from gate.reader.opening import lines_of
from gate.rulebook.reading import read_access, read_parking
from gate.rulebook.versions import households_of
from gate.site import open_site
from gate.texts import explain, t
from models.cast import Cast
from models.catalog import BASE
from models.errors import Fault
from models.open import open_face_recogniser, open_liveness, open_plate_recogniser
from models.store import Store

PROBE_S = 8.0
"""A camera that gives no picture within this is taken as not there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table: what was tried, and what came of it (a Fault where it failed).

    `doubtful` is what works and still should not be left as it is.
    """

    part: str
    name: str
    result: str | Fault
    doubtful: bool = False

    @property
    def works(self) -> bool:
        """Whether it worked."""
        return isinstance(self.result, str)

    @property
    def state(self) -> str:
        """The state in words and colour."""
        if self.doubtful:
            return f"[yellow]! {t('check.doubtful')}"
        return f"[green]✓ {t('check.works')}" if self.works else f"[red]✗ {t('check.fails')}"


def check(config: Annotated[Path, typer.Option(help=t("cli.option_config"))] = Path("gate.toml")) -> None:
    """Exit code 1 when anything does not work."""
    log_to_stderr(logging.CRITICAL)  # the table says it all
    findings = tuple(examine(load_config(config)))
    table = Table(t("check.part"), t("check.name"), t("check.state"), t("check.result"))
    for finding in findings:
        result = explain(finding.result) if isinstance(finding.result, Fault) else finding.result
        table.add_row(t(f"check.{finding.part}"), escape(finding.name), finding.state, escape(result))
    out.print(table)
    if not all(finding.works for finding in findings):
        raise typer.Exit(1)


def examine(config: Config) -> Iterator[Finding]:
    """Try every part; cameras, barriers and lines of readers side by side, since each may take seconds to say no."""
    yield Finding("config", config.compound.name, t("check.lanes", count=len(config.lane)))
    yield _tried("database", str(config.storage.folder), lambda: _database(config))
    yield from _lawful(config)
    yield from _models(config)
    yield from _rules(config)
    yield from _destinations(config)
    yield from _sources(config)
    with ThreadPoolExecutor(8) as pool:
        streams = [stream for part in config.camera for stream in (part, part.small) if stream]
        yield from pool.map(lambda part: _tried("camera", part.id, lambda: _camera(part)), streams)
        yield from pool.map(lambda part: _tried("barrier", part.id, lambda: _barrier(part)), config.barrier)
        for found in pool.map(examine_line, lines_of(config.reader)):
            yield from (Finding("reader", name, result, doubtful) for name, result, doubtful in found)


def _lawful(config: Config) -> Iterator[Finding]:
    """Faces that nobody is recorded to have consented to, and what is kept past its time."""
    with suppress(Fault), open_site(config) as site:  # the database's own line says what is wrong with it
        if unasked := site.register.consents.unconsented():
            yield Finding("consent", config.compound.name, t("check.unconsented", count=len(unasked)), doubtful=True)
        if not (config.compound.handler and config.compound.contact):
            yield Finding("consent", config.compound.name, t("privacy.unnamed"), doubtful=True)
        if (stage := filing(faces := faces_of(site))) is not Filing.NONE:
            yield Finding("consent", config.compound.name, t(f"privacy.filing_{stage}", faces=faces), doubtful=True)
        today = datetime.now(UTC).date()
        for clock in clocks(site, config.storage.snapshot_days, today):
            if clock.overdue:
                name = t(f"retention.class_{clock.name}")
                yield Finding("retention", name, t("retention.overdue", count=clock.overdue), doubtful=True)


def _models(config: Config) -> Iterator[Finding]:
    """The models of the kinds of lanes there are, and what is to be said about those that work."""
    cast, unknown = config.models.cast(), 0
    with suppress(Fault), open_site(config) as site:  # the database's own line says what is wrong with it
        cast = site.cast(config.models)
        unknown = site.unknown_to(cast.embedder.model_id)
    kinds, threads = {lane.kind for lane in config.lane}, config.models.threads
    if "pedestrian" in kinds:
        names = cast.face_finder, cast.face_embedder
        yield _tried("model", " + ".join(names), lambda: open_face_recogniser(*names, Store(), threads).model_id)
        yield from _liveness(config, cast, threads)
        if cast.embedder.for_trying_out:
            yield Finding("model", cast.face_embedder, t("check.for_trying_out", pack=BASE), doubtful=True)
        if unknown:
            yield Finding("model", cast.face_embedder, t("check.enrolled_otherwise", count=unknown), doubtful=True)
    if "vehicle" in kinds:
        yield _tried("model", f"{cast.plate_finder} + {cast.plate_reader}", lambda: _plate_models(cast, threads))


def _rules(config: Config) -> Iterator[Finding]:
    """The files of the rules, and what is to be said of days and households that they do not know."""
    access = config.rules.rules
    if (file := config.rules.file) is not None:
        yield _tried("rules", str(file), lambda: _read(lambda: _access_said(config)))
        with suppress(Fault):
            access = read_access(config)
    if config.parking.file is not None:
        yield _tried("rules", str(config.parking.file), lambda: _read(lambda: _parking_said(config)))
    today = datetime.now(ZoneInfo(config.compound.timezone)).date()
    for year in unknown_years(today, access):
        yield Finding("rules", str(year), t("check.holidays_unknown", year=year), doubtful=True)
    named = {code for group in access.group for code in group.households}
    with suppress(Fault), open_site(config) as site:
        for code in sorted(named - households_of(site.engine).keys()):
            yield Finding("rules", code, t("check.no_such_household"), doubtful=True)


def _read(said: Callable[[], str]) -> str:
    """What a file says, and of a broken one the first thing that is wrong with it."""
    try:
        return said()
    except ConfigRefused as refused:
        raise next(iter(refused.problems), refused) from refused


def _access_said(config: Config) -> str:
    access = read_access(config)
    parts = {"groups": len(access.group), "windows": len(access.window), "blocked": len(access.blocked_plate)}
    return t("check.rules_read", **parts)


def _parking_said(config: Config) -> str:
    zones = read_parking(config).zone
    return t("check.parking_read", zones=len(zones), spaces=sum(zone.spaces for zone in zones))


def _liveness(config: Config, cast: Cast, threads: int) -> Iterator[Finding]:
    """What tells a living face from a picture of one."""
    if not config.faces.liveness.on:
        yield Finding("model", "face-liveness", t("check.liveness_off"), doubtful=True)
    elif (name := cast.face_liveness) is None:
        yield Finding("model", "face-liveness", t("check.liveness_without_model"), doubtful=True)
    else:
        yield _tried("model", name, lambda: _opened(lambda: open_liveness(name, Store(), threads)))


def _opened(attempt: Callable[[], object]) -> str:
    attempt()
    return t("check.opened")


def _destinations(config: Config) -> Iterator[Finding]:
    """How each stood when the gate last served it."""
    with suppress(Fault), open_site(config) as site:
        for view in destination_views(site, config, datetime.now(UTC)):
            standing = view.standing
            fault = Fault(standing.code, **standing.facts) if standing.code else None
            told = t("check.destination_waits", waiting=standing.waiting, dead=standing.dead)
            yield Finding("destination", view.id, fault or told, doubtful=fault is None and standing.dead > 0)


def _sources(config: Config) -> Iterator[Finding]:
    """How each register that ours is filled from stood when it was last asked, and what waits for a person."""
    with suppress(Fault), open_site(config) as site:
        registers = Registers(site, config)
        for view in registers.views():
            standing, plan = view.standing, registers.plan(view.id)
            fault = Fault(standing.code, **standing.facts) if standing.code else None
            counts = {"told": standing.told, "steps": len(plan.steps), "conflicts": len(plan.conflicts)}
            waits = registers.waiting(view.id) > 0
            told = t("check.source_state", **counts, wrong=len(plan.wrong))
            yield Finding("source", view.id, fault or told, doubtful=fault is None and waits)


def _tried(part: str, name: str, attempt: Callable[[], str]) -> Finding:
    try:
        return Finding(part, name, attempt())
    except Fault as fault:
        return Finding(part, name, fault)


def _database(config: Config) -> str:
    with open_site(config) as site:
        accounts = len(site.accounts.list())
        count = site.register.count()
    return t("check.register", residents=count.residents, vehicles=count.vehicles, accounts=accounts)


def _plate_models(cast: Cast, threads: int) -> str:
    return _opened(lambda: open_plate_recogniser(cast.plate_finder, cast.plate_reader, Store(), threads))


def _camera(part: CameraPart) -> str:
    seen = probe_camera(part, PROBE_S)
    return f"{seen.width}×{seen.height}"


def _barrier(part: BarrierPart) -> str:
    device, _ = DEVICES[part.scheme](part, time.monotonic)
    try:
        inputs = device.inputs()
    finally:
        device.close()
    wired = {name: reads for name in INPUT_NAMES if (reads := getattr(inputs, name)) is not None}
    shown = [f"{t(f'barrier_input.{name}')} {int(reads)}" for name, reads in wired.items()]
    return t("check.inputs", inputs=", ".join(shown) or t("check.unwired"))
