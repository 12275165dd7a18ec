"""The people of a console that only exists for its tests: real accounts and a real register on a file of their own."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import weakref
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pyotp
from argon2 import PasswordHasher

from enrollment.accounts import Account, Accounts, Role
from enrollment.act import Act
from enrollment.consent import ConsentForm, Means, Purpose
from enrollment.database import open_database, writing
from enrollment.entry import Resident
from enrollment.faces import FacePhoto
from enrollment.finding import Finder
from enrollment.form import PersonForm
from enrollment.gate_code import GateCodes
from enrollment.keyring import Keyring
from enrollment.notices import Notices
from enrollment.pads import Pads
from enrollment.passes import Passes, Quota
from enrollment.phones import Phones
from enrollment.register import Register
from enrollment.requests import Requests
from enrollment.second_factor import SecondFactor
from enrollment.tables import AccountRow
from gate.console.lobby import Lobby
from gate.console.patrol.desk import PatrolDesk
from gate.decision.decision import Verdict
from gate.erasure import Certificate
from gate.lane.presented import Presented
from gate.ledger.checkpoint import Signer
from gate.ledger.snapshots import Snapshots
from gate.own_data import OwnData
from gate.patrol.cases import Cases
from gate.patrol.plate_photos import PlatePhotos
from gate.patrol.standings import Standings
from models.errors import PictureRefused
from models.sighting import Box, Embedding, FaceQuality, FaceSighting
from tests.databases import migrated_file
from tests.gate.console.one_face import OneFace
from tests.gate.console.one_plate import OnePlate

START = datetime(2025, 11, 23, 14, 30, tzinfo=UTC)
PASSWORD = "correct horse battery"


@cache
def _migrated() -> Path:
    """A file with the newest schema, made once."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    return migrated_file(folder / "empty.db")


class CheapHasher(PasswordHasher):
    """Argon2id with next to no work."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)


def face_photo(number: float, beside: float | None = None, share: float = 0.0) -> FacePhoto:
    """The face of an invented person as photographed, mixed with so much of another one's."""

    def unit(seed: float) -> Embedding:
        vector = np.random.default_rng(int(seed)).normal(size=128).astype(np.float32)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)

    mixed = unit(number) * (1 - share) + (unit(beside) * share if beside is not None else 0)
    embedding = np.asarray(mixed / np.linalg.norm(mixed), np.float32)
    quality = FaceQuality(0.8, 160, 0.9, 0.9, 0.9, ())
    face = FaceSighting(Box(0, 0, 128, 160), np.zeros((5, 2), np.float32), 0.9, quality, embedding)
    return FacePhoto(face, "invented", b"\xff\xd8\xff photo")


@dataclass
class FakePadWay:
    """Knows one card and one PIN, opens for them unless it is `stuck`, and writes down what it was shown."""

    shown: list[tuple[str, ...]] = field(default_factory=list)
    stuck: bool = False

    def card(self, lane_id: str, number: str) -> Presented:
        self.shown.append((lane_id, "card", number))
        return self._came(known=number == "04A1B2C3")

    def pin(self, lane_id: str, household: str, pin: str) -> Presented:
        self.shown.append((lane_id, household, pin))
        return self._came(known=(household, pin) in {("3-2-501", "135792"), ("", "12345678")})

    def _came(self, *, known: bool) -> Presented:
        return Presented(Verdict.OPEN if known else Verdict.REFUSE, opened=known and not self.stuck)


