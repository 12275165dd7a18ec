"""Passages as people read them: with the name or plate that the register or the passage's details still hold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from enrollment.database import reading
from enrollment.entry import Resident
from enrollment.errors import StoreBusy
from enrollment.register import Register
from gate.config import Lane
from gate.console.watch import AnswerView, MeantView, PassageView, RingView
from gate.decision.decision import Reason, Verdict
from gate.lane.lane import Outcome
from gate.ledger.chain import stamp
from gate.ledger.tables import NOT_TAKEN, LedgerRow, PassageRow


def view_of(outcome: Outcome, lane: Lane, register: Register) -> PassageView:
    """A decided track as the console shows it; without a name while the register cannot be read."""
    passage = outcome.passage
    return PassageView(
        id=passage.id,
        at=passage.at,
        lane_id=lane.id,
        lane_name=lane.name,
        verdict=outcome.decision.verdict,
        reason=outcome.decision.reason,
        subject_label=_label_now(register, passage.subject, passage.details),
        score=_score(passage.details),
        snapshot=outcome.snapshot,
        delay_ms=round(outcome.delay_s * 1000, 1) if outcome.moved else None,
        kept_shut=outcome.refusal,
    )


def recent(engine: Engine, lanes: Sequence[Lane], register: Register, count: int) -> tuple[PassageView, ...]:
    """The newest passages of the database, newest first; a lane that is no longer configured shows its id."""
    names = {lane.id: lane.name for lane in lanes}
    with reading(engine) as session:
        rows = session.scalars(select(PassageRow).order_by(PassageRow.seq.desc()).limit(count)).all()
        since = select(LedgerRow.body).where(LedgerRow.seq > rows[-1].seq, NOT_TAKEN) if rows else None
        told = [json.loads(body) for body in session.scalars(since)] if since is not None else []
    kept_shut = {body.get("command_id"): body.get("cause") for body in told}
    labels = register.labels({row.subject for row in rows if row.subject})
    return tuple(replace(_stored(row, names, labels), kept_shut=kept_shut.get(row.id)) for row in rows)


def answers(engine: Engine, since: datetime) -> tuple[AnswerView, ...]:
    """What people did about whoever waited, oldest first, without what a barrier did not take."""
    kinds = LedgerRow.kind.in_(("manual.open", "manual.refuse"))
    wanted = select(LedgerRow.at, LedgerRow.kind, LedgerRow.body).where(LedgerRow.at >= stamp(since))
    with reading(engine) as session:
        rows = session.execute(wanted.where(kinds).order_by(LedgerRow.at, LedgerRow.seq)).all()
        refused = {json.loads(row.body).get("command_id") for row in session.execute(wanted.where(NOT_TAKEN))}
    told = [(row, json.loads(row.body)) for row in rows]
    return tuple(
        AnswerView(datetime.fromisoformat(row.at), body["lane"], row.kind == "manual.open", body.get("passage"))
        for row, body in told
        # A barrier that stands in no lane may be opened too.
        if body.get("lane") and body.get("command_id") not in refused
    )


def rings(engine: Engine, since: datetime) -> tuple[RingView, ...]:
    """Who rang, oldest first."""
    wanted = select(LedgerRow.at, LedgerRow.body).where(LedgerRow.kind == "ring", LedgerRow.at >= stamp(since))
    with reading(engine) as session:
        rows = session.execute(wanted.order_by(LedgerRow.at, LedgerRow.seq)).all()
    told = [(row.at, json.loads(row.body)) for row in rows]
    return tuple(RingView(datetime.fromisoformat(at), body["lane"], body["passage"]) for at, body in told)


def meant(engine: Engine, register: Register, passage_id: str) -> MeantView | None:
    """Who or what a passage may be: whom it was decided for, else whom the face resembles enough."""
    with reading(engine) as session:
        row = session.scalars(select(PassageRow).where(PassageRow.id == passage_id)).first()
    details = json.loads(row.details) if row else {}
    subject = row.subject or _resembled(details) if row else None
    entry = register.find(subject) if subject else None
    if entry is None:
        return None
    if isinstance(entry, Resident):
        return MeantView(entry.id, "resident", entry.name, entry.household)
    return MeantView(entry.id, "vehicle", entry.plate, entry.household or "", _read_as(entry.plate, details))


def _resembled(details: Mapping[str, Any]) -> str | None:
    """The id of the best candidate, which the record keeps only where the likeness is enough to open."""
    evidence = details.get("rests_on", {}).get("evidence", {})
    candidate = evidence.get("candidate") or {}
    return str(candidate.get("subject", {}).get("id") or "") or None


def _read_as(plate: str, details: Mapping[str, Any]) -> str | None:
    """The plate with the doubtful character as it was read; None where every one was sure."""
    doubt = details.get("doubt")
    if not doubt or doubt["read"] == doubt["enrolled"]:
        return None
    position = int(doubt["position"])
    return plate[: position - 1] + str(doubt["read"]) + plate[position:]


def _stored(row: PassageRow, names: Mapping[str, str], labels: Mapping[str, str]) -> PassageView:
    details = json.loads(row.details)
    return PassageView(
        id=row.id,
        at=datetime.fromisoformat(row.at),
        lane_id=row.lane,
        lane_name=names.get(row.lane, row.lane),
        verdict=Verdict(row.verdict),
        reason=Reason(row.reason),
        subject_label=labels.get(row.subject) if row.subject else details.get("plate") or None,
        score=_score(details),
        snapshot=row.snapshot,
    )


def _label_now(register: Register, subject: str | None, details: Mapping[str, Any]) -> str | None:
    if subject is None:
        return details.get("plate") or None
    try:
        return register.labels({subject}).get(subject)
    except (StoreBusy, SQLAlchemyError):
        return None


def _score(details: Mapping[str, Any]) -> float | None:
    score = details.get("score", details.get("weakest"))
    return None if score is None else float(score)
