"""A long record as a gate makes it, with invented traffic: one decision to four acts of a barrier, and staff that look.

Every row goes through `Chain`, so it is encoded, bound, attached and signed as any other. Only the committing differs:
`append` commits like the gate, `fill` thousands of rows at a time into tables without indexes, which are built after.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random

from sqlalchemy import Engine

from enrollment.database import writing
from enrollment.tables import HouseholdRow, ResidentRow, VehicleRow
from gate.ledger.checkpoint import EVERY_ROWS, Signer
from gate.ledger.ledger import Chain, Passage, begin
from gate.ledger.writer import GROUP

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
BULK = 20_000
"""Rows of one commit while filling: a few tens of megabytes."""
ACTS = ("commanded", "opened", "lowering", "closed")
LOOKED_AT_EVERY = 20
SUBJECTS = 3000
OPERATORS = ("staff-1", "staff-2", "staff-3")
LANES = ("north-in", "north-out", "south-in", "south-out")
OUTCOMES = (("ask", "unknown_vehicle"), ("refuse", "blocked_vehicle"))
"""What one passage in five gets instead of being let in, the second of them rarely."""


class Record:
    """Writes rows in order into an empty record; the same ones each time, but for salts and names."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._random = Random(1)  # noqa: S311 - the same rows each time
        self.signer = Signer(bytes(32))
        self.subjects = [f"{self._random.getrandbits(128):032x}" for _ in range(SUBJECTS)]
        self.rows = 1
        self._passages = 0
        with writing(engine) as session:
            begin(session, self.signer, BEGIN)
            session.add_all(_household(number) for number in range(SUBJECTS // 2))
            session.flush()
            session.add_all(_subject(number, id_) for number, id_ in enumerate(self.subjects))

    def append(self, rows: int, group: int = GROUP) -> None:
        """Go on to so many rows, or a few more, in commits of so many; they and checkpoints by default as the gate's.

        A `group` of 1 gives each passage with its acts a commit of its own.
        """
        while self.rows < rows:
            self._commit(min(rows, self.rows + group), rows)

    def fill(self, rows: int) -> None:
        """Go on to so many rows, or a few more, fast."""
        if self.rows >= rows:
            return
        with _bare(self.engine):
            while self.rows < rows:
                self._commit(min(rows, self.rows + BULK), rows)

    def _commit(self, rows: int, last: int) -> None:
        with writing(self.engine) as session:
            chain = Chain(session)
            signed = self.rows // EVERY_ROWS
            while self.rows < rows:
                self._passage(chain)
                self.rows = chain.tip.seq if chain.tip else self.rows
                if self.rows // EVERY_ROWS > signed or self.rows >= last:
                    signed = self.rows // EVERY_ROWS
                    chain.sign(self.signer, BEGIN + timedelta(seconds=self.rows))
            chain.flush()

    def _passage(self, chain: Chain) -> None:
        random, self._passages = self._random, self._passages + 1
        name, at = f"{random.getrandbits(128):032x}", BEGIN + timedelta(seconds=self.rows)
        details: dict[str, object] = {
            "frames": 6,
            "weakest": round(random.random(), 4),
            "colour": "blue",
            "kind": "car",
        }
        verdict, reason = "open", "known_vehicle"
        subject: str | None = random.choice(self.subjects)
        if self._passages % 5 == 0:
            verdict, reason = OUTCOMES[self._passages % 1000 == 0]
            details["plate"], subject = f"苏Z{random.randrange(100_000):05d}", None
        lane = random.choice(LANES)
        chain.add_passage(Passage(name, at, lane, verdict, reason, subject, "0123456789ab", details), None)
        for act in ACTS:
            body = {"barrier": "arm", "act": act, "before": "closed", "after": "open", "cause": "passage"}
            chain.add(at, "barrier", {**body, "command": None, "command_id": name})
        if self._passages % LOOKED_AT_EVERY == 0:
            chain.add(at, "passage.viewed", {"actor": random.choice(OPERATORS), "passage": name})


def _household(number: int) -> HouseholdRow:
    return HouseholdRow(id=f"home-{number}", building=f"{number // 30 + 1}", unit="1", room=f"{101 + number % 30}")


def _subject(number: int, id_: str) -> ResidentRow | VehicleRow:
    """The residents and the vehicles of the invented households by turns."""
    home = f"home-{number // 2}"
    if number % 2:
        return VehicleRow(id=id_, plate=f"辽Z{number:05d}", household_id=home, created_at=BEGIN)
    return ResidentRow(id=id_, name=f"张三{number}号", household_id=home, created_at=BEGIN)


@contextmanager
def _bare(engine: Engine) -> Iterator[None]:
    """Without the indexes and triggers of a SQLite record, which are put back at the end; sorting on disk."""
    with _alone(engine) as raw:
        raw.execute("PRAGMA temp_store=FILE")
        kept = raw.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
            " AND tbl_name IN ('ledger', 'passage')"
        ).fetchall()
        for kind, name, _ in kept:
            raw.execute(f"DROP {kind} {name}")
    yield
    with _alone(engine) as raw:
        raw.execute("PRAGMA temp_store=FILE")
        for _, _, sql in kept:
            raw.execute(sql)
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _alone(engine: Engine) -> Iterator[sqlite3.Connection]:
    """A connection of its own, outside any transaction."""
    raw = engine.raw_connection()
    connection = raw.driver_connection
    if not isinstance(connection, sqlite3.Connection):
        raise TypeError("only a SQLite record is filled")
    yield connection
    connection.execute("PRAGMA temp_store=MEMORY")
    raw.close()
