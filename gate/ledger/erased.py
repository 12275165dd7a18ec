"""Emptying what hangs on the rows about one person or vehicle: details, remarks, pictures. The chain stays whole.

The chain's rows hold opaque ids and digests alone. A passage keeps what its row says and loses its details; a row
`passages.erased` says whose, and is what tells an emptied passage from an altered one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.orm import Session

from enrollment.name import mentions
from gate.ledger.ledger import Chain
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import PassageRow, RemarkRow, SavedSearchRow

NO_DETAILS = "{}"
TABLES = ("remark", "saved_search")
INDEXES = ("passage_plate", "passage_plate_key")
"""What is written anew after an erasure, so that no moved copy of a plate or a word stays in the file."""


@dataclass(frozen=True, slots=True)
class Emptied:
    """How many of each were emptied or deleted, and the number of the row that says so."""

    passages: int
    pictures: int
    remarks: int
    searches: int
    row: int


def is_emptied(salt: bytes, details: str) -> bool:
    """Whether a passage's details were erased: no passage is stored without a salt."""
    return salt == b"" and details == NO_DETAILS


def empty(
    session: Session, snapshots: Snapshots, subject: str, words: Sequence[str], plate: str | None, moment: datetime
) -> Emptied:
    """Take everything personal of one subject off the record, in the session's transaction.

    `words` are what staff may have called it in a remark or a saved search; `plate` is that of a vehicle, whose
    passages from before it was enrolled are its too. Pictures are deleted at once: where the transaction fails after
    that, another erasure of the same subject makes up for it.
    """
    found = or_(PassageRow.subject == subject, PassageRow.plate == plate if plate else PassageRow.id.is_(None))
    rows = [dict(row) for row in session.execute(select(PassageRow.__table__).where(found)).mappings()]
    before_enrolment = [str(row["id"]) for row in rows if row["subject"] != subject]
    for row in rows:
        session.execute(delete(PassageRow).where(PassageRow.seq == row["seq"]))
        blank: dict[str, Any] = {"salt": b"", "details": NO_DETAILS, "plate": None, "plate_key": None}
        session.execute(insert(PassageRow).values({**row, **blank}))
    remarks = _forget(session, RemarkRow, RemarkRow.words, words)
    searches = _forget(session, SavedSearchRow, SavedSearchRow.query, words)
    names = {name for row in rows for name in (row["snapshot"], row["context"]) if name}
    pictures = sum(snapshots.erase(name) for name in names)
    chain = Chain(session)
    body = {"subject": subject, "passages": before_enrolment, "remarks": remarks}
    said = chain.add(moment, "passages.erased", {**body, "emptied": len(rows), "pictures": pictures})
    chain.flush()
    return Emptied(len(rows), pictures, len(remarks), len(searches), said.seq)


def _forget(session: Session, table: type[RemarkRow | SavedSearchRow], column: Any, words: Sequence[str]) -> list[str]:
    """Delete the rows whose text names one who is called so; their ids."""
    ids = [id_ for id_, text in session.execute(select(table.id, column)) if mentions(text or "", words)]
    for start in range(0, len(ids), 500):
        session.execute(delete(table).where(table.id.in_(ids[start : start + 500])))
    return ids
