"""What a destination did not take, for a person to look at: why, page by page, and what is done about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Integer, delete, func, insert, literal, select

from enrollment.database import reading, writing
from gate.community.tables import DeadLetterRow, OutboxRow
from gate.ledger.ledger import append_note

PAGE = 50
"""Letters of a page."""
_MOVED = ("destination", "seq", "at", "kind", "subject")


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that a destination did not take, and why: a fault's code and facts."""

    seq: int
    at: str
    kind: str
    attempts: int
    died: str
    code: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Which:
    """Letters by their numbers, or by kind and code; without anything, all of them."""

    seqs: tuple[int, ...] | None = None
    kind: str | None = None
    code: str | None = None

    def told(self) -> dict[str, Any]:
        """What a row of the record says of them."""
        told = {"seqs": list(self.seqs) if self.seqs else None, "of": self.kind, "code": self.code}
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Group:
    """How many letters of a kind there are for the same reason."""

    kind: str
    code: str
    count: int


class DeadLetters:
    """The letters of one destination. Every method is one transaction and raises `StoreBusy`."""

    def __init__(self, engine: Engine, destination: str) -> None:
        self._engine = engine
        self._destination = destination

    def groups(self) -> list[Group]:
        """All letters by kind and reason, the most first."""
        count = func.count().label("count")
        by = (DeadLetterRow.kind, DeadLetterRow.code)
        grouped = select(*by, count).where(*self._those(Which())).group_by(*by).order_by(count.desc(), *by)
        with reading(self._engine) as session:
            return [Group(*row) for row in session.execute(grouped)]

    def page(self, which: Which | None = None, before: int | None = None, most: int = PAGE) -> list[Letter]:
        """The newest letters, at most so many, of those with a smaller number than `before`."""
        older = [DeadLetterRow.seq < before] if before is not None else []
        wanted = select(DeadLetterRow).where(*self._those(which or Which()), *older)
        with reading(self._engine) as session:
            rows = session.scalars(wanted.order_by(DeadLetterRow.seq.desc()).limit(most))
            return [_letter(row) for row in rows]

    def find(self, seq: int) -> Letter | None:
        """The letter with this number."""
        found = self.page(Which(seqs=(seq,)))
        return found[0] if found else None

    def resend(self, which: Which, actor: str, now: datetime) -> int:
        """Let letters wait again as if they were new; how many, which a row of the record says too."""
        with writing(self._engine) as session:
            columns = (getattr(DeadLetterRow, name) for name in _MOVED)
            moved = select(*columns, literal(0, Integer), literal(0, Integer)).where(*self._those(which))
            session.execute(insert(OutboxRow).from_select([*_MOVED, "attempts", "due_ms"], moved))
            return self._take_out(session, which, "community.resent", actor, now)

    def set_aside(self, which: Which, actor: str, words: str, now: datetime) -> int:
        """Give letters up for good, with the reason on record; how many."""
        with writing(self._engine) as session:
            return self._take_out(session, which, "community.set_aside", actor, now, words)

    def _take_out(self, session: Any, which: Which, kind: str, actor: str, now: datetime, words: str = "") -> int:
        count = int(session.execute(delete(DeadLetterRow).where(*self._those(which))).rowcount)
        if count:
            facts = {"actor": actor, "destination": self._destination, "events": count, **which.told()}
            append_note(session, now, kind, facts, words)
        return count

    def _those(self, which: Which) -> Sequence[ColumnElement[bool]]:
        chosen = [DeadLetterRow.destination == self._destination]
        chosen += [DeadLetterRow.seq.in_(which.seqs)] if which.seqs is not None else []
        chosen += [DeadLetterRow.kind == which.kind] if which.kind is not None else []
        return chosen + ([DeadLetterRow.code == which.code] if which.code is not None else [])


def _letter(row: DeadLetterRow) -> Letter:
    return Letter(row.seq, row.at, row.kind, row.attempts, row.died, row.code, json.loads(row.facts))
