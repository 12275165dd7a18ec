"""Putting what the community system is to hear into the outbox, in the very transaction that records it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from gate.community.tables import OutboxRow
from gate.ledger.chain import stamp
from gate.ledger.ledger import Passage
from gate.ledger.writer import Note

KINDS: Mapping[str, tuple[str, ...]] = {
    "passages": ("decision",),
    "openings": ("manual.open", "manual.close", "manual.hold", "manual.release", "manual.lockdown", "manual.emergency"),
    "doors": ("barrier",),
    "alarms": ("camera", "barrier.fault", "barrier.alarm", "clock.step"),
}
"""The kinds of rows behind each word of a destination's `events`."""
EVENTS: Mapping[str, str] = {kind: name for name, kinds in KINDS.items() for kind in kinds}
_TABLE: Any = OutboxRow.__table__


class Outbox:
    """Which destination hears which kinds of rows. Without destinations it costs nothing."""

    def __init__(self, wanted: Mapping[str, Iterable[str]]) -> None:
        """`wanted` has the words of `KINDS` by the destination's id."""
        self._listeners: dict[str, list[str]] = {}
        self.hear(wanted)

    def hear(self, wanted: Mapping[str, Iterable[str]]) -> None:
        """From now on these destinations, and no others."""
        listeners: dict[str, list[str]] = {}
        for destination, events in wanted.items():
            for kind in (kind for event in events for kind in KINDS[event]):
                listeners.setdefault(kind, []).append(destination)
        self._listeners = listeners

    def post(self, session: Session, written: Iterable[tuple[int, Passage | Note]]) -> None:
        """Insert a row for each destination that hears of an entry, given with its number in the chain."""
        heard_by = self._listeners
        if not heard_by:
            return
        rows = []
        for seq, entry in written:
            kind = "decision" if isinstance(entry, Passage) else entry.kind
            listeners = heard_by.get(kind)
            if listeners:
                shared = {"seq": seq, "at": stamp(entry.at), "kind": kind, "subject": order_key(entry)}
                rows += [{"destination": name, "attempts": 0, "due_ms": 0, **shared} for name in listeners]
        if rows:
            session.execute(insert(_TABLE), rows)


def order_key(entry: Passage | Note) -> str | None:
    """What the order of events is kept for: a person, a vehicle, a device; None for somebody nobody knows.

    An unregistered vehicle has no id: it is a digest of its plate.
    """
    if isinstance(entry, Passage):
        plate = entry.details.get("plate")
        return entry.subject or (f"plate:{hashlib.sha256(str(plate).encode()).hexdigest()[:16]}" if plate else None)
    for thing in ("barrier", "camera", "lane"):
        if entry.body.get(thing):
            return f"{thing}:{entry.body[thing]}"
    return None
