"""A running gate together with its console, for as long as a `with` block lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from fastapi import FastAPI

from enrollment.faces import FacePhoto
from enrollment.finding import Finder
from enrollment.gate_code import GateCodes
from enrollment.roster_form import RosterForm
from enrollment.sign_ins import SignIns
from gate.api.app import create_api
from gate.archive import Archive
from gate.box import box_of
from gate.community.postroom import PostRoom
from gate.console.app import create_app
from gate.console.desk import Office, Sources
from gate.console.enrolment.intake_desk import IntakeDesk
from gate.console.enrolment.photo_desk import PhotoDesk
from gate.console.lobby import Lobby
from gate.console.patrol.desk import PatrolDesk
from gate.console.serving import ConsoleServer
from gate.erasure import erase
from gate.ledger.ledger import StaffActs
from gate.overview import Overview
from gate.own_data import OwnData
from gate.patrol.plate_photos import PlatePhotos
from gate.patrol.standings import Standings
from gate.privacy import handling_of
from gate.running import RunningGate
from gate.shift_notes import ShiftNotes
from gate.vocabulary import lane_words, words


@contextmanager
def serving(gate: RunningGate) -> Iterator[str]:
    """Start the console and the gate, give the console's address, and stop both at the end, the console last.

    Raises:
        ConfigRefused: the console's port is taken; nothing was started then.
    """
    app, settings = console_of(gate), gate.config.console
    with ConsoleServer(app, settings) as console:
        try:
            gate.start()
            yield console.url
        finally:
            gate.stop()


def console_of(gate: RunningGate) -> FastAPI:
    """The console of a gate, with every part that it has."""
    settings = gate.config.console
    overview, site = Overview(gate), gate.site
    archive = Archive(site.engine, site.signer, site.snapshots, overview.record)
    office = _office(gate)
    return create_app(
        overview,
        site.accounts,
        settings,
        gate.config.compound.timezone,
        second_factor=site.second_factor,
        keyring=site.keyring,
        archive=archive,
        office=office,
        lobby=lobby_of(gate, office.photos.take if office.photos else None),
        handling=partial(handling_of, site, gate.config),
        post_room=PostRoom(site, gate.config, gate.shares),
        patrol=_patrol(gate),
        sources=Sources(gate.registers, gate.register_keepers.wake),
        parking=gate.parking,
        shift_notes=ShiftNotes(site.engine, site.signer),
        sign_ins=SignIns(site.engine, box_of(gate.config.storage.folder)),
        api=partial(create_api, site=site, settings=gate.config.api, on_webhooks=gate.deliveries.follow),
    )


def _patrol(gate: RunningGate) -> PatrolDesk:
    site, lanes = gate.site, [lane.id for lane in gate.config.lane]

    def blocked(plate: str, at: datetime) -> bool:
        return any(one.holds_at(at) for lane in lanes for one in gate.rulebook.of(lane).blocks_of(plate))

    photos = PlatePhotos(gate.plates, gate.config.plates.min_character) if gate.plates else None
    standings = Standings(site.register, site.passes, Finder(site.engine), blocked)
    return PatrolDesk(gate.cases, standings.of, photos)


def _office(gate: RunningGate) -> Office:
    site, config = gate.site, gate.config
    photos = PhotoDesk(gate.faces) if gate.faces else None
    intake = IntakeDesk(
        config.storage.folder / "intake",
        site.register,
        lambda: RosterForm(words(), ZoneInfo(config.compound.timezone), lanes=lane_words(config.lane)),
        photos.take if photos else None,
    )
    return Office(site.register, Finder(site.engine), photos, partial(erase, site), intake)


def lobby_of(gate: RunningGate, judge: Callable[[bytes], FacePhoto] | None = None) -> Lobby:
    """The parts of residents' own pages over a running gate."""
    site, config = gate.site, gate.config
    return Lobby(
        register=site.register,
        phones=site.phones,
        requests=site.requests,
        notices=site.notices,
        own=OwnData(
            site.engine,
            site.register,
            site.passes,
            StaffActs(site.signer),
            {lane.id: lane.name for lane in config.lane},
            config.storage.snapshot_days,
            config.residents.phone_days,
        ),
        codes=GateCodes(site.keyring),
        passes=site.passes,
        quota=config.residents.quota,
        pads=site.pads,
        pad_way=gate.presenting,
        keyring=site.keyring,
        phone_days=config.residents.phone_days,
        address=config.residents.address,
        judge=judge,
        pin_tries=gate.pin_tries,
    )
