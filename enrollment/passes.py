"""Visitors' passes: who comes in without being enrolled, for how long and how often, and when it is forgotten.

A pass is held as a plate, as a PIN or as a QR code (`enrollment.gate_code`). The database knows of a PIN only what the
site's key makes of it.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import CursorResult, Engine, func, select, update
from sqlalchemy.orm import Session

from enrollment.act import Act, FactValue, Record
from enrollment.change import needed_resident
from enrollment.database import purge, reading, writing
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.keyring import Keyring
from enrollment.tables import PassRow, VehicleRow
from models.plate.grammar import classify, normalise
from models.sighting import PlateColour

LONGEST = timedelta(days=31)
MOST_USES = 100
MONTH = timedelta(days=30)
LONGEST_NOTE = 40
LEAVE_WITHIN = timedelta(hours=24)
"""Who came in by a pass may leave for so long after it is over; then its plate is forgotten."""
PIN_DIGITS = 8
TRIES = 20
TABLE = PassRow.__tablename__


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass that is not forgotten yet. `over_at` is when it ends or was ended; `lanes` is None for every lane.

    `host` is the id of the resident who made it and `household` that of the home; `note` is who is expected. `used_at`
    is the last arrival, and `seen` how many of them the host has been told of.
    """

    id: str
    plate: str | None
    has_pin: bool
    has_code: bool
    lanes: frozenset[str] | None
    starts_at: datetime
    over_at: datetime
    uses: int
    used: int
    host: str | None = None
    household: str | None = None
    note: str | None = None
    used_at: datetime | None = None
    seen: int = 0

    def lets_in(self, at: datetime) -> bool:
        """Whether it holds for coming in."""
        return self.starts_at <= at < self.over_at and self.used < self.uses

    def lets_out(self, at: datetime) -> bool:
        """Whether somebody who came in by it may leave: a use is for coming in, and nobody is locked in."""
        return self.used > 0 and at < self.over_at + LEAVE_WITHIN


@dataclass(frozen=True, slots=True)
class Quota:
    """How many living passes a household may have at once, and make within `MONTH`; and how long each may last."""

    at_once: int
    per_month: int
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Made:
    """A new pass, and its PIN where it has one: it is told this once."""

    made: Pass
    pin: str | None


