"""Searching the record: passages by when, where, who and why, and rows by who did what. Pages by key, never by count.

Whoever is looked for by name, household or plate is first found in the register, which is small; the passages are then
found by index. Newest first, or passages the oldest first; times are the record's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from sqlalchemy import ColumnElement, Engine, Select, and_, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from enrollment.database import reading
from enrollment.errors import EntryRefused
from enrollment.household import HouseholdCode
from enrollment.name import folded as folded_name
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

LAST_SIGN = chr(0x10FFFF)
Filter = list[tuple[InstrumentedAttribute[Any], Sequence[Any]]]
"""Columns with the values that are asked for; a row fits that has one of them in one of these columns."""


class TooMany(EntryRefused):
    """A name or plate fits too many."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; None or empty where it does not matter.

    `since` and `until` are aware moments, the second excluded. `person` is a part of a name, `household` a code,
    `plate` a pattern with `*`, `operator` a username, `subject` an opaque id. `kinds` is a group of `kinds.GROUPS`, for
    rows.
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
    subject: str = ""

    @property
    def personal(self) -> bool:
        """Whether this asks for somebody's history."""
        return bool(self.person or self.household or self.plate or self.subject)

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
    """A page of results in the order asked for; `after` leads to the next one, None on the last."""

    rows: tuple[Any, ...]
    after: Place | None


def search_passages(
    engine: Engine, query: Query, after: Place | None = None, count: int = PAGE, *, oldest_first: bool = False
) -> Found:
    """A page of `PassageRow`. Raises `EntryRefused` for a household code that is none, `TooMany` for a broad name."""
    with reading(engine) as session:
        filters = list(_passage_filters(session, query))
        return _page(session, PassageRow, query, filters, after, count, oldest_first=oldest_first)


def search_rows(engine: Engine, query: Query, after: Place | None = None, count: int = PAGE) -> Found:
    """A page of rows of the chain (`LedgerRow`) by time, operator and group of kinds."""
    with reading(engine) as session:
        filters: list[Filter] = []
        if query.operator:
            filters.append([(LedgerRow.actor, _operators(session, query.operator))])
        if query.kinds:
            filters.append([(LedgerRow.kind, kinds_of(query.kinds))])
        return _page(session, LedgerRow, query, filters, after, count)


def passage_conditions(session: Session, query: Query) -> list[ColumnElement[bool]]:
    """The conditions on `PassageRow` that a query means."""
    filters = list(_passage_filters(session, query))
    first = [or_(*(column.in_(values) for column, values in asked)) for asked in filters[:1]]
    return [*_times(PassageRow.at, query), *first, *(_residual(other) for other in filters[1:])]


def _passage_filters(session: Session, query: Query) -> Iterator[Filter]:
    """What is asked for, what leaves the fewest passages first."""
    if query.operator:
        yield _dealt_with(session, query)
    if query.plate:
        yield _of_plate(session, query.plate)
    if query.subject:
        yield [(PassageRow.subject, [query.subject])]
    if query.household:
        yield [(PassageRow.subject, _of_household(session, query.household))]
    if query.person:
        yield [(PassageRow.subject, _people(session, query.person))]
    for column, value in (
        (PassageRow.reason, query.reason),
        (PassageRow.verdict, query.verdict),
        (PassageRow.lane, query.lane),
    ):
        if value:
            yield [(column, [value])]


def _residual(asked: Filter) -> ColumnElement[bool]:
    """A filter that is to be tried on what another one left: hidden from the planner, which would use any index."""
    return or_(*((column + "").in_(values) for column, values in asked))


def _page(
    session: Session,
    table: Any,
    query: Query,
    filters: Sequence[Filter],
    after: Place | None,
    count: int,
    *,
    oldest_first: bool = False,
) -> Found:
    """Walk down the index of each value that the first filter allows, so that nothing is sorted but some pages."""
    conditions = [*_span(table, query, after, oldest_first=oldest_first), *(_residual(other) for other in filters[1:])]
    order = (table.at, table.seq) if oldest_first else (table.at.desc(), table.seq.desc())
    keys = select(table.at, table.seq).where(*conditions).order_by(*order).limit(count + 1)
    places = {(at, seq) for way in _ways(filters) for at, seq in session.execute(keys.where(*way))}
    first = sorted(places, reverse=not oldest_first)[: count + 1]
    wanted = select(table).where(table.seq.in_([seq for _, seq in first[:count]]))
    rows = session.scalars(wanted.order_by(*order)).all()
    session.expunge_all()
    return Found(tuple(rows), Place(*first[count - 1]) if len(first) > count else None)


