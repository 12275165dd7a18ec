"""A site with an outbox, a destination that exists only here, and clocks that stand still until told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enrollment.accounts import Accounts
from enrollment.database import writing
from enrollment.keyring import Keyring
from enrollment.notices import Notices
from enrollment.pads import Pads
from enrollment.passes import Passes
from enrollment.phones import Phones
from enrollment.register import Register
from enrollment.requests import Requests
from enrollment.second_factor import SecondFactor
from gate.community.delivery import Clocks, Delivery
from gate.community.destination import Message
from gate.community.event import Allowed, Event, Events, Shares, shares_nothing
from gate.community.letters import DeadLetters
from gate.community.outbox import KINDS, Outbox
from gate.community.queue import Queue
from gate.config import Lane
from gate.errors import GateError
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import Chain, Passage, StaffActs
from gate.ledger.snapshots import Snapshots
from gate.ledger.writer import Note
from gate.site import Site
from tests.databases import Database

START = datetime(2025, 3, 1, 8, 0, tzinfo=UTC)
LANES = (
    Lane(id="north-in", name="北门入口", kind="vehicle", camera="north", barrier="arm"),
    Lane(id="door", name="小门", kind="pedestrian", camera="porch", barrier="lock"),
)


@dataclass
class Hands:
    """Clocks that are set by hand."""

    now_s: float = 0.0
    chance: float = 0.0

    @property
    def clocks(self) -> Clocks:
        return Clocks(lambda: self.now_s, self.wall, lambda: self.chance)

    def wall(self) -> datetime:
        return START + timedelta(seconds=self.now_s)


@dataclass
class Peer:
    """Takes events at `each_s` of the injected time, keeping each key once; `fault` says which it does not take."""

    hands: Hands
    each_s: float = 0.0
    batch: int = 1
    fault: Callable[[Event], GateError | None] = lambda _event: None
    got: list[Event] = field(default_factory=list)
    late_s: dict[str, float] = field(default_factory=dict)
    calls: int = 0
    address: str = "peer"
    fields: dict[str, str] = field(default_factory=dict)

    def send(self, events: Sequence[Event]) -> None:
        for event in events:
            self.calls += 1
            self.hands.now_s += self.each_s
            if (fault := self.fault(event)) is not None:
                raise fault
            if event.key not in self.late_s:
                self.got.append(event)
                self.late_s[event.key] = (self.hands.wall() - event.at).total_seconds()

    def render(self, event: Event) -> Sequence[Message]:
        return [Message("peer", event.body())]

    def rest_s(self) -> float:
        return 0.0

    def tick(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


@dataclass
class Gate:
    """A site whose record is written by hand, with one destination."""

    site: Site
    hands: Hands
    outbox: Outbox
    number: int = 0

    def passes(self, *subjects: str | None, lane: str = "north-in", plate: str | None = None) -> None:
        """One passage each, now, in one commit."""
        with writing(self.site.engine) as session:
            chain, written = Chain(session), []
            for subject in subjects:
                self.number += 1
                details = {"plate": plate} if plate else {}
                entry = Passage(
                    f"{self.number:032x}", self.hands.wall(), lane, "open", "known_vehicle", subject, "r", details
                )
                written.append((chain.add_passage(entry, None).seq, entry))
            chain.flush()
            self.outbox.post(session, written)

    def notes(self, kind: str, **body: object) -> None:
        with writing(self.site.engine) as session:
            chain, note = Chain(session), Note(kind, self.hands.wall(), body)
            seq = chain.add_note(note.at, kind, body).seq
            chain.flush()
            self.outbox.post(session, [(seq, note)])

    def queue(self, destination: str = "peer") -> Queue:
        return Queue(self.site.engine, destination)

    def letters(self, destination: str = "peer") -> DeadLetters:
        return DeadLetters(self.site.engine, destination)

    def delivery(
        self, peer: Peer, destination: str = "peer", holder: str = "box", shares: Shares = shares_nothing
    ) -> Delivery:
        events = Events(self.site, LANES, shares)
        return Delivery(self.queue(destination), events, peer, Allowed(), holder, self.hands.clocks)

    def drive(self, delivery: Delivery, seconds: float) -> None:
        """Let it work for so long of the injected time."""
        ends_s = self.hands.now_s + seconds
        while self.hands.now_s < ends_s:
            rest_s = delivery.round()
            self.hands.now_s += max(rest_s, 0.001)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def gate(database: Database, tmp_path: Path, hands: Hands) -> Gate:
    engine, keyring, signer = database.open(5.0), Keyring(b"k" * 32), Signer(b"s" * 32)
    acts = StaffActs(signer)
    site = Site(
        engine=engine,
        keyring=keyring,
        signer=signer,
        register=Register(engine, keyring, acts),
        accounts=Accounts(engine, acts),
        passes=Passes(engine, keyring, acts),
        phones=Phones(engine, keyring, acts),
        pads=Pads(engine, keyring, acts),
        requests=Requests(engine, acts),
        notices=Notices(engine, acts),
        second_factor=SecondFactor(engine, acts, keyring),
        snapshots=Snapshots(tmp_path / "snapshots", keyring, days=30),
    )
    return Gate(site, hands, Outbox({"peer": tuple(KINDS)}))
