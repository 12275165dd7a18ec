"""What registers elsewhere tell: kept sealed until it is taken over, and compared with how our register stands."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, delete, func, select, update
from sqlalchemy.orm import Session

from enrollment import directory
from enrollment.change import utc_now
from enrollment.database import reading, writing
from enrollment.entry import Resident, Vehicle
from enrollment.errors import EnrollmentError
from enrollment.household import HouseholdCode
from enrollment.keyring import Keyring
from enrollment.plan import Decisions, Entry, Here, Limits, Plan, Standing
from enrollment.planning import plan
from enrollment.source_tables import SourceEntryRow, SourcePlateRow, SourceRow
from enrollment.tables import HouseholdRow, TenancyRow
from enrollment.told import DEFAULTS, LISTS, Told, ToldKind, Wrong
from models.errors import Fault


@dataclass(frozen=True, slots=True)
class News:
    """One answer of a source. Of the kinds in `whole` it told everything: what is not there is gone.

    `gone` are ids that it took away by itself; `tags` is what its addresses call this answer.
    """

    told: Sequence[Told] = ()
    wrong: Sequence[Wrong] = ()
    whole: Collection[ToldKind] = ()
    gone: Collection[tuple[ToldKind, str]] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceStanding:
    """How a source stands. `code` and `facts` are the fault of now, None while it answers; moments are aware."""

    told: int
    asked_at: datetime | None
    told_at: datetime | None
    applied_at: datetime | None
    code: str | None
    facts: Mapping[str, str]
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class ListedPlate:
    """A plate on a list of a source, as taken over."""

    source: str
    kind: ToldKind
    plate: str
    reason: str | None
    since: datetime | None
    until: datetime | None


class Sources:
    """What every source has told. Each method is one transaction and raises `StoreBusy`."""

    def __init__(
        self,
        engine: Engine,
        keyring: Keyring,
        now: Callable[[], datetime] = utc_now,
        named: Collection[str] | None = None,
    ) -> None:
        """`named` are the sources that count beside each other, None for all that ever told anything."""
        self._engine = engine
        self._keyring = keyring
        self._now = now
        self._named = named

    def mark(self, source: str, kind: ToldKind, ref: str) -> str:
        """The keyed digest by which an entry is found again."""
        return self._keyring.mark(ref.encode(), f"source:{source}:{kind}".encode())

    def tell(self, source: str, news: News) -> None:
        """Keep what a source tells now, in place of what it told before."""
        with writing(self._engine) as session:
            gone = {(kind.value, self.mark(source, kind, ref)) for kind, ref in news.gone}
            kept = self._kept(session, source, news, gone)
            seen = {(one.kind.value, self.mark(source, one.kind, one.ref)) for one in news.wrong if one.ref}
            for one in news.told:
                at = one.kind.value, self.mark(source, one.kind, one.ref)
                seen.add(at)
                self._keep(session, kept, source, at, one)
            whole = {kind.value for kind in news.whole}
            for at, row in kept.items():
                if at in gone or (row.kind in whole and at not in seen):
                    row.told = None
                    if row.subject is None:
                        session.delete(row)
            mine = row_of(session, source)
            mine.asked_at = mine.told_at = self._now()
            mine.code, mine.facts, mine.failing_since = None, "{}", None
            if news.whole or news.wrong:
                mine.tags = json.dumps(dict(news.tags))
                mine.wrong = self._sealed(source, [_plain(one) for one in news.wrong]) if news.wrong else None

    def told(self, source: str, kind: ToldKind) -> Mapping[str, Told]:
        """What a source tells of one kind now, by its ids."""
        with reading(self._engine) as session:
            rows = session.scalars(_entries_of(source).where(SourceEntryRow.kind == kind.value))
            found = [told for row in rows if (told := self._opened(row).told) is not None]
        return {one.ref: one for one in found}

    def say(self, source: str, fault: Fault | None) -> None:
        """Note how asking a source went; with no fault, that it has nothing new."""
        with writing(self._engine) as session:
            row = row_of(session, source)
            row.asked_at = self._now()
            if fault is None:
                row.code, row.facts, row.failing_since = None, "{}", None
                return
            row.failing_since = row.failing_since or self._now()
            row.code, row.facts = fault.code, json.dumps({name: str(fact) for name, fact in fault.facts.items()})

    def forget(self, named: Collection[str], before: datetime) -> None:
        """Let go of what sources have told that are `named` no more and were asked last before then.

        Who is whom there stays known, in case one comes back.
        """
        with writing(self._engine) as session:
            for row in session.scalars(select(SourceRow).where(SourceRow.id.not_in(list(named)))):
                if row.asked_at is None or row.asked_at < before:
                    mine = SourceEntryRow.source == row.id
                    session.execute(delete(SourceEntryRow).where(mine, SourceEntryRow.subject.is_(None)))
                    session.execute(update(SourceEntryRow).where(mine).values(told=None))
                    session.execute(delete(SourcePlateRow).where(SourcePlateRow.source == row.id))
                    row.wrong, row.tags, row.lists = None, "{}", row.lists + 1

    def tags(self, source: str) -> Mapping[str, str]:
        """What its addresses called the answer that was kept last."""
        with reading(self._engine) as session:
            row = session.get(SourceRow, source)
            return dict(json.loads(row.tags)) if row else {}

    def standing(self, source: str) -> SourceStanding:
        """How a source stands."""
        with reading(self._engine) as session:
            row = session.get(SourceRow, source) or _new(source)
            telling = (SourceEntryRow.source == source, SourceEntryRow.told.is_not(None))
            told = session.scalar(select(func.count()).select_from(SourceEntryRow).where(*telling))
            facts = dict(json.loads(row.facts))
            times = row.asked_at, row.told_at, row.applied_at
            return SourceStanding(told or 0, *times, row.code, facts, row.failing_since)

    def plan(
        self,
        source: str,
        limits: Limits | None = None,
        decisions: Decisions | None = None,
        kinds: Collection[ToldKind] = tuple(ToldKind),
    ) -> Plan:
        """What taking over what it tells of these kinds would do now; changes nothing."""
        with reading(self._engine) as session:
            of_kinds = _entries_of(source).where(SourceEntryRow.kind.in_([kind.value for kind in kinds]))
            entries = [self._opened(row) for row in session.scalars(of_kinds)]
            row = session.get(SourceRow, source)
            wrong = self._wrong(source, row.wrong) if row and row.wrong else []
            wrong = [one for one in wrong if one.kind in kinds]
            unreadable = {self.mark(source, one.kind, one.ref) for one in wrong if one.ref}
            entries = [replace(one, unreadable=one.mark in unreadable) for one in entries]
            stands = _listed(session, source)
            if not set(LISTS).issuperset(kinds):
                stands = _stands(session, stands, self._others(source), self._now())
        return plan(source, entries, wrong, stands, self.digest, self._now(), limits, decisions)

    def digest(self, name: str, value: str) -> str:
        """A keyed digest of a field, short: it is only ever compared with the one before it."""
        return self._keyring.mark(value.encode(), f"field:{name}".encode())[:16]

    def _others(self, source: str) -> list[ColumnElement[bool]]:
        named = [] if self._named is None else [SourceEntryRow.source.in_(list(self._named))]
        living = [SourceEntryRow.told.is_not(None), SourceEntryRow.ended_at.is_(None)]
        return [SourceEntryRow.source != source, *living, *named]

    def _kept(
        self, session: Session, source: str, news: News, gone: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], SourceEntryRow]:
        """What is kept of a source that an answer may be about: of a push, only that."""
        if news.whole:
            return {(row.kind, row.mark): row for row in session.scalars(_entries_of(source))}
        told = {(one.kind.value, self.mark(source, one.kind, one.ref)) for one in news.told}
        rows = {at: session.get(SourceEntryRow, (source, *at)) for at in {*told, *gone}}
        return {at: row for at, row in rows.items() if row is not None}

    def _keep(
        self,
        session: Session,
        kept: Mapping[tuple[str, str], SourceEntryRow],
        source: str,
        at: tuple[str, str],
        one: Told,
    ) -> None:
        row = kept.get(at)
        if row is None:
            row = SourceEntryRow(source=source, kind=at[0], mark=at[1], said="{}")
            session.add(row)
        elif _erased(session, row):
            row.told, row.said = b"", "{}"
            return
        if row.told is None or self._opened(row).told != one:
            row.told = self._sealed(source, {"ref": one.ref, "values": dict(one.values)})

    def _opened(self, row: SourceEntryRow) -> Entry:
        kind = ToldKind(row.kind)
        told = None
        if row.told:
            plain = self._unsealed(row.source, row.told)
            told = Told(kind, plain["ref"], plain["values"])
        said = dict(json.loads(row.said))
        return Entry(kind, row.mark, told, row.subject, said, row.ended_at, emptied=row.told == b"")

    def _sealed(self, source: str, plain: object) -> bytes:
        return self._keyring.seal(json.dumps(plain, ensure_ascii=False).encode(), f"source:{source}".encode())

    def _unsealed(self, source: str, sealed: bytes) -> Any:
        return json.loads(self._keyring.open_sealed(sealed, f"source:{source}".encode()))

    def _wrong(self, source: str, sealed: bytes) -> list[Wrong]:
        plain = self._unsealed(source, sealed)
        return [
            Wrong(ToldKind(one["kind"]), one["ref"], one["row"], EnrollmentError(one["code"], **one["facts"]))
            for one in plain
        ]


def row_of(session: Session, source: str) -> SourceRow:
    """The row of a source, made where there is none yet."""
    row = session.get(SourceRow, source)
    if row is None:
        row = _new(source)
        session.add(row)
    return row


def lists_version(engine: Engine) -> int:
    """Counts the changes of every source's lists. Raises `StoreBusy`."""
    with reading(engine) as session:
        return session.scalar(select(func.sum(SourceRow.lists))) or 0


