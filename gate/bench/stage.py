"""A gate on a stage: the real lanes, rules, record and barriers, with pictures handed to them in simulated time.

Every picture is looked at, however long the one before took; what a step takes is measured and added to the time of its
picture, so that delays are real while the hours between passages cost nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from enrollment.consent import ConsentForm, Means, Purpose
from enrollment.photo import judge
from gate.barrier.simulated_door import SimulatedDoor
from gate.barrier.simulator import SimulatedBarrier
from gate.barriers import Barriers
from gate.bench.passages import PEDESTRIAN, VEHICLE, KnownPerson, KnownVehicle, Labelled, Staging
from gate.camera.frame import CameraHealth, CameraState, Frame
from gate.camera.region import Region
from gate.config import Config, parse_config
from gate.decision.decision import Verdict
from gate.decision.rules import Rules
from gate.lane.lane import LaneWorker, Outcome
from gate.lane.presence import Presence
from gate.lane.register_watch import RegisterWatch
from gate.lane.watching import FaceWatcher, PlateWatcher, Watcher
from gate.ledger.writer import LedgerWriter
from gate.running import BarrierWay
from gate.site import Site, open_site
from gate.threads import one_thread_a_task
from models.cast import Cast
from models.open import open_face_recogniser, open_plate_recogniser
from models.roles import FaceRecogniser
from models.sighting import Picture
from models.store import Store

BETWEEN_S = 20.0
"""From the end of one passage to the next: longer than any rule remembers whom it has decided."""
POLL_S = 0.1
"""How often the barriers look at their inputs while nothing comes."""
BEGINNING = datetime(2026, 1, 5, 4, tzinfo=UTC)
ACTOR = "bench"
CONSENT = ConsentForm(Purpose.FACE_ENTRY, Means.PAPER, datetime(2025, 1, 2, tzinfo=UTC))
"""For the register that a measurement makes and throws away; whose pictures are measured is asked by who has them."""


class StageClock:
    """Monotonic seconds of the stage: the picture's time and what has been spent on it since."""

    def __init__(self) -> None:
        self._at_s = 0.0
        self._since: float | None = None

    def __call__(self) -> float:
        """Now."""
        return self._at_s + (0.0 if self._since is None else time.perf_counter() - self._since)

    def begin(self, at_s: float) -> None:
        """A picture was taken at `at_s`; from now on real time counts."""
        self._at_s, self._since = at_s, time.perf_counter()

    def rest(self, at_s: float) -> None:
        """Nothing is going on, and it is `at_s`."""
        self._at_s, self._since = at_s, None


@dataclass(slots=True)
class Reel:
    """Implements `Camera` for one picture after the other."""

    id: str
    frame: Frame | None = None

    def newest(self, after: int, timeout_s: float) -> Frame | None:  # noqa: ARG002 - nothing to wait for
        """The picture that was put in last, once."""
        return self.frame if self.frame and self.frame.number > after else None

    def health(self) -> CameraHealth:
        """Always live."""
        return CameraHealth(CameraState.LIVE)

    def put(self, picture: Picture, at_s: float) -> None:
        """Show a picture as taken at `at_s`."""
        number = self.frame.number + 1 if self.frame else 1
        self.frame = Frame(self.id, number, BEGINNING + timedelta(seconds=at_s), at_s, picture)


@dataclass(slots=True)
class Played:
    """What came of one passage: decisions with the seconds from the first usable sight to the command or the record,
    and the processor and film seconds that its pictures took.
    """

    passage: Labelled
    outcomes: list[Outcome] = field(default_factory=list)
    cpu_s: float = 0.0
    film_s: float = 0.0


