"""The console of a gate that only exists for it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from fastapi import FastAPI

from enrollment.consent import Purpose
from enrollment.finding import Finder
from enrollment.roster_form import RosterForm
from enrollment.sign_ins import SignIns
from gate.clocks import Clock
from gate.community.connections import Connection
from gate.config import Console
from gate.console.app import create_app
from gate.console.desk import Office
from gate.console.enrolment.intake_desk import IntakeDesk
from gate.console.enrolment.photo_desk import PhotoDesk
from gate.privacy import Handling, Recipient
from gate.shift_notes import ShiftNotes
from gate.vocabulary import words
from tests.gate.console.fake_watch import FakeWatch
from tests.gate.console.staff import Staff


def console_app(watch: FakeWatch, accounts: Staff, settings: Console, **parts: Any) -> FastAPI:
    """The console of a gate that only exists for it."""
    return create_app(
        watch,
        accounts,
        settings,
        "Asia/Shanghai",
        second_factor=accounts.second_factor,
        keyring=accounts.keyring,
        office=_office(accounts),
        lobby=accounts.lobby,
        handling=partial(handling, watch),
        patrol=accounts.patrol,
        shift_notes=ShiftNotes(accounts.engine, accounts.signer),
        sign_ins=SignIns(accounts.engine, "here", parts.get("wall", lambda: datetime.now(UTC))),
        **parts,
    )


def _office(accounts: Staff) -> Office:
    photos = PhotoDesk(accounts.recogniser)
    folder = accounts.folder / "intake"
    intake = IntakeDesk(
        folder, accounts.register, lambda: RosterForm(words()), photos.take, lambda _delay_s, _act: None
    )
    return Office(accounts.register, Finder(accounts.engine), photos, accounts.erase, intake)


def handling(watch: FakeWatch) -> Handling:
    """What an invented compound does with personal data."""
    return Handling(
        day=date(2026, 3, 1),
        compound=watch.compound,
        handler="示范小区业主委员会",
        contact="",
        lanes={"南门人行": "pedestrian"},
        finder="yunet-s",
        embedder="starter-face",
        liveness=None,
        clocks=(*watch.clocks(), Clock("probe", 0, 0), Clock("templates", None, 80_001), Clock("chain", None, 9)),
        askers=(),
        recipients=(Recipient("office", "webhook", "https://192.0.2.9", names=True, pictures=False, plates=True),),
        connections=(Connection("destination", "office", "https://192.0.2.9"),),
        residents=90_000,
        minors=3,
        vehicles=900,
        faces=80_001,
        consents={Purpose.FACE_ENTRY: 80_001},
        declined={Purpose.FACE_ENTRY: 12},
        staff=5,
        with_code=1,
    )
