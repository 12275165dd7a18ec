"""A record with a gate in front of three spaces, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from enrollment.database import writing
from enrollment.tables import HouseholdRow, PassRow, VehicleRow
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import Passage, StaffActs, append, append_passage, begin
from gate.parking.book import ParkingBook
from gate.parking.room import ParkingRoom
from gate.parking.settings import Parking, Zone
from tests.databases import Database, SqliteDatabase

NOW = datetime(2026, 3, 4, 4, tzinfo=UTC)
PARKING = Parking(
    zone=(
        Zone(id="yard", name="地面车位", spaces=3, enter=("in",), leave=("out",)),
        Zone(id="guests", name="访客车位", spaces=1, takes="visitors", enter=("in",), leave=("out",)),
    )
)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


class Box:
    """One box's view of the record, and a hand that writes into it."""

    def __init__(self, engine: Engine, parking: Parking = PARKING) -> None:
        self.engine = engine
        self.acts = StaffActs(Signer(b"s" * 32))
        self.book = ParkingBook(engine, parking, UTC)
        self.room = ParkingRoom(engine, self.book, self.acts, UTC)
        self.number = 0

    def begin(self) -> None:
        with writing(self.engine) as session:
            begin(session, Signer(b"s" * 32), ago(99_999))
            session.add(HouseholdRow(id="h1", building="3", unit="2", room="501", version=1))
            session.add(HouseholdRow(id="h2", building="3", unit="2", room="502", places=2, version=2))
            session.flush()
            for car, home in (("v1", "h1"), ("v2", "h1"), ("v3", "h2"), ("v4", "h2")):
                plate = f"苏Z1000{car[1]}"
                session.add(VehicleRow(id=car, plate=plate, colour="blue", household_id=home, created_at=ago(99_999)))

    def passed(
        self,
        lane: str,
        minutes_ago: float,
        subject: str | None = None,
        *,
        plate: str | None = None,
        verdict: str = "open",
        reason: str = "known_vehicle",
    ) -> Passage:
        self.number += 1
        details: Mapping[str, Any] = {"plate": plate} if plate else {}
        passage = Passage(
            f"p{id(self)}-{self.number}"[-32:], ago(minutes_ago), lane, verdict, reason, subject, "v1", details
        )
        with writing(self.engine) as session:
            append_passage(session, passage, None)
        return passage

    def note(self, kind: str, minutes_ago: float, **body: Any) -> None:
        with writing(self.engine) as session:
            append(session, ago(minutes_ago), kind, body)

    def visitors_pass(self, passage: Passage, pass_id: str, ends: datetime) -> None:
        with writing(self.engine) as session:
            row = PassRow(id=pass_id, code=False, starts_at=ago(999), ends_at=ends, uses=1, used=1, made_by="t")
            row.created_at, row.plate = ago(999), passage.details["plate"]
            session.add(row)
            append(session, passage.at, "pass.used", {"subject": pass_id, "actor": "gate", "about": passage.id})

    def changed(self) -> None:
        with writing(self.engine) as session:
            session.execute(text("UPDATE register_version SET version = version + 1"))

    @property
    def standing(self) -> dict[str, int]:
        self.book.refresh(NOW)
        return {one.zone.id: one.occupied for one in self.room.view(NOW).zones}


def _box(database: Database) -> Box:
    made = Box(database.open())
    made.begin()
    return made


@pytest.fixture
def box(tmp_path: Path, migrated: Path) -> Iterator[Box]:
    """On SQLite alone."""
    database = SqliteDatabase(tmp_path, migrated)
    yield _box(database)
    database.close()


@pytest.fixture
def any_box(database: Database) -> Box:
    """On either."""
    return _box(database)
