"""How fast the record is written, proven and searched, and how much memory that takes."""

from __future__ import annotations

import hashlib
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar

from sqlalchemy import Engine

from enrollment.database import open_database, reading, upgrade
from gate.bench.record import BEGIN, LANES, OPERATORS, Record
from gate.ledger.chain import VERSION
from gate.ledger.search import Found, Query, search_passages, search_rows
from gate.ledger.tables import MIGRATIONS
from gate.ledger.verify import rows_after, verify

APPENDED = 50_000
"""Rows that are timed while they are committed as the gate does it, at the end of a record that is that long."""
ALONE = 100
"""Passages that are timed with a commit for each."""
ROUNDS = 5
PAGES = 3
"""Every search is made so often, and each time so many pages are turned."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LedgerSpeed:
    """What was measured; rates per second of processor time say what a machine that does nothing else would do.

    The last `appended` of the `rows` were committed in groups as the gate does it, `alone_per_s` are rows whose passage
    has a commit of its own. `hash_ratio` is the processor time of a verification over that of hashing the same rows'
    bytes, already in memory, once. `search_ms` has the median for a page of each search, `slowest_search` and
    `slowest_ms` the slowest of these, and the memory is the most that the process had in each part.
    """

    rows: int
    appended: int
    append_per_s: float
    append_per_cpu_s: float
    alone_per_s: float
    append_peak_mib: int
    verify_per_s: float
    verify_per_cpu_s: float
    hash_ratio: float
    verify_peak_mib: int
    search_ms: Mapping[str, float]
    slowest_search: str
    slowest_ms: float
    search_peak_mib: int


def measure(folder: Path, rows: int) -> LedgerSpeed:
    """Write so many rows into a database of its own in the folder, the last as the gate does, and go through them."""
    engine = open_database(folder / "record.db")
    upgrade(engine, MIGRATIONS)
    record = Record(engine)
    record.fill(rows - APPENDED)
    try:
        return measure_record(engine, record, rows)
    finally:
        engine.dispose()


def measure_record(engine: Engine, record: Record, rows: int) -> LedgerSpeed:
    """Append to a record until it has so many rows, then prove and search it."""
    _forget_peak()
    filled = record.rows
    appended = _timed(lambda: record.append(rows))[1]
    grouped = record.rows - filled
    alone = _timed(lambda: record.append(record.rows + 5 * ALONE, group=1))[1]
    append_peak = _peak_mib()
    proof, verified = _timed(lambda: verify(engine, key=record.signer.public))
    verify_peak = _peak_mib()
    if proof.first_broken or proof.rows != record.rows:
        raise AssertionError(f"the record does not hold: {proof}")
    search_ms = {name: _page_ms(search) for name, search in _searches(engine, record).items()}
    search_peak = _peak_mib()
    slowest = max(search_ms, key=lambda name: search_ms[name])
    return LedgerSpeed(
        rows=record.rows,
        appended=grouped,
        append_per_s=round(grouped / appended[0]),
        append_per_cpu_s=round(grouped / appended[1]),
        alone_per_s=round((record.rows - filled - grouped) / alone[0]),
        append_peak_mib=append_peak,
        verify_per_s=round(proof.rows / verified[0]),
        verify_per_cpu_s=round(proof.rows / verified[1]),
        hash_ratio=round(verified[1] / _hashing_s(engine), 2),
        verify_peak_mib=verify_peak,
        search_ms=search_ms,
        slowest_search=slowest,
        slowest_ms=search_ms[slowest],
        search_peak_mib=search_peak,
    )


def _timed(work: Callable[[], T]) -> tuple[T, tuple[float, float]]:
    """What came of it, and its seconds by the clock and of the processor."""
    began, began_cpu = time.perf_counter(), time.process_time()
    outcome = work()
    return outcome, (time.perf_counter() - began, time.process_time() - began_cpu)


def _hashing_s(engine: Engine) -> float:
    """Processor seconds for hashing every row's bytes once, by batches that are in memory already."""
    spent, after = 0.0, 0
    with reading(engine) as session:
        while batch := rows_after(session, after, 5000):
            contents = [f"{VERSION}\n{row.seq}\n{row.at}\n{row.kind}\n{row.body}".encode() for row in batch]
            began = time.process_time()
            for content in contents:
                hashlib.sha256(content).digest()
            spent += time.process_time() - began
            after = batch[-1].seq
    return spent


def _searches(engine: Engine, record: Record) -> dict[str, Callable[..., Found]]:
    """A search by each filter alone, by what is rare and by what is frequent, and by several filters at once."""
    middle = BEGIN + timedelta(seconds=record.rows // 2)
    passages = {
        "newest": Query(),
        "time": Query(since=middle, until=middle + timedelta(days=1)),
        "lane": Query(lane=LANES[0]),
        "person": Query(person="张三1000号"),
        "many_people": Query(person="0号"),
        "household": Query(household="17-1-110"),
        "plate": Query(plate="苏Z12345"),
        "plate_begins": Query(plate="苏Z1234*"),
        "plate_has": Query(plate="*12345*"),
        "verdict": Query(verdict="open"),
        "rare_verdict": Query(verdict="refuse"),
        "rare_reason": Query(reason="blocked_vehicle"),
        "several": Query(since=BEGIN, lane=LANES[0], verdict="refuse", reason="blocked_vehicle"),
        "person_on_lane": Query(person="张三1000号", lane=LANES[0], verdict="open"),
        "nothing": Query(verdict="nothing"),
        "operator": Query(since=middle, until=middle + timedelta(hours=2), operator=OPERATORS[0]),
    }
    rows = {
        "rows_newest": Query(),
        "rows_time": Query(since=middle, until=middle + timedelta(days=1)),
        "rows_frequent_kind": Query(kinds="barrier"),
        "rows_rare_kind": Query(kinds="keeping"),
        "rows_operator": Query(operator=OPERATORS[0]),
        "rows_views_of_operator": Query(kinds="views", operator=OPERATORS[0]),
    }
    return {
        **{name: partial(search_passages, engine, query) for name, query in passages.items()},
        **{name: partial(search_rows, engine, query) for name, query in rows.items()},
    }


def _page_ms(search: Callable[..., Found]) -> float:
    """The median milliseconds for a page, over the first pages."""
    spent = []
    for _ in range(ROUNDS):
        place = None
        for _ in range(PAGES):
            found, (elapsed_s, _) = _timed(partial(search, place))
            spent.append(1000 * elapsed_s)
            place = found.after
            if place is None:
                break
    return round(median(spent), 1)


def _forget_peak() -> None:
    """Begin to note the most memory anew, where the system can do that: Linux."""
    try:
        Path("/proc/self/clear_refs").write_text("5", "ascii")
    except OSError:
        return


def _peak_mib() -> int:
    """The most memory since the last call, or ever where that cannot be begun anew."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
        peak_kib = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _forget_peak()
    return round(peak_kib / 1024)
