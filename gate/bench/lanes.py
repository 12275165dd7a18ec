"""Two lanes in real time: films as a camera sends them through cameras, lanes, record and barriers, all at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gate.barrier.simulated_door import SimulatedDoor
from gate.barrier.simulator import SimulatedBarrier
from gate.bench.gate import Times
from gate.bench.passages import PEDESTRIAN, VEHICLE, KnownPerson, KnownVehicle
from gate.bench.stage import enrol
from gate.camera.frame import CameraHealth, CameraState
from gate.config import Config, parse_config
from gate.console.watch import PassageView
from gate.decision.decision import Verdict
from gate.lane.lane import Outcome
from gate.running import RunningGate
from gate.site import open_site
from gate.threads import settle
from models.open import open_face_recogniser
from models.store import Store

LOOK_S = 0.05
"""How often the clocks of the threads are read: a camera's ends with its film."""
WARM_S = 3.0
"""A resting lane is measured from then on: it looks closely at first, and goes on for a while."""
SETTLE_S = 8.0
"""The same where the small stream has to have been still for a while, and a group of pictures to begin."""
DOOR = "sim://?unwired=passed,presence,fire,tamper,power_lost,manual_key"
KINDS = {PEDESTRIAN: ("door", DOOR), VEHICLE: ("arm", "sim://")}


@dataclass(frozen=True, slots=True)
class LaneScore:
    """What one lane did. `wanted` are the openings there should be, `opened` those of them that there were, `wrong` any
    others. `camera` and `lane` are the shares of one core that its two threads took. `dropped` pictures were replaced
    by a newer one before the lane came to them.
    """

    wanted: int
    opened: int
    wrong: int
    pictures: int
    dropped: int
    camera: float
    lane: float


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening: for whom, and milliseconds between pictures and from the deciding one to the command."""

    lane: str
    name: str
    pictures_ms: float
    frame_ms: float


@dataclass(frozen=True, slots=True)
class LanesScore:
    """Both lanes at once: times over all openings, and the share of one core that the whole process took.

    The times run on the real clock, from the picture on which somebody was first usable: on a machine that does more
    than this, they are its own. `pictures` counts only what lies between pictures, from the first usable to the one
    that decided. `openings` are in the order of the time they took, the slowest first.
    """

    lanes: dict[str, LaneScore]
    openings: tuple[Opening, ...]
    first_sight_to_command_ms: Times
    pictures_ms: Times
    frame_to_command_ms: Times
    process: float
    film_s: float


@dataclass(frozen=True, slots=True)
class RestScore:
    """One lane with nobody in it: shares of one core of the whole process, its camera's threads and its lane's."""

    process: float
    camera: float
    lane: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Casting:
    """Who is enrolled, and the rules and models that the gate runs on."""

    people: Sequence[KnownPerson]
    vehicles: Sequence[KnownVehicle]
    config: Config


class Clocks:
    """Processor seconds of the threads of a gate, by name; of one that has ended as far as it was looked at."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._began = time.process_time(), time.monotonic()

    def look(self) -> None:
        """Read the clock of every thread there is."""
        for thread in threading.enumerate():
            if thread.ident is not None and thread.name.startswith(("camera-", "lane-")):
                try:
                    self.spent[thread.name] = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
                except OSError:
                    continue  # it has just ended

    def process(self) -> tuple[float, float]:
        """Processor seconds of the process, and seconds, since this was made."""
        return time.process_time() - self._began[0], time.monotonic() - self._began[1]


def measure(
    folder: Path, films: Mapping[str, Path], opens: Mapping[str, Sequence[str]], casting: Casting
) -> LanesScore:
    """Play a film to each lane, all at the same time, at a gate of its own in the (empty) folder."""
    outcomes: dict[str, list[Outcome]] = {lane: [] for lane in films}
    with _Playing(folder, films, casting, outcomes) as playing:
        clocks = Clocks()
        while any(health.state is not CameraState.ENDED for health in playing.health().values()):
            clocks.look()
            time.sleep(LOOK_S)
        spent, film_s = clocks.process()
        health = playing.health()
    opened = {lane: [one for one in outcomes[lane] if one.decision.verdict is Verdict.OPEN] for lane in films}
    names = {lane: playing.names_of(opened[lane]) for lane in films}
    openings = [
        Opening(lane, name, round(1000 * one.decision.evidence.lasting_s, 1), round(1000 * one.delay_s, 1))
        for lane in films
        for one, name in zip(opened[lane], names[lane], strict=True)
    ]
    return LanesScore(
        lanes={lane: _lane(lane, health[lane], opens[lane], names[lane], clocks, film_s) for lane in films},
        openings=tuple(sorted(openings, key=lambda one: one.pictures_ms + one.frame_ms, reverse=True)),
        first_sight_to_command_ms=Times.of(one.pictures_ms + one.frame_ms for one in openings),
        pictures_ms=Times.of(one.pictures_ms for one in openings),
        frame_to_command_ms=Times.of(one.frame_ms for one in openings),
        process=spent / film_s,
        film_s=film_s,
    )


