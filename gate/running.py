"""The running gate: every part of a configuration opened, joined, started and stopped in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from enrollment.consent import Purpose
from enrollment.gate_code import GateCodes
from gate.backup_keeper import BackupKeeper
from gate.barrier.act import ActKind, BarrierAct, Command
from gate.barrier.controller import Barrier
from gate.barrier.standing import State
from gate.barriers import Barriers
from gate.camera.frame import CameraHealth, Frame
from gate.camera.region import Region
from gate.camera.worker import CameraWorker, open_camera
from gate.community.deliveries import Deliveries, outbox_of
from gate.community.registers.keeper import Keepers
from gate.community.registers.registers import Registers
from gate.config import Config, Lane, ReaderPart
from gate.console.watch import PassageView, passage_body
from gate.feed import Feed
from gate.lane.code_reader import CodeReader
from gate.lane.lane import Codes, Facts, LaneWorker, Opening, Outcome
from gate.lane.presence import Presence
from gate.lane.presenting import Presenting
from gate.lane.register_watch import RegisterWatch
from gate.lane.showing import Showing, Shown
from gate.lane.supervisor import Supervisor
from gate.lane.watching import FaceWatcher, PlateWatcher, Watcher
from gate.ledger.anchors import AnchorKeeper, Folder, Place
from gate.ledger.kinds import row_kind
from gate.ledger.ledger import StaffActs
from gate.ledger.posted_anchor import PostedAnchor
from gate.ledger.writer import LedgerWriter
from gate.parking.book import ParkingBook
from gate.parking.room import ParkingRoom
from gate.passages import view_of
from gate.patrol.case_watch import CaseWatch
from gate.patrol.cases import Cases
from gate.pin_tries import PinTries
from gate.reader.reader import Condition, ReaderState
from gate.readers import Readers
from gate.retention import Retention
from gate.rulebook.pass_book import PassBook
from gate.rulebook.rulebook import Rulebook
from gate.rulebook.whereabouts import Whereabouts
from gate.site import Site
from gate.threads import one_thread_a_task
from models.open import open_face_recogniser, open_plate_recogniser
from models.roles import FaceRecogniser, PlateRecogniser
from models.store import Store

log = structlog.get_logger("gate")


class BarrierWay:
    """A lane's barrier as the lane sees it: one opening per passage."""

    def __init__(self, barrier: Barrier) -> None:
        self._barrier = barrier

    def open_for(self, passage: str) -> Opening:
        """Give the command."""
        receipt = self._barrier.command(Command.OPEN, command_id=passage, cause="passage")
        return Opening(receipt.accepted, receipt.driven_s, receipt.refusal)


