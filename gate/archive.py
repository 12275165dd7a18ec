"""The record as an auditor asks for it: found, named while the people exist, and what is handed out is itself a row."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from enrollment.database import reading, writing
from enrollment.household import HouseholdCode
from enrollment.tables import AccountRow, HouseholdRow, ResidentRow, VehicleRow
from gate.ledger.bundle import write_bundle
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import Chain
from gate.ledger.openings import MOST_NEARBY, NEARBY_S, answered, opened_by
from gate.ledger.search import Found, Place, Query, passage_conditions, search_passages, search_rows
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import LedgerRow, PassageRow, RemarkRow, SavedSearchRow

MOST_EXPORTED = 50_000
"""Passages of one export; more are exported month by month."""
MOST_SAVED = 50
Record = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Named:
    """What the register still says about an id: a name or plate, and the household's code."""

    label: str
    household: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage as it is listed. `label` is a name, or a plate that was read; None for nobody known.

    `opened_by` is the username of whoever opened by hand for it, None where nobody did.
    """

    id: str
    seq: int
    at: datetime
    lane: str
    verdict: str
    reason: str
    subject: str | None
    label: str | None
    household: str
    snapshot: str | None
    context: str | None
    details: Mapping[str, Any]
    rules: str
    opened_by: str | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """A row of the chain as it is listed; `who` is the operator's username where there is one.

    `passage` is the id of the passage that an opening by hand answered.
    """

    seq: int
    at: datetime
    kind: str
    who: str | None
    body: Mapping[str, Any]
    words: str | None
    hash: str
    passage: str | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """All that the record knows about one passage; `row` is its own, `acts` are the others in order."""

    entry: Entry
    row: Act
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Exported:
    """Passages that are handed out, and the number of the row that says so."""

    entries: tuple[Entry, ...]
    row: int


class Archive:
    """Reads the record for the auditor's pages and the command line. `record` appends a row, as `Overview` does."""

    def __init__(self, engine: Engine, signer: Signer, snapshots: Snapshots, record: Record) -> None:
        self.engine = engine
        self._signer = signer
        self._snapshots = snapshots
        self.record = record

    def passages(self, query: Query, after: Place | None) -> tuple[tuple[Entry, ...], Place | None]:
        """A page of passages, newest first. Raises `EntryRefused` for a query that means nothing."""
        found = search_passages(self.engine, query, after)
        with reading(self.engine) as session:
            return _entries(session, found.rows), found.after

    def rows(self, query: Query, after: Place | None) -> tuple[tuple[Act, ...], Place | None]:
        """A page of rows of the chain, newest first."""
        found: Found = search_rows(self.engine, query, after)
        with reading(self.engine) as session:
            return _acts(session, found.rows), found.after

    def story(self, passage_id: str) -> Story | None:
        """A passage with its barrier's acts, what the guard did, who watched it, and complaints; None for no such."""
        with reading(self.engine) as session:
            row = session.scalars(select(PassageRow).where(PassageRow.id == passage_id)).first()
            if row is None:
                return None
            names = [passage_id, *(f"snapshot:{name}" for name in (row.snapshot, row.context) if name)]
            about = session.scalars(select(LedgerRow).where(LedgerRow.about.in_(names)).limit(200)).all()
            rows = {one.seq: one for one in (*about, *_nearby(session, row))}
            own = rows.pop(row.seq)
            acts = sorted(_acts(session, rows.values()), key=lambda act: act.seq)
            return Story(_entries(session, [row])[0], _acts(session, [own])[0], tuple(acts))

    def saved(self, account: str) -> tuple[SavedSearchRow, ...]:
        """The searches that an account keeps, by name."""
        with reading(self.engine) as session:
            own = select(SavedSearchRow).where(SavedSearchRow.account == account).order_by(SavedSearchRow.name)
            found = tuple(session.scalars(own))
            session.expunge_all()
            return found

    def save(self, account: str, name: str, query: Query) -> None:
        """Keep a search; the oldest beyond `MOST_SAVED` make room."""
        with writing(self.engine) as session:
            kept = json.dumps(query.as_dict(), ensure_ascii=False)
            session.add(SavedSearchRow(id=uuid.uuid4().hex, account=account, name=name, query=kept))
            session.flush()
            own = select(SavedSearchRow.id).where(SavedSearchRow.account == account)
            for surplus in session.scalars(own.offset(MOST_SAVED).limit(MOST_SAVED)).all():
                session.execute(delete(SavedSearchRow).where(SavedSearchRow.id == surplus))

    def forget(self, account: str, search_id: str) -> None:
        """Let go of a saved search of this account."""
        with writing(self.engine) as session:
            own = SavedSearchRow.account == account
            session.execute(delete(SavedSearchRow).where(SavedSearchRow.id == search_id, own))

    def export(self, query: Query, actor: str, format_: str, purpose: str, words: str) -> Exported:
        """The passages of an export, once a signed row says who takes how many of them, and for what.

        Raises:
            StoreBusy: the row could not be written, so nothing is handed out.
        """
        with writing(self.engine) as session:
            wanted = select(PassageRow).where(*passage_conditions(session, query))
            rows = session.scalars(wanted.order_by(PassageRow.at.desc()).limit(MOST_EXPORTED)).all()
            entries = _entries(session, rows)
            moment, chain = datetime.now(UTC), Chain(session)
            facts = {"actor": actor, "format": format_, "purpose": purpose, "passages": len(entries)}
            span = {"first": entries[-1].seq, "last": entries[0].seq} if entries else {}
            row = chain.add_note(moment, "export", {**facts, **span, "personal": query.personal}, words)
            chain.sign(self._signer, moment)
        return Exported(entries, row.seq)

    def bundle(self, path: Path, exported: Exported, readme: str, *, pictures: bool) -> None:
        """Write the signed bundle of exported passages."""
        with reading(self.engine) as session:
            rows: list[PassageRow] = []
            for start in range(0, len(exported.entries), 500):
                seqs = [entry.seq for entry in exported.entries[start : start + 500]]
                rows += session.scalars(select(PassageRow).where(PassageRow.seq.in_(seqs)))
            snapshots = self._snapshots if pictures else None
            write_bundle(path, session, rows, self._signer, snapshots, readme, exported.row)


