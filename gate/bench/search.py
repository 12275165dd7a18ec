"""How long one face is searched for among many, and whether people who come and go hold a search up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import util
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, insert

from enrollment.act import Act
from enrollment.database import open_database, upgrade, writing
from enrollment.gallery import Gallery
from enrollment.keyring import Keyring
from enrollment.register import Register, utc_now
from enrollment.tables import HouseholdRow, ResidentRow, TemplateRow
from enrollment.template import seal_template
from gate.lane.register_watch import RegisterWatch
from gate.threads import one_thread_a_task, settle
from models.sighting import Box, Embedding, FaceQuality, FaceSighting

MODEL = "bench@00000000"
LANE = ""
PROBES = 32
"""Faces that are searched for in turn: half of them enrolled ones seen anew, half strangers."""
BIG = 32 * 1024 * 1024
"""Numbers of an array that no cache holds: 128 MB."""
CHANGES = 5
"""People who are added and removed while a face is searched for."""
QUIET = 100
"""Searches before anybody comes or goes."""
PACE_S = 0.02
"""Between two searches while people come and go: two lanes at 25 pictures a second."""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds: the median, the 99th of 100 and the longest."""

    p50: float
    p99: float
    longest: float


@dataclass(frozen=True, slots=True)
class SearchScore:
    """What was measured, everything on one thread and in turn, so that a busy machine is equally busy for all.

    `memory_gb_s` is how fast an array too large for any cache is read, and `at_bandwidth_ms` how long the templates
    would take at that; `read_ms` is how long as many bytes took, read in the same rounds. `gallery`, `numpy` and
    `faiss` are a search each, `faiss` None where it is not installed. `ratio` is the gallery's median against
    `at_bandwidth_ms`. `disagreed` counts searches whose best was not the same in all of them.

    `quiet` are searches while nobody comes or goes, `changing` those while `changes` people were added or removed, and
    `in_force_ms` how long a change took from the register to the gallery, median.
    """

    templates: int
    size: int
    rounds: int
    megabytes: float
    memory_gb_s: float
    at_bandwidth_ms: float
    read_ms: float
    gallery: Times
    numpy: Times
    faiss: Times | None
    ratio: float
    disagreed: int
    changes: int
    quiet: Times
    changing: Times
    in_force_ms: float


