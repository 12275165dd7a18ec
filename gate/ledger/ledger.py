"""Appending to the chain inside the transaction of whatever is being recorded."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from enrollment.act import Act
from gate.ledger.chain import Row, canonical, details_digest, next_row, stamp
from gate.ledger.tables import LedgerRow, PassageRow, RemarkRow


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


def append(session: Session, moment: datetime, kind: str, body: Mapping[str, Any]) -> Row:
    """Continue the chain; the row is committed or lost together with everything else in the session.

    The session's transaction must hold the write lock already, so that nobody else can continue the same tip.
    """
    last = session.scalars(select(LedgerRow).order_by(LedgerRow.seq.desc()).limit(1)).first()
    previous = Row(last.seq, last.at, last.kind, last.body, last.hash) if last else None
    row = next_row(previous, moment, kind, body)
    session.add(LedgerRow(seq=row.seq, at=row.at, kind=row.kind, body=row.body, hash=row.hash))
    session.flush()
    return row


def append_passage(session: Session, passage: Passage, snapshot: str | None) -> Row:
    """Store a passage and its row in the chain."""
    salt = secrets.token_bytes(16)
    session.add(
        PassageRow(
            id=passage.id,
            at=stamp(passage.at),
            lane=passage.lane,
            verdict=passage.verdict,
            reason=passage.reason,
            subject=passage.subject,
            snapshot=snapshot,
            salt=salt,
            details=canonical(passage.details),
        )
    )
    body = {
        "passage": passage.id,
        "lane": passage.lane,
        "verdict": passage.verdict,
        "reason": passage.reason,
        "subject": passage.subject,
        "rules": passage.rules_version,
        "snapshot": snapshot,
        "details": details_digest(salt, passage.details),
    }
    return append(session, passage.at, "decision", body)


def append_note(session: Session, moment: datetime, kind: str, body: Mapping[str, Any], remark: str) -> Row:
    """Append a row; a `remark` in free words is stored beside the chain, which holds its digest."""
    if not remark:
        return append(session, moment, kind, body)
    salt, name = secrets.token_bytes(16), uuid.uuid4().hex
    session.add(RemarkRow(id=name, at=stamp(moment), salt=salt, words=remark))
    return append(session, moment, kind, {**body, "remark": name, "words": details_digest(salt, {"words": remark})})


def record_act(session: Session, act: Act) -> None:
    """Append what staff did to the register, in the register's own transaction."""
    append(session, datetime.now(UTC), act.kind, {"subject": act.subject, "actor": act.actor, **act.facts})