class Staff(Accounts):
    """Real accounts on a file of their own: one per role, named after it, all with the same password."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        weakref.finalize(self, shutil.rmtree, self.folder)
        self.engine = open_database(shutil.copy(_migrated(), self.folder / "staff.db"))
        self.acts: list[Act] = []
        self.tried = 0
        self.keyring = Keyring(bytes(range(32)))
        self.signer = Signer(bytes(range(32)))
        self.register = Register(self.engine, self.keyring, self._keep, now=lambda: START, hasher=CheapHasher())
        self.recogniser = OneFace()
        self.codes_now = START
        self.second_factor = SecondFactor(self.engine, self._keep, self.keyring, now=lambda: self.codes_now)
        self.phones = Phones(self.engine, self.keyring, self._keep)
        self.passes = Passes(self.engine, self.keyring, self._keep, now=lambda: START)
        self.requests = Requests(self.engine, self._keep, lambda: START)
        self.notices = Notices(self.engine, self._keep, now=lambda: self.notices_now)
        self.notices_now = START
        self.pads = Pads(self.engine, self.keyring, self._keep)
        self.pad_way = FakePadWay()
        self.plates = OnePlate()
        self.listed_blocked: set[str] = set()
        snapshots = Snapshots(self.folder / "snapshots", self.keyring, 30)
        self.cases = Cases(self.engine, self.notices, snapshots, self._keep, ["out"], lambda: self.notices_now)
        standings = Standings(
            self.register, self.passes, Finder(self.engine), lambda plate, _at: plate in self.listed_blocked
        )
        self.patrol = PatrolDesk(self.cases, standings.of, PlatePhotos(self.plates, 0.8))
        lanes = {"men": "东门行人"}
        self.lobby = Lobby(
            register=self.register,
            phones=self.phones,
            requests=self.requests,
            notices=self.notices,
            own=OwnData(self.engine, self.register, self.passes, self._keep, lanes, 30, 30, lambda: START),
            codes=GateCodes(self.keyring),
            passes=self.passes,
            quota=Quota(3, 5, timedelta(days=3)),
            pads=self.pads,
            pad_way=self.pad_way,
            keyring=self.keyring,
            phone_days=30,
            judge=self.judge,
        )
        super().__init__(self.engine, self._keep, hasher=CheapHasher())
        hashed = CheapHasher().hash(PASSWORD)
        with writing(self.engine) as session:
            session.add_all(
                AccountRow(id=f"id-{role}", username=role, hash=hashed, role=role, disabled=False, created_at=START)
                for role in Role
            )

    def verify(self, username: str, password: str) -> Account | None:
        self.tried += 1
        return super().verify(username, password)

    def needed(self, username: str) -> Account:
        account = self.find(username)
        assert account is not None
        return account

    def code(self, secret: str, steps: int = 0) -> str:
        """What the phone shows now, or so many steps of 30 s later."""
        totp = pyotp.TOTP(secret)
        return totp.generate_otp(totp.timecode(self.codes_now) + steps)

    def turn_code_on(self, username: str) -> tuple[str, tuple[str, ...]]:
        """The secret in the phone, and the recovery codes."""
        account = self.needed(username)
        offer = self.second_factor.offer(account)
        return offer.secret, self.second_factor.turn_on(account.id, offer.sealed, self.code(offer.secret))

    def erase(self, subject_id: str, actor: str, version: int) -> Certificate:
        """As a site does, of the register alone."""
        gone = self.register.remove(subject_id, actor, version)
        return Certificate(subject_id, gone.kind, gone.at.isoformat(), actor, gone.gone, gone.purged, 7, "00" * 32)

    def judge(self, encoded: bytes) -> FacePhoto:
        """The face whose invented person's number stands in the bytes; anything else is no picture."""
        try:
            return face_photo(int(encoded))
        except ValueError as other:
            raise PictureRefused("picture.not_a_picture") from other

    def live_in(self, name: str = "张三", household: str = "3-2-501", *, face: int | None = None) -> Resident:
        """A resident, with a face and the consent to it where a number says whose."""
        form = PersonForm.of(name, household)
        if face is None:
            return self.register.enrol(form, "id-enroller")
        consent = ConsentForm(Purpose.FACE_ENTRY, Means.PAPER, START - timedelta(days=1))
        return self.register.enrol(form, "id-enroller", [consent], face_photo(face))

    def home(self, household: str = "3-2-501") -> str:
        """The id of a household that somebody lives in."""
        return Finder(self.engine).find(household)[0].id

    def _keep(self, _session: object, act: Act) -> None:
        self.acts.append(act)
