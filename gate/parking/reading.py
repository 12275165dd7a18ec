"""What the record tells about parking: the passages of the zones' lanes and what came of them, from the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from operator import attrgetter
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from enrollment.database import reading
from enrollment.passes import pass_of
from enrollment.tables import HouseholdRow, PassRow, VehicleRow
from gate.decision.decision import Reason, Verdict
from gate.ledger.chain import stamp
from gate.ledger.tables import NOT_TAKEN, LedgerRow, PassageRow
from gate.parking.entitlement import Homes
from gate.parking.event import Counted, Crossing, Event, NotTaken, OpenedByHand, SetBack
from gate.parking.settings import Parking

COUNTED = "parking.counted"
TOLD = ("manual.open", "pass.used", "clock.step", COUNTED)
UNREAD = frozenset({Reason.UNREADABLE_PLATE.value})
"""What is said of a plate that was not read well enough to be known again."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was recorded after some row, in order, and the number of the last row there was."""

    events: tuple[Event, ...]
    last: int


def told_since(
    engine: Engine, parking: Parking, homes: Homes, after: int | None, now: datetime, until: datetime | None = None
) -> Told:
    """What the record tells after row `after`, or of the last `forget_after_days`; with `until`, of before then.

    Raises `StoreBusy`.
    """
    with reading(engine) as session:
        last = session.scalar(select(func.max(LedgerRow.seq))) or 0
        first = _first(session, parking, now) if after is None else after + 1
        if first > last:
            return Told((), last)
        notes = list(_notes(session, first, last))
        used = dict(_passes(session, notes))
        crossings = _crossings(session, parking, homes, used, first, last)
        acts = (one for row in notes if (one := _act(row)) is not None)
        events = tuple(merge(crossings, acts, _not_taken(session, first, last), key=attrgetter("seq")))
    return Told(events if until is None else tuple(_before(events, until)), last)


def homes_of(engine: Engine) -> Homes:
    """Whose the enrolled vehicles are. Raises `StoreBusy`."""
    with reading(engine) as session:
        rows = session.execute(select(VehicleRow.id, VehicleRow.plate, VehicleRow.household_id)).all()
        places = select(HouseholdRow.id, HouseholdRow.places).where(HouseholdRow.places.is_not(None))
        own = {id_: number for id_, number in session.execute(places) if number is not None}
    living = [row for row in rows if row.plate is not None]
    gone = frozenset(row.id for row in rows if row.plate is None)
    return Homes({row.id: row.household_id for row in living}, {row.plate: row.id for row in living}, own, gone)


def pass_ends(engine: Engine, ids: Iterable[str]) -> Mapping[str, datetime]:
    """When these passes end, or were ended. Raises `StoreBusy`."""
    with reading(engine) as session:
        return _ends(session, ids)


def _first(session: Session, parking: Parking, now: datetime) -> int:
    """The first row that matters. A clock that runs ahead must not make the whole record look old."""
    newest = session.scalar(select(PassageRow.at).order_by(PassageRow.seq.desc()).limit(1))
    latest = now if newest is None else min(now, datetime.fromisoformat(newest))
    floor = stamp(latest - timedelta(days=parking.forget_after_days))
    return session.scalar(select(func.min(PassageRow.seq)).where(PassageRow.at >= floor)) or 1


def _crossings(
    session: Session, parking: Parking, homes: Homes, used: Mapping[str, tuple[str, datetime]], first: int, last: int
) -> Iterator[Crossing]:
    columns = (PassageRow.seq, PassageRow.id, PassageRow.at, PassageRow.lane, PassageRow.verdict, PassageRow.reason)
    rows = select(*columns, PassageRow.subject, PassageRow.plate).where(
        PassageRow.seq.between(first, last), PassageRow.lane.in_(parking.lanes)
    )
    nobody = None, None
    for seq, id_, at, lane, verdict, reason, subject, plate in session.execute(rows.order_by(PassageRow.seq)):
        car = None if reason in UNREAD else homes.car(subject, plate)
        yield Crossing(
            seq,
            datetime.fromisoformat(at),
            lane,
            id_,
            car,
            subject is None and car not in homes.of,
            verdict == Verdict.OPEN.value,
            *(used.get(id_, nobody)),
        )


def _notes(session: Session, first: int, last: int) -> Iterator[Any]:
    rows = select(LedgerRow.seq, LedgerRow.at, LedgerRow.kind, LedgerRow.body).where(
        LedgerRow.seq.between(first, last), LedgerRow.kind.in_(TOLD)
    )
    for seq, at, kind, body in session.execute(rows.order_by(LedgerRow.seq)):
        yield seq, datetime.fromisoformat(at), kind, json.loads(body)


def _act(row: tuple[int, datetime, str, dict[str, Any]]) -> Event | None:
    seq, at, kind, body = row
    if kind == "manual.open":
        return OpenedByHand(seq, at, str(body.get("lane")), str(body.get("command_id")), body.get("passage"))
    if kind == "clock.step":
        return SetBack(seq) if body.get("by_ms", 0) < 0 else None
    if kind == COUNTED:
        counted = datetime.fromisoformat(body["at"])
        return Counted(seq, counted, body["subject"], body["counted"], at, str(body["actor"]))
    return None


def _passes(session: Session, notes: Iterable[Any]) -> Iterator[tuple[str, tuple[str, datetime]]]:
    """The pass that each passage used, and when that one ends."""
    used = {str(body.get("about")): str(body["subject"]) for _, _, kind, body in notes if kind == "pass.used"}
    ends = _ends(session, used.values())
    return ((passage, (pass_id, ends[pass_id])) for passage, pass_id in used.items() if pass_id in ends)


def _ends(session: Session, ids: Iterable[str]) -> dict[str, datetime]:
    wanted, ends = sorted(set(ids)), dict[str, datetime]()
    for start in range(0, len(wanted), 500):
        rows = session.scalars(select(PassRow).where(PassRow.id.in_(wanted[start : start + 500])))
        ends |= {row.id: pass_of(row).over_at for row in rows}
    return ends


def _not_taken(session: Session, first: int, last: int) -> Iterator[NotTaken]:
    rows = select(LedgerRow.seq, LedgerRow.body).where(LedgerRow.seq.between(first, last)).where(NOT_TAKEN)
    for seq, body in session.execute(rows.order_by(LedgerRow.seq)):
        yield NotTaken(seq, str(json.loads(body).get("command_id")))


def _before(events: Iterable[Event], until: datetime) -> Iterator[Event]:
    """Without what was recorded of later."""
    for event in events:
        at = getattr(event, "recorded_at", getattr(event, "at", until))
        if at <= until:
            yield event