def _ways(filters: Sequence[Filter]) -> Iterator[list[ColumnElement[bool]]]:
    if not filters:
        yield []
        return
    for column, values in filters[0]:
        if column is PassageRow.id or column is PassageRow.seq:
            yield [column.in_(values)]
        else:
            yield from ([column == value] for value in values)


def _span(table: Any, query: Query, after: Place | None, *, oldest_first: bool) -> Iterator[ColumnElement[bool]]:
    """What lies between the times and behind the last page.

    On each side one bound alone, the closer one: of two, the planner may walk from the farther one to the page.
    """
    since = stamp(query.since) if query.since else None
    until = stamp(query.until) if query.until else None
    place = tuple_(table.at, table.seq)
    if after and oldest_first and (since is None or after.at >= since):
        yield place > (after.at, after.seq)
    elif since is not None:
        yield table.at >= since
    if after and not oldest_first and (until is None or after.at < until):
        yield place < (after.at, after.seq)
    elif until is not None:
        yield table.at < until


def _times(column: Any, query: Query) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.since:
        conditions.append(column >= stamp(query.since))
    if query.until:
        conditions.append(column < stamp(query.until))
    return conditions


def _people(session: Session, name: str) -> list[str]:
    """However the name is spelled; in Python, since no database knows which marks a search leaves out."""
    part = folded_name(name)
    living = session.execute(select(ResidentRow.id, ResidentRow.name).where(ResidentRow.name.is_not(None)))
    found = [id_ for id_, called in living if part and part in folded_name(called or "")]
    _narrow(len(found))
    return found


def _of_household(session: Session, code: str) -> list[str]:
    home = HouseholdCode.parse(code)
    place = and_(HouseholdRow.building == home.building, HouseholdRow.unit == home.unit, HouseholdRow.room == home.room)
    people = select(ResidentRow.id).join(HouseholdRow, HouseholdRow.id == ResidentRow.household_id).where(place)
    vehicles = select(VehicleRow.id).join(HouseholdRow, HouseholdRow.id == VehicleRow.household_id).where(place)
    return [*session.scalars(people), *session.scalars(vehicles)]


def _of_plate(session: Session, pattern: str) -> Filter:
    """Enrolled vehicles by their id, others by the plates that were read, both with lookalikes as one."""
    wanted = like(pattern)
    enrolled = [
        id_ for id_, plate in session.execute(select(VehicleRow.id, VehicleRow.plate)) if _matches(plate, wanted)
    ]
    _narrow(len(enrolled))
    read = select(PassageRow.plate).where(*_read_like(session, wanted)).distinct()
    return [(PassageRow.subject, enrolled), (PassageRow.plate, _few(session, read))]


def _read_like(session: Session, wanted: str) -> list[ColumnElement[bool]]:
    key, (begins, *more) = PassageRow.plate_key, wanted.replace(ESCAPE, "").split("%")
    if not more:
        return [key == begins]
    conditions: list[ColumnElement[bool]] = [key.like(wanted, escape=ESCAPE), key.is_not(None)]
    if begins and session.get_bind().dialect.name == "sqlite":
        # SQLite compares by code point but takes no index for LIKE; a server's order depends on its language.
        conditions += [key >= begins, key < f"{begins}{LAST_SIGN}"]
    return conditions


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


def _dealt_with(session: Session, query: Query) -> Filter:
    """The passages that an operator opened for by hand, or read the story of."""
    own = LedgerRow.actor.in_(_operators(session, query.operator))
    about = select(LedgerRow.about).where(own, _residual([(LedgerRow.kind, ["passage.viewed"])]))
    viewed = _few(session, about.where(*_times(LedgerRow.at, query)).distinct())
    opened = answered(session, own, *_times(LedgerRow.at, query), most=MOST_OPENINGS + 1)
    _narrow(len(opened), MOST_OPENINGS)
    return [(PassageRow.id, viewed), (PassageRow.seq, sorted(set(opened.values())))]


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
