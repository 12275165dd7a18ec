"""How fast the models of several packs are on this machine, side by side.

Packs take turns within every round, so that what else the machine does falls on all of them alike; the figures are
medians over the rounds, and a ratio is the median of the rounds' own ratios. A model that several packs share is timed
once for all of them.
"""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from gate.bench.choice import FACE_ROLES, PLATE_ROLES, name_for
from models.cast import ROLES, Cast
from models.catalog import Model, catalog
from models.letterbox import Search
from models.open import open_face_recogniser, open_plate_recogniser
from models.roles import Role
from models.session import Session
from models.sighting import Picture
from models.store import Store

THREADS = (1, 2)
"""Threads of one model call that are tried."""

SEARCHED_PX = (640, 320)
"""Longest sides at which finders are tried."""

MAX_SCALE = 1.0
"""The pictures are larger than what is searched."""

QUICK_TIMES = 5
"""What takes a few milliseconds is timed so often a round, for one interruption is all of it."""

FINDERS = frozenset({Role.FACE_FINDER, Role.PLATE_FINDER})

_SHAPE = re.compile(r"x(\d+)x(\d+)$")


@dataclass(frozen=True, slots=True)
class Material:
    """Pictures to look at: scenes with a vehicle and with a person, single plates and faces."""

    streets: Sequence[Picture]
    wickets: Sequence[Picture]
    plates: Sequence[Picture]
    faces: Sequence[Picture]

    def of(self, role: Role) -> Sequence[Picture]:
        """What a model of this role looks at."""
        return {
            Role.PLATE_FINDER: self.streets,
            Role.FACE_FINDER: self.wickets,
            Role.PLATE_READER: self.plates,
            Role.FACE_EMBEDDER: self.faces,
        }[role]


@dataclass(frozen=True, slots=True)
class Machine:
    """What it was measured on: the processor's name and the cores that this process may use."""

    processor: str
    cores: int


@dataclass(frozen=True, slots=True)
class Timing:
    """One kind of work by each pack, in milliseconds; None where its network does not take that size.

    `work` is a role's name, or `plates` and `faces` for a whole picture as the gate recognises it. `ms` are medians;
    `least_ms`, the quickest of all rounds, is nearest to what a quiet machine gives. `ratios` are the first pack's
    times over each other one's.
    """

    work: str
    longest_px: int | None
    threads: int
    ms: Mapping[str, float | None]
    least_ms: Mapping[str, float | None]
    ratios: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Weight:
    """A model that was measured, and the size of its file."""

    pack: str
    role: Role
    model: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Speed:
    """Everything that was measured, over so many rounds."""

    machine: Machine
    rounds: int
    timings: tuple[Timing, ...]
    weights: tuple[Weight, ...]


Run = Callable[[int], object]
"""One look at the picture of that place, counted on without end."""


@dataclass(frozen=True, slots=True)
class _Work:
    """One kind of work, timed `times` a round: what each pack does it with, and the run of each of those that can."""

    name: str
    longest_px: int | None
    threads: int
    means: Mapping[str, str]
    runs: Mapping[str, Run]
    times: int = 1


def measure(
    packs: Mapping[str, Cast], store: Store, material: Material, rounds: int, step: Callable[[int, int], None]
) -> Speed:
    """Time every pack's models, the first pack against the others.

    Args:
        packs: what each pack chooses, by the name it is shown under; at least one.
        store: where the weights are.
        material: what is looked at.
        rounds: how often each is timed.
        step: told the rounds that are done and that there are.

    Raises:
        ModelsError: a file is not here and cannot be brought here, or is corrupt.
    """
    works = list(_works(packs, store, material))
    for work in works:
        for run in work.runs.values():
            run(0)
    taken: list[dict[str, list[float]]] = [{means: [] for means in work.means.values()} for work in works]
    for turn in range(rounds):
        for work, times in zip(works, taken, strict=True):
            for again in range(work.times):
                for means in _rotated(list(work.runs), turn + again):
                    began = time.perf_counter()
                    work.runs[means](turn + again)
                    times[means].append(1000 * (time.perf_counter() - began))
        step(turn + 1, rounds)
    timings = tuple(_timing(work, times) for work, times in zip(works, taken, strict=True))
    return Speed(machine(), rounds, timings, tuple(_weights(packs)))


