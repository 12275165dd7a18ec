"""The sample compound: who lives there, what they drive, who comes to the gate, and what the gate should do about it.

Everybody and every plate is invented.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from gate.decision.decision import Reason, Verdict
from models.sighting import Picture, PlateColour
from samples.canvas import Bgr
from samples.cars import draw_car, draw_lorry
from samples.film import write_film
from samples.heads import (
    FIRST_MAN,
    FIRST_WOMAN,
    FOURTH_WOMAN,
    SECOND_MAN,
    SECOND_WOMAN,
    THIRD_WOMAN,
    enrolment_photo,
)
from samples.people import Light, Looks, draw_figure
from samples.plates import Plate, Style
from samples.scenery import path, road
from samples.traffic import BACK_OUT_S, GO_THROUGH_S, Drive, Turn, drive_by
from samples.walking import WALK_S, Walk, walk_by
from samples.weather import DAY, DUSK, RAIN, Weather

PEDESTRIAN_LANE = "pedestrian"
VEHICLE_LANE = "vehicle"

RATE = 15
"""Frames per second of both films."""

STAMP = "drawn.json"
INGREDIENTS = ("av", "numpy", "opencv-python", "pillow", "scikit-image", "insightface")
"""Packages that the films are drawn with: other versions may draw other pixels."""

COURTYARD = Weather(blur_px=0.55, noise=1.5)
REPORT_EVERY = 40
"""Frames between two reports of progress."""

COLOURS = {
    Style.BLUE: PlateColour.BLUE,
    Style.GREEN: PlateColour.GREEN,
    Style.YELLOW: PlateColour.YELLOW,
    Style.YELLOW_TWO_ROWS: PlateColour.YELLOW,
    Style.POLICE: PlateColour.WHITE,
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who comes to the wicket; `slug` names files. A stranger belongs to no household."""

    name: str
    slug: str
    household: str
    looks: Looks
    enrolled: bool = True


@dataclass(frozen=True, slots=True)
class SampleVehicle:
    """A vehicle that comes to the barrier, and the colour of its body."""

    plate: str
    style: Style
    household: str
    body: Bgr
    enrolled: bool = True
    blocked: bool = False

    @property
    def colour(self) -> PlateColour:
        """The colour of its plate."""
        return COLOURS[self.style]

    @property
    def drawn_plate(self) -> Plate:
        """The plate, to draw."""
        return Plate(self.plate, self.style)

    @property
    def outcome(self) -> tuple[Verdict, Reason]:
        """What the gate should do about it."""
        if self.blocked:
            return Verdict.REFUSE, Reason.BLOCKED
        if self.enrolled:
            return Verdict.OPEN, Reason.KNOWN_VEHICLE
        return Verdict.ASK, Reason.UNKNOWN_VEHICLE


@dataclass(frozen=True, slots=True)
class Visit:
    """A person comes from the `side` path (-1 left, 1 right) at `start_s` and walks along x = `line_m`."""

    person: Person
    start_s: float
    side: int
    line_m: float


@dataclass(frozen=True, slots=True)
class Approach:
    """A vehicle comes out of the street at `start_s`."""

    vehicle: SampleVehicle
    start_s: float


@dataclass(frozen=True, slots=True)
class Script:
    """What happens in both films, and how long they are."""

    visits: tuple[Visit, ...]
    approaches: tuple[Approach, ...]
    turns: tuple[Turn, ...]
    pedestrian_s: float
    vehicle_s: float


@dataclass(frozen=True, slots=True)
class Expected:
    """A passage and what has to come of it.

    `start_s` and `end_s` count from the film's beginning: when its subject is first and last to be seen. `who` is the
    person's name or the plate.
    """

    lane: str
    start_s: float
    end_s: float
    who: str
    verdict: Verdict
    reason: Reason


