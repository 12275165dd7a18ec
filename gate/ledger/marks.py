"""Comparing the chain with its signed checkpoints, those in the database and those noted elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gate.ledger.chain import Row
from gate.ledger.checkpoint import EVERY_ROWS, Checkpoint
from gate.ledger.diagnosis import Break, Why
from gate.ledger.tables import CheckpointRow, LedgerRow

MOST_UNSIGNED = EVERY_ROWS + 400
"""A commit has 200 rows at most, and the register's own stand between."""


class Marks:
    """Checks each batch of rows that hold together against the checkpoints that fall into it."""

    def __init__(self, session: Session, key: bytes | None, anchors: Sequence[Checkpoint]) -> None:
        self._session = session
        self._key = key
        self._anchors = sorted(anchors, key=lambda anchor: anchor.seq)
        restored = select(func.max(LedgerRow.seq)).where(LedgerRow.kind == "ledger.restored")
        self._restored = session.scalar(restored)
        self._signs = False
        self.signed = 0
        self.anchors = 0

    def check(self, first: int, hashes: Sequence[bytes], rows: Iterable[Row]) -> Break | None:
        """The first of some rows that a checkpoint speaks against: their hashes from row `first` on.

        Of the rows themselves only the very first is wanted among `rows`: it says whose checkpoints count.
        """
        if not hashes:
            return None
        if first == 1 and (broken := self._began(next(iter(rows), None))):
            return broken
        last = first + len(hashes) - 1
        noted = [anchor for anchor in self._anchors if first <= anchor.seq <= last]
        self.anchors += len(noted)
        found = (Checkpoint(*stored) for stored in self._stored(first, last))
        return self._against(first, hashes, found, signing=True) or self._against(first, hashes, noted, signing=False)

    def end(self, rows: int) -> Break | None:
        """What the checkpoints say about the end: whether rows are missing there, or too many are unsigned."""
        beyond = [Checkpoint(*stored) for stored in self._stored(rows + 1, 2**62)]
        beyond += [anchor for anchor in self._anchors if anchor.seq > rows]
        self.anchors += sum(anchor.seq > rows for anchor in self._anchors)
        for checkpoint in beyond:
            if foreign := self._foreign(checkpoint):
                return Break(checkpoint.seq, foreign)
            return Break(rows + 1, Why.RESTORED_OVER if self._restored else Why.CUT_OFF)
        if self._signs and rows - self.signed > MOST_UNSIGNED:
            return Break(self.signed + 1, Why.CHECKPOINTS_MISSING)
        return None

    def _began(self, row: Row | None) -> Break | None:
        if row is None or row.seq != 1 or row.kind != "ledger.began":
            return None
        named = bytes.fromhex(json.loads(row.body)["key"])
        self._signs = True
        if self._key is None:
            self._key = named
        return Break(1, Why.FOREIGN_CHAIN) if self._key != named else None

    def _against(
        self, first: int, hashes: Sequence[bytes], checkpoints: Iterable[Checkpoint], *, signing: bool
    ) -> Break | None:
        for checkpoint in checkpoints:
            if foreign := self._foreign(checkpoint):
                return Break(checkpoint.seq, foreign)
            if hashes[checkpoint.seq - first] != checkpoint.hash:
                over = self._restored is not None and self._restored <= checkpoint.seq and not signing
                return Break(checkpoint.seq, Why.RESTORED_OVER if over else Why.REWRITTEN)
            if signing and self._signs and checkpoint.seq - self.signed > MOST_UNSIGNED:
                return Break(self.signed + 1, Why.CHECKPOINTS_MISSING)
            if signing:
                self.signed = checkpoint.seq
        return None

    def _foreign(self, checkpoint: Checkpoint) -> Why | None:
        if self._key is not None and checkpoint.key != self._key:
            return Why.CHECKPOINT_FOREIGN
        return None if checkpoint.genuine else Why.CHECKPOINT_FORGED

    def _stored(self, first: int, last: int) -> Iterable[tuple[int, str, bytes, bytes, bytes]]:
        columns = (CheckpointRow.seq, CheckpointRow.at, CheckpointRow.hash, CheckpointRow.key, CheckpointRow.signature)
        wanted = select(*columns).where(CheckpointRow.seq.between(first, last)).order_by(CheckpointRow.seq)
        return [(seq, at, hash_, key, signature) for seq, at, hash_, key, signature in self._session.execute(wanted)]
