"""`gate enroll`: residents and vehicles, from the command line of the box."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from enrollment.consent import Purpose
from enrollment.entry import Entry
from enrollment.errors import EntryRefused
from enrollment.faces import FacePhoto
from enrollment.form import PersonForm, minor_until
from enrollment.photo import face_photo, judge
from enrollment.rights import NO_RIGHT, Right
from gate.cli.account import DEFAULT_CONFIG, ConfigPath, local_actor
from gate.cli.consent import (
    ConsentUntil,
    GuardianName,
    GuardianRelation,
    HowConsented,
    KeepPhoto,
    SignatureFile,
    SignedOn,
    Signer,
    consent,
    decline,
    signed,
    withdraw,
)
from gate.cli.rights import Person, Plate, block, called, entry_of, right, unblock
from gate.cli.roster import export, form, import_
from gate.cli.terminal import out
from gate.config import Config, load_config
from gate.erasure import erase, read_certificate
from gate.rights import hours_line, known_lanes
from gate.site import Site, open_site
from gate.texts import t
from models.open import open_face_recogniser
from models.picture import decode_picture, load_picture
from models.roles import FaceRecogniser
from models.sighting import PlateColour
from models.store import Store

app = typer.Typer(help=t("enroll.help"), no_args_is_help=True)

WIDEST = 120
"""Columns a list may take where the output is no terminal, so that an id is never broken."""

app.command("consent", help=t("enroll.consent_help"))(consent)
app.command("decline", help=t("enroll.decline_help"))(decline)
app.command("withdraw", help=t("enroll.withdraw_help"))(withdraw)
app.command("import", help=t("roster.import_help"))(import_)
app.command("export", help=t("roster.export_help"))(export)
app.command("form", help=t("roster.form_help"))(form)
app.command("right", help=t("enroll.right_help"))(right)
app.command("block", help=t("enroll.block_help"))(block)
app.command("unblock", help=t("enroll.unblock_help"))(unblock)

Household = Annotated[str, typer.Option(help=t("enroll.option_household"))]
Photo = Annotated[Path, typer.Option(help=t("enroll.option_photo"))]
Lanes = Annotated[list[str] | None, typer.Option("--lane", help=t("enroll.option_lane"))]
AllowSimilar = Annotated[bool, typer.Option("--allow-similar", help=t("enroll.option_allow_similar"))]
Born = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help=t("enroll.option_born"))]


@app.command(help=t("enroll.person_help"))
def person(
    name: Annotated[str, typer.Option(help=t("enroll.option_name"))],
    household: Household,
    photo: Photo,
    lane: Lanes = None,
    allow_similar: AllowSimilar = False,
    consent: HowConsented = None,
    signed_on: SignedOn = None,
    until: ConsentUntil = None,
    signature: SignatureFile = None,
    guardian: GuardianName = None,
    relation: GuardianRelation = None,
    keep_photo: KeepPhoto = False,
    born: Born = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Enrol a resident by a photo."""
    loaded = load_config(config)
    entered = PersonForm.of(name, household, _lanes(loaded, lane), minor_until=_minor(born))
    given = []
    if consent is not None:
        signer = Signer(consent, signed_on, until, signature, guardian, relation)
        given.append(signed(loaded, Purpose.FACE_ENTRY, signer, keep_photo=keep_photo))
    with open_site(loaded, create=True) as site:
        seen = _photo(loaded, site, photo, allow_similar=allow_similar)
        added = site.register.enrol(entered, local_actor(), given, seen)
    out.print(t("enroll.person_added", name=added.name, household=added.household, id=added.id), markup=False)