class Passes:
    """Makes, uses, ends and forgets passes. Each change raises `StoreBusy` when the database does not take it."""

    def __init__(
        self,
        engine: Engine,
        keyring: Keyring,
        record: Record,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._keyring = keyring
        self._record = record
        self._now = now

    def add(
        self,
        actor: str,
        starts_at: datetime,
        ends_at: datetime,
        uses: int = 1,
        *,
        plate: str | None = None,
        pin: bool = False,
        code: bool = False,
        lanes: Iterable[str] | None = None,
        note: str | None = None,
        quota: Quota | None = None,
    ) -> Made:
        """Make a pass by a plate, a PIN, a QR code or several of them.

        With a `quota`, the `actor` is a resident, who becomes the host and whose household's quota it counts in.

        Raises:
            EntryRefused: `pass.no_credential`, `pass.bad_span` (it ends before it begins, lies in the past or lasts too
                long), `pass.bad_uses`, `register.not_a_plate`, `pass.plate_enrolled`, `pass.note_long`,
                `pass.quota_at_once`, `pass.quota_month`.
            NotEnrolled: `register.nobody`, there is no such host.
        """
        longest = quota.longest if quota else LONGEST
        self._check(starts_at, ends_at, uses, longest, given=plate is not None or pin or code)
        if len(note or "") > LONGEST_NOTE:
            raise EntryRefused("pass.note_long", most=LONGEST_NOTE)
        text = None if plate is None else _plate(plate)
        named = None if lanes is None else sorted(set(lanes))
        with writing(self._engine) as session:
            if text and session.scalars(select(VehicleRow.id).where(VehicleRow.plate == text)).first():
                raise EntryRefused("pass.plate_enrolled", plate=text)
            household = self._within(session, actor, quota) if quota else None
            number = self._free_pin(session) if pin else None
            row = PassRow(
                id=uuid.uuid4().hex,
                plate=text,
                pin=number and self._pin_tag(number),
                code=code,
                lanes=None if named is None else json.dumps(named),
                starts_at=starts_at,
                ends_at=ends_at,
                uses=uses,
                used=0,
                made_by=actor,
                created_at=self._now(),
                host_id=actor if quota else None,
                household_id=household,
                note=" ".join((note or "").split()) or None,
                seen=0,
            )
            session.add(row)
            session.flush()
            facts: dict[str, FactValue] = {"uses": uses, "lanes": named, "ends": ends_at.astimezone(UTC).isoformat()}
            self._record(session, Act("pass.added", row.id, actor, facts))
            return Made(pass_of(row), number)

    def kept(self) -> tuple[Pass, ...]:
        """Every pass that is not forgotten, the first to begin first."""
        with reading(self._engine) as session:
            rows = select(PassRow).where(PassRow.forgotten_at.is_(None)).order_by(PassRow.starts_at, PassRow.id)
            return tuple(pass_of(row) for row in session.scalars(rows))

    def use(self, pass_id: str, at: datetime, about: str) -> bool:
        """Take one use for coming in, `about` a passage; False where none is left. Two lanes never take the same."""
        with writing(self._engine) as session:
            living = (PassRow.used < PassRow.uses, PassRow.starts_at <= at, PassRow.ends_at > at)
            free = update(PassRow).where(PassRow.id == pass_id, PassRow.ended_at.is_(None), *living)
            taken = session.execute(free.values(used=PassRow.used + 1, used_at=at))
            if not isinstance(taken, CursorResult) or taken.rowcount != 1:
                return False
            self._record(session, Act("pass.used", pass_id, "gate", {"about": about}))
            return True

    def give_back(self, pass_id: str, about: str) -> None:
        """Give back a use that was taken for a passage in which nobody got in."""
        with writing(self._engine) as session:
            row = session.get(PassRow, pass_id, with_for_update=True)
            if row is None or row.used == 0:
                return
            row.used -= 1
            row.seen = min(row.seen, row.used)
            row.used_at = row.used_at if row.used else None
            self._record(session, Act("pass.given_back", pass_id, "gate", {"about": about}))

    def of_host(self, resident_id: str) -> tuple[Pass, ...]:
        """The passes that a resident made and that are not forgotten, the newest first."""
        rows = select(PassRow).where(PassRow.host_id == resident_id, PassRow.forgotten_at.is_(None))
        with reading(self._engine) as session:
            return tuple(pass_of(row) for row in session.scalars(rows.order_by(PassRow.created_at.desc(), PassRow.id)))

    def unseen(self, resident_id: str) -> int:
        """How many arrivals of a resident's guests the resident has not been told of."""
        counted = select(func.coalesce(func.sum(PassRow.used - PassRow.seen), 0))
        with reading(self._engine) as session:
            mine = counted.where(PassRow.host_id == resident_id, PassRow.forgotten_at.is_(None))
            return session.scalar(mine) or 0

    def tell(self, resident_id: str, told: Iterable[Pass]) -> None:
        """The resident has seen these passes with the arrivals that they show."""
        with writing(self._engine) as session:
            for one in told:
                mine = (PassRow.id == one.id, PassRow.host_id == resident_id, PassRow.seen < one.used)
                session.execute(update(PassRow).where(*mine).values(seen=one.used))

    def end(self, pass_id: str, actor: str) -> None:
        """End a pass now. Raises `NotEnrolled` for one that is not there or is over."""
        with writing(self._engine) as session:
            row = session.get(PassRow, pass_id)
            now = self._now()
            if row is None or row.ended_at is not None or row.ends_at <= now:
                raise NotEnrolled("pass.none", id=pass_id)
            row.ended_at = now
            self._record(session, Act("pass.ended", pass_id, actor))

    def by_pin(self, pin: str) -> Pass | None:
        """The pass with this PIN. Whoever asks limits how often it may be asked."""
        tag = self._pin_tag("".join(pin.split()))
        with reading(self._engine) as session:
            row = session.scalars(select(PassRow).where(PassRow.pin == tag)).first()
            return None if row is None else pass_of(row)

    def find(self, pass_id: str) -> Pass | None:
        """A pass that is not forgotten yet."""
        with reading(self._engine) as session:
            row = session.get(PassRow, pass_id)
            return None if row is None or row.forgotten_at is not None else pass_of(row)

    def forget(self) -> int:
        """Erase the plates and PINs of passes that are over and that nobody may still leave by; how many went."""
        now = self._now()
        with writing(self._engine) as session:
            rows = session.scalars(select(PassRow).where(PassRow.forgotten_at.is_(None))).all()
            gone = [row for row in rows if _over_at(row) <= now and not pass_of(row).lets_out(now)]
            for row in gone:
                row.plate = row.pin = row.note = row.host_id = None
                row.code, row.forgotten_at = False, now
                self._record(session, Act("pass.forgotten", row.id, "gate"))
        if gone:
            purge(self._engine, (TABLE,))
        return len(gone)

    def _within(self, session: Session, resident_id: str, quota: Quota) -> str:
        """The household of a resident, whose quota takes one more."""
        home = needed_resident(session, resident_id).household_id or ""
        count, now = select(func.count()).select_from(PassRow).where(PassRow.household_id == home), self._now()
        living = (PassRow.ended_at.is_(None), PassRow.ends_at > now, PassRow.used < PassRow.uses)
        if (session.scalar(count.where(*living)) or 0) >= quota.at_once:
            raise EntryRefused("pass.quota_at_once", most=quota.at_once)
        if (session.scalar(count.where(PassRow.created_at > now - MONTH)) or 0) >= quota.per_month:
            raise EntryRefused("pass.quota_month", most=quota.per_month)
        return home

    def _check(self, starts_at: datetime, ends_at: datetime, uses: int, longest: timedelta, *, given: bool) -> None:
        if not given:
            raise EntryRefused("pass.no_credential")
        if not (starts_at < ends_at and self._now() < ends_at and ends_at - starts_at <= longest):
            raise EntryRefused("pass.bad_span", days=longest.days)
        if not 1 <= uses <= MOST_USES:
            raise EntryRefused("pass.bad_uses", most=MOST_USES)

    def _free_pin(self, session: Session) -> str:
        for _ in range(TRIES):
            pin = "".join(str(secrets.randbelow(10)) for _ in range(PIN_DIGITS))
            if session.scalars(select(PassRow.id).where(PassRow.pin == self._pin_tag(pin))).first() is None:
                return pin
        raise EntryRefused("pass.no_pin_left")

    def _pin_tag(self, pin: str) -> str:
        return self._keyring.mark(pin.encode(), b"visitor-pin/1")


def _plate(plate: str) -> str:
    text = normalise(plate)
    if classify(text, PlateColour.UNKNOWN) is None:
        raise EntryRefused("register.not_a_plate", plate=text)
    return text


def _over_at(row: PassRow) -> datetime:
    return row.ends_at if row.ended_at is None else min(row.ended_at, row.ends_at)


def pass_of(row: PassRow) -> Pass:
    """What a row is outside of this room."""
    lanes = None if row.lanes is None else frozenset(json.loads(row.lanes))
    over_at = _over_at(row)
    return Pass(
        id=row.id,
        plate=row.plate,
        has_pin=row.pin is not None,
        has_code=row.code,
        lanes=lanes,
        starts_at=row.starts_at,
        over_at=over_at,
        uses=row.uses,
        used=row.used,
        host=row.host_id,
        household=row.household_id,
        note=row.note,
        used_at=row.used_at,
        seen=row.seen,
    )
