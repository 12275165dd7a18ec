"""Proving the record: every row in its place, every hash right, every checkpoint ours, all that hangs on it whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from enrollment.database import reading
from gate.ledger.attachments import MARKED, REMARKED, Attachments
from gate.ledger.chain import GENESIS, VERSION, Row
from gate.ledger.checkpoint import Checkpoint
from gate.ledger.diagnosis import WINDOW, Break, Why, diagnose
from gate.ledger.marks import Marks
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import CheckpointRow

__all__ = ["Break", "Proof", "Why", "verify"]

BATCH = 10_000
"""Rows of one read: some ten megabytes, however long the record is."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a verification found.

    `snapshots_over` are pictures past their retention, `head` is the hash of the last good row, `signed` the number of
    the last row that a checkpoint covers, `anchors` how many checkpoints noted elsewhere were compared.
    """

    rows: int
    passages: int
    snapshots: int
    snapshots_over: int
    head: bytes
    signed: int
    anchors: int
    first_broken: Break | None


def verify(
    engine: Engine,
    snapshots: Snapshots | None = None,
    *,
    key: bytes | None = None,
    anchors: Iterable[Checkpoint] = (),
) -> Proof:
    """Walk the whole record in order, stopping at the first row that does not hold.

    With `snapshots`, every picture is opened and checked too. `key` is the public key whose checkpoints count; without
    it, the one that row 1 names. `anchors` are checkpoints that were noted outside this database: they alone show that
    the whole file was replaced by an older one, or rewritten by somebody who has the signing key.
    """
    with reading(engine) as session:
        walk = _Walk(session, snapshots, key, tuple(anchors))
        broken = walk.through()
    return replace(walk.proof(), first_broken=broken)


class _Walk:
    def __init__(
        self, session: Session, snapshots: Snapshots | None, key: bytes | None, anchors: Sequence[Checkpoint]
    ) -> None:
        self._session = session
        self._hashes = GENESIS, GENESIS
        self._seq = 0
        self._good: list[bytes] = []
        self._marked: list[Row] = []
        self._attached = Attachments(session, snapshots)
        self._marks = Marks(session, key, anchors)

    def through(self) -> Break | None:
        """Walk to the end; the first break."""
        while True:
            first = self._seq + 1
            wrong = self._stretch(first)
            last = self._seq
            broken = self._first(
                self._attached.check(first, last, self._marked),
                self._marks.check(first, self._good, self._marked),
                self._diagnosed(wrong) if wrong else None,
            )
            if broken:
                return broken
            # Each batch is a read of its own, so that none holds the database's log back for long.
            self._session.rollback()
            if last < first:
                return self._first(self._marks.end(last), self._attached.end(last))

    def proof(self) -> Proof:
        """The outcome so far."""
        seen = self._attached
        return Proof(
            rows=self._seq,
            passages=seen.passages,
            snapshots=seen.pictures,
            snapshots_over=seen.pictures_over,
            head=self._hashes[1],
            signed=self._marks.signed,
            anchors=self._marks.anchors,
            first_broken=None,
        )

    @staticmethod
    def _first(*breaks: Break | None) -> Break | None:
        return min((found for found in breaks if found), key=lambda found: found.seq, default=None)

    def _stretch(self, first: int) -> Row | None:
        """Go over the next rows that continue the chain; the row that does not, if there is one.

        Their hashes are in `_good` then, and in `_marked` those rows that say more than that they are there.
        """
        sha256, last, due = hashlib.sha256, self._hashes[1], first
        good, marked = self._good, self._marked = [], []
        wrong = None
        for row in stored_rows(self._session, self._seq, BATCH):
            seq, at, kind, body, hash_ = row
            # `chain.row_hash` written out: two calls a row would cost a fifth of the speed.
            content = sha256(f"{VERSION}\n{seq}\n{at}\n{kind}\n{body}".encode()).digest()
            if seq != due or sha256(last + content).digest() != hash_:
                wrong = Row._make(row)
                break
            good.append(hash_)
            if kind in MARKED or REMARKED in body:
                marked.append(Row._make(row))
            last, due = hash_, due + 1
        self._hashes = (*self._hashes, *good[-2:])[-2], last
        self._seq = due - 1
        return wrong

    def _diagnosed(self, row: Row) -> Break:
        following = rows_after(self._session, row.seq, WINDOW)
        return diagnose(*self._hashes, self._seq + 1, row, following)


def stored_rows(session: Session, seq: int, most: int) -> Iterator[tuple[int, str, str, str, bytes]]:
    """The next rows of the chain as they are stored, read past the mapper and one at a time."""
    sql = f"SELECT seq, at, kind, body, hash FROM ledger WHERE seq > {seq:d} ORDER BY seq LIMIT {most:d}"  # noqa: S608
    found: Any = session.connection().exec_driver_sql(sql).cursor
    return iter(found)


def rows_after(session: Session, seq: int, most: int) -> list[Row]:
    """The next rows of the chain, all in memory."""
    return [Row._make(row) for row in stored_rows(session, seq, most)]


def last_checkpoint(session: Session) -> Checkpoint | None:
    """The newest checkpoint in the database."""
    row = session.scalars(select(CheckpointRow).order_by(CheckpointRow.seq.desc()).limit(1)).first()
    return Checkpoint(row.seq, row.at, row.hash, row.key, row.signature) if row else None