def machine(cpuinfo: Path = Path("/proc/cpuinfo")) -> Machine:
    """This machine; the name is what the kernel gives, or what Python knows of the architecture."""
    try:
        told = cpuinfo.read_text("utf-8", "replace")
    except OSError:
        told = ""
    named = re.search(r"^(?:model name|Hardware|Model)\s*:\s*(.+)$", told, re.MULTILINE)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(named[1].strip() if named else platform.processor() or platform.machine(), cores)


def _works(packs: Mapping[str, Cast], store: Store, material: Material) -> Iterator[_Work]:
    for threads in THREADS:
        for role in ROLES:
            means = {pack: name_for(models, role) for pack, models in packs.items()}
            models = {name: catalog().model(name) for name in means.values()}
            sessions = {name: Session(store.read(model), name, threads) for name, model in models.items()}
            for longest in SEARCHED_PX if role in FINDERS else (None,):
                runs = {
                    name: run
                    for name, model in models.items()
                    if (run := _network(model, sessions[name], longest, material.of(role)))
                }
                yield _Work(role.value, longest, threads, means, runs, 1 if role in FINDERS else QUICK_TIMES)
        for name, opened, roles in (("plates", _plates, PLATE_ROLES), ("faces", _faces, FACE_ROLES)):
            means = {pack: "+".join(name_for(models, role) for role in roles) for pack, models in packs.items()}
            choices = {means[pack]: models for pack, models in packs.items()}
            runs = {joined: opened(models, store, threads, material) for joined, models in choices.items()}
            yield _Work(name, None, threads, means, runs)


def _network(model: Model, session: Session, longest: int | None, pictures: Sequence[Picture]) -> Run | None:
    """A picture scaled, normalised and put through the network; None where the network takes only another size."""
    if longest is not None:
        if session.fixed_size and max(session.fixed_size) != longest:
            return None
        search = Search(longest, MAX_SCALE, session.fixed_size)
        return lambda turn: session.run(model.normalisation.tensor(search.fit(pictures[turn % len(pictures)]).canvas))
    size = session.fixed_size or _told_size(model)

    def run(turn: int) -> object:
        scaled = np.asarray(cv2.resize(pictures[turn % len(pictures)], size), np.uint8)
        return session.run(model.normalisation.tensor(scaled))

    return run


def _told_size(model: Model) -> tuple[int, int]:
    """Width and height as the catalogue tells them."""
    told = _SHAPE.search(model.shape)
    if told is None:
        raise ValueError(f"{model.name}: the catalogue's shape {model.shape} names no size")
    return int(told[2]), int(told[1])


def _plates(models: Cast, store: Store, threads: int, material: Material) -> Run:
    recogniser = open_plate_recogniser(models.plate_finder, models.plate_reader, store, threads)
    return lambda turn: recogniser.see(material.streets[turn % len(material.streets)])


def _faces(models: Cast, store: Store, threads: int, material: Material) -> Run:
    recogniser = open_face_recogniser(models.face_finder, models.face_embedder, store, threads)

    def run(turn: int) -> object:
        picture = material.wickets[turn % len(material.wickets)]
        return recogniser.embed(picture, recogniser.find(picture))

    return run


def _rotated(packs: list[str], turn: int) -> list[str]:
    """The packs beginning with another one each turn, so that none always comes first."""
    start = turn % len(packs) if packs else 0
    return packs[start:] + packs[:start]


def _timing(work: _Work, taken: Mapping[str, Sequence[float]]) -> Timing:
    times = {pack: taken[means] for pack, means in work.means.items()}
    first, *others = times
    return Timing(
        work=work.name,
        longest_px=work.longest_px,
        threads=work.threads,
        ms={pack: _median(values) for pack, values in times.items()},
        least_ms={pack: min(values, default=None) for pack, values in times.items()},
        ratios={
            other: _median([one / two for one, two in zip(times[first], times[other], strict=False)])
            for other in others
        },
    )


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None


def _weights(packs: Mapping[str, Cast]) -> Iterator[Weight]:
    for pack, models in packs.items():
        for role in ROLES:
            model = catalog().model(name_for(models, role))
            yield Weight(pack, role, model.name, model.content.bytes)
