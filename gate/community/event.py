"""One thing that happened as it may leave this box: no more than a destination may know."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enrollment.database import reading
from enrollment.tables import ResidentRow, VehicleRow
from gate.community.names import THINGS, Names
from gate.community.outbox import EVENTS
from gate.config import Lane
from gate.errors import LedgerBroken
from gate.ledger.tables import LedgerRow, PassageRow
from gate.site import Site

FROM_CONFIG = Names()
Shares = Callable[[str], bool]
"""Whether the person with this id has agreed, on record, that name and picture go to the community system."""


def shares_nothing(_subject: str) -> bool:
    """Nobody has agreed."""
    return False


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a destination may know beyond the minimum; a name or a picture also needs the person's consent."""

    plates: bool = True
    names: bool = False
    pictures: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A passage, an opening by hand, a door that moved, or an alarm.

    `key` is the same each time it is sent and nobody else's; `seq` grows, and tells a receiver the order. `subject` is
    an opaque id. `device` is the barrier or camera of an opening or alarm and `what` the code of what it did.
    `consented` is whether the subject's consent to sharing is on record, and `number` a number that is the subject's
    alone. `lane_there` and `device_there` are what the destination calls them, where a person has corrected that.
    """

    key: str
    seq: int
    event: Literal["passage", "opening", "door", "alarm"]
    at: datetime
    lane: str | None = None
    lane_name: str | None = None
    lane_kind: Literal["pedestrian", "vehicle"] | None = None
    direction: Literal["in", "out"] | None = None
    verdict: str | None = None
    reason: str | None = None
    subject: str | None = None
    plate: str | None = None
    device: str | None = None
    what: str | None = None
    name: str | None = None
    picture: bytes | None = None
    consented: bool = False
    number: int | None = None
    lane_there: str | None = None
    device_there: str | None = None

    def body(self) -> dict[str, Any]:
        """All that is there as JSON-able values, in the destination's names; time with zone, picture as base64."""
        told = {name: getattr(self, name) for name in BODY if getattr(self, name) is not None}
        told |= {name: there for name in THINGS if (there := getattr(self, f"{name}_there")) is not None}
        told["at"] = self.at.isoformat()
        if self.picture is not None:
            told["picture"] = base64.b64encode(self.picture).decode()
        return told


BODY = (
    "key",
    "seq",
    "event",
    "at",
    "lane",
    "lane_name",
    "lane_kind",
    "direction",
    "verdict",
    "reason",
    "subject",
    "plate",
    "device",
    "what",
    "name",
    "picture",
)
"""The fields of `Event.body`."""
SWITCHES: Mapping[str, tuple[str, bool]] = {
    "plate": ("plates", False),
    "name": ("names", True),
    "picture": ("pictures", True),
}
"""The setting that lets a field out, and whether the person's consent is needed too; the others are always told."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the register calls a living person or vehicle."""

    name: str | None = None
    plate: str | None = None
    number: int | None = None


def _known(session: Session, subjects: Collection[str]) -> dict[str, _Known]:
    people = select(ResidentRow.id, ResidentRow.name).where(ResidentRow.id.in_(subjects), ResidentRow.name.is_not(None))
    cars = select(VehicleRow.id, VehicleRow.plate).where(VehicleRow.id.in_(subjects), VehicleRow.plate.is_not(None))
    added = select(LedgerRow.about, func.min(LedgerRow.seq)).where(
        LedgerRow.about.in_(subjects), LedgerRow.kind.in_(("resident.added", "vehicle.added"))
    )
    numbers = {id_: number for id_, number in session.execute(added.group_by(LedgerRow.about))}  # noqa: C416 - typed rows
    found = {id_: _Known(name=name, number=numbers.get(id_)) for id_, name in session.execute(people)}
    return found | {id_: _Known(plate=plate, number=numbers.get(id_)) for id_, plate in session.execute(cars)}


