"""What a committee is told of a week or a month, read from the chain: numbers and acts, and no name but the staff's."""

from __future__ import annotations

import json
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, select
from sqlalchemy.orm import Session

from enrollment.database import reading
from enrollment.tables import AccountRow
from gate.ledger.chain import stamp
from gate.ledger.counts import Bar, by_day
from gate.ledger.search import Query
from gate.ledger.tables import LedgerRow, PassageRow, RemarkRow

MOST_LISTED = 200
MOST_BEFORE = 2000
"""Rows before the span that are looked through for how each part stood when it began."""
PARTS = ("camera", "barrier.fault", "gate.started", "gate.stopped")
SPANS = ("week", "month")


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened once, as it is listed."""

    at: datetime
    who: str
    code: str
    words: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """A span of time; `available` is the share of it in which each lane worked, 0 to 1."""

    verdicts: Mapping[str, int]
    refusals: Mapping[str, int]
    days: tuple[Bar, ...]
    opens: Mapping[str, Mapping[str, int]]
    alarms: Mapping[str, int]
    available: Mapping[str, float]
    complaints: tuple[tuple[Line, Line | None], ...]
    exports: tuple[Line, ...]
    histories: Mapping[str, int]


def days_of(span: str, day: date) -> tuple[date, date]:
    """The first and the last day of the week (from Monday) or the month that a day lies in."""
    if span == "month":
        first = day.replace(day=1)
        return first, first.replace(day=monthrange(first.year, first.month)[1])
    first = day - timedelta(days=day.weekday())
    return first, first + timedelta(days=6)


def report_of(engine: Engine, query: Query, zone: tzinfo) -> Report:
    """The report of the span `query.since` to `query.until`, both needed."""
    if query.since is None or query.until is None:
        raise ValueError("a report has a beginning and an end")
    days = by_day(engine, query.since.astimezone(zone).date(), query.until.astimezone(zone).date(), zone)
    with reading(engine) as session:
        span = _Span(session, query.since, query.until)
        return Report(
            verdicts=span.counted(PassageRow.verdict),
            refusals=span.counted(PassageRow.reason, PassageRow.verdict != "open"),
            days=days,
            opens=span.opens(),
            alarms=span.alarms(),
            available=span.available(),
            complaints=span.complaints(),
            exports=tuple(span.lines("export")),
            histories=Counter(line.who for line in span.lines("history.viewed")),
        )


class _Span:
    def __init__(self, session: Session, since: datetime, until: datetime) -> None:
        self._session = session
        self._since, self._until = since, until
        self._names = {row.id: row.username for row in session.execute(select(AccountRow.id, AccountRow.username))}

    def counted(self, column: Any, *where: Any) -> dict[str, int]:
        """How many passages have each value."""
        inside = PassageRow.at >= stamp(self._since), PassageRow.at < stamp(self._until)
        rows = self._session.execute(select(column, func.count()).where(*inside, *where).group_by(column))
        return dict(sorted(((str(value), int(count)) for value, count in rows), key=lambda pair: -pair[1]))

    def opens(self) -> dict[str, dict[str, int]]:
        """Openings by hand: guard, reason, how many."""
        opened: dict[str, Counter[str]] = {}
        for _, body in self._rows("manual.open"):
            guard = self._who(body)
            opened.setdefault(guard, Counter())[str(body.get("reason"))] += 1
        return {guard: dict(counted.most_common()) for guard, counted in sorted(opened.items())}

    def alarms(self) -> dict[str, int]:
        """What went wrong, by its code."""
        counted: Counter[str] = Counter()
        for row, body in self._rows("camera", "barrier.fault", "barrier.alarm", "clock.step", "ledger.gap"):
            if row.kind == "camera" and body.get("state") in {"lost", "stalled"}:
                counted["camera"] += 1
            elif row.kind == "barrier.alarm" and body.get("act") in {"forced", "alarmed"}:
                counted[str(body["act"])] += 1
            elif row.kind == "barrier.fault" and body.get("act") == "faulted":
                counted["barrier"] += 1
            elif row.kind in {"clock.step", "ledger.gap"}:
                counted[row.kind] += 1
        return dict(counted.most_common())

    def available(self) -> dict[str, float]:
        """For each lane, the share of the time in which the gate ran and its camera and barrier worked."""
        down = {part: [(stamp(self._since), True)] for part in self._out_before()}
        ran = self._ran_before()
        for row, body in self._rows(*PARTS):
            part, out = _part(row.kind, body)
            if row.kind == "gate.started" and ran:
                down.setdefault(part, []).append((self._last_sign(row.seq), True))
            down.setdefault(part, []).append((row.at, out))
            ran = row.kind == "gate.started" or (ran and row.kind != "gate.stopped")
        whole = (self._until - self._since).total_seconds() or 1.0
        return {
            lane: 1 - _union_s([spell for part in parts for spell in self._spells(down.get(part, []))]) / whole
            for lane, parts in self._lanes().items()
        }

    def _out_before(self) -> set[str]:
        """The parts that were out when the span began."""
        known: dict[str, bool] = {}
        earlier = select(LedgerRow.kind, LedgerRow.body).where(
            LedgerRow.kind.in_(PARTS), LedgerRow.at < stamp(self._since)
        )
        for row in self._session.execute(earlier.order_by(LedgerRow.seq.desc()).limit(MOST_BEFORE)):
            known.setdefault(*_part(row.kind, json.loads(row.body)))
        return {part for part, out in known.items() if out}

    def _ran_before(self) -> bool:
        """Whether the gate was running when the span began."""
        earlier = select(LedgerRow.kind).where(
            LedgerRow.kind.in_(("gate.started", "gate.stopped")), LedgerRow.at < stamp(self._since)
        )
        return self._session.scalars(earlier.order_by(LedgerRow.seq.desc()).limit(1)).first() == "gate.started"

    def _last_sign(self, seq: int) -> str:
        """When a gate that was not stopped in order, and started again with row `seq`, had last written anything."""
        wrote = select(LedgerRow.at).where(LedgerRow.seq < seq, LedgerRow.kind.not_in(("clock.step", "ledger.gap")))
        return self._session.scalars(wrote.order_by(LedgerRow.seq.desc()).limit(1)).one()

    def complaints(self) -> tuple[tuple[Line, Line | None], ...]:
        """What was complained about in this span, and earlier where it was closed in it; each with what came of it."""
        filed, closed = self.lines("complaint.filed"), self.lines("complaint.closed")
        outcomes = {line.facts.get("about"): line for line in closed}
        known = {line.facts.get("about") for line in filed}
        earlier = self._told(
            LedgerRow.kind == "complaint.filed",
            LedgerRow.about.in_([about for about in outcomes if about not in known]),
            LedgerRow.at < stamp(self._since),
        )
        return tuple((line, outcomes.get(line.facts.get("about"))) for line in (*earlier, *filed))

    def lines(self, kind: str) -> list[Line]:
        """The rows of a kind in the span, with the words that were said."""
        inside = LedgerRow.at >= stamp(self._since), LedgerRow.at < stamp(self._until)
        return self._told(LedgerRow.kind == kind, *inside)

    def _told(self, *where: ColumnElement[bool]) -> list[Line]:
        wanted = select(LedgerRow.at, LedgerRow.kind, LedgerRow.body).where(*where).order_by(LedgerRow.seq)
        rows = [(row, json.loads(row.body)) for row in self._session.execute(wanted.limit(MOST_LISTED))]
        remarks = [body["remark"] for _, body in rows if "remark" in body]
        spoken = self._session.execute(select(RemarkRow.id, RemarkRow.words).where(RemarkRow.id.in_(remarks)))
        words = {row.id: row.words for row in spoken} if remarks else {}
        return [
            Line(
                at=datetime.fromisoformat(row.at),
                who=self._who(body),
                code=str(body.get("purpose") or body.get("outcome") or ""),
                words=words.get(str(body.get("remark")), "") if row.kind != "history.viewed" else "",
                facts=body,
            )
            for row, body in rows
        ]

    def _rows(self, *kinds: str) -> Iterator[tuple[Any, dict[str, Any]]]:
        inside = LedgerRow.at >= stamp(self._since), LedgerRow.at < stamp(self._until)
        columns = select(LedgerRow.seq, LedgerRow.at, LedgerRow.kind, LedgerRow.body)
        wanted = columns.where(*inside, LedgerRow.kind.in_(kinds)).order_by(LedgerRow.seq)
        for row in self._session.execute(wanted).yield_per(2000):
            yield row, json.loads(row.body)

    def _who(self, body: Mapping[str, Any]) -> str:
        actor = str(body.get("actor"))
        return str(self._names.get(actor, actor))

    def _lanes(self) -> dict[str, list[str]]:
        """The parts of each lane, as the gate said at its last start before the end of the span."""
        started = select(LedgerRow.body).where(LedgerRow.kind == "gate.started", LedgerRow.at < stamp(self._until))
        body = self._session.scalars(started.order_by(LedgerRow.seq.desc()).limit(1)).first()
        lanes = json.loads(body).get("lanes", {}) if body else {}
        return {
            lane: ["gate", f"camera:{parts['camera']}", f"barrier:{parts['barrier']}"] for lane, parts in lanes.items()
        }

    def _spells(self, changes: Iterable[tuple[str, bool]]) -> Iterator[tuple[datetime, datetime]]:
        """The spells in which a part was out, within the span."""
        began: datetime | None = None
        for at, out in changes:
            moment = max(datetime.fromisoformat(at), self._since)
            if out and began is None:
                began = moment
            elif not out and began is not None:
                yield began, moment
                began = None
        if began is not None:
            yield began, self._until


def _part(kind: str, body: Mapping[str, Any]) -> tuple[str, bool]:
    """Which part of a lane a row of `PARTS` is about, and whether it is out from then on."""
    if kind == "camera":
        return f"camera:{body.get('camera')}", body.get("state") != "live"
    if kind == "barrier.fault":
        return f"barrier:{body.get('barrier')}", body.get("act") == "faulted"
    return "gate", kind == "gate.stopped"


def _union_s(spells: list[tuple[datetime, datetime]]) -> float:
    """The length of the time that any of these cover, in seconds."""
    covered, end = 0.0, None
    for first, last in sorted(spells):
        start = first if end is None or first > end else end
        if last > start:
            covered += (last - start).total_seconds()
            end = last
    return covered
