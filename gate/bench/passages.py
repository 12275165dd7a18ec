"""Labelled passages: what comes to a lane and whom it should be opened for, from a folder or drawn.

A folder holds films and three lists, UTF-8 CSV with a header:

- `passages.csv`: `film` (a file beside it, anything FFmpeg plays), `lane` (`pedestrian` or `vehicle`), `light`, `scene`
  (both free words, for the tables), `there` (the enrolled people or plates in the film, `;` between them), `strangers`
  (how many others) and `opens` (those of `there` that it should be opened for, once each; may be empty).
- `people.csv`: `name`, `household` (`3-2-501`), `photo` (a picture beside it).
- `vehicles.csv`: `plate`, `colour` (`blue`, `green`, … or empty), `household`, `blocked` (`yes` or empty).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from enrollment.name import clean_name
from gate.errors import GateError
from models.picture import load_picture
from models.plate.grammar import normalise
from models.sighting import Picture, PlateColour

PEDESTRIAN, VEHICLE = "pedestrian", "vehicle"
PASSAGES, PEOPLE, VEHICLES = "passages.csv", "people.csv", "vehicles.csv"
COLUMNS = {
    PASSAGES: ("film", "lane", "light", "scene", "there", "strangers", "opens"),
    PEOPLE: ("name", "household", "photo"),
    VEHICLES: ("plate", "colour", "household", "blocked"),
}

Shots = Iterable[tuple[float, Picture]]
"""Seconds from the film's beginning, and the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """One passage. `film` gives its pictures afresh at each call; the rest is as in the folder's list."""

    name: str
    lane: str
    light: str
    scene: str
    there: tuple[str, ...]
    strangers: int
    opens: tuple[str, ...]
    film: Callable[[], Shots]


@dataclass(frozen=True, slots=True, eq=False)
class KnownPerson:
    """Somebody to enrol by a photo."""

    name: str
    household: str
    photo: Callable[[], Picture]


@dataclass(frozen=True, slots=True)
class KnownVehicle:
    """A vehicle to enrol."""

    plate: str
    colour: PlateColour
    household: str
    blocked: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Staging:
    """Everything a run needs: who is enrolled, and what comes."""

    people: tuple[KnownPerson, ...]
    vehicles: tuple[KnownVehicle, ...]
    passages: Sequence[Labelled]


def read_folder(folder: Path) -> Staging:
    """The passages of a folder.

    Raises:
        GateError: `bench_gate.no_list`, `bench_gate.columns`, `bench_gate.row`, `bench_gate.no_film`.
    """
    people = tuple(
        KnownPerson(clean_name(row["name"]), row["household"], _photo(folder / row["photo"]))
        for row in _rows(folder, PEOPLE)
    )
    vehicles = tuple(
        KnownVehicle(normalise(row["plate"]), _colour(row["colour"]), row["household"], bool(row["blocked"].strip()))
        for row in _rows(folder, VEHICLES)
    )
    known = {person.name for person in people} | {vehicle.plate for vehicle in vehicles}
    passages = [_labelled(folder, row, number, known) for number, row in enumerate(_rows(folder, PASSAGES), 2)]
    return Staging(people, vehicles, passages)


def play(film: Path) -> Iterator[tuple[float, Picture]]:
    """The pictures of a film with their times. Raises `GateError` `bench_gate.film_broken`."""
    try:
        with ExitStack() as opened:
            container = opened.enter_context(av.open(str(film)))
            first = None
            for shot in container.decode(video=0):
                at_s = float(shot.time or 0.0)
                first = at_s if first is None else first
                yield at_s - first, np.asarray(shot.to_ndarray(format="bgr24"), np.uint8)
    except (av.FFmpegError, IndexError) as broken:
        raise GateError("bench_gate.film_broken", film=film, why=type(broken).__name__) from broken


def _labelled(folder: Path, row: dict[str, str], number: int, known: set[str]) -> Labelled:
    film = folder / row["film"]
    there, opens = _named(row["there"]), _named(row["opens"])
    sound = row["lane"] in (PEDESTRIAN, VEHICLE) and row["strangers"].strip().isdigit() and set(opens) <= set(there)
    if not sound or not set(there) <= known:
        raise GateError("bench_gate.row", list=folder / PASSAGES, row=number)
    if not film.is_file():
        raise GateError("bench_gate.no_film", list=folder / PASSAGES, row=number, film=row["film"])
    return Labelled(
        row["film"], row["lane"], row["light"], row["scene"], there, int(row["strangers"]), opens, lambda: play(film)
    )


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    path = folder / name
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = [column for column in COLUMNS[name] if column not in (rows.fieldnames or ())]
            if missing:
                raise GateError("bench_gate.columns", list=path, missing=", ".join(missing))
            return [{key: value or "" for key, value in row.items() if key} for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as unreadable:
        raise GateError("bench_gate.no_list", list=path, why=type(unreadable).__name__) from unreadable


def _named(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _colour(text: str) -> PlateColour:
    return PlateColour(text) if text in set(PlateColour) else PlateColour.UNKNOWN


def _photo(path: Path) -> Callable[[], Picture]:
    return lambda: load_picture(path)
