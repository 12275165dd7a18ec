"""Passages drawn by lot: who comes to which lane in what light, how fast, with whom, and what should come of it.

Faces are those of `samples.heads`, for there are no others that may be used: four are enrolled, two are strangers.
Plates are drawn at random, and the ones nobody enrolled are either unlike any or differ in one lookalike character.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from gate.bench.passages import (
    COLUMNS,
    PASSAGES,
    PEDESTRIAN,
    VEHICLE,
    VEHICLES,
    KnownPerson,
    KnownVehicle,
    Labelled,
    Shots,
    Staging,
)
from gate.bench.passages import PEOPLE as PEOPLE_LIST
from models.plate.lookalikes import lookalikes
from models.sighting import Picture
from samples.canvas import Bgr
from samples.cars import draw_car
from samples.compound import COLOURS, COURTYARD, PEOPLE, Person
from samples.film import write_film
from samples.heads import enrolment_photo
from samples.outfits import masked, under_umbrella
from samples.people import Figure, draw_figure
from samples.perspective import HEIGHT_PX
from samples.plates import Plate, Style
from samples.scenery import Backdrop, path, road
from samples.traffic import BACK_S, Drive, Leaving, Parked, Turn, drive_by
from samples.walking import WALK_S, Walk, walk_by
from samples.weather import DAY, DUSK, NIGHT, RAIN, Weather

RATE = 10
"""Pictures a second unless another rate is asked for: what a camera's substream gives at the least."""

LIGHTS = {"day": DAY, "dusk": DUSK, "rain": RAIN, "night": NIGHT}
FLEET = 24
BLOCKED = 2
PEDESTRIAN_SCENES = (
    *("resident",) * 6,
    *("stranger",) * 3,
    *("resident with mask", "resident with umbrella", "two residents", "stranger behind resident"),
    *("stranger beside resident", "stranger with mask", "stranger with umbrella"),
)
VEHICLE_SCENES = (
    *("vehicle",) * 8,
    *("similar plate",) * 3,
    *("unknown vehicle", "unknown vehicle", "unknown behind vehicle", "leaving", "parked", "blocked"),
)
BODIES: tuple[Bgr, ...] = ((214, 214, 210), (44, 42, 42), (40, 40, 150), (150, 152, 156), (168, 132, 84), (90, 110, 70))
UMBRELLA: Bgr = (120, 60, 40)

ARRIVING_S, VEHICLE_S = 1.0, 5.6
"""A vehicle's film begins so long after it set off, still behind the wall, and ends when it is past the camera."""
BEHIND_S = 1.4
"""How long after the first the second comes who wants to slip in behind."""
NEXT_S = 2.6
"""The same for a second vehicle."""
PARKED_S = 14.0


@dataclass(slots=True)
class Studio:
    """Backdrops and figures, drawn once each; `rng` decides everything.

    Films have `rate` pictures a second, each `height` pixels high.
    """

    rng: np.random.Generator
    rate: int = RATE
    height: int = HEIGHT_PX
    _backdrops: dict[str, Backdrop] = field(default_factory=dict)
    _figures: dict[tuple[str, str], Figure] = field(default_factory=dict)

    def backdrop(self, draw: Callable[[np.random.Generator, int], Backdrop]) -> Backdrop:
        """The empty scene."""
        if draw.__name__ not in self._backdrops:
            self._backdrops[draw.__name__] = draw(self.rng, self.height)
        return self._backdrops[draw.__name__]

    def figure(self, person: Person, outfit: str) -> Figure:
        """A person as dressed."""
        if (person.name, "") not in self._figures:
            self._figures[person.name, ""] = draw_figure(person.looks, self.rng)
        if (person.name, outfit) not in self._figures:
            plain = self._figures[person.name, ""]
            dressed = masked(plain) if outfit == "mask" else under_umbrella(plain, UMBRELLA)
            self._figures[person.name, outfit] = dressed
        return self._figures[person.name, outfit]