def listed_plates(engine: Engine, named: Collection[str]) -> tuple[ListedPlate, ...]:
    """The plates on the lists of the named sources, as taken over. Raises `StoreBusy`."""
    with reading(engine) as session:
        ours = select(SourcePlateRow).where(SourcePlateRow.source.in_(list(named)))
        rows = session.scalars(ours.order_by(SourcePlateRow.source, SourcePlateRow.plate))
        return tuple(
            ListedPlate(row.source, ToldKind(row.kind), row.plate, row.reason, row.since, row.until) for row in rows
        )


def _new(source: str) -> SourceRow:
    return SourceRow(id=source, tags="{}", lists=0, facts="{}")


def _entries_of(source: str) -> Select[SourceEntryRow]:
    return select(SourceEntryRow).where(SourceEntryRow.source == source)


def _erased(session: Session, row: SourceEntryRow) -> bool:
    if row.kind not in {ToldKind.PERSON, ToldKind.VEHICLE} or row.subject is None:
        return False
    return directory.living(session, row.subject) is None


def _plain(one: Wrong) -> dict[str, object]:
    facts = {name: str(fact) for name, fact in one.fault.facts.items()}
    return {"kind": one.kind, "ref": one.ref, "row": one.row, "code": one.fault.code, "facts": facts}


