"""Searching the record: passages by when, where, who and why, and rows by who did what. Pages by key, never by count.

Whoever is looked for by name, household or plate is first found in the register, which is small; the passages are then
found by index. Newest first; times are the record's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from sqlalchemy import ColumnElement, Engine, Select, and_, or_, select, tuple_
from sqlalchemy.orm import Session

from enrollment.database import reading
from enrollment.errors import EntryRefused
from enrollment.household import HouseholdCode
from enrollment.tables import AccountRow, HouseholdRow, ResidentRow, VehicleRow
from gate.ledger.chain import stamp
from gate.ledger.kinds import kinds_of
from gate.ledger.openings import answered
from gate.ledger.plate_pattern import ESCAPE, folded, like
from gate.ledger.tables import LedgerRow, PassageRow

PAGE = 50
MOST_SUBJECTS = 500
"""A search that fits more people than this is asked to be narrower."""
MOST_OPENINGS = 5000
"""The same for an operator's openings by hand: a guard has some hundred a day."""


class TooMany(EntryRefused):
    """A name or plate fits too many."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; None or empty where it does not matter.

    `since` and `until` are aware moments, the second excluded. `person` is a part of a name, `household` a code,
    `plate` a pattern with `*`, `operator` a username. `kinds` is a group of `kinds.GROUPS`, for rows.
    """

    since: datetime | None = None
    until: datetime | None = None
    lane: str = ""
    person: str = ""
    household: str = ""
    plate: str = ""
    verdict: str = ""
    reason: str = ""
    operator: str = ""
    kinds: str = ""

    @property
    def personal(self) -> bool:
        """Whether this asks for somebody's history."""
        return bool(self.person or self.household or self.plate)

    def as_dict(self) -> dict[str, str]:
        """For storing, without what does not matter."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in told.items() if value
        }

    @classmethod
    def of_dict(cls, stored: dict[str, str]) -> Self:
        """From storage; keys that are not known any more are passed over."""
        known = {field.name for field in fields(cls)}
        told: dict[str, Any] = {name: value for name, value in stored.items() if name in known}
        for name in ("since", "until"):
            if name in told:
                told[name] = datetime.fromisoformat(told[name])
        return cls(**told)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: the key of its last entry."""

    at: str
    seq: int

    def __str__(self) -> str:
        return f"{self.at}_{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The place in a page's address, None for anything else."""
        at, _, seq = text.partition("_")
        return cls(at, int(seq)) if seq.isdecimal() and len(at) <= 32 else None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results, newest first; `after` leads to the next one, None on the last."""

    rows: tuple[Any, ...]
    after: Place | None


def search_passages(engine: Engine, query: Query, after: Place | None = None, count: int = PAGE) -> Found:
    """A page of `PassageRow`. Raises `EntryRefused` for a household code that is none, `TooMany` for a broad name."""
    with reading(engine) as session:
        wanted = select(PassageRow).where(*passage_conditions(session, query))
        return _page(session, wanted, PassageRow, after, count)


def search_rows(engine: Engine, query: Query, after: Place | None = None, count: int = PAGE) -> Found:
    """A page of rows of the chain (`LedgerRow`) by time, operator and group of kinds."""
    with reading(engine) as session:
        conditions = _times(LedgerRow.at, query)
        if query.kinds:
            conditions.append(LedgerRow.kind.in_(kinds_of(query.kinds)))
        if query.operator:
            conditions.append(LedgerRow.actor.in_(_operators(session, query.operator)))
        return _page(session, select(LedgerRow).where(*conditions), LedgerRow, after, count)


def passage_conditions(session: Session, query: Query) -> list[ColumnElement[bool]]:
    """The conditions on `PassageRow` that a query means."""
    conditions = _times(PassageRow.at, query)
    for column, value in (
        (PassageRow.lane, query.lane),
        (PassageRow.verdict, query.verdict),
        (PassageRow.reason, query.reason),
    ):
        if value:
            conditions.append(column == value)
    if query.person:
        conditions.append(PassageRow.subject.in_(_people(session, query.person)))
    if query.household:
        conditions.append(PassageRow.subject.in_(_of_household(session, query.household)))
    if query.plate:
        conditions.append(_of_plate(session, query.plate))
    if query.operator:
        conditions.append(_dealt_with(session, query))
    return conditions


def _page(session: Session, wanted: Select[Any], table: Any, after: Place | None, count: int) -> Found:
    if after:
        wanted = wanted.where(tuple_(table.at, table.seq) < (after.at, after.seq))
    wanted = wanted.order_by(table.at.desc(), table.seq.desc()).limit(count + 1)
    rows = session.scalars(wanted).all()
    session.expunge_all()
    shown = tuple(rows[:count])
    return Found(shown, Place(shown[-1].at, shown[-1].seq) if len(rows) > count else None)


def _times(column: Any, query: Query) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.since:
        conditions.append(column >= stamp(query.since))
    if query.until:
        conditions.append(column < stamp(query.until))
    return conditions


def _people(session: Session, name: str) -> list[str]:
    part = "".join(f"\\{sign}" if sign in "\\%_" else sign for sign in name.strip())
    return _few(session, select(ResidentRow.id).where(ResidentRow.name.like(f"%{part}%", escape="\\")))


def _of_household(session: Session, code: str) -> list[str]:
    home = HouseholdCode.parse(code)
    place = and_(HouseholdRow.building == home.building, HouseholdRow.unit == home.unit, HouseholdRow.room == home.room)
    people = select(ResidentRow.id).join(HouseholdRow, HouseholdRow.id == ResidentRow.household_id).where(place)
    vehicles = select(VehicleRow.id).join(HouseholdRow, HouseholdRow.id == VehicleRow.household_id).where(place)
    return [*session.scalars(people), *session.scalars(vehicles)]


def _of_plate(session: Session, pattern: str) -> ColumnElement[bool]:
    """Enrolled vehicles by their id, others by the plates that were read, both with lookalikes as one."""
    wanted = like(pattern)
    enrolled = [
        id_ for id_, plate in session.execute(select(VehicleRow.id, VehicleRow.plate)) if _matches(plate, wanted)
    ]
    fits = PassageRow.plate_key.like(wanted, escape=ESCAPE) if "%" in wanted else PassageRow.plate_key == wanted
    read = select(PassageRow.plate).where(fits, PassageRow.plate_key.is_not(None)).distinct()
    _narrow(len(enrolled))
    return or_(PassageRow.subject.in_(enrolled), PassageRow.plate.in_(_few(session, read)))


def _matches(plate: str | None, wanted: str) -> bool:
    if plate is None:
        return False
    key, parts = folded(plate), wanted.replace(ESCAPE, "").split("%")
    if len(parts) == 1:
        return key == parts[0]
    if not (key.startswith(parts[0]) and key.endswith(parts[-1]) and len(key) >= len(parts[0]) + len(parts[-1])):
        return False
    inner, start = key[len(parts[0]) : len(key) - len(parts[-1])], 0
    for part in parts[1:-1]:
        found = inner.find(part, start)
        if found < 0:
            return False
        start = found + len(part)
    return True


def _dealt_with(session: Session, query: Query) -> ColumnElement[bool]:
    """The passages that an operator opened for by hand, or read the story of."""
    operators = _operators(session, query.operator)
    own = LedgerRow.actor.in_(operators)
    viewed = select(LedgerRow.about).where(own, LedgerRow.kind == "passage.viewed", *_times(LedgerRow.at, query))
    opened = answered(session, own, *_times(LedgerRow.at, query), most=MOST_OPENINGS + 1)
    _narrow(len(opened), MOST_OPENINGS)
    return or_(PassageRow.id.in_(_few(session, viewed.distinct())), PassageRow.seq.in_(set(opened.values())))


def _operators(session: Session, username: str) -> Sequence[str]:
    name = username.strip().lower()
    known = session.scalars(select(AccountRow.id).where(AccountRow.username == name)).all()
    return known or [name]


def _few(session: Session, wanted: Select[Any]) -> list[str]:
    found = list(session.scalars(wanted.limit(MOST_SUBJECTS + 1)))
    _narrow(len(found))
    return found


def _narrow(count: int, most: int = MOST_SUBJECTS) -> None:
    if count > most:
        raise TooMany("audit.too_many", most=most)