def staging(count: int, seed: int, rate: int = RATE, height: int = HEIGHT_PX) -> Staging:
    """So many passages at `rate` pictures a second, `height` pixels high: even, 16 wide for 9 high.

    A seed always draws the same ones, lanes and lights in turn.
    """
    rng = np.random.default_rng([seed, 7])
    fleet = _fleet(rng)
    residents = tuple(person for person in PEOPLE if person.enrolled)
    vehicles = tuple(
        KnownVehicle(plate.text, COLOURS[plate.style], f"{1 + number // 6}-{1 + number % 6}-101", number < BLOCKED)
        for number, plate in enumerate(fleet)
    )
    studio = Studio(np.random.default_rng([seed, 8]), rate, height)
    passages = []
    for number in range(count):
        light = tuple(LIGHTS)[number // 2 % len(LIGHTS)]
        draw = _on_foot if number % 2 == 0 else partial(_driving, fleet)
        passages.append(draw(studio, f"{number:04d}", light, np.random.default_rng([seed, 9, number])))
    people = tuple(KnownPerson(p.name, p.household, partial(enrolment_photo, p.looks.likeness)) for p in residents)
    return Staging(people, vehicles, passages)


def _on_foot(studio: Studio, name: str, light: str, rng: np.random.Generator) -> Labelled:
    scene = _one_of(rng, PEDESTRIAN_SCENES)
    residents = [PEOPLE[at] for at in rng.permutation([i for i, p in enumerate(PEOPLE) if p.enrolled])]
    strangers = [PEOPLE[at] for at in rng.permutation([i for i, p in enumerate(PEOPLE) if not p.enrolled])]
    outfit = "mask" if scene.endswith("mask") else "umbrella" if scene.endswith("umbrella") else ""
    who = {
        "two residents": residents[:2],
        "stranger behind resident": [residents[0], strangers[0]],
        "stranger beside resident": [residents[0], strangers[0]],
    }.get(scene, strangers[:1] if scene.startswith("stranger") else residents[:1])
    lag_s = BEHIND_S if " behind " in scene else 0.25
    side = int(rng.choice([-1, 1]))
    lines = [float(rng.uniform(-0.25, 0.25))] if len(who) == 1 else [-0.44 * side, 0.44 * side]
    if " behind " in scene:
        lines = [-0.12 * side, 0.2 * side]
    pace = float(rng.uniform(0.8, 1.5))
    beats = rng.random(len(who)).tolist()
    there = tuple(person.name for person in who if person.enrolled)

    def film() -> Shots:
        walks = [
            Walk(studio.figure(person, outfit), number * lag_s - 0.9, side, line, beat)
            for number, (person, line, beat) in enumerate(zip(who, lines, beats, strict=True))
        ]
        length_s = WALK_S - 0.9 + lag_s * (len(who) - 1)
        sky = COURTYARD if light == "day" else LIGHTS[light]
        frames = walk_by(
            studio.backdrop(path), walks, sky, length_s, studio.rate / pace, np.random.default_rng(rng_seed)
        )
        return _timed(frames, studio.rate)

    rng_seed = int(rng.integers(2**32))
    return Labelled(name, PEDESTRIAN, light, scene, there, len(who) - len(there), there, film)


def _driving(fleet: tuple[Plate, ...], studio: Studio, name: str, light: str, rng: np.random.Generator) -> Labelled:
    scene = _one_of(rng, VEHICLE_SCENES)
    free, blocked = fleet[BLOCKED:], fleet[:BLOCKED]
    own = blocked[int(rng.integers(BLOCKED))] if scene == "blocked" else free[int(rng.integers(len(free)))]
    other = _similar(own, fleet, rng) if scene == "similar plate" else _unlike(fleet, rng)
    plates = {"similar plate": [other], "unknown vehicle": [other], "unknown behind vehicle": [own, other]}
    coming = plates.get(scene, [own])
    there = tuple(plate.text for plate in coming if plate in fleet)
    opens = () if scene in {"blocked", "leaving", "parked"} else there
    bodies = [BODIES[int(at)] for at in rng.integers(len(BODIES), size=len(coming))]
    speed = float(rng.uniform(0.8, 1.5))
    weather: Weather = LIGHTS[light]
    seed = int(rng.integers(2**32))

    def film() -> Shots:
        drawing = np.random.default_rng(seed)
        kind = {"leaving": Leaving, "parked": Parked}.get(scene, Drive)
        begin_s = 0.0 if kind is not Drive else -ARRIVING_S
        drives = [
            kind(draw_car(plate, body, drawing), begin_s + NEXT_S * number, bool(opens) and plate in fleet)
            for number, (plate, body) in enumerate(zip(coming, bodies, strict=True))
        ]
        passing_s = VEHICLE_S - ARRIVING_S + NEXT_S * (len(coming) - 1)
        length_s = {"parked": PARKED_S * speed, "leaving": BACK_S}.get(scene, passing_s)
        frames = drive_by(studio.backdrop(road), drives, [Turn(0.0, weather)], length_s, studio.rate / speed, drawing)
        return _timed(frames, studio.rate)

    return Labelled(name, VEHICLE, light, scene, there, len(coming) - len(there), opens, film)


def _timed(frames: Iterator[Picture], rate: int) -> Iterator[tuple[float, Picture]]:
    for number, picture in enumerate(frames):
        yield number / rate, picture


def _one_of(rng: np.random.Generator, scenes: tuple[str, ...]) -> str:
    return scenes[int(rng.integers(len(scenes)))]


def _fleet(rng: np.random.Generator) -> tuple[Plate, ...]:
    """Enrolled plates; two thirds of cars, one of new energy."""
    fleet: list[Plate] = []
    while len(fleet) < FLEET:
        plate = _unlike(tuple(fleet), rng)
        fleet.append(plate)
    return tuple(fleet)


def _unlike(fleet: tuple[Plate, ...], rng: np.random.Generator) -> Plate:
    """A plate that differs from each of the fleet in two characters or more."""
    while True:
        province, city = "苏苏苏沪辽粤"[int(rng.integers(6))], "ABEH"[int(rng.integers(4))]
        digits = "".join("0123456789"[int(at)] for at in rng.integers(10, size=5))
        letter = "ABDEFHKMNZ"[int(rng.integers(10))]
        green = rng.random() < 1 / 3
        sequence = f"D{digits}" if green else digits[:1] + letter + digits[2:] if rng.random() < 0.5 else digits
        plate = Plate(province + city + sequence, Style.GREEN if green else Style.BLUE)
        if all(_differences(plate.text, other.text) >= 2 for other in fleet):
            return plate


def _similar(own: Plate, fleet: tuple[Plate, ...], rng: np.random.Generator) -> Plate:
    """A plate that nobody enrolled and that differs from `own` in one character, a lookalike where there is one."""
    texts = {plate.text for plate in fleet}
    last = [at for at in range(3, len(own.text)) if own.text[at].isdigit()]
    alike = [
        own.text[:at] + sign + own.text[at + 1 :]
        for at in last
        for sign in sorted(lookalikes(own.text[at])) or "94"
        if own.text[at] != sign and (sign.isdigit() or own.style is Style.BLUE)
    ]
    choice = [text for text in alike if text not in texts and sum(sign.isalpha() for sign in text[2:]) <= 2]
    return Plate(choice[int(rng.integers(len(choice)))], own.style)


def _differences(one: str, other: str) -> int:
    if len(one) != len(other):
        return max(len(one), len(other))
    return sum(a != b for a, b in zip(one, other, strict=True))


def write_staging(staged: Staging, folder: Path, rate: int = RATE) -> None:
    """Write passages, drawn at `rate`, as films beside the lists that `gate.bench.passages` reads. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, person in enumerate(staged.people):
        _, photo = cv2.imencode(".png", person.photo())
        (folder / f"person-{number}.png").write_bytes(photo.tobytes())
    for passage in staged.passages:
        write_film(folder / _film(passage), (picture for _, picture in passage.film()), rate)
    rows: dict[str, list[tuple[object, ...]]] = {
        PASSAGES: [
            (_film(p), p.lane, p.light, p.scene, ";".join(p.there), p.strangers, ";".join(p.opens))
            for p in staged.passages
        ],
        PEOPLE_LIST: [(p.name, p.household, f"person-{number}.png") for number, p in enumerate(staged.people)],
        VEHICLES: [(v.plate, v.colour.value, v.household, "yes" if v.blocked else "") for v in staged.vehicles],
    }
    for name, lines in rows.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([COLUMNS[name], *lines])


def _film(passage: Labelled) -> str:
    return f"{Path(passage.name).stem}.mp4"
