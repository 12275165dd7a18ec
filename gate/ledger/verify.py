"""Proving the chain: every row in its place, every hash right, every passage as it was decided."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from enrollment.database import reading
from gate.errors import LedgerBroken
from gate.ledger.chain import GENESIS, Row, details_digest, row_hash
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import LedgerRow, PassageRow

BATCH = 5000
COLUMNS = (
    select(LedgerRow.seq, LedgerRow.at, LedgerRow.kind, LedgerRow.body, LedgerRow.hash)
    .order_by(LedgerRow.seq)
    .limit(BATCH)
)
"""A row as it is hashed; whole objects of the mapper would take three times as long."""


@dataclass(frozen=True, slots=True)
class Break:
    """The first row that does not hold, and why (`ledger.<why>` in the catalogue)."""

    seq: int
    why: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What a verification found; `snapshots_over` are pictures past their retention, `head` is the last good hash."""

    rows: int
    passages: int
    snapshots: int
    snapshots_over: int
    head: bytes
    first_broken: Break | None


def verify(engine: Engine, snapshots: Snapshots | None = None) -> Proof:
    """Walk the whole chain in order, stopping at the first row that does not hold.

    With `snapshots`, every picture is read and checked too; one that is gone counts as over its retention. An end that
    was cut off is noticed while one of its passages is still stored; beyond that the auditor compares `rows` and `head`
    with a copy noted elsewhere, since the chain itself has no key.
    """
    walk = _Walk(snapshots)
    with reading(engine) as session:
        for row, passage in _rows(session):
            broken = walk.step(row, passage)
            if broken:
                return walk.proof(Break(row.seq, broken))
        stored = session.scalar(select(func.count()).select_from(PassageRow)) or 0
    proof = walk.proof(None)
    return replace(proof, first_broken=Break(proof.rows + 1, "cut_off")) if stored > proof.passages else proof


def _rows(session: Session) -> Iterator[tuple[Row, PassageRow | None]]:
    """Every row in order with the passage it names, in batches by key so that no read holds the log back for long."""
    after = 0
    while True:
        batch = [Row(*stored) for stored in session.execute(COLUMNS.where(LedgerRow.seq > after))]
        if not batch:
            return
        named = [_passage_id(row) for row in batch]
        wanted = [passage for passage in named if passage]
        passages: dict[str, PassageRow] = {}
        for start in range(0, len(wanted), 500):
            found = session.scalars(select(PassageRow).where(PassageRow.id.in_(wanted[start : start + 500])))
            passages |= {passage.id: passage for passage in found}
        for row, passage in zip(batch, named, strict=True):
            yield row, passages.get(passage or "")
        after = batch[-1].seq
        session.expunge_all()
        # Each batch is a read of its own; the last, empty one is the moment in which the passages are counted.
        session.rollback()


def _passage_id(row: Row) -> str | None:
    if row.kind != "decision":
        return None
    try:
        named = json.loads(row.body).get("passage")
    except (ValueError, AttributeError):
        return None
    return named if isinstance(named, str) else None


class _Walk:
    def __init__(self, snapshots: Snapshots | None) -> None:
        self._snapshots = snapshots
        self._last = Row(0, "", "", "", GENESIS)
        self._rows = self._passages = self._pictures = self._over = 0

    def step(self, row: Row, passage: PassageRow | None) -> str | None:
        """Check one row; why it does not hold, or None."""
        if row.seq != self._last.seq + 1:
            return "missing_before"
        if row_hash(self._last.hash, row.seq, row.at, row.kind, row.body) != row.hash:
            return "altered"
        self._last = row
        self._rows += 1
        if passage is not None:
            self._passages += 1
            if not _agrees(row, passage):
                return "passage_altered"
        return self._picture(row) if row.kind == "decision" and self._snapshots else None

    def _picture(self, row: Row) -> str | None:
        snapshot = json.loads(row.body)["snapshot"]
        if snapshot is None or self._snapshots is None:
            return None
        try:
            seen = self._snapshots.look(snapshot)
        except LedgerBroken:
            return "snapshot_altered"
        self._pictures += seen is not None
        self._over += seen is None
        return None

    def proof(self, broken: Break | None) -> Proof:
        """The outcome so far."""
        return Proof(self._rows, self._passages, self._pictures, self._over, self._last.hash, broken)


def _agrees(row: Row, passage: PassageRow) -> bool:
    body = json.loads(row.body)
    try:
        details = json.loads(passage.details)
    except ValueError:
        return False
    same = ("lane", "verdict", "reason", "subject", "snapshot")
    return (
        passage.at == row.at
        and all(getattr(passage, name) == body[name] for name in same)
        and details_digest(passage.salt, details) == body["details"]
    )
