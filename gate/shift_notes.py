"""Notes that one shift leaves for the next: who wrote and who read stand in the chain, the words beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from enrollment.database import reading, writing
from enrollment.errors import NotEnrolled
from enrollment.tables import AccountRow
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import Chain
from gate.ledger.tables import LedgerRow, RemarkRow

NOTE = "shift.note"
READ = "shift.note_read"
ENDED = "shift.ended"
MOST = 100
"""So many of the newest notes are looked at; a note that nobody has read among so many newer ones is past helping."""


@dataclass(frozen=True, slots=True)
class ShiftNote:
    """A note. `words` is None once they were erased or are past their time; names are usernames.

    `read_by` and `read_at` are None until somebody has taken note.
    """

    id: str
    at: datetime
    by: str
    words: str | None
    read_by: str | None = None
    read_at: datetime | None = None


class ShiftNotes:
    """Writes and reads the notes. Every method raises `StoreBusy` when the database does not answer.

    The words are remarks of the record: kept, searched for an erasure, backed up and forgotten with all others.
    """

    def __init__(self, engine: Engine, signer: Signer, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._signer = signer
        self._now = now

    def write(self, words: str, actor: str) -> None:
        """Leave a note for the next shift."""
        with writing(self._engine) as session:
            self._append(session, NOTE, {"actor": actor}, words)

    def end(self, actor: str, words: str = "") -> None:
        """Record that somebody's shift is over, and the note that was left with it, both or neither."""
        with writing(self._engine) as session:
            if words:
                self._append(session, NOTE, {"actor": actor}, words)
            self._append(session, ENDED, {"actor": actor})

    def read(self, note_id: str, actor: str) -> None:
        """Take note of one; the first who does stands in the record. Raises `NotEnrolled` (`shift.no_note`)."""
        with writing(self._engine) as session:
            known = [row for row in _rows(session, NOTE) if _body(row)["remark"] == note_id]
            if not known:
                raise NotEnrolled("shift.no_note", id=note_id)
            if note_id not in _readings(session, [note_id]):
                self._append(session, READ, {"actor": actor, "subject": note_id})

    def unread(self) -> tuple[ShiftNote, ...]:
        """What nobody has taken note of yet, oldest first; one whose words are gone asks nobody any more."""
        waiting = (note for note in self.past() if note.read_by is None and note.words is not None)
        return tuple(reversed(list(waiting)))

    def past(self) -> tuple[ShiftNote, ...]:
        """The newest notes, newest first."""
        with reading(self._engine) as session:
            rows = _rows(session, NOTE)
            ids = [_body(row)["remark"] for row in rows]
            readings = _readings(session, ids)
            names: dict[str, str] = dict(session.execute(select(AccountRow.id, AccountRow.username)).all())
            kept = select(RemarkRow.id, RemarkRow.words).where(RemarkRow.id.in_(ids))
            words: dict[str, str] = dict(session.execute(kept).all())
        return tuple(_note(row, words, readings, names) for row in rows)

    def _append(self, session: Session, kind: str, body: Mapping[str, Any], words: str = "") -> None:
        chain, moment = Chain(session), self._now()
        chain.add_note(moment, kind, body, words)
        chain.sign(self._signer, moment)


def _note(row: Any, words: Mapping[str, str], readings: Mapping[str, Any], names: Mapping[str, str]) -> ShiftNote:
    note_id = _body(row)["remark"]
    reader = readings.get(note_id)
    return ShiftNote(
        id=note_id,
        at=datetime.fromisoformat(row.at),
        by=names.get(row.actor, row.actor),
        words=words.get(note_id),
        read_by=names.get(reader.actor, reader.actor) if reader else None,
        read_at=datetime.fromisoformat(reader.at) if reader else None,
    )


def _rows(session: Session, kind: str) -> list[Any]:
    newest = select(LedgerRow.at, LedgerRow.actor, LedgerRow.body).where(LedgerRow.kind == kind)
    return list(session.execute(newest.order_by(LedgerRow.at.desc(), LedgerRow.seq.desc()).limit(MOST)))


def _readings(session: Session, ids: Collection[str]) -> dict[str, Any]:
    """The row of each note that somebody has taken note of."""
    rows = select(LedgerRow.at, LedgerRow.actor, LedgerRow.about).where(LedgerRow.about.in_(ids))
    return {row.about: row for row in session.execute(rows.where(LedgerRow.kind == READ))}


def _body(row: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(row.body)
    return body
