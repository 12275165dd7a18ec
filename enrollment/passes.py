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

from sqlalchemy import CursorResult, Engine, select, update
from sqlalchemy.orm import Session

from enrollment.act import Act, FactValue, Record
from enrollment.database import purge, reading, writing
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.keyring import Keyring
from enrollment.tables import PassRow, VehicleRow
from models.plate.grammar import classify, normalise
from models.sighting import PlateColour

LONGEST = timedelta(days=31)
MOST_USES = 100
LEAVE_WITHIN = timedelta(hours=24)
"""Who came in by a pass may leave for so long after it is over; then its plate is forgotten."""
PIN_DIGITS = 8
TRIES = 20
TABLE = PassRow.__tablename__


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass that is not forgotten yet. `over_at` is when it ends or was ended; `lanes` is None for every lane."""

    id: str
    plate: str | None
    has_pin: bool
    has_code: bool
    lanes: frozenset[str] | None
    starts_at: datetime
    over_at: datetime
    uses: int
    used: int

    def lets_in(self, at: datetime) -> bool:
        """Whether it holds for coming in."""
        return self.starts_at <= at < self.over_at and self.used < self.uses

    def lets_out(self, at: datetime) -> bool:
        """Whether somebody who came in by it may leave: a use is for coming in, and nobody is locked in."""
        return self.used > 0 and at < self.over_at + LEAVE_WITHIN


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
    ) -> Made:
        """Make a pass by a plate, a PIN, a QR code or several of them.

        Raises:
            EntryRefused: `pass.no_credential`, `pass.bad_span` (it ends before it begins, lies in the past or lasts too
                long), `pass.bad_uses`, `register.not_a_plate`, `pass.plate_enrolled`.
        """
        self._check(starts_at, ends_at, uses, given=plate is not None or pin or code)
        text = None if plate is None else _plate(plate)
        named = None if lanes is None else sorted(set(lanes))
        with writing(self._engine) as session:
            if text and session.scalars(select(VehicleRow.id).where(VehicleRow.plate == text)).first():
                raise EntryRefused("pass.plate_enrolled", plate=text)
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
            )
            session.add(row)
            session.flush()
            facts: dict[str, FactValue] = {"uses": uses, "lanes": named, "ends": ends_at.astimezone(UTC).isoformat()}
            self._record(session, Act("pass.added", row.id, actor, facts))
            return Made(_pass(row), number)

    def kept(self) -> tuple[Pass, ...]:
        """Every pass that is not forgotten, the first to begin first."""
        with reading(self._engine) as session:
            rows = select(PassRow).where(PassRow.forgotten_at.is_(None)).order_by(PassRow.starts_at, PassRow.id)
            return tuple(_pass(row) for row in session.scalars(rows))

    def use(self, pass_id: str, at: datetime, about: str) -> bool:
        """Take one use for coming in, `about` a passage; False where none is left. Two lanes never take the same."""
        with writing(self._engine) as session:
            living = (PassRow.used < PassRow.uses, PassRow.starts_at <= at, PassRow.ends_at > at)
            free = update(PassRow).where(PassRow.id == pass_id, PassRow.ended_at.is_(None), *living)
            taken = session.execute(free.values(used=PassRow.used + 1))
            if not isinstance(taken, CursorResult) or taken.rowcount != 1:
                return False
            self._record(session, Act("pass.used", pass_id, "gate", {"about": about}))
            return True

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
            return None if row is None else _pass(row)

    def find(self, pass_id: str) -> Pass | None:
        """A pass that is not forgotten yet."""
        with reading(self._engine) as session:
            row = session.get(PassRow, pass_id)
            return None if row is None or row.forgotten_at is not None else _pass(row)

    def forget(self) -> int:
        """Erase the plates and PINs of passes that are over and that nobody may still leave by; how many went."""
        now = self._now()
        with writing(self._engine) as session:
            rows = session.scalars(select(PassRow).where(PassRow.forgotten_at.is_(None))).all()
            gone = [row for row in rows if _over_at(row) <= now and not _pass(row).lets_out(now)]
            for row in gone:
                row.plate = row.pin = None
                row.code, row.forgotten_at = False, now
                self._record(session, Act("pass.forgotten", row.id, "gate"))
        if gone:
            purge(self._engine, (TABLE,))
        return len(gone)

    def _check(self, starts_at: datetime, ends_at: datetime, uses: int, *, given: bool) -> None:
        if not given:
            raise EntryRefused("pass.no_credential")
        if not (starts_at < ends_at and self._now() < ends_at and ends_at - starts_at <= LONGEST):
            raise EntryRefused("pass.bad_span", days=LONGEST.days)
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


def _pass(row: PassRow) -> Pass:
    lanes = None if row.lanes is None else frozenset(json.loads(row.lanes))
    over_at = _over_at(row)
    return Pass(row.id, row.plate, row.pin is not None, row.code, lanes, row.starts_at, over_at, row.uses, row.used)
