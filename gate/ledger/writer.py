"""The one thread that commits what the lanes record: in groups, in order, and kept in memory while the disk says no."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from enrollment.database import writing
from enrollment.errors import StoreBusy
from gate.errors import LedgerUnwritable
from gate.ledger.chain import Row, as_json, canonical, stamp
from gate.ledger.checkpoint import EVERY_ROWS, EVERY_S, Signer
from gate.ledger.clock import STEP_MS, ClockWatch
from gate.ledger.ledger import Chain, Passage
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import LedgerRow

log = structlog.get_logger("ledger")

GROUP = 200
"""Rows of one commit: 50 already make a commit's cost vanish in SQLite (12,500 rows/s against 350)."""
TICK_S = 5.0
"""How often the clock and the age of the last checkpoint are looked at while nothing happens."""


@dataclass(frozen=True, slots=True)
class Note:
    """A row of the chain without a passage: a barrier's act, a guard's button, a sign-in, a look at personal data.

    `remark` is what somebody wrote in free words; the chain holds only its digest, so that it can be erased.
    """

    kind: str
    at: datetime
    body: Mapping[str, Any]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """Where an entry stands in the chain, and the id of its snapshot if it has one."""

    seq: int
    snapshot: str | None


@dataclass(slots=True)
class _Pending:
    entry: Passage | Note
    jpeg: bytes | None
    context_jpeg: bytes | None = None
    done: Future[Saved] = field(default_factory=Future)
    snapshot: str | None = None
    context: str | None = None


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A group as it was about to be committed: the end of the chain with it, and what it would settle."""

    tip: Row | None
    rows: list[int]
    lost: int
    signs: bool


@dataclass(frozen=True, slots=True)
class WriterHealth:
    """`waiting` rows are not on disk yet; `broken` is a fault's code.

    `lost` were dropped with the spool full, `lost_unsaid` of them without a row in the chain that says so yet.
    """

    committed: int
    waiting: int
    lost: int
    lost_unsaid: int
    broken: str | None


Post = Callable[[Session, Iterable[tuple[int, Passage | Note]]], None]
"""Hears, within the transaction that records them, of the entries and their numbers: `gate.community.outbox`."""


class LedgerWriter:
    """Takes entries from any thread and commits them in the order they came.

    A row that cannot be committed (disk full, database locked) waits here, up to `capacity` rows, while the gate goes
    on; past that the newest are dropped, counted, and the gap itself becomes a row. With a `signer`, the end of the
    chain is signed every `EVERY_ROWS` rows and `EVERY_S` seconds, whoever appended to it. Steps of the clock are rows.
    """

    def __init__(
        self,
        engine: Engine,
        snapshots: Snapshots,
        capacity: int = 10_000,
        retry_s: float = 0.5,
        *,
        signer: Signer | None = None,
        clock: ClockWatch | None = None,
        post: Post | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        tick_s: float = TICK_S,
    ) -> None:
        self._signer = signer
        self._post = post
        self._clock = clock or ClockWatch()
        self._monotonic = monotonic
        self._tick_s = tick_s
        self._signed_s = monotonic()
        self._signed_seq = 0
        self._fresh = True
        self._attempt: _Attempt | None = None
        self._engine = engine
        self._snapshots = snapshots
        self._capacity = capacity
        self._retry_s = retry_s
        self._queue: deque[_Pending] = deque()
        self._wake = threading.Condition()
        self._stopping = threading.Event()
        self._committed = 0
        self._lost = 0
        self._lost_unsaid = 0
        self._broken: str | None = None
        self._snapshots_broken = False
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)

    def start(self) -> None:
        """Begin committing."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Commit what is waiting, then end; rows that the disk refuses to the last are lost, which the log says."""
        self._stopping.set()
        with self._wake:
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if self._queue:
            log.error("ledger.rows_lost_at_stop", rows=len(self._queue))

    def submit(
        self, entry: Passage | Note, jpeg: bytes | None = None, context_jpeg: bytes | None = None
    ) -> Future[Saved]:
        """Hand over an entry (with a passage's crop and whole picture); the future gives its place once committed.

        The future raises `LedgerUnwritable` when the spool is full.

        Raises:
            ValueError: the entry holds what the chain's JSON cannot (NaN; a fraction in a note); it would never be
                committed, and nothing after it.
        """
        if isinstance(entry, Passage):
            as_json(entry.details)
        else:
            canonical(entry.body)
        pending = _Pending(entry, jpeg, context_jpeg)
        with self._wake:
            if len(self._queue) >= self._capacity:
                self._lost += 1
                self._lost_unsaid += 1
                pending.done.set_exception(LedgerUnwritable("ledger.spool_full", rows=self._capacity))
                return pending.done
            self._queue.append(pending)
            self._wake.notify_all()
        return pending.done

    def note(self, kind: str, remark: str = "", **body: Any) -> Future[Saved]:
        """Hand over a row of this moment."""
        return self.submit(Note(kind, datetime.now(UTC), body, remark))

    def health(self) -> WriterHealth:
        """Counters now."""
        with self._wake:
            return WriterHealth(self._committed, len(self._queue), self._lost, self._lost_unsaid, self._broken)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._queue or self._stopping.is_set(), self._tick_s)
            self._note_clock()
            with self._wake:
                group = [self._queue[i] for i in range(min(GROUP, len(self._queue)))]
                ends = self._stopping.is_set() and not group
            if ends and self._signer is None:
                return
            if not group and not ends and not self._signing_due():
                continue
            try:
                rows = self._commit(group, last=ends)
            except (StoreBusy, SQLAlchemyError, OSError) as failed:
                self._say_broken(failed.code if isinstance(failed, StoreBusy) else "store.unwritable")
                if ends or self._stopping.wait(self._retry_s):
                    return
                continue
            self._say_recovered()
            with self._wake:
                written = [self._queue.popleft() for _ in rows]
                self._committed += len(rows)
            for pending, seq in zip(written, rows, strict=True):
                pending.done.set_result(Saved(seq, pending.snapshot))
            if ends:
                return

    def _note_clock(self) -> None:
        step_ms = self._clock.step_ms()
        if step_ms is not None:
            log.warning("ledger.clock_step", by_ms=step_ms)
            self.note("clock.step", by_ms=step_ms)

    def _signing_due(self) -> bool:
        return self._signer is not None and self._monotonic() - self._signed_s >= EVERY_S

    def _commit(self, group: list[_Pending], *, last: bool = False) -> list[int]:
        """Commit a group and, where it is due or `last`, sign the end of the chain with it; the rows that it became.

        A server can be lost between committing and saying so: what was tried before is looked for first, and if it is
        there, its rows are the answer, which may be fewer than the group has by now.
        """
        for pending in group:
            self._keep_snapshots(pending)
        with writing(self._engine) as session:
            done = self._attempt
            if done is None or not _stands(session, done.tip):
                done = self._attempt = self._write(session, group, last=last)
        self._attempt = None
        self._fresh = False
        if done.signs:
            self._signed_s, self._signed_seq = self._monotonic(), done.tip.seq if done.tip else 0
        with self._wake:
            self._lost_unsaid -= done.lost
        return done.rows

    def _write(self, session: Session, group: list[_Pending], *, last: bool) -> _Attempt:
        with self._wake:
            lost = self._lost_unsaid
        rows, chain = [], Chain(session)
        if self._fresh:
            self._note_clock_since(chain)
        if lost:
            chain.add(datetime.now(UTC), "ledger.gap", {"lost": lost})
        for pending in group:
            entry = pending.entry
            if isinstance(entry, Passage):
                rows.append(chain.add_passage(entry, pending.snapshot, pending.context).seq)
            else:
                rows.append(chain.add_note(entry.at, entry.kind, entry.body, entry.remark).seq)
        chain.flush()
        if self._post is not None:
            self._post(session, zip(rows, (pending.entry for pending in group), strict=True))
        tip = chain.tip.seq if chain.tip else 0
        signs = self._signer is not None and (last or self._signing_due() or tip - self._signed_seq >= EVERY_ROWS)
        if signs and self._signer:
            chain.sign(self._signer, datetime.now(UTC))
        return _Attempt(chain.tip, rows, lost, signs)

    def _note_clock_since(self, chain: Chain) -> None:
        """The clock may have been set back while the gate was off."""
        now = datetime.now(UTC)
        if chain.tip and chain.tip.at > stamp(now + timedelta(milliseconds=STEP_MS)):
            back = now - datetime.fromisoformat(chain.tip.at)
            chain.add(now, "clock.step", {"by_ms": round(back.total_seconds() * 1000), "while_off": True})

    def _keep_snapshots(self, pending: _Pending) -> None:
        pending.snapshot = pending.snapshot or self._kept(pending.jpeg, pending.entry.at)
        pending.context = pending.context or self._kept(pending.context_jpeg, pending.entry.at)

    def _kept(self, jpeg: bytes | None, at: datetime) -> str | None:
        if jpeg is None:
            return None
        try:
            snapshot = self._snapshots.keep(jpeg, at)
        except LedgerUnwritable as unwritable:
            if not self._snapshots_broken:
                log.error("ledger.snapshots_broken", why=str(unwritable))
            self._snapshots_broken = True
            return None
        if self._snapshots_broken:
            log.info("ledger.snapshots_recovered")
        self._snapshots_broken = False
        return snapshot

    def _say_broken(self, code: str) -> None:
        if self._broken is None:
            log.error("ledger.broken", code=code)
        self._broken = code

    def _say_recovered(self) -> None:
        if self._broken is not None:
            log.info("ledger.recovered", rows=len(self._queue))
        self._broken = None


def _stands(session: Session, tip: Row | None) -> bool:
    """Whether this very row is in the chain; its hash binds the time it was made at, so no other row has it."""
    return tip is not None and session.scalar(select(LedgerRow.hash).where(LedgerRow.seq == tip.seq)) == tip.hash
