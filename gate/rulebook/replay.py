"""Making recorded decisions again: under the rules they were made by, and under others before those go live.

Each is made again on the facts that were recorded with it. What a changed rule would have done to the facts of later
passages (who is inside, for one) is not played out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select

from enrollment.database import reading
from enrollment.tables import VehicleRow
from gate.decision.rules import Rules
from gate.holidays import moment_of
from gate.ledger.chain import stamp
from gate.ledger.tables import PassageRow
from gate.rulebook.recorded import Recorded, read
from gate.rulebook.versions import stored

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Again:
    """A recorded decision beside the one that other rules make of it; each is a verdict and a reason."""

    passage: str
    at: datetime
    lane: str
    subject: str | None
    was: tuple[str, str]
    becomes: tuple[str, str]

    @property
    def changes(self) -> bool:
        """Whether something else would have been decided."""
        return self.was != self.becomes


@dataclass(slots=True)
class Count:
    """What became of the passages that were looked at.

    `unreplayable` keep no facts (recorded earlier, or forgotten since) or are of a vehicle that has been erased;
    `unfaithful` come out differently under the very rules they were made by, or those rules are not kept.
    """

    replayed: int = 0
    unreplayable: int = 0
    unfaithful: int = 0


def replay(
    engine: Engine, since: datetime, rules: Mapping[str, Rules], zone: ZoneInfo, count: Count
) -> Iterator[Again]:
    """Every decision since then that can be made again, in order, and what these rules of each lane make of it.

    Passages of lanes without rules count as unreplayable. Raises `StoreBusy`.
    """
    plates, own = _plates(engine), _Own(engine)
    for row in _rows(engine, since):
        recorded, now = _recorded(row), rules.get(row.lane)
        plate = plates.get(row.subject or "")
        if recorded is None or now is None:
            count.unreplayable += 1
            continue
        try:
            becomes = recorded.decide(now, moment_of(recorded.moment.at, zone, now.access), plate)
            before = own.rules(row.rules, now.households)
            then = None if before is None else recorded.decide(before, recorded.moment, plate)
        except LookupError:
            count.unreplayable += 1
            continue
        was = (row.verdict, row.reason)
        count.replayed += 1
        count.unfaithful += then is None or (then.verdict.value, then.reason.value) != was
        at = datetime.fromisoformat(row.at)
        yield Again(row.id, at, row.lane, row.subject, was, (becomes.verdict.value, becomes.reason.value))


class _Own:
    """The rules that decisions were made by, read once each."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, Rules | None] = {}

    def rules(self, version: str, households: Mapping[str, str]) -> Rules | None:
        if version not in self._known:
            text = stored(self._engine, version)
            self._known[version] = None if text is None else Rules.read(text, households)
        return self._known[version]


def _recorded(row: PassageRow) -> Recorded | None:
    plain = json.loads(row.details).get("rests_on") if row.details else None
    try:
        return None if plain is None else read(plain)
    except ValueError:
        return None


def _plates(engine: Engine) -> Mapping[str, str]:
    with reading(engine) as session:
        rows = session.execute(select(VehicleRow.id, VehicleRow.plate).where(VehicleRow.ended_at.is_(None)))
        return {id_: str(plate) for id_, plate in rows}


def _rows(engine: Engine, since: datetime) -> Iterator[PassageRow]:
    """The passages since then by their number, a page at a time, so that a long record is not held in memory."""
    last, floor = 0, stamp(since)
    while True:
        page = select(PassageRow).where(PassageRow.seq > last, PassageRow.at >= floor).order_by(PassageRow.seq)
        with reading(engine) as session:
            rows = session.scalars(page.limit(PAGE)).all()
        yield from rows
        if len(rows) < PAGE:
            return
        last = rows[-1].seq
