"""Checking what hangs on the rows: a passage's details, a remark's words, a picture.

Each may be gone in time, but only if a row of the chain says so: `passages.forgotten`, `pictures.deleted`, and
`passages.erased` where somebody was erased before their time. Of such a passage the row stays, emptied (`erased.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gate.errors import LedgerBroken
from gate.ledger.chain import Row, details_digest
from gate.ledger.diagnosis import Break, Why
from gate.ledger.erased import is_emptied
from gate.ledger.plate_pattern import folded
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import PassageRow, RemarkRow

COLUMNS = "seq, id, at, lane, verdict, reason, subject, rules, snapshot, context, salt, details, plate, plate_key"

LET_GO = frozenset({"passages.forgotten", "pictures.deleted", "passages.erased"})
MARKED = LET_GO | {"decision", "ledger.began"}
"""Rows that something hangs on or that let something go, and the first; of the others only those with a remark."""
REMARKED = '"remark":'


class Attachments:
    """Compares each batch of good rows with the tables beside the chain, and counts what it saw."""

    def __init__(self, session: Session, snapshots: Snapshots | None) -> None:
        self._session = session
        self._snapshots = snapshots
        self._passages_missing: dict[str, int] = {}
        self._remarks_missing: dict[str, tuple[int, str]] = {}
        self._pictures_missing: dict[str, int] = {}
        self._days_deleted: set[str] = set()
        self._forgotten_before = ""
        self._emptied: dict[str, tuple[int, str]] = {}
        self._erased: dict[str, int] = {}
        self.passages = self.pictures = self.pictures_over = 0

    def check(self, first: int, last: int, marked: Sequence[Row]) -> Break | None:
        """The first row from `first` to `last` whose attachments differ from what it says.

        `marked` are those of these rows that are of a kind in `MARKED` or have `REMARKED` in their body.
        """
        if last < first:
            return None
        passages = self._passages(first, last)
        remarks = self._remarks(marked)
        for row in marked:
            why = None
            if row.kind == "decision":
                why = self._passage(row, passages.pop(row.seq, None))
            elif row.kind in LET_GO:
                self._let_go(row)
            elif REMARKED in row.body:
                why = self._remark(row, remarks)
            if why:
                return Break(row.seq, why)
        return Break(min(passages), Why.PASSAGE_INSERTED) if passages else None

    def end(self, rows: int) -> Break | None:
        """What is missing though no row says that it was let go, and passages that belong to no row."""
        breaks = [
            Break(seq, Why.PASSAGE_MISSING)
            for day, seq in self._passages_missing.items()
            if day >= self._forgotten_before
        ]
        breaks += [
            Break(seq, Why.REMARK_MISSING)
            for remark, (seq, day) in self._remarks_missing.items()
            if day >= self._forgotten_before and seq > self._erased.get(remark, 0)
        ]
        breaks += [
            Break(seq, Why.SNAPSHOT_MISSING)
            for day, seq in self._pictures_missing.items()
            if day not in self._days_deleted
        ]
        breaks += [
            Break(seq, Why.PASSAGE_ALTERED)
            for passage, (seq, subject) in self._emptied.items()
            if seq > max(self._erased.get(passage, 0), self._erased.get(subject, 0))
        ]
        if self._session.scalar(select(func.max(PassageRow.seq)).where(PassageRow.seq > rows)):
            breaks.append(Break(rows + 1, Why.CUT_OFF))
        return min(breaks, key=lambda found: found.seq, default=None)

    def _passages(self, first: int, last: int) -> dict[int, tuple[Any, ...]]:
        sql = f"SELECT {COLUMNS} FROM passage WHERE seq BETWEEN {first:d} AND {last:d}"  # noqa: S608
        found = self._session.connection().exec_driver_sql(sql).cursor
        return {stored[0]: stored for stored in found.fetchall()} if found else {}

    def _remarks(self, rows: Iterable[Row]) -> dict[str, tuple[str, bytes, str]]:
        names = [str(_body(row).get("remark")) for row in rows if row.kind not in MARKED]
        found: dict[str, tuple[str, bytes, str]] = {}
        for start in range(0, len(names), 500):
            wanted = RemarkRow.id.in_(names[start : start + 500])
            stored = self._session.execute(
                select(RemarkRow.id, RemarkRow.at, RemarkRow.salt, RemarkRow.words).where(wanted)
            )
            found |= {name: (at, salt, words) for name, at, salt, words in stored}
        return found

    def _passage(self, row: Row, stored: tuple[Any, ...] | None) -> Why | None:
        if stored is None:
            self._passages_missing.setdefault(row.at[:10], row.seq)
        else:
            self.passages += 1
            emptied = is_emptied(stored[10], stored[11])
            if not _agrees(row, stored, emptied=emptied):
                return Why.PASSAGE_ALTERED
            if emptied:
                self._emptied[stored[1]] = row.seq, stored[6] or ""
                return None
        return self._pictures_of(row) if self._snapshots else None

    def _remark(self, row: Row, remarks: dict[str, tuple[str, bytes, str]]) -> Why | None:
        body = _body(row)
        stored = remarks.get(str(body.get("remark")))
        if stored is None:
            self._remarks_missing[str(body.get("remark"))] = row.seq, row.at[:10]
            return None
        at, salt, words = stored
        whole = at == row.at and type(salt) is bytes and type(words) is str
        return None if whole and details_digest(salt, words) == body.get("words") else Why.REMARK_ALTERED

    def _pictures_of(self, row: Row) -> Why | None:
        body = _body(row)
        for name in (body.get("snapshot"), body.get("context")):
            if not isinstance(name, str) or self._snapshots is None:
                continue
            try:
                seen = self._snapshots.look(name)
            except LedgerBroken as broken:
                return Why(broken.code.removeprefix("ledger."))
            if seen is None:
                self._pictures_missing.setdefault(name[:8], row.seq)
                self.pictures_over += 1
            else:
                self.pictures += 1
        return None

    def _let_go(self, row: Row) -> None:
        body = _body(row)
        if row.kind == "pictures.deleted":
            self._days_deleted.add(str(body.get("day")))
        elif row.kind == "passages.erased":
            for name in (body.get("subject"), *body.get("passages", ()), *body.get("remarks", ())):
                self._erased[str(name)] = row.seq
        else:
            self._forgotten_before = max(self._forgotten_before, str(body.get("before", "")))


def _agrees(row: Row, stored: tuple[Any, ...], *, emptied: bool) -> bool:
    """Whether a passage is the one of its row; the row's text is written again from the passage, which is faster.

    Of an emptied one everything but the details.
    """
    _, id_, at, lane, verdict, reason, subject, rules, snapshot, context, salt, details, plate, plate_key = stored
    if at != row.at or type(details) is not str or type(salt) is not bytes:
        return False
    digest = _body(row).get("details") if emptied else details_digest(salt, details)
    expected = (
        f'{{"context":{_text(context)},"details":"{digest}","lane":"{lane}","passage":"{id_}","reason":"{reason}",'
        f'"rules":"{rules}","snapshot":{_text(snapshot)},"subject":{_text(subject)},"verdict":"{verdict}"}}'
    )
    told = _plate(details)
    return expected == row.body and plate == told and plate_key == (told and folded(told))


def _plate(details: str) -> str | None:
    """The plate that the details tell; the columns beside them must not tell another."""
    if '"plate":' not in details:
        return None
    try:
        told = json.loads(details)
    except ValueError:
        return None
    plate = told.get("plate") if isinstance(told, dict) else None
    return plate if isinstance(plate, str) and plate else None


def _body(row: Row) -> dict[str, Any]:
    """A row's body; empty where somebody who rewrote the chain wrote no JSON."""
    try:
        body = json.loads(row.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _text(value: str | None) -> str:
    return "null" if value is None else f'"{value}"'