# fmt: off
PEOPLE = (
    Person("张三", "zhang-san", "3-2-501", Looks(
        FIRST_MAN, coat=(78, 60, 46), trousers=(60, 56, 54), scarf=None, tall_m=1.76, light=Light(0.84, -0.5, -0.3))),
    Person("李四", "li-si", "1-1-102", Looks(
        FIRST_WOMAN, coat=(60, 50, 150), trousers=(70, 60, 54), scarf=None, tall_m=1.66, light=Light(0.92, 0.2, 0.35))),
    Person("陌生人甲", "stranger-a", "", Looks(
        SECOND_MAN, coat=(50, 50, 54), trousers=(110, 90, 70), scarf=None, tall_m=1.75, light=Light(0.85, -0.4, 0.25)),
        enrolled=False),
    Person("王五", "wang-wu", "5-3-402", Looks(
        SECOND_WOMAN, coat=(150, 150, 165), trousers=(90, 70, 60), scarf=(60, 40, 150), tall_m=1.68,
        light=Light(0.8, -0.4, 0.3))),
    Person("赵六", "zhao-liu", "6-1-301", Looks(
        THIRD_WOMAN, coat=(70, 90, 60), trousers=(50, 50, 52), scarf=(190, 190, 200), tall_m=1.65,
        light=Light(0.86, -0.3, -0.2))),
    Person("陌生人乙", "stranger-b", "", Looks(
        FOURTH_WOMAN, coat=(120, 90, 60), trousers=(50, 50, 52), scarf=None, tall_m=1.67, light=Light(0.9, -0.4, -0.2)),
        enrolled=False),
)
VEHICLES = (
    SampleVehicle("苏A12345", Style.BLUE, "3-2-501", (214, 214, 210)),
    SampleVehicle("苏AD12345", Style.GREEN, "1-1-102", (168, 132, 84)),
    SampleVehicle("苏B27350", Style.BLUE, "2-1-203", (44, 42, 42), blocked=True),
    SampleVehicle("苏E97531", Style.BLUE, "", (40, 40, 150), enrolled=False),
    SampleVehicle("苏A30718", Style.YELLOW_TWO_ROWS, "6-1-301", (226, 228, 228)),
    SampleVehicle("苏H16935", Style.BLUE, "5-3-402", (150, 152, 156)),
)
# fmt: on

SAMPLE = Script(
    visits=(
        Visit(PEOPLE[0], 0.4, 1, 0.10),
        Visit(PEOPLE[1], 5.5, -1, -0.12),
        Visit(PEOPLE[2], 10.6, 1, 0.05),
        Visit(PEOPLE[3], 15.7, -1, -0.05),
        Visit(PEOPLE[4], 20.8, -1, -0.46),
        Visit(PEOPLE[5], 21.2, 1, 0.46),
    ),
    approaches=(
        Approach(VEHICLES[0], 0.3),
        Approach(VEHICLES[1], 5.6),
        Approach(VEHICLES[2], 10.9),
        Approach(VEHICLES[3], 20.8),
        Approach(VEHICLES[4], 30.6),
        Approach(VEHICLES[5], 37.6),
    ),
    turns=(Turn(0.0, DAY), Turn(19.6, RAIN, 1.6), Turn(35.1, DUSK, 1.8)),
    pedestrian_s=27.8,
    vehicle_s=44.7,
)
"""Six people, the last two side by side; six vehicles by day, in rain and at dusk."""


@dataclass(frozen=True, slots=True)
class Films:
    """What was drawn: a film for each lane, what has to come of them, and an enrolment photo by resident's name."""

    pedestrian: Path
    vehicle: Path
    expected: tuple[Expected, ...]
    photos: dict[str, Path]

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file."""
        return (self.pedestrian, self.vehicle, *self.photos.values())


def draw_films(
    folder: Path, seed: int, script: Script = SAMPLE, progress: Callable[[float], None] | None = None
) -> Films:
    """Draw both films and the enrolment photos into the folder, unless the same ones lie there already.

    Args:
        folder: is made if it is not there.
        seed: the same seed draws the same films.
        script: who comes, and when.
        progress: told now and then which share is done, 0 to 1, from another thread.

    Raises:
        OSError: the disk is full or the folder cannot be written to.
    """
    films = _films(folder, script)
    version = _version(seed, script)
    if _drawn(folder) == version and all(file.exists() for file in films.files):
        return films
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STAMP).unlink(missing_ok=True)
    for person in _residents(script):
        _write_photo(films.photos[person.name], enrolment_photo(person.looks.likeness))
    count = Count(round(script.pedestrian_s * RATE) + round(script.vehicle_s * RATE), progress)
    with ThreadPoolExecutor(2) as both:
        jobs = (
            both.submit(write_film, films.vehicle, count.passing(vehicle_frames(script, seed)), RATE),
            both.submit(write_film, films.pedestrian, count.passing(pedestrian_frames(script, seed)), RATE),
        )
        for job in jobs:
            job.result()
    (folder / STAMP).write_text(json.dumps({"version": version}), "utf-8")
    return films


def pedestrian_frames(script: Script, seed: int) -> Iterator[Picture]:
    """The pedestrian lane's film, frame by frame, `RATE` a second."""
    rng = np.random.default_rng([seed, 1])
    backdrop = path(rng)
    walks = [
        Walk(draw_figure(visit.person.looks, rng), visit.start_s, visit.side, visit.line_m, float(rng.random()))
        for visit in script.visits
    ]
    yield from walk_by(backdrop, walks, COURTYARD, script.pedestrian_s, RATE, rng)


