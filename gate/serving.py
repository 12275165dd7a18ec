"""A running gate together with its console, for as long as a `with` block lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from enrollment.faces import FacePhoto
from enrollment.finding import Finder
from enrollment.gate_code import GateCodes
from enrollment.photo import face_jpeg, judge
from gate.archive import Archive
from gate.console.app import create_app
from gate.console.desk import Office
from gate.console.lobby import Lobby
from gate.console.serving import ConsoleServer
from gate.ledger.ledger import StaffActs
from gate.overview import Overview
from gate.own_data import OwnData
from gate.pad_way import GatePadWay
from gate.privacy import handling_of
from gate.running import RunningGate
from models.picture import decode_picture
from models.roles import FaceRecogniser


@contextmanager
def serving(gate: RunningGate) -> Iterator[str]:
    """Start the console and the gate, give the console's address, and stop both at the end, the console last.

    Raises:
        ConfigRefused: the console's port is taken; nothing was started then.
    """
    settings = gate.config.console
    overview, site = Overview(gate), gate.site
    archive = Archive(site.engine, site.signer, site.snapshots, overview.record)
    app = create_app(
        overview,
        site.accounts,
        settings,
        gate.config.compound.timezone,
        second_factor=site.second_factor,
        keyring=site.keyring,
        archive=archive,
        office=Office(site.register, Finder(site.engine)),
        lobby=lobby_of(gate),
        handling=partial(handling_of, site, gate.config),
    )
    with ConsoleServer(app, settings) as console:
        try:
            gate.start()
            yield console.url
        finally:
            gate.stop()


def lobby_of(gate: RunningGate) -> Lobby:
    """The parts of residents' own pages over a running gate."""
    site, config = gate.site, gate.config
    return Lobby(
        register=site.register,
        phones=site.phones,
        requests=site.requests,
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
        pad_way=GatePadWay(gate),
        keyring=site.keyring,
        phone_days=config.residents.phone_days,
        address=config.residents.address,
        judge=partial(_judged, gate.faces) if gate.faces else None,
    )


def _judged(recogniser: FaceRecogniser, encoded: bytes) -> FacePhoto:
    picture = decode_picture(encoded)
    face = judge(recogniser, picture)
    return FacePhoto(face, recogniser.model_id, face_jpeg(picture, face))