class Stage:
    """A compound in a folder of its own, opened on entry. Raises what keeps a gate from running, and `PhotoRefused`."""

    def __init__(self, folder: Path, staging: Staging, config: Config, cast: Cast | None = None) -> None:
        self._folder = folder
        self._staging = staging
        self._wanted = config
        self._cast = cast
        self._open = ExitStack()
        self._clock = StageClock()
        self._now_s = 0.0
        self._outcomes: list[Outcome] = []
        self.names: Mapping[str, str] = {}

    def __enter__(self) -> Self:
        one_thread_a_task()
        with ExitStack() as undo:
            config = _staged(self._wanted, self._folder)
            site = undo.enter_context(open_site(config, create=True))
            cast = self._cast or site.cast(config.models)
            store, threads = Store(), config.models.threads
            limits = config.faces.limits(cast)
            judge = cast.face_liveness if limits.liveness.on else None
            finder, embedder = cast.face_finder, cast.face_embedder
            faces = open_face_recogniser(finder, embedder, store, threads, judge, rims=limits.liveness.on)
            plates = open_plate_recogniser(cast.plate_finder, cast.plate_reader, store, threads)
            self.names = enrol(site, self._staging.people, self._staging.vehicles, faces)
            register = RegisterWatch(site.engine, site.keyring, faces.model_id)
            writer = LedgerWriter(site.engine, site.snapshots, signer=site.signer)
            writer.start()
            undo.callback(writer.stop)
            self._barriers = Barriers(config, lambda _id, _act: None, clock=self._clock)
            undo.callback(self._barriers.stop)
            self._reels = {lane.id: Reel(lane.camera) for lane in config.lane}
            self._lanes: dict[str, LaneWorker] = {}
            ruled = {lane.id: Rules.of(config, lane, limits) for lane in config.lane}
            for lane in config.lane:
                watcher: Watcher = PlateWatcher(plates, register.book, config.plates, Region(lane.region))
                if lane.kind == PEDESTRIAN:
                    watcher = FaceWatcher(faces, register.gallery, lane.id, limits, Region(lane.region))
                rules = ruled[lane.id]
                self._lanes[lane.id] = LaneWorker(
                    rules=partial(ruled.__getitem__, lane.id),
                    zone=ZoneInfo(config.compound.timezone),
                    camera=self._reels[lane.id],
                    watcher=watcher,
                    way=BarrierWay(self._barriers.by_id[lane.barrier]),
                    writer=writer,
                    on_outcome=self._outcomes.append,
                    presence=Presence((rules.faces if lane.kind == PEDESTRIAN else rules.plates).repeat_s),
                    clock=self._clock,
                )
            self._watch_barriers()
            self._open = undo.pop_all()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._open.close()

    def play(self, passage: Labelled) -> Played:
        """Show a passage to its lane, then let the time pass until the next."""
        played = Played(passage)
        lane, reel = self._lanes[passage.lane], self._reels[passage.lane]
        self._outcomes.clear()
        begun_s = self._now_s
        for at_s, picture in passage.film():
            self._rest_until(begun_s + at_s)
            reel.put(picture, self._now_s)
            self._clock.begin(self._now_s)
            spent = time.thread_time()
            lane.step()
            played.cpu_s += time.thread_time() - spent
            played.film_s = at_s
            if any(outcome.decision.verdict is Verdict.OPEN for outcome in self._outcomes):
                self._come_through(passage.lane)
            played.outcomes += self._outcomes
            self._outcomes.clear()
        self._rest_until(self._now_s + BETWEEN_S)
        return played

    def _rest_until(self, at_s: float) -> None:
        """Let time pass for the barriers."""
        while self._now_s + POLL_S < at_s:
            self._now_s += POLL_S
            self._clock.rest(self._now_s)
            self._watch_barriers()
        self._now_s = max(self._now_s, at_s)
        self._clock.rest(self._now_s)
        self._watch_barriers()

    def _watch_barriers(self) -> None:
        for barrier in self._barriers.by_id.values():
            barrier.poll_once()
            barrier.deliver()

    def _come_through(self, lane: str) -> None:
        device = self._barriers.by_id[lane].device
        if isinstance(device, SimulatedBarrier | SimulatedDoor):
            device.come_through()


def _staged(config: Config, folder: Path) -> Config:
    """The rules and models of a configuration, at a gate with one lane of each kind in the folder."""
    door = "sim://?unwired=passed,presence,fire,tamper,power_lost,manual_key"
    kinds = {PEDESTRIAN: ("door", door), VEHICLE: ("arm", "sim://")}
    staged = parse_config(
        {
            "storage": {"folder": str(folder)},
            "camera": [{"id": kind, "url": "folder:."} for kind in kinds],
            "barrier": [
                {"id": kind, "kind": sort, "url": url, "hold_open_s": 3.0} for kind, (sort, url) in kinds.items()
            ],
            "lane": [{"id": kind, "name": kind, "kind": kind, "camera": kind, "barrier": kind} for kind in kinds],
        },
        folder / "gate.toml",
    )
    return staged.model_copy(
        update={"faces": config.faces, "plates": config.plates, "models": config.models, "compound": config.compound}
    )


def enrol(
    site: Site, people: Sequence[KnownPerson], vehicles: Sequence[KnownVehicle], faces: FaceRecogniser
) -> dict[str, str]:
    """Enrol everybody; the name or plate of each by its opaque id."""
    names = {}
    for person in people:
        face = judge(faces, person.photo())
        added = site.register.add_resident(person.name, person.household, face, faces.model_id, ACTOR, consent=CONSENT)
        names[added.id] = person.name
    for vehicle in vehicles:
        reason = ACTOR if vehicle.blocked else None
        entry = site.register.add_vehicle(
            vehicle.plate, vehicle.household, ACTOR, vehicle.colour, blocked_reason=reason
        )
        names[entry.id] = entry.plate
    return names