def vehicle_frames(script: Script, seed: int) -> Iterator[Picture]:
    """The vehicle lane's film, frame by frame, `RATE` a second."""
    rng = np.random.default_rng([seed, 2])
    backdrop = road(rng)
    drives = []
    for approach in script.approaches:
        vehicle = approach.vehicle
        draw = draw_lorry if vehicle.style is Style.YELLOW_TWO_ROWS else draw_car
        verdict, _ = vehicle.outcome
        drives.append(Drive(draw(vehicle.drawn_plate, vehicle.body, rng), approach.start_s, verdict is Verdict.OPEN))
    yield from drive_by(backdrop, drives, script.turns, script.vehicle_s, RATE, rng)


def expected_of(script: Script) -> tuple[Expected, ...]:
    """What has to come of each visit and each approach, lane by lane and in order."""
    passages = []
    for visit in script.visits:
        known = visit.person.enrolled
        verdict, reason = (Verdict.OPEN, Reason.KNOWN_RESIDENT) if known else (Verdict.REFUSE, Reason.STRANGER)
        end_s = visit.start_s + WALK_S
        passages.append(Expected(PEDESTRIAN_LANE, visit.start_s, end_s, visit.person.name, verdict, reason))
    for approach in script.approaches:
        verdict, reason = approach.vehicle.outcome
        end_s = approach.start_s + (GO_THROUGH_S if verdict is Verdict.OPEN else BACK_OUT_S)
        passages.append(Expected(VEHICLE_LANE, approach.start_s, end_s, approach.vehicle.plate, verdict, reason))
    return tuple(passages)


class Count:
    """Counts frames that pass through it, from several threads, and reports the share that is done."""

    def __init__(self, total: int, report: Callable[[float], None] | None) -> None:
        self._total = total
        self._report = report
        self._done = 0
        self._lock = Lock()

    def passing(self, frames: Iterable[Picture]) -> Iterator[Picture]:
        """The same frames, counted."""
        for frame in frames:
            yield frame
            with self._lock:
                self._done += 1
                done = self._done
            if self._report and (done % REPORT_EVERY == 0 or done == self._total):
                self._report(done / self._total)


def _residents(script: Script) -> list[Person]:
    return [visit.person for visit in script.visits if visit.person.enrolled]


def _films(folder: Path, script: Script) -> Films:
    photos = {person.name: folder / f"{person.slug}.jpg" for person in _residents(script)}
    return Films(folder / "pedestrian.mp4", folder / "vehicle.mp4", expected_of(script), photos)


def _version(seed: int, script: Script) -> str:
    """A digest of everything that the films depend on: these drawing programs, what they use, seed and script."""
    digest = hashlib.sha256(f"{seed} {script}".encode())
    for name in INGREDIENTS:
        digest.update(f"{name}=={metadata.version(name)}".encode())
    for module in sorted(resources.files("samples").iterdir(), key=lambda file: file.name):
        if module.name.endswith(".py") and module.name != "demo.py":
            digest.update(module.read_bytes())
    return digest.hexdigest()


def _drawn(folder: Path) -> str | None:
    """The version of what lies in the folder, None if it is not known."""
    try:
        stamp = json.loads((folder / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return stamp.get("version") if isinstance(stamp, dict) else None


def _write_photo(path: Path, picture: Picture) -> None:
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    path.write_bytes(encoded.tobytes())
