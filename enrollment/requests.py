"""What residents ask of the staff from their own pages: so far, to be erased."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, select

from enrollment.act import Act, Record
from enrollment.change import needed_resident, new_id
from enrollment.database import reading, writing
from enrollment.errors import NotEnrolled
from enrollment.tables import HouseholdRow, RequestRow, ResidentRow


@dataclass(frozen=True, slots=True)
class Request:
    """An open request to be erased, with what staff need to find the resident's household."""

    id: str
    resident_id: str
    name: str
    household_id: str
    asked_at: datetime


class Requests:
    """Asks, lists, and closes. Each change raises `StoreBusy` when the database does not take it.

    An erasure of the resident takes the request with it.
    """

    def __init__(self, engine: Engine, record: Record, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._record = record
        self._now = now

    def ask(self, resident_id: str) -> datetime:
        """Ask to be erased, and when that was asked: asking again changes nothing. Raises `NotEnrolled`."""
        with writing(self._engine) as session:
            needed_resident(session, resident_id)
            row = session.scalars(select(RequestRow).where(RequestRow.resident_id == resident_id)).first()
            if row is None:
                row = RequestRow(id=new_id(), resident_id=resident_id, asked_at=self._now())
                session.add(row)
                self._record(session, Act("resident.erasure_asked", resident_id, resident_id))
            return row.asked_at

    def of(self, resident_id: str) -> datetime | None:
        """When a resident asked to be erased; None where nothing is open."""
        with reading(self._engine) as session:
            return session.scalar(select(RequestRow.asked_at).where(RequestRow.resident_id == resident_id))

    def open(self) -> tuple[Request, ...]:
        """What is open, the oldest first."""
        with reading(self._engine) as session:
            rows = session.execute(
                select(RequestRow, ResidentRow.name, HouseholdRow.id)
                .join(ResidentRow, ResidentRow.id == RequestRow.resident_id)
                .join(HouseholdRow, HouseholdRow.id == ResidentRow.household_id)
                .where(ResidentRow.ended_at.is_(None))
                .order_by(RequestRow.asked_at, RequestRow.id)
            )
            return tuple(Request(row.id, row.resident_id, str(name), home, row.asked_at) for row, name, home in rows)

    def take_back(self, resident_id: str, actor: str) -> None:
        """Close a request without an erasure: the resident, or staff after talking to them. Raises `NotEnrolled`."""
        with writing(self._engine) as session:
            row = session.scalars(select(RequestRow).where(RequestRow.resident_id == resident_id)).first()
            if row is None:
                raise NotEnrolled("request.none")
            session.delete(row)
            self._record(session, Act("resident.erasure_not_wanted", resident_id, actor))
