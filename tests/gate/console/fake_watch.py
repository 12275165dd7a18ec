"""A gate that only exists for the console: two lanes, invented people, pictures drawn here."""

from __future__ import annotations

import atexit
import dataclasses
import shutil
import tempfile
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyotp
from argon2 import PasswordHasher
from fastapi import FastAPI

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
from enrollment.pads import Pads
from enrollment.passes import Passes, Quota
from enrollment.phones import Phones
from enrollment.register import Register
from enrollment.requests import Requests
from enrollment.roster_form import RosterForm
from enrollment.second_factor import SecondFactor
from enrollment.tables import AccountRow
from gate.barrier.act import Command
from gate.camera.frame import CameraHealth, CameraState
from gate.clocks import Clock
from gate.community.connections import Connection
from gate.community.deliveries import DestinationView
from gate.community.registers.registers import SourceView
from gate.config import Console
from gate.console.app import create_app
from gate.console.barrier_watch import BarrierView, DoneView, OrderOutcome
from gate.console.desk import Office
from gate.console.enrolment.intake_desk import IntakeDesk
from gate.console.enrolment.photo_desk import PhotoDesk
from gate.console.lobby import Lobby
from gate.console.watch import HealthView, LaneView, OpenOutcome, PassageView, passage_body
from gate.decision.decision import Reason, Verdict
from gate.erasure import Certificate
from gate.errors import BarrierFault
from gate.feed import Feed
from gate.own_data import OwnData
from gate.privacy import Handling, Recipient
from gate.vocabulary import words
from models.errors import PictureRefused
from models.sighting import Box, Embedding, FaceQuality, FaceSighting, Picture
from tests.databases import migrated_file
from tests.gate.console.one_face import OneFace

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
    """Opens for one card and one PIN, and writes down what it was shown."""

    shown: list[tuple[str, ...]] = field(default_factory=list)

    def card(self, lane_id: str, number: str) -> bool:
        self.shown.append((lane_id, "card", number))
        return number == "04A1B2C3"

    def pin(self, lane_id: str, household: str, pin: str) -> bool:
        self.shown.append((lane_id, household, pin))
        return (household, pin) in {("3-2-501", "135792"), ("", "12345678")}