_WORDS: Mapping[str, Literal["opening", "door", "alarm"]] = {"openings": "opening", "doors": "door", "alarms": "alarm"}


def _what(kind: str, body: Mapping[str, Any]) -> str:
    """The state that a barrier or camera came to, with the cause of an alarm; else the kind of the act."""
    if kind == "barrier":
        return str(body["after"])
    told = body.get("cause") or body.get("state")
    return f"{kind}:{told}" if told else kind


class Events:
    """Reads events out of the record at the moment they are sent. `lanes` are those of the configuration."""

    def __init__(self, site: Site, lanes: Sequence[Lane], shares: Shares = shares_nothing) -> None:
        self._site = site
        self._lanes = {lane.id: lane for lane in lanes}
        self._barriers = {lane.barrier: lane.id for lane in lanes}
        self._cameras = {lane.camera: lane.id for lane in lanes}
        self._shares = shares

    def load(self, seqs: Sequence[int], allowed: Allowed, names: Names = FROM_CONFIG) -> dict[int, Event]:
        """The events of these rows by their numbers. Raises `StoreBusy`."""
        with reading(self._site.engine) as session:
            rows = session.execute(
                select(LedgerRow.seq, LedgerRow.at, LedgerRow.kind, LedgerRow.body, LedgerRow.hash).where(
                    LedgerRow.seq.in_(seqs)
                )
            ).all()
            found_plates = select(PassageRow.seq, PassageRow.plate).where(PassageRow.seq.in_(seqs))
            plates = {seq: plate for seq, plate in session.execute(found_plates)}  # noqa: C416 - typed rows
            told = {row.seq: json.loads(row.body) for row in rows}
            known = _known(session, {str(body["subject"]) for body in told.values() if body.get("subject")})
        found = {}
        for seq, at, kind, _, digest in rows:
            shared = {"key": f"{seq}-{digest.hex()}", "seq": seq, "at": datetime.fromisoformat(at)}
            if kind == "decision":
                event = self._passage(shared, told[seq], plates.get(seq), known, allowed)
            else:
                event = self._act(shared, kind, told[seq])
            lane_there, device_there = names.of("lane", event.lane), names.of("device", event.device)
            found[seq] = replace(event, lane_there=lane_there, device_there=device_there)
        return found

    def _passage(
        self,
        shared: Mapping[str, Any],
        body: Mapping[str, Any],
        plate: str | None,
        known: Mapping[str, _Known],
        allowed: Allowed,
    ) -> Event:
        subject = body["subject"]
        entry = known.get(subject)
        consented = entry is not None and self._shares(subject)
        return Event(
            **shared,
            **self._place(body["lane"]),
            event="passage",
            verdict=body["verdict"],
            reason=body["reason"],
            subject=subject,
            plate=((entry and entry.plate) or plate) if allowed.plates else None,
            name=entry.name if entry and allowed.names and consented else None,
            picture=self._picture(body["snapshot"]) if allowed.pictures and consented else None,
            consented=consented,
            number=entry.number if entry else None,
        )

    def _act(self, shared: Mapping[str, Any], kind: str, body: Mapping[str, Any]) -> Event:
        barrier, camera = body.get("barrier"), body.get("camera")
        lane = body.get("lane") or self._barriers.get(barrier or "") or self._cameras.get(camera or "")
        return Event(
            **shared,
            **(self._place(lane) if lane else {}),
            event=_WORDS[EVENTS[kind]],
            reason=body.get("reason"),
            device=barrier or camera,
            what=_what(kind, body),
        )

    def _place(self, lane: str) -> dict[str, Any]:
        known = self._lanes.get(lane)
        if known is None:
            return {"lane": lane}
        return {"lane": lane, "lane_name": known.name, "lane_kind": known.kind, "direction": known.direction}

    def _picture(self, snapshot: str | None) -> bytes | None:
        try:
            return self._site.snapshots.look(snapshot) if snapshot else None
        except (LedgerBroken, OSError):
            return None
