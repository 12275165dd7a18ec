"""What was done to the first row that does not fit: it alone says little, its neighbours tell the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gate.ledger.chain import Row, row_hash

WINDOW = 200
"""Rows on each side that are looked at."""
MOST_REMOVED = 1000
"""So many rows may have been taken out and the rest renumbered, and it is still told from an altered row."""


class Why(StrEnum):
    """What is wrong with a row, with a sentence under `ledger.<why>`."""

    ALTERED = "altered"
    MISSING_BEFORE = "missing_before"
    INSERTED = "inserted"
    REORDERED = "reordered"
    REWRITTEN = "rewritten"
    CUT_OFF = "cut_off"
    RESTORED_OVER = "restored_over"
    FOREIGN_CHAIN = "foreign_chain"
    CHECKPOINT_FOREIGN = "checkpoint_foreign"
    CHECKPOINT_FORGED = "checkpoint_forged"
    CHECKPOINTS_MISSING = "checkpoints_missing"
    PASSAGE_ALTERED = "passage_altered"
    PASSAGE_MISSING = "passage_missing"
    PASSAGE_INSERTED = "passage_inserted"
    REMARK_ALTERED = "remark_altered"
    REMARK_MISSING = "remark_missing"
    SNAPSHOT_ALTERED = "snapshot_altered"
    SNAPSHOT_SWAPPED = "snapshot_swapped"
    SNAPSHOT_MISSING = "snapshot_missing"


@dataclass(frozen=True, slots=True)
class Break:
    """The first row that does not hold, and why."""

    seq: int
    why: Why


def diagnose(before_last: bytes, last: bytes, due: int, row: Row, following: Sequence[Row]) -> Break:
    """Name what happened at `row`, the first that does not hold.

    `last` and `before_last` are the hashes of the last two good rows, `due` the number that should come, `following`
    the next rows as they are stored.
    """
    if row.seq != due:
        return Break(row.seq, Why.MISSING_BEFORE)
    if due > 1 and _fits(row, before_last, due - 1):
        return Break(due - 1, Why.INSERTED)
    after = following[0] if following else None
    if after and any(_fits(after, row.hash, due + 1 + removed) for removed in range(1, MOST_REMOVED)):
        return Break(due, Why.MISSING_BEFORE)
    hashes = [last, *(other.hash for other in following[:WINDOW])]
    if any(_fits(row, previous, other.seq) for other in following[:WINDOW] for previous in hashes):
        return Break(due, Why.INSERTED if row.hash in hashes else Why.REORDERED)
    if after and _fits(after, last, due):
        return Break(due, Why.INSERTED)
    return Break(due, Why.ALTERED)


def _fits(row: Row, previous: bytes, seq: int) -> bool:
    return row_hash(previous, seq, row.at, row.kind, row.body) == row.hash
