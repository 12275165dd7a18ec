"""How fast the record is written, proven and searched, with rows as a gate makes them: one decision to four acts."""

from __future__ import annotations

import hashlib
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeVar

from sqlalchemy import Engine, select

from enrollment.database import open_database, reading, upgrade, writing
from gate.ledger.chain import VERSION
from gate.ledger.checkpoint import EVERY_ROWS, Signer
from gate.ledger.ledger import Chain, Passage, begin
from gate.ledger.search import PAGE
from gate.ledger.tables import MIGRATIONS, PassageRow
from gate.ledger.verify import rows_after, verify
from gate.ledger.writer import GROUP

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ACTS = 4
SUBJECTS = 3000
SEARCHES = 20
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LedgerSpeed:
    """What was measured.

    `hash_ratio` is the time of a verification over that of hashing the same rows' bytes, already in memory, once; the
    rates per second of processor time say what a machine that does nothing else would do. `search_ms` is the median of
    searches for one subject's newest page, and `peak_mib` the most memory that the process ever had.
    """

    rows: int
    append_per_s: float
    append_per_cpu_s: float
    verify_per_s: float
    verify_per_cpu_s: float
    hash_ratio: float
    search_ms: float
    peak_mib: float


def measure(folder: Path, rows: int) -> LedgerSpeed:
    """Write so many rows into a database of its own in the folder, in commits as the gate's, and go through them."""
    engine = open_database(folder / "record.db")
    upgrade(engine, MIGRATIONS)
    signer, random = Signer(bytes(32)), Random(1)  # noqa: S311 - the same rows each time
    with writing(engine) as session:
        begin(session, signer, BEGIN)
    subjects = [f"{random.getrandbits(128):032x}" for _ in range(SUBJECTS)]
    written, appended = _timed(lambda: _append(engine, signer, random, subjects, rows))
    proof, verified = _timed(lambda: verify(engine, key=signer.public))
    if proof.first_broken or proof.rows != written:
        raise AssertionError(f"the record does not hold: {proof}")
    hashed_s = _hashing_s(engine)
    searches = sorted(_timed(partial(_search, engine, one))[1][0] for one in subjects[:SEARCHES])
    engine.dispose()
    return LedgerSpeed(
        rows=written,
        append_per_s=round(written / appended[0]),
        append_per_cpu_s=round(written / appended[1]),
        verify_per_s=round(written / verified[0]),
        verify_per_cpu_s=round(written / verified[1]),
        hash_ratio=round(verified[1] / hashed_s, 2),
        search_ms=round(1000 * searches[len(searches) // 2], 1),
        peak_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    )


def _timed(work: Callable[[], T]) -> tuple[T, tuple[float, float]]:
    """What came of it, and its seconds by the clock and of the processor."""
    began, began_cpu = time.perf_counter(), time.process_time()
    outcome = work()
    return outcome, (time.perf_counter() - began, time.process_time() - began_cpu)


def _append(engine: Engine, signer: Signer, random: Random, subjects: Sequence[str], rows: int) -> int:
    signed, written = 0, 1
    while written < rows:
        with writing(engine) as session:
            chain = Chain(session)
            for _ in range(min(GROUP, rows - written + ACTS) // (ACTS + 1) or 1):
                _passage(chain, random, random.choice(subjects), BEGIN + timedelta(seconds=written))
            chain.flush()
            written = chain.tip.seq if chain.tip else written
            if written - signed >= EVERY_ROWS or written >= rows:
                chain.sign(signer, BEGIN)
                signed = written
    return written


def _passage(chain: Chain, random: Random, subject: str, at: datetime) -> None:
    name = f"{random.getrandbits(128):032x}"
    details = {"frames": 6, "weakest": round(random.random(), 4), "colour": "blue", "kind": "car"}
    chain.add_passage(Passage(name, at, "north-in", "open", "known_vehicle", subject, "0123456789ab", details), None)
    for act in ("commanded", "opened", "lowering", "closed"):
        body = {"barrier": "arm", "act": act, "before": "closed", "after": "open", "cause": "passage"}
        chain.add(at, "barrier", {**body, "command": None, "command_id": name})


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


def _search(engine: Engine, subject: str) -> None:
    with reading(engine) as session:
        newest = select(PassageRow).where(PassageRow.subject == subject)
        session.scalars(newest.order_by(PassageRow.at.desc(), PassageRow.seq.desc()).limit(PAGE)).all()
