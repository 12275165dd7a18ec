"""What staff note about a whole household: kept while somebody lives there, and in the record as a digest alone."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from enrollment.directory import Row
from enrollment.form import fitting
from enrollment.name import mentions
from enrollment.tables import HouseholdRow, ResidentRow, TenancyRow, VehicleRow

LONGEST_NOTE = 500
"""Characters, line breaks among them."""


@dataclass(frozen=True, slots=True)
class HouseholdNote:
    """The note of a household, None where there is none, and the household's version."""

    words: str | None
    version: int


def clean_note(words: str) -> str | None:
    """The note in lines without spaces at their ends, None for an empty one. Raises `EntryRefused` like `form.tidy`."""
    lines = (line.strip() for line in words.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return fitting("\n".join(lines).strip(), LONGEST_NOTE)


def note_digest(row: HouseholdRow) -> str | None:
    """SHA-256 over the row's salt and its note, None without one; the salt is made with the first digest."""
    if row.notes is None:
        return None
    if row.salt is None:
        row.salt = secrets.token_bytes(16)
    return hashlib.sha256(row.salt + row.notes.encode("utf-8", "surrogatepass")).hexdigest()


def homes_of(session: Session, row: Row) -> set[str]:
    """The households that a resident or vehicle stands in; a resident may have stays in several."""
    stays = session.scalars(select(TenancyRow.household_id).where(TenancyRow.resident_id == row.id))
    return {home for home in (row.household_id, *stays) if home is not None}


def called_by(row: Row) -> tuple[str, ...]:
    """What staff may have called a resident or vehicle in a note."""
    named = (row.name, row.phone) if isinstance(row, ResidentRow) else (row.plate,)
    return tuple(word for word in named if word)


def forget_notes(session: Session, homes: Iterable[str], gone: type[Row], called: Iterable[str] = ()) -> int:
    """Forget the notes of those households that the last of its people or cars has left; how many went.

    `gone` is the table of whoever left. A note that names an erased one as `called` goes too.
    """
    words, forgotten = tuple(called), 0
    for row in session.scalars(select(HouseholdRow).where(HouseholdRow.id.in_(set(homes)))):
        if row.notes is not None and (mentions(row.notes, words) or not _stands(session, row.id, gone)):
            row.notes = row.salt = None
            row.version += 1
            forgotten += 1
    session.flush()
    return forgotten


def _stands(session: Session, home: str, gone: type[Row]) -> bool:
    """Whether somebody lives there or, where a car has left, another car is entered there."""
    found = [select(ResidentRow.id).where(ResidentRow.household_id == home)]
    found.append(select(TenancyRow.id).where(TenancyRow.household_id == home))
    if gone is VehicleRow:
        found.append(select(VehicleRow.id).where(VehicleRow.household_id == home))
    return any(session.scalars(one.limit(1)).first() is not None for one in found)