class Staff(Accounts):
    """Real accounts on a file of their own: one per role, named after it, all with the same password."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        weakref.finalize(self, shutil.rmtree, self.folder)
        self.engine = open_database(shutil.copy(_migrated(), self.folder / "staff.db"))
        self.acts: list[Act] = []
        self.tried = 0
        self.keyring = Keyring(bytes(range(32)))
        self.register = Register(self.engine, self.keyring, self._keep, now=lambda: START, hasher=CheapHasher())
        self.recogniser = OneFace()
        self.codes_now = START
        self.second_factor = SecondFactor(self.engine, self._keep, self.keyring, now=lambda: self.codes_now)
        self.phones = Phones(self.engine, self.keyring, self._keep)
        self.passes = Passes(self.engine, self.keyring, self._keep, now=lambda: START)
        self.requests = Requests(self.engine, self._keep, lambda: START)
        self.pads = Pads(self.engine, self.keyring, self._keep)
        self.pad_way = FakePadWay()
        lanes = {"men": "东门行人"}
        self.lobby = Lobby(
            register=self.register,
            phones=self.phones,
            requests=self.requests,
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

    def _keep(self, _session: object, act: Act) -> None:
        self.acts.append(act)


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
        staff=5,
        with_code=1,
    )


def lane_view(lane_id: str, name: str, kind: str, direction: str = "in") -> LaneView:
    camera = CameraHealth(CameraState.LIVE, frames=1200, dropped=7, reconnects=1, frames_per_s=12.5)
    return LaneView(lane_id, name, kind, direction, camera, "closed")


@dataclass
class FakeWatch:
    feed: Feed = field(default_factory=Feed)
    compound: str = "幸福里小区"
    for_trying_out: bool = False
    views: dict[str, LaneView] = field(default_factory=dict)
    passages: list[PassageView] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    crops: dict[str, bytes] = field(default_factory=dict)
    opened: list[tuple[str, str, str, str]] = field(default_factory=list)
    barrier_views: dict[str, BarrierView] = field(default_factory=dict)
    ordered: list[tuple[str | None, Command, str, str, str, str]] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    looked: list[tuple[str, str]] = field(default_factory=list)
    signed_in: list[tuple[str, bool, str]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    works: HealthView = field(default_factory=lambda: HealthView(True, True, True, True, True, ledger_rows=42))
    places: list[DestinationView] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    registers: list[SourceView] = field(default_factory=list)
    fault: Exception | None = None
    hold: threading.Event | None = None

    def lanes(self) -> Sequence[LaneView]:
        return tuple(self.views.values())

    def picture(self, lane_id: str) -> bytes | None:
        return self.pictures.get(lane_id)

    def crop(self, snapshot_id: str) -> bytes | None:
        return self.crops.get(snapshot_id)

    def recent(self, count: int) -> Sequence[PassageView]:
        if self.fault:
            raise self.fault
        return sorted(self.passages, key=lambda passage: passage.at, reverse=True)[:count]

    def open_lane(self, lane_id: str, *, actor: str, reason: str, request_id: str) -> OpenOutcome:
        self.opened.append((lane_id, actor, reason, request_id))
        if self.hold:
            self.hold.wait(10)
        if self.fault:
            raise self.fault
        self.turn_barrier(lane_id, "opening")
        return OpenOutcome("opening")

    def barriers(self) -> Sequence[BarrierView]:
        return tuple(self.barrier_views.values())

    def order(
        self, barrier_id: str | None, command: Command, *, actor: str, who: str, reason: str, request_id: str
    ) -> OrderOutcome:
        self.ordered.append((barrier_id, command, actor, who, reason, request_id))
        if self.fault:
            raise self.fault
        names = list(self.barrier_views) if barrier_id is None else [barrier_id]
        refused = {name: self.refuses[name] for name in names if name in self.refuses}
        return OrderOutcome({name: self.barrier_views[name].state for name in names}, refused)

    def record_view(self, *, actor: str, what: str) -> None:
        self.looked.append((actor, what))

    def record_passage_view(self, *, actor: str, passage_id: str) -> None:
        self.looked.append((actor, f"passage:{passage_id}"))

    def record_sign_in(self, *, username: str, ok: bool, address: str, step: str) -> None:
        self.signed_in.append((username, ok, address))
        self.steps.append(step)

    def clocks(self) -> Sequence[Clock]:
        return [Clock("passages", 365, 12, date(2026, 1, 1)), Clock("pictures", 30, 7, date(2026, 1, 1), overdue=2)]

    def destinations(self) -> Sequence[DestinationView]:
        return self.places

    def late_destinations(self) -> Sequence[str]:
        return self.late

    def sources(self) -> Sequence[SourceView]:
        return self.registers

    def health(self) -> HealthView:
        if self.fault:
            raise self.fault
        return self.works

    def turn_barrier(self, lane_id: str, state: str, fault: str | None = None, raised_by: str | None = None) -> None:
        self.views[lane_id] = dataclasses.replace(self.views[lane_id], barrier_state=state, barrier_fault=fault)
        self.feed.publish("barrier", lane_id, datetime.now(UTC), state=state, fault=fault, raised_by=raised_by)

    def turn_camera(self, lane_id: str, state: CameraState, reason: str | None = None) -> None:
        health = CameraHealth(state, reason=reason)
        self.views[lane_id] = dataclasses.replace(self.views[lane_id], camera=health)
        self.feed.publish("camera", lane_id, datetime.now(UTC), state=str(state), reason=reason)

    def pass_by(self, passage: PassageView, *, unheard: bool = False) -> PassageView:
        """Decide a passage: it is in the database and, unless nobody is to hear of it, in the news."""
        self.passages.append(passage)
        if not unheard:
            self.feed.publish("passage", passage.lane_id, passage.at, **passage_body(passage))
        return passage


def passage(
    number: int,
    verdict: Verdict = Verdict.OPEN,
    reason: Reason = Reason.KNOWN_RESIDENT,
    *,
    lane: str = "men",
    label: str | None = "张三",
    at: datetime | None = None,
    score: float | None = 0.83,
    snapshot: str | None = None,
) -> PassageView:
    """An invented passage; `number` is in its id and moves its time on by a second."""
    name = {"men": "东门行人", "che": "东门车道"}.get(lane, lane)
    moment = at or START + timedelta(seconds=number)
    return PassageView(f"passage-{number}", moment, lane, name, verdict, reason, label, score, snapshot, 182.5)


def fake_watch() -> FakeWatch:
    """A gate with a pedestrian and a vehicle lane where nobody has passed."""
    watch = FakeWatch()
    watch.views = {
        "men": lane_view("men", "东门行人", "pedestrian"),
        "che": lane_view("che", "东门车道", "vehicle"),
    }
    watch.pictures = {"men": jpeg(_walkway()), "che": jpeg(_road())}
    watch.barrier_views = {
        "arm": BarrierView(
            id="arm",
            name="东门车道",
            kind="arm",
            board="sim",
            state="opening",
            since_s=2.4,
            healthy=True,
            inputs={"open_limit": False, "closed_limit": False, "presence": True, "arm_off": None},
            alarms=("barrier.tamper",),
            held=True,
            scene={"position": 0.6, "vehicles": [[1.5, 4.6]], "people": [-1.2]},
            done=(
                DoneView("hold", "guard", "market: 早市", "guard", START, driven_ms=3.1, took_s=1.52),
                DoneView("close", "guard", "other: 试一下", "guard", START, refusal="barrier.is_held"),
                DoneView("open", "", "", "passage", START, driven_ms=2.0, fault="barrier.no_open_limit"),
            ),
        ),
        "door": BarrierView(
            id="door",
            name="东门行人",
            kind="door",
            board="modbus",
            state="fault",
            since_s=75,
            healthy=False,
            fault="barrier.not_answering",
        ),
    }
    watch.crops = {
        "face-1": jpeg(_face((70, 110, 190))),
        "face-2": jpeg(_face((120, 90, 60))),
        "plate-1": jpeg(_plate()),
    }
    return watch


def barrier_fault() -> BarrierFault:
    return BarrierFault("barrier.not_answering")


def jpeg(picture: Picture) -> bytes:
    done, encoded = cv2.imencode(".jpg", picture)
    assert done
    return encoded.tobytes()


def _ground(height: int, width: int) -> Picture:
    shade = np.linspace(210, 120, height, dtype=np.uint8)
    return np.ascontiguousarray(np.repeat(shade[:, None, None], width, 1).repeat(3, 2))


def _walkway() -> Picture:
    scene = _ground(540, 960)
    cv2.fillPoly(scene, [np.array([[360, 180], [600, 180], [860, 540], [100, 540]], np.int32)], (165, 170, 172))
    cv2.rectangle(scene, (60, 60), (300, 400), (120, 140, 160), -1)
    cv2.ellipse(scene, (500, 400), (70, 150), 0, 0, 360, (110, 70, 40), -1)
    cv2.circle(scene, (500, 225), 45, (150, 175, 210), -1)
    return scene


def _road() -> Picture:
    scene = _ground(540, 960)
    cv2.fillPoly(scene, [np.array([[400, 150], [560, 150], [960, 540], [0, 540]], np.int32)], (90, 92, 95))
    cv2.rectangle(scene, (330, 220), (650, 420), (60, 50, 150), -1)
    cv2.rectangle(scene, (380, 235), (600, 310), (190, 180, 160), -1)
    cv2.rectangle(scene, (430, 365), (550, 400), (180, 90, 20), -1)
    return scene


def _face(coat: tuple[int, int, int]) -> Picture:
    scene = np.full((160, 160, 3), 205, np.uint8)
    cv2.ellipse(scene, (80, 175), (70, 55), 0, 0, 360, coat, -1)
    cv2.ellipse(scene, (80, 75), (38, 50), 0, 0, 360, (150, 178, 214), -1)
    cv2.ellipse(scene, (80, 42), (40, 26), 0, 180, 360, (30, 30, 34), -1)
    for x in (66, 94):
        cv2.circle(scene, (x, 72), 4, (40, 40, 40), -1)
    return scene


def _plate() -> Picture:
    scene = np.full((50, 160, 3), (170, 85, 15), np.uint8)
    cv2.rectangle(scene, (3, 3), (156, 46), (240, 240, 240), 2)
    cv2.putText(scene, "A12345", (22, 36), cv2.FONT_HERSHEY_DUPLEX, 0.9, (250, 250, 250), 2)
    return scene
