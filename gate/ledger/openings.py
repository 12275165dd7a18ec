"""Openings by hand and the passages they answered: the one that was asked about, else what was last decided there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import JSON, ColumnElement, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from gate.ledger.tables import LedgerRow, PassageRow

NEARBY_S = 120
"""An opening so soon after a passage in its lane is taken for its answer."""
MOST_NEARBY = 1000
"""Rows of the chain within which it is looked for."""


def answered(session: Session, *where: ColumnElement[bool], most: int) -> dict[int, int]:
    """The passage that each opening by hand answered, by the numbers of both rows; the newest `most` openings."""
    lane, asked = _said(session, "lane"), _said(session, "passage")
    meant = select(PassageRow.seq).where(PassageRow.id == asked).correlate(LedgerRow).scalar_subquery()
    before = (
        select(PassageRow.seq)
        .where(PassageRow.lane == lane, PassageRow.at <= LedgerRow.at, PassageRow.seq < LedgerRow.seq)
        .order_by(PassageRow.at.desc(), PassageRow.seq.desc())
        .limit(1)
        .correlate(LedgerRow)
        .scalar_subquery()
    )
    columns = LedgerRow.seq, LedgerRow.at, asked.label("asked"), func.coalesce(meant, before).label("passage")
    opened = select(*columns).where(LedgerRow.kind == "manual.open", *where)
    acts = opened.order_by(LedgerRow.at.desc(), LedgerRow.seq.desc()).limit(most).subquery()
    joined = select(acts.c.seq, acts.c.at, acts.c.asked, PassageRow.seq, PassageRow.id, PassageRow.at).join(
        PassageRow, PassageRow.seq == acts.c.passage
    )
    return {
        act: passage
        for act, late, asked_for, passage, id_, early in session.execute(joined)
        if asked_for == id_ or (asked_for is None and _soon(early, late))
    }


def opened_by(session: Session, passages: Collection[int]) -> dict[int, str]:
    """Who opened by hand for each of these passages, as the chain names them; no entry where nobody did."""
    first = (
        select(LedgerRow.seq)
        .where(
            LedgerRow.kind == "manual.open",
            LedgerRow.seq.between(PassageRow.seq, PassageRow.seq + MOST_NEARBY),
            _said(session, "lane") == PassageRow.lane,
            func.coalesce(_said(session, "passage"), PassageRow.id) == PassageRow.id,
        )
        .order_by(LedgerRow.seq)
        .limit(1)
        .correlate(PassageRow)
        .scalar_subquery()
    )
    acts = {seq for seq in session.scalars(select(first).where(PassageRow.seq.in_(passages))) if seq is not None}
    asked = select(PassageRow.id).where(PassageRow.seq.in_(passages))
    meant = select(LedgerRow.seq).where(LedgerRow.about.in_(asked), LedgerRow.kind == "manual.open")
    acts |= set(session.scalars(meant))
    if not acts:
        return {}
    found = answered(session, LedgerRow.seq.in_(acts), most=len(acts))
    actors = dict(session.execute(select(LedgerRow.seq, LedgerRow.actor).where(LedgerRow.seq.in_(found))).all())
    return {passage: str(actors[act]) for act, passage in found.items() if passage in passages and actors.get(act)}


def _said(session: Session, key: str) -> ColumnElement[str]:
    """What a row's body says under a key."""
    on_server = session.get_bind().dialect.name == "postgresql"
    body = cast(LedgerRow.body, JSON) if on_server else type_coerce(LedgerRow.body, JSON)
    said: ColumnElement[str] = body[key].as_string()
    return said


def _soon(early: str, late: str) -> bool:
    return (datetime.fromisoformat(late) - datetime.fromisoformat(early)).total_seconds() <= NEARBY_S
