"""A served console with a way out behind it: a community system that knows other machines than gate.toml says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import select

from enrollment.database import reading, writing
from enrollment.tables import HouseholdRow, ResidentRow, VehicleRow
from gate.community.deliveries import open_destination
from gate.community.delivery import Delivery
from gate.community.event import Allowed, Events
from gate.community.outbox import Outbox
from gate.community.postroom import PostRoom
from gate.community.queue import Outcome, Queue
from gate.config import Config, Console, parse_config
from gate.console.serving import ConsoleServer
from gate.ledger.tables import LedgerRow
from tests.gate.community.conftest import START, Gate, gate, hands
from tests.gate.community.peers import MicroCommunityPeer, serving
from tests.gate.console.conftest import Booth, Clock
from tests.gate.console.fake_watch import FakeWatch
from tests.gate.console.made_app import console_app
from tests.gate.console.staff import Staff

__all__ = ["gate", "hands"]
WHY = {"address": "http://127.0.0.1", "said": "404", "why": "设备不存在"}
PARTS = {
    "compound": {"name": "幸福里小区"},
    "camera": [{"id": "north", "url": "rtsp://192.0.2.1/s"}, {"id": "porch", "url": "rtsp://192.0.2.2/s"}],
    "barrier": [{"id": "arm", "url": "sim://"}, {"id": "lock", "url": "sim://", "kind": "door"}],
    "lane": [
        {"id": "north-in", "name": "北门入口", "kind": "vehicle", "camera": "north", "barrier": "arm"},
        {"id": "door", "name": "小门", "kind": "pedestrian", "camera": "porch", "barrier": "lock"},
    ],
}


@dataclass
class Hub:
    """The console, the record behind it, and the community system at the other end."""

    booth: Booth
    gate: Gate
    config: Config
    peer: MicroCommunityPeer
    room: PostRoom
    agreed: set[str] = field(default_factory=set)

    def passes(self, *subjects: str | None, lane: str = "north-in", plate: str | None = None) -> None:
        self.gate.passes(*subjects, lane=lane, plate=plate)

    def dies(self, destination: str = "wuye", code: str = "community.said_no") -> list[int]:
        """Nothing that waits is taken; the numbers."""
        queue = Queue(self.gate.site.engine, destination)
        rows = queue.oldest(0, 100_000)
        queue.settle(Outcome(died=[(row, code, WHY) for row in rows]), self.gate.hands.wall())
        return [row.seq for row in rows]

    def deliver(self, destination: str = "wuye") -> None:
        """What waits is sent, for real."""
        part = self.room.parts[destination]
        opened = open_destination(part, self.config)
        allowed = Allowed(part.plates, part.names, part.pictures)
        events = Events(self.gate.site, self.config.lane, self.agreed.__contains__)
        queue = Queue(self.gate.site.engine, destination, ZoneInfo(self.config.compound.timezone))
        delivery = Delivery(queue, events, opened, allowed, "box", self.gate.hands.clocks)
        delivery.round()
        opened.close()

    def post(self, client: httpx.Client, path: str, **form: str) -> httpx.Response:
        return client.post(path, data={"csrf": self.booth.token(client), **form})

    def rows(self, kind: str) -> list[str]:
        with reading(self.gate.site.engine) as session:
            return list(session.scalars(select(LedgerRow.body).where(LedgerRow.kind == kind).order_by(LedgerRow.seq)))


def blocks(url: str, folder: Path) -> list[dict[str, Any]]:
    machines = {"north-in": "MC9", "door": "MC2"}
    hc = {"id": "wuye", "kind": "hc", "url": url, "unencrypted": True, "community_id": "2025", "machines": machines}
    office = {"id": "office", "kind": "webhook", "url": "https://192.0.2.30/gate", "secret_file": "office.secret"}
    return [{**hc, "names": True, "timeout_s": 5}, office, {"id": "drop", "kind": "files", "folder": str(folder)}]


@pytest.fixture
def hub(
    gate: Gate, tmp_path: Path, watch: FakeWatch, settings: Console, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hub]:
    monkeypatch.setattr("gate.console.listeners.WAIT_S", 0.02)
    monkeypatch.delenv("GATE_LANG", raising=False)
    gate.outbox = Outbox({"wuye": ("passages", "alarms"), "office": ("passages", "alarms")})
    with writing(gate.site.engine) as session:
        session.add(HouseholdRow(id="h1", building="3", unit="2", room="501"))
        session.flush()
        session.add(ResidentRow(id="r1", name="张三", household_id="h1", created_at=START))
        session.add(VehicleRow(id="v1", plate="苏Z10B88", colour="blue", household_id="h1", created_at=START))
    peer, agreed = MicroCommunityPeer(), set[str]()
    with serving(peer, None) as url:
        raw = {**PARTS, "community": {"destination": blocks(url, tmp_path)}, "storage": {"folder": str(tmp_path)}}
        config = parse_config(raw, tmp_path / "gate.toml")
        room = PostRoom(gate.site, config, agreed.__contains__)
        clock, accounts = Clock(), Staff()
        app = console_app(watch, accounts, settings, post_room=room, clock=clock, wall=gate.hands.wall)
        with ConsoleServer(app, settings) as server:
            booth = Booth(watch, accounts, clock, app, server)
            with booth.browsers:
                yield Hub(booth, gate, config, peer, room, agreed)


@pytest.fixture
def admin(hub: Hub) -> httpx.Client:
    return hub.booth.signed_in("admin")


@pytest.fixture
def auditor(hub: Hub) -> httpx.Client:
    return hub.booth.signed_in("auditor")