class RunningGate:
    """Opens models, cameras, barriers and lanes at once; `start` sets them going, `stop` ends them in order.

    Raises from the constructor whatever keeps the gate from running: `ModelsError`, `ConfigRefused`, `KeyUnusable`.
    A camera or barrier that does not answer keeps nothing from running: it is retried and shown.
    """

    def __init__(
        self,
        config: Config,
        site: Site,
        store: Store,
        on_passage: Callable[[PassageView, Outcome], None] = lambda _view, _outcome: None,
        source: Path | None = None,
    ) -> None:
        """`source` is the gate.toml of `config`, whose rules are followed while the gate runs."""
        self.config = config
        self.site = site
        self.feed = Feed()
        self._on_passage = on_passage
        one_thread_a_task()
        outbox = outbox_of(config)
        self.writer = LedgerWriter(site.engine, site.snapshots, signer=site.signer, post=outbox.post)
        self.cast = site.cast(config.models)
        self._face_limits = config.faces.limits(self.cast)
        self._whereabouts = Whereabouts(site.engine, {lane.id: lane.direction for lane in config.lane})
        self._pass_book = PassBook(site.passes)
        timezone = ZoneInfo(config.compound.timezone)
        self._parking_book = ParkingBook(site.engine, config.parking.parking, timezone)
        self.parking = ParkingRoom(site.engine, self._parking_book, StaffActs(site.signer), timezone)
        facts = self._whereabouts, self._pass_book, self._parking_book
        self.rulebook = Rulebook(config, site.engine, self._face_limits, self.writer.note, *facts, source=source)
        kinds = {lane.kind for lane in config.lane}
        self.faces = self._open_faces(store) if "pedestrian" in kinds else None
        self.plates = self._open_plates(store) if "vehicle" in kinds else None
        self.register_watch = RegisterWatch(site.engine, site.keyring, self.faces.model_id if self.faces else None)
        self.showing = Showing(
            GateCodes(site.keyring), site.register.credentials, site.passes, self.register_watch.people
        )
        self.presenting = Presenting(
            self.showing,
            {lane.id: lane.direction for lane in config.lane},
            lambda lane_id: self.supervisors[lane_id].worker,
        )
        self.pin_tries = PinTries(time.monotonic)
        self.readers = Readers(config, self.presenting, self._reader_changed, self.pin_tries)
        self.cameras: dict[str, CameraWorker] = {
            part.id: open_camera(part, regions=_regions(config, part.id), on_change=self._camera_changed)
            for part in config.camera
        }
        self._barriers = Barriers(config, self._barrier_acted)
        self.barriers: dict[str, Barrier] = self._barriers.by_id
        self.compound = self._barriers.compound
        self.supervisors = {lane.id: Supervisor(lane.id, self._builder(lane)) for lane in config.lane}
        self._raised_by: dict[str, str] = {}
        self._reader_told: dict[str, tuple[ReaderState, bool]] = {}
        self.lane_of_barrier = {lane.barrier: lane.id for lane in config.lane}
        out = [lane.id for lane in config.lane if lane.direction == "out"]
        self.cases = Cases(site.engine, site.notices, site.snapshots, StaffActs(site.signer), out)
        self._case_watch = CaseWatch(self.cases.settle)
        forgets = site.passes.forget, site.phones.forget, site.notices.forget, self.cases.forget
        self._retention = Retention(site.snapshots, site.engine, site.register.consents, forgets)
        self._backups = BackupKeeper(site, config, self.writer.note)
        self._anchors = AnchorKeeper(site.engine, places_of(config))
        self.shares = partial(site.register.consents.agreed, purpose=Purpose.COMMUNITY_SHARING)
        self.deliveries = Deliveries(site, config, self.writer.note, self.shares, outbox=outbox, on_late=self._late)
        self.registers = Registers(site, config)
        self.register_keepers = Keepers(self.registers)
        self._stopped = threading.Lock()

    def start(self) -> None:
        """Set everything going: the record first, the lanes last."""
        self.writer.start()
        lanes = {lane.id: {"camera": lane.camera, "barrier": lane.barrier} for lane in self.config.lane}
        self.writer.note("gate.started", version=version("menwei"), lanes=lanes)
        self.rulebook.start()
        self._retention.start()
        self._case_watch.start()
        self._anchors.start()
        self._backups.start()
        self.deliveries.start()
        self.register_keepers.start()
        self.register_watch.start()
        self._barriers.start()
        for camera in self.cameras.values():
            camera.start()
        for supervisor in self.supervisors.values():
            supervisor.start()
        self.readers.start()
        log.info("gate.started", lanes=len(self.supervisors))

    def stop(self) -> None:
        """End everything: the lanes first, the record last. A second call does nothing."""
        if not self._stopped.acquire(blocking=False):
            return
        self.readers.stop()
        for supervisor in self.supervisors.values():
            supervisor.stop()
        for camera in self.cameras.values():
            camera.stop()
        self._barriers.stop()
        self.rulebook.stop()
        self.register_watch.stop()
        self._retention.stop()
        self._case_watch.stop()
        self._backups.stop()
        self.deliveries.stop()
        self.register_keepers.stop()
        self.writer.note("gate.stopped")
        self.writer.stop()
        self._anchors.stop()
        log.info("gate.stopped")

    def _open_faces(self, store: Store) -> FaceRecogniser:
        cast = self.cast
        return open_face_recogniser(
            cast.face_finder,
            cast.face_embedder,
            store,
            self.config.models.threads,
            cast.face_liveness if self._face_limits.liveness.on else None,
            rims=self._face_limits.liveness.on,
        )

    def _open_plates(self, store: Store) -> PlateRecogniser:
        cast = self.cast
        return open_plate_recogniser(cast.plate_finder, cast.plate_reader, store, self.config.models.threads)

    def _builder(self, lane: Lane) -> Callable[[], LaneWorker]:
        rules = self.rulebook.of(lane.id)
        facts = Facts(
            history=self._whereabouts.of,
            passed=lambda subject, at: self._whereabouts.passed(subject, lane.direction, at),
            visit=lambda plate, at: self._pass_book.visit(plate, at, lane.direction),
            use=lambda visit, at, passage: self._pass_book.use(visit, at, lane.direction, passage),
            give_back=lambda visit, passage: self._pass_book.give_back(visit, lane.direction, passage),
            parked=self._parking_book.parked,
            entered=self._parking_book.entered,
        )
        presence = Presence((rules.faces if lane.kind == "pedestrian" else rules.plates).repeat_s)

        def build() -> LaneWorker:
            return LaneWorker(
                rules=lambda: self.rulebook.of(lane.id),
                facts=facts,
                codes=self._codes(lane),
                zone=ZoneInfo(self.config.compound.timezone),
                camera=self.cameras[lane.camera],
                watcher=self._watcher(lane),
                way=BarrierWay(self.barriers[lane.barrier]),
                writer=self.writer,
                on_outcome=lambda outcome: self._decided(lane, outcome),
                presence=presence,
                region=Region(lane.region),
                context=self.config.storage.context_pictures,
            )

        return build

    def _codes(self, lane: Lane) -> Codes | None:
        if not lane.qr:
            return None
        reader = CodeReader(Region(lane.region))

        def shown(frame: Frame) -> Iterator[Shown]:
            for text in reader.read(frame.luma, frame.taken_s):
                found = self.showing.qr(text, frame.at, lane.direction)
                if found is not None:
                    yield found

        return shown

    def _watcher(self, lane: Lane) -> Watcher:
        region = Region(lane.region)
        if lane.kind == "pedestrian" and self.faces:
            return FaceWatcher(self.faces, self.register_watch.gallery, lane.id, self._face_limits, region)
        if lane.kind == "vehicle" and self.plates:
            return PlateWatcher(self.plates, self.register_watch.book, self.config.plates, region)
        raise LookupError(f"no model for a {lane.kind} lane")

    def _decided(self, lane: Lane, outcome: Outcome) -> None:
        view = view_of(outcome, lane, self.site.register)
        self.feed.publish("passage", lane.id, view.at, **passage_body(view))
        self._on_passage(view, outcome)

    def _camera_changed(self, camera: str, health: CameraHealth) -> None:
        self.writer.note("camera", camera=camera, state=health.state.value, reason=health.reason)
        for lane in self.config.lane:
            if lane.camera == camera:
                self.feed.publish("camera", lane.id, datetime.now(UTC), state=health.state.value, reason=health.reason)

    def _reader_changed(self, part: ReaderPart, condition: Condition) -> None:
        standing = condition.state, bool(condition.tampered)
        if self._reader_told.get(part.id) == standing:
            return  # lost for another reason than before: the record grows by what changes for the people at the lane
        self._reader_told[part.id] = standing
        state = "tampered" if standing == (ReaderState.ONLINE, True) else condition.state.value
        self.writer.note("reader", reader=part.id, lane=part.lane, state=state, reason=condition.fault)
        self.feed.publish("reader", part.lane, datetime.now(UTC), id=part.id, state=state, reason=condition.fault)

    def _late(self, destinations: Sequence[str]) -> None:
        self.feed.publish("community", None, datetime.now(UTC), late=list(destinations))

    def _barrier_acted(self, barrier: str, act: BarrierAct) -> None:
        kind = row_kind(act.kind)
        saving = self.writer.note(
            kind,
            barrier=barrier,
            act=act.kind.value,
            before=act.before.value if act.before else None,
            after=act.after.value,
            cause=act.cause,
            command=act.command.value if act.command else None,
            command_id=act.command_id,
        )
        if saving.done():
            saving.result()  # a full spool refuses at once; the barrier's reporter then keeps the act and tries again
        opened = act.kind is ActKind.COMMANDED and act.command in {Command.OPEN, Command.HOLD, Command.EMERGENCY}
        if opened or act.kind is ActKind.RAISED:
            self._raised_by[barrier] = act.cause
        elif act.after is State.CLOSED:
            self._raised_by.pop(barrier, None)
        self.feed.publish(
            "barrier",
            self.lane_of_barrier.get(barrier),
            datetime.now(UTC),
            state=act.after.value,
            fault=self.barriers[barrier].standing().fault,
            raised_by=self._raised_by.get(barrier),
            alarm=act.cause if act.kind in {ActKind.ALARMED, ActKind.FORCED} else None,
        )


def places_of(config: Config) -> list[Place]:
    """Where the configuration wants checkpoints noted."""
    ledger, places = config.ledger, [*map(Folder, config.ledger.anchor_folders)]
    if ledger.anchor_url is None or ledger.anchor_secret_file is None:
        return [*places]
    posted = PostedAnchor(ledger.anchor_url, ledger.anchor_secret_file, config.compound.name, ledger.anchor_ca_file)
    return [*places, posted]


def _regions(config: Config, camera: str) -> list[Region]:
    """What the lanes of a camera look at."""
    return [Region(lane.region) for lane in config.lane if lane.camera == camera]