def named(session: Session, ids: Iterable[str]) -> dict[str, Named]:
    """What the register says about these ids; those that were erased are not in it."""
    found: dict[str, Named] = {}
    wanted = list(set(ids))
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        for table, label in ((ResidentRow, ResidentRow.name), (VehicleRow, VehicleRow.plate)):
            known = select(table.id, label, HouseholdRow.building, HouseholdRow.unit, HouseholdRow.room)
            joined = known.join(HouseholdRow, HouseholdRow.id == table.household_id).where(table.id.in_(some))
            for id_, text, building, unit, room in session.execute(joined):
                found[id_] = Named(str(text), str(HouseholdCode(building, unit, room)))
    return found


def _entries(session: Session, rows: Sequence[PassageRow]) -> tuple[Entry, ...]:
    names = named(session, (row.subject for row in rows if row.subject))
    opened: dict[int, str] = {}
    for start in range(0, len(rows), 500):
        opened |= opened_by(session, {row.seq for row in rows[start : start + 500]})
    guards = _usernames(session, set(opened.values()))
    return tuple(_entry(row, names.get(row.subject or ""), guards.get(opened.get(row.seq, ""))) for row in rows)


def _usernames(session: Session, actors: Collection[str]) -> dict[str, str]:
    """Each actor's username, or the actor itself where it is no account."""
    accounts = select(AccountRow.id, AccountRow.username).where(AccountRow.id.in_(actors))
    return {actor: actor for actor in actors} | dict(session.execute(accounts).all())


def _entry(row: PassageRow, name: Named | None, guard: str | None) -> Entry:
    return Entry(
        id=row.id,
        seq=row.seq,
        at=datetime.fromisoformat(row.at),
        lane=row.lane,
        verdict=row.verdict,
        reason=row.reason,
        subject=row.subject,
        label=name.label if name else row.plate,
        household=name.household if name else "",
        snapshot=row.snapshot,
        context=row.context,
        details=json.loads(row.details),
        rules=row.rules,
        opened_by=guard,
    )


def _acts(session: Session, rows: Iterable[LedgerRow]) -> tuple[Act, ...]:
    rows = list(rows)
    bodies = {row.seq: json.loads(row.body) for row in rows}
    people = {row.actor for row in rows if row.actor}
    names = _usernames(session, people)
    hands = [row.seq for row in rows if row.kind == "manual.open"]
    opened = answered(session, LedgerRow.seq.in_(hands), most=len(hands)) if hands else {}
    known = select(PassageRow.seq, PassageRow.id).where(PassageRow.seq.in_(set(opened.values())))
    passages = dict(session.execute(known).all()) if opened else {}
    remarks = [body["remark"] for body in bodies.values() if "remark" in body]
    spoken = select(RemarkRow.id, RemarkRow.words).where(RemarkRow.id.in_(remarks))
    words: dict[str, str] = {row.id: row.words for row in session.execute(spoken)} if remarks else {}
    return tuple(
        Act(
            seq=row.seq,
            at=datetime.fromisoformat(row.at),
            kind=row.kind,
            who=names.get(row.actor or "", row.actor),
            body=bodies[row.seq],
            words=words.get(bodies[row.seq].get("remark", "")),
            hash=row.hash.hex(),
            passage=passages.get(opened.get(row.seq, 0)),
        )
        for row in rows
    )


def _nearby(session: Session, passage: PassageRow) -> list[LedgerRow]:
    """What has no passage in it but belongs to one: a guard's opening, and the arm on its way down."""
    at = datetime.fromisoformat(passage.at)
    until = (at + timedelta(seconds=NEARBY_S)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    after = LedgerRow.seq.between(passage.seq, passage.seq + MOST_NEARBY), LedgerRow.at <= until
    kinds = LedgerRow.kind.in_(("manual.open", "barrier", "barrier.fault", "barrier.alarm"))
    found = session.scalars(select(LedgerRow).where(*after, kinds).order_by(LedgerRow.seq)).all()
    hands = [row.seq for row in found if row.kind == "manual.open"]
    answers = answered(session, LedgerRow.seq.in_(hands), most=len(hands)) if hands else {}
    opened = [row for row in found if answers.get(row.seq) == passage.seq]
    commands = {passage.id, *(json.loads(row.body).get("command_id") for row in opened)}
    bodies = [(row, json.loads(row.body)) for row in found if row.kind.startswith("barrier")]
    barriers = {body.get("barrier") for _, body in bodies if body.get("command_id") in commands}
    moved = [
        row for row, body in bodies if body.get("barrier") in barriers and body.get("command_id") in {None, *commands}
    ]
    return [*opened, *moved]