def measure(folder: Path, templates: int, size: int, rounds: int, seed: int = 1) -> SearchScore:
    """Fill a register of its own in `folder` with so many templates of `size` numbers, and search it."""
    one_thread_a_task()
    rng = np.random.default_rng(seed)
    matrix = _units(rng, templates, size)
    probes = [*_seen_anew(rng, matrix), *_units(rng, PROBES // 2, size)]
    engine, keyring = open_database(folder / "register.db"), Keyring(rng.bytes(32))
    upgrade(engine)
    _fill(engine, keyring, matrix)
    watch = RegisterWatch(engine, keyring, MODEL)
    gallery = watch.gallery()
    memory = _memory_bytes_s()
    times, disagreed = _side_by_side(gallery, probes, rounds)
    settle()
    quiet, changing, in_force = _while_people_come_and_go(engine, keyring, watch, probes, rng)
    engine.dispose()
    at_bandwidth_ms = matrix.nbytes / memory * 1000
    return SearchScore(
        templates=templates,
        size=size,
        rounds=rounds,
        megabytes=round(matrix.nbytes / 1e6, 2),
        memory_gb_s=round(memory / 1e9, 2),
        at_bandwidth_ms=round(at_bandwidth_ms, 3),
        read_ms=_times(times["read"]).p50,
        gallery=_times(times["gallery"]),
        numpy=_times(times["numpy"]),
        faiss=_times(times["faiss"]) if "faiss" in times else None,
        ratio=round(_times(times["gallery"]).p50 / at_bandwidth_ms, 2),
        disagreed=disagreed,
        changes=len(in_force),
        quiet=_times(quiet),
        changing=_times(changing),
        in_force_ms=_times(in_force).p50,
    )


def _side_by_side(gallery: Gallery, probes: list[Embedding], rounds: int) -> tuple[dict[str, list[float]], int]:
    """Seconds of each way to search, one after the other in every round, and how often they disagreed."""
    rows, starts = gallery.by_person()
    row_of = {subject.id: int(start) for subject, start in zip(gallery.subjects, starts, strict=True)}
    plain = np.ascontiguousarray(rows)
    copy = plain.copy().ravel()

    def ours(face: Embedding) -> int:
        found = gallery.search(face, LANE)
        return -1 if found is None else row_of[found.subject.id]

    ways: dict[str, Callable[[Embedding], int]] = {
        "read": lambda _face: int(np.dot(copy, copy) < 0),
        "gallery": ours,
        "numpy": lambda face: int((plain @ face).argmax()),
    }
    if (other := _faiss(plain)) is not None:
        ways["faiss"] = other
    times: dict[str, list[float]] = {name: [] for name in ways}
    disagreed = 0
    for number in range(rounds):
        face = probes[number % len(probes)]
        found = set()
        for name, search in ways.items():
            began = time.perf_counter()
            best = search(face)
            times[name].append(time.perf_counter() - began)
            if name != "read":
                found.add(best)
        disagreed += len(found) > 1
    return times, disagreed


def _faiss(matrix: NDArray[np.float32]) -> Callable[[Embedding], int] | None:
    """A search by faiss's flat index on one thread, None where faiss is not installed."""
    if util.find_spec("faiss") is None:
        return None
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(matrix.shape[1])
    index.add(matrix)
    return lambda face: int(index.search(face[None], 1)[1][0, 0])


def _while_people_come_and_go(
    engine: Engine, keyring: Keyring, watch: RegisterWatch, probes: list[Embedding], rng: np.random.Generator
) -> tuple[list[float], list[float], list[float]]:
    """Seconds of searches in a thread of their own before and during the changes, and of each change to be in force."""
    register = Register(engine, keyring, _unrecorded)
    seen: list[float] = []
    in_force: list[float] = []

    def refresh() -> None:
        began = time.perf_counter()
        watch.refresh()
        in_force.append(time.perf_counter() - began)

    with _searching(watch, probes, seen):
        time.sleep(PACE_S * QUIET)
        quiet = len(seen)
        for face in _units(rng, CHANGES, watch.gallery().matrix.shape[1]):
            added = register.add_resident("乙", "1-1-1", _sighting(face), MODEL, "bench", allow_similar=True)
            refresh()
            register.remove(added.id, "bench")
            refresh()
    return seen[:quiet], seen[quiet:], in_force


@contextmanager
def _searching(watch: RegisterWatch, probes: list[Embedding], seen: list[float]) -> Iterator[None]:
    """Search as a lane does, in a thread, for as long as this lasts."""
    stop = threading.Event()

    def search() -> None:
        number = 0
        while not stop.wait(PACE_S):
            began = time.perf_counter()
            watch.gallery().search(probes[number % len(probes)], LANE)
            seen.append(time.perf_counter() - began)
            number += 1

    thread = threading.Thread(target=search, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _fill(engine: Engine, keyring: Keyring, matrix: NDArray[np.float32]) -> None:
    """One resident for each template, without the record that the register would keep of it."""
    home = "0" * 32
    ids = [f"{number:032x}" for number in range(len(matrix))]
    now = utc_now()
    with writing(engine) as session:
        session.add(HouseholdRow(id=home, building="1", unit="1", room="1"))
        session.flush()
        people = [{"id": id_, "name": "甲", "household_id": home, "blocked": False, "created_at": now} for id_ in ids]
        session.execute(insert(ResidentRow), people)
        rows = [
            {
                "id": id_,
                "resident_id": id_,
                "model_id": MODEL,
                "key_id": keyring.id,
                "sealed": seal_template(keyring, face, id_, id_, MODEL),
                "quality": 1.0,
                "created_at": now,
            }
            for id_, face in zip(ids, matrix, strict=True)
        ]
        session.execute(insert(TemplateRow), rows)


def _memory_bytes_s() -> float:
    """Bytes a second of the quickest of five readings of an array that no cache holds."""
    big = np.ones(BIG, np.float32)
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        np.dot(big, big)
        taken.append(time.perf_counter() - began)
    return big.nbytes / min(taken)


def _units(rng: np.random.Generator, count: int, size: int) -> NDArray[np.float32]:
    rows = rng.normal(size=(count, size)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _seen_anew(rng: np.random.Generator, matrix: NDArray[np.float32]) -> list[Embedding]:
    """Enrolled faces as a camera sees them: at a cosine of about 0.7."""
    chosen = matrix[rng.integers(len(matrix), size=PROBES // 2)]
    noisy = chosen + _units(rng, len(chosen), matrix.shape[1])
    return list((noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32))


def _times(seconds: list[float]) -> Times:
    p50, p99, longest = (float(1000 * value) for value in np.percentile(seconds, [50, 99, 100]))
    return Times(round(p50, 3), round(p99, 3), round(longest, 3))


def _sighting(face: Embedding) -> FaceSighting:
    return FaceSighting(Box(0, 0, 1, 1), np.zeros((5, 2), np.float32), 1.0, FaceQuality(1, 1, 1, 1, 1), face)


def _unrecorded(_session: object, _act: Act) -> None:
    """The bench's register keeps no record."""
