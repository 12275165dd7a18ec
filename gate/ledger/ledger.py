"""Appending to the chain inside the transaction of whatever is being recorded."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, Table, insert, select
from sqlalchemy.orm import Session

from enrollment.act import Act
from enrollment.database import reading
from gate.ledger.chain import Row, as_json, details_digest, next_row, stamp
from gate.ledger.checkpoint import Checkpoint, Signer
from gate.ledger.plate_pattern import folded
from gate.ledger.tables import CheckpointRow, LedgerRow, PassageRow, RemarkRow

STORED = (LedgerRow.seq, LedgerRow.at, LedgerRow.kind, LedgerRow.body, LedgerRow.hash)
"""The columns of a row as they are hashed; whole objects of the mapper would take three times as long."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A decided track on its way into the record.

    `details` holds what may have to be erased one day (a plate that is not enrolled, scores); the chain keeps a digest.
    """

    id: str
    at: datetime
    lane: str
    verdict: str
    reason: str
    subject: str | None
    rules_version: str
    details: Mapping[str, Any]


class Chain:
    """The end of the chain within one transaction: rows are numbered and bound here, and inserted by `flush`.

    The session's transaction must hold the write lock already, so that nobody else can continue the same tip.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        last = session.execute(select(*STORED).order_by(LedgerRow.seq.desc()).limit(1)).first()
        self.tip: Row | None = Row(*last) if last else None
        self._waiting: dict[Any, list[dict[str, Any]]] = {PassageRow: [], RemarkRow: [], LedgerRow: []}

    def add(self, moment: datetime, kind: str, body: Mapping[str, Any]) -> Row:
        """The next row."""
        row = self.tip = next_row(self.tip, moment, kind, body)
        self._waiting[LedgerRow].append(
            {"seq": row.seq, "at": row.at, "kind": row.kind, "body": row.body, "hash": row.hash}
        )
        return row

    def add_note(self, moment: datetime, kind: str, body: Mapping[str, Any], remark: str = "") -> Row:
        """A row; a `remark` in free words is stored beside the chain, which holds its digest."""
        if not remark:
            return self.add(moment, kind, body)
        salt, name = secrets.token_bytes(16), uuid.uuid4().hex
        self._waiting[RemarkRow].append({"id": name, "at": stamp(moment), "salt": salt, "words": remark})
        return self.add(moment, kind, {**body, "remark": name, "words": details_digest(salt, remark)})

    def add_passage(self, passage: Passage, snapshot: str | None, context: str | None = None) -> Row:
        """A passage and its row."""
        salt, details = secrets.token_bytes(16), as_json(passage.details)
        plate = passage.details.get("plate") or None
        body: dict[str, Any] = {
            "context": context,
            "details": details_digest(salt, details),
            "lane": passage.lane,
            "passage": passage.id,
            "reason": passage.reason,
            "rules": passage.rules_version,
            "snapshot": snapshot,
            "subject": passage.subject,
            "verdict": passage.verdict,
        }
        row = self.add(passage.at, "decision", body)
        stored = {name: value for name, value in body.items() if name not in {"passage", "details"}}
        stored |= {"seq": row.seq, "id": passage.id, "at": row.at, "salt": salt, "details": details}
        stored |= {"plate": plate, "plate_key": plate and folded(plate)}
        self._waiting[PassageRow].append(stored)
        return row

    def flush(self) -> None:
        """Insert what was added."""
        for table, rows in self._waiting.items():
            if rows:
                self._session.execute(insert(_plain(table)), rows)
                rows.clear()

    def sign(self, signer: Signer, moment: datetime) -> Checkpoint | None:
        """Insert what was added and a checkpoint of the last row; None where it has one, or there is no row."""
        self.flush()
        if self.tip is None or self._session.get(CheckpointRow, self.tip.seq) is not None:
            return None
        made = signer.sign(self.tip.seq, stamp(moment), self.tip.hash)
        values = {"seq": made.seq, "at": made.at, "hash": made.hash, "key": made.key, "signature": made.signature}
        self._session.execute(insert(CheckpointRow).values(values))
        return made


def append(session: Session, moment: datetime, kind: str, body: Mapping[str, Any]) -> Row:
    """Continue the chain; the row is committed or lost together with everything else in the session."""
    return append_note(session, moment, kind, body, "")


def append_note(session: Session, moment: datetime, kind: str, body: Mapping[str, Any], remark: str) -> Row:
    """Append a row with a `remark` beside the chain."""
    chain = Chain(session)
    row = chain.add_note(moment, kind, body, remark)
    chain.flush()
    return row


def append_passage(session: Session, passage: Passage, snapshot: str | None) -> Row:
    """Store a passage and its row in the chain."""
    chain = Chain(session)
    row = chain.add_passage(passage, snapshot)
    chain.flush()
    return row


def begin(session: Session, signer: Signer, moment: datetime) -> None:
    """Write and sign the first row of an empty chain: a random name for this record, and the key it is signed with."""
    chain = Chain(session)
    if chain.tip is None:
        chain.add(moment, "ledger.began", {"ledger": uuid.uuid4().hex, "key": signer.public.hex()})
        chain.sign(signer, moment)


class StaffActs:
    """Records what staff did to the register in the register's own transaction, signed at once: there are few."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def __call__(self, session: Session, act: Act) -> None:
        """Append the act."""
        moment = datetime.now(UTC)
        chain = Chain(session)
        chain.add(moment, act.kind, {"subject": act.subject, "actor": act.actor, **act.facts})
        chain.sign(self._signer, moment)


def last_body(engine: Engine, kind: str) -> dict[str, Any]:
    """The body of the newest row of a kind, empty where there is none."""
    with reading(engine) as session:
        newest = select(LedgerRow.body).where(LedgerRow.kind == kind).order_by(LedgerRow.seq.desc()).limit(1)
        body = session.scalars(newest).first()
    return dict(json.loads(body)) if body else {}


def _plain(mapped: Any) -> Table:
    """The table behind a mapped class: filling it by rows is faster than through the mapper."""
    table: Table = mapped.__table__
    return table