def _listed(session: Session, source: str) -> Standing:
    """A source's lists in the form of what is told."""
    rows = session.scalars(select(SourcePlateRow).where(SourcePlateRow.source == source))
    here = map(_plate, rows)
    return Standing({one.id: one for one in here}, frozenset())


def _stands(session: Session, lists: Standing, others: Sequence[ColumnElement[bool]], now: datetime) -> Standing:
    """The same with the whole register; `others` picks what is told elsewhere."""
    elsewhere = set(session.scalars(select(SourceEntryRow.subject).where(*others)))
    stays = _stays(session)
    here = [_person(one, stays[one.id], now) for one in directory.residents(session)]
    here += [_car(one, now) for one in directory.vehicles(session)]
    here = [replace(one, told_elsewhere=one.id in elsewhere) for one in here]
    homes = session.execute(select(HouseholdRow.building, HouseholdRow.unit, HouseholdRow.room))
    rooms = frozenset(str(HouseholdCode(*home)) for home in homes)
    return Standing({**lists.here, **{one.id: one for one in here}}, rooms)


def _stays(session: Session) -> Mapping[str, list[tuple[str, str, datetime | None]]]:
    """Of each resident, the household, standing and end of each stay."""
    stays: dict[str, list[tuple[str, str, datetime | None]]] = defaultdict(list)
    homes = select(TenancyRow, HouseholdRow).join(HouseholdRow, HouseholdRow.id == TenancyRow.household_id)
    for row, home in session.execute(homes.order_by(TenancyRow.starts_at)):
        code = str(HouseholdCode(home.building, home.unit, home.room))
        stays[row.resident_id].append((code, row.standing, row.ends_at))
    return stays


def _person(one: Resident, stays: Iterable[tuple[str, str, datetime | None]], now: datetime) -> Here:
    mine = [stay for stay in stays if stay[0] == one.household]
    values = {"household": one.household, "name": one.name, "phone": one.phone, **_spans(one)}
    values |= {"minor_until": one.minor_until.isoformat() if one.minor_until else None}
    values |= {"standing": mine[-1][1] if mine else None}
    open_ = any(ends is None or ends > now for _, _, ends in mine)
    return Here(one.id, ToldKind.PERSON, _said(values), one.version, open_)


def _car(one: Vehicle, now: datetime) -> Here:
    values = {"household": one.household, "plate": one.plate, "colour": one.colour, "type": one.type, **_spans(one)}
    open_ = one.term.until is None or one.term.until > now
    return Here(one.id, ToldKind.VEHICLE, _said(values), one.version, open_)


def _plate(row: SourcePlateRow) -> Here:
    values = {"plate": row.plate, "reason": row.reason, "since": _text(row.since), "until": _text(row.until)}
    return Here(row.mark[:32], ToldKind(row.kind), _said(values))


def _spans(one: Resident | Vehicle) -> dict[str, str | None]:
    return {"since": _text(one.term.since), "until": _text(one.term.until)}


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")


def _said(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: str(text) for name, text in values.items() if text and DEFAULTS.get(name) != text}
