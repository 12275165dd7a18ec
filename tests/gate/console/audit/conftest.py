from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, select

from enrollment.accounts import Accounts, Role
from enrollment.database import reading, writing
from enrollment.keyring import Keyring
from enrollment.tables import HouseholdRow, ResidentRow, VehicleRow
from gate.archive import Archive
from gate.config import Console
from gate.console.serving import ConsoleServer
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import Chain, Passage, StaffActs, append_note, begin
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import LedgerRow
from tests.databases import Database
from tests.gate.console.conftest import Booth, Clock
from tests.gate.console.fake_watch import FakeWatch
from tests.gate.console.made_app import console_app
from tests.gate.console.staff import Staff

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
"""Noon in Shanghai."""


@dataclass
class Office:
    """A served console with a small record behind it: 张三 and his car, and cars nobody knows."""

    booth: Booth
    engine: Engine
    signer: Signer
    ids: dict[str, str] = field(default_factory=dict)

    def kinds(self) -> list[str]:
        with reading(self.engine) as session:
            return list(session.scalars(select(LedgerRow.kind).order_by(LedgerRow.seq)))

    def post(self, client: httpx.Client, path: str, **form: str) -> httpx.Response:
        return client.post(path, data={"csrf": self.booth.token(client), **form})

    def found(self, client: httpx.Client, **form: str) -> str:
        answer = self.post(client, "/audit/search", **form)
        assert answer.status_code == 303, answer.text
        return client.get(answer.headers["location"]).text


def fill(engine: Engine, snapshots: Snapshots, signer: Signer) -> None:
    """120 passages, one a minute up to noon: by threes 张三 on foot, his car, and a car that nobody knows."""
    with writing(engine) as session:
        begin(session, signer, NOON - timedelta(days=1))
        session.add(HouseholdRow(id="h1", building="3", unit="2", room="501"))
        session.flush()
        session.add(ResidentRow(id="r1", name="张三", household_id="h1", created_at=NOON))
        session.add(VehicleRow(id="v1", plate="苏Z10B88", colour="blue", household_id="h1", created_at=NOON))
        chain = Chain(session)
        parts = {"camera": "north", "barrier": "arm"}
        chain.add(NOON - timedelta(days=1), "gate.started", {"lanes": {"men": parts, "che": parts}})
        for number in range(120):
            at = NOON - timedelta(minutes=120 - number)
            what = (
                ("men", "open", "known_resident", "r1", {"score": 0.81, "runner_up": 0.2, "frames": 5}),
                ("che", "open", "known_vehicle", "v1", {"weakest": 0.95, "frames": 6}),
                ("che", "ask", "unknown_vehicle", None, {"plate": f"苏Z7{number:03d}8", "weakest": 0.9, "frames": 7}),
            )[number % 3]
            lane, verdict, reason, subject, details = what
            picture = snapshots.keep(b"\xff\xd8jpeg %d" % number, at) if number >= 117 else None
            chain.add_passage(Passage(f"p{number}", at, lane, verdict, reason, subject, "rules1", details), picture)
            chain.add(at, "barrier", {"barrier": "arm", "act": "commanded", "command_id": f"p{number}"})
            if verdict == "ask" and number > 100:
                later = at + timedelta(seconds=20)
                facts = {"lane": lane, "actor": "id-guard", "reason": "visitor", "command_id": f"g:{number}"}
                chain.add_note(later, "manual.open", facts, "客人，已核对")
        chain.add(NOON, "camera", {"camera": "north", "state": "lost", "reason": "camera.unreachable"})
        chain.add(NOON + timedelta(hours=2, minutes=24), "camera", {"camera": "north", "state": "live"})
        chain.sign(signer, NOON)


@pytest.fixture
def office(
    database: Database,
    tmp_path: Path,
    watch: FakeWatch,
    settings: Console,
    wall: Callable[[], datetime],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Office]:
    monkeypatch.setattr("gate.console.listeners.WAIT_S", 0.02)
    monkeypatch.delenv("GATE_LANG", raising=False)
    engine, signer = database.open(), Signer(b"s" * 32)
    snapshots = Snapshots(tmp_path / "snapshots", Keyring(b"k" * 32), 30)
    fill(engine, snapshots, signer)
    Accounts(engine, StaffActs(signer)).add("laowang", "a-good-long-one", Role.GUARD, "t")

    def record(kind: str, remark: str = "", **body: Any) -> None:
        with writing(engine) as session:
            append_note(session, datetime.now(UTC), kind, body, remark)

    clock, accounts = Clock(), Staff()
    archive = Archive(engine, signer, snapshots, record)
    app = console_app(watch, accounts, settings, archive=archive, clock=clock, wall=wall)
    with ConsoleServer(app, settings) as server:
        booth = Booth(watch, accounts, clock, app, server)
        with booth.browsers:
            yield Office(booth, engine, signer)


@pytest.fixture
def wall() -> Callable[[], datetime]:
    return lambda: NOON + timedelta(hours=12)


@pytest.fixture
def auditor(office: Office) -> httpx.Client:
    return office.booth.signed_in("auditor")