@app.command(help=t("enroll.face_help"))
def face(
    person: Annotated[str, typer.Option(help=t("enroll.option_person"))],
    photo: Photo,
    allow_similar: AllowSimilar = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Give an enrolled resident one more photo."""
    loaded = load_config(config)
    with open_site(loaded) as site:
        seen = _photo(loaded, site, photo, allow_similar=allow_similar)
        known = site.register.add_photo(person, seen, local_actor())
    out.print(t("enroll.face_added", name=known.name, templates=known.templates), markup=False)


@app.command(help=t("enroll.reembed_help"))
def reembed(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Compute the faces anew for the model in use; exit code 1 while somebody has to come for a new photo."""
    loaded = load_config(config)
    with open_site(loaded) as site:
        recogniser = _recogniser(loaded, site)
        done = site.register.reembedding.run(
            recogniser.model_id, lambda jpeg: judge(recogniser, decode_picture(jpeg)), local_actor()
        )
    out.print(t("enroll.reembedded", count=done.residents, model=recogniser.model_id), markup=False)
    if done.must_come:
        out.print(t("enroll.must_come", count=len(done.must_come)), style="bold")
        table = _table("household", "name", "id")
        for one in done.must_come:
            table.add_row(*_cells(one.household, one.name, one.id))
        out.print(table, width=max(out.width, WIDEST))
        raise typer.Exit(1)


@app.command(help=t("enroll.vehicle_help"))
def vehicle(
    plate: Annotated[str, typer.Option(help=t("enroll.option_plate"))],
    household: Household,
    colour: Annotated[PlateColour, typer.Option(help=t("enroll.option_colour"))] = PlateColour.UNKNOWN,
    lane: Lanes = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Enrol a vehicle by its plate."""
    loaded = load_config(config)
    lanes = _lanes(loaded, lane)
    with open_site(loaded, create=True) as site:
        added = site.register.add_vehicle(plate, household, local_actor(), colour, lanes)
    out.print(t("enroll.vehicle_added", plate=added.plate, household=added.household, id=added.id), markup=False)


@app.command("list", help=t("enroll.list_help"))
def list_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List residents and vehicles."""
    with open_site(load_config(config)) as site:
        residents, vehicles = site.register.residents(), site.register.vehicles()
        homes = {str(code): given for code, given in site.register.rights.of_households().items()}
    people = _table("household", "name", "faces", "lanes", "state", "id")
    for one in residents:
        people.add_row(*_cells(one.household, one.name, str(one.templates), _right(one, homes), _state(one), one.id))
    cars = _table("household", "plate", "lanes", "state", "id")
    for car in vehicles:
        cars.add_row(*_cells(car.household, car.plate, _right(car, homes), _state(car), car.id))
    for title, table in (("enroll.residents", people), ("enroll.vehicles", cars)):
        out.print(t(title, count=table.row_count), style="bold")
        out.print(table, width=max(out.width, WIDEST))


@app.command(help=t("enroll.remove_help"))
def remove(
    person: Person = None,
    plate: Plate = None,
    yes: Annotated[bool, typer.Option("--yes", help=t("enroll.option_yes"))] = False,
    certificate: Annotated[Path | None, typer.Option("--certificate", help=t("enroll.option_certificate"))] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Erase a resident or a vehicle."""
    loaded = load_config(config)
    if certificate is not None and not certificate.parent.is_dir():
        raise EntryRefused("enroll.certificate_folder", folder=certificate.parent)
    with open_site(loaded) as site:
        entry = entry_of(site, person, plate)
        if not yes and sys.stdin.isatty():
            typer.confirm(t("enroll.really", who=called(entry)), abort=True)
        erased = erase(site, entry.id, local_actor())
    templates = erased.erased.get("templates", 0)
    out.print(t("enroll.removed", who=called(entry), templates=templates, id=erased.subject), markup=False)
    if not erased.purged:
        out.print(t("enroll.not_purged"))
    if certificate is not None:
        is_json = certificate.suffix.lower() == ".json"
        certificate.write_text(erased.as_json() if is_json else erased.as_text(loaded.compound.name), "utf-8")
        out.print(t("enroll.certificate_written", path=certificate), markup=False)


@app.command("certificate", help=t("enroll.certificate_help"))
def certificate_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=t("enroll.argument_certificate"))],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Check the signature of a certificate; exit code 1 when it is not this compound's."""
    shown = read_certificate(file.read_text("utf-8"))
    with open_site(load_config(config)) as site:
        ours = shown.key == site.signer.public.hex()
    if not (shown.genuine and ours):
        raise EntryRefused("certificate.not_ours")
    out.print(t("certificate.holds", id=shown.subject, at=shown.at, row=shown.row), markup=False)


def _minor(born: datetime | None) -> date | None:
    """The fourteenth birthday where it is still to come: of nobody else is a birthday kept."""
    birthday = minor_until(born.date()) if born else None
    return birthday if birthday and birthday > datetime.now(UTC).date() else None


def _photo(config: Config, site: Site, photo: Path, *, allow_similar: bool) -> FacePhoto:
    return replace(face_photo(_recogniser(config, site), load_picture(photo)), allow_similar=allow_similar)


def _recogniser(config: Config, site: Site) -> FaceRecogniser:
    cast = site.cast(config.models)
    return open_face_recogniser(cast.face_finder, cast.face_embedder, Store(), config.models.threads)


def _lanes(config: Config, named: list[str] | None) -> list[str] | None:
    known_lanes(named or (), {lane.id: lane.name for lane in config.lane})
    return named or None


def _state(entry: Entry) -> str:
    if not entry.blocked_at(datetime.now(UTC)):
        return t("enroll.state_ok")
    if entry.blocked_until is None:
        return t("enroll.state_blocked", reason=entry.blocked_reason)
    return t(
        "enroll.state_blocked_until", reason=entry.blocked_reason, until=f"{entry.blocked_until:%Y-%m-%d %H:%M %Z}"
    )


def _right(entry: Entry, homes: Mapping[str, Right]) -> str:
    """Lanes and hours of the own right or, where it says nothing, of the household's."""
    home = homes.get(entry.household, NO_RIGHT)
    lanes, hours = entry.lanes or home.lanes, entry.hours or home.hours
    named = t("enroll.every_lane") if lanes is None else ", ".join(lanes)
    return " ".join(part for part in (named, hours_line(hours)) if part)


def _table(*columns: str) -> Table:
    table = Table(box=None)
    for name in columns:
        table.add_column(t(f"enroll.column_{name}"), no_wrap=name == "id", overflow="fold")
    return table


def _cells(*values: str) -> tuple[Text, ...]:
    """As plain text: what people entered is no markup."""
    return tuple(Text(value) for value in values)