def rest(folder: Path, lane: str, film: Path, casting: Casting, seconds: float, small: Path | None = None) -> RestScore:
    """Show one lane a film of nobody, again and again, at a gate of its own in the (empty) folder.

    `small` is what the camera's small stream shows beside it, where it has one.
    """
    with _Playing(folder, {lane: film}, casting, {lane: []}, loop=True, small=small):
        time.sleep(WARM_S if small is None else SETTLE_S)
        clocks = Clocks()
        clocks.look()
        before = dict(clocks.spent)
        time.sleep(seconds)
        clocks.look()
        spent, lasted_s = clocks.process()
    shares = {name: (clocks.spent[name] - before[name]) / lasted_s for name in before}
    camera = sum(share for name, share in shares.items() if name.startswith(f"camera-{lane}"))
    return RestScore(spent / lasted_s, camera, shares[f"lane-{lane}"], lasted_s)


def _lane(
    lane: str, health: CameraHealth, wanted: Sequence[str], opened: Sequence[str], clocks: Clocks, film_s: float
) -> LaneScore:
    right = (Counter(wanted) & Counter(opened)).total()
    return LaneScore(
        wanted=len(wanted),
        opened=right,
        wrong=len(opened) - right,
        pictures=health.frames,
        dropped=health.dropped,
        camera=clocks.spent.get(f"camera-{lane}", 0.0) / film_s,
        lane=clocks.spent.get(f"lane-{lane}", 0.0) / film_s,
    )


class _Playing:
    """A whole gate that plays films to its lanes, for as long as a `with` block lasts."""

    def __init__(
        self,
        folder: Path,
        films: Mapping[str, Path],
        casting: Casting,
        outcomes: Mapping[str, list[Outcome]],
        *,
        loop: bool = False,
        small: Path | None = None,
    ) -> None:
        self._config = _config(folder, films, casting.config, loop=loop, small=small)
        self._casting = casting
        self._outcomes = outcomes
        self._names: Mapping[str, str] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            site = undo.enter_context(open_site(self._config, create=True))
            store, models = Store(), self._config.models
            cast = site.cast(models)
            faces = open_face_recogniser(cast.face_finder, cast.face_embedder, store, models.threads)
            self._names = enrol(site, self._casting.people, self._casting.vehicles, faces)
            self._gate = RunningGate(self._config, site, store, self._passed)
            settle()
            self._gate.start()
            undo.callback(self._gate.stop)
            self._open = undo.pop_all()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._open.close()

    def health(self) -> dict[str, CameraHealth]:
        """Of each lane's camera."""
        return {name: camera.health() for name, camera in self._gate.cameras.items()}

    def names_of(self, opened: Sequence[Outcome]) -> list[str]:
        """Name or plate of each that was let in."""
        return [self._names.get(one.decision.subject.id, "") if one.decision.subject else "" for one in opened]

    def _passed(self, view: PassageView, outcome: Outcome) -> None:
        self._outcomes[view.lane_id].append(outcome)
        device = self._gate.barriers[view.lane_id].device
        if outcome.decision.verdict is Verdict.OPEN and isinstance(device, SimulatedBarrier | SimulatedDoor):
            device.come_through()


def _config(folder: Path, films: Mapping[str, Path], rules: Config, *, loop: bool, small: Path | None) -> Config:
    """One lane, camera and barrier for each film, all called alike, by the rules and models of a configuration."""
    beside = {"substream": f"file:{small.resolve()}"} if small else {}
    config = parse_config(
        {
            "storage": {"folder": str(folder)},
            "camera": [
                {"id": lane, "url": f"file:{film.resolve()}", "loop": loop, **beside} for lane, film in films.items()
            ],
            "barrier": [
                {"id": lane, "kind": KINDS[lane][0], "url": KINDS[lane][1], "hold_open_s": 1.5} for lane in films
            ],
            "lane": [{"id": lane, "name": lane, "kind": lane, "camera": lane, "barrier": lane} for lane in films],
        },
        folder / "gate.toml",
    )
    return config.model_copy(
        update={"faces": rules.faces, "plates": rules.plates, "models": rules.models, "compound": rules.compound}
    )
