from __future__ import annotations

import json
from dataclasses import replace

from sqlalchemy import select

from enrollment.database import reading
from gate.community.event import Allowed, Events
from gate.community.names import NameBook, Names
from gate.ledger.tables import LedgerRow
from tests.gate.community.conftest import LANES, START, Gate, Hands, Peer
from tests.gate.community.test_hc import CAR


def test_a_version_holds_until_the_next_and_each_change_is_on_record(gate: Gate) -> None:
    book = NameBook(gate.site.engine, "peer")
    assert book.now() == Names()
    book.correct({("lane", "north-in"): "MC1", ("device", "arm"): ""}, "id-admin", START)
    assert book.correct({("lane", "north-in"): "MC1"}, "id-admin", START).version == 1
    now = book.correct({("lane", "north-in"): "MC2", ("device", "arm"): "杆"}, "id-admin", START)
    assert now == book.now() == Names(2, {"lane:north-in": "MC2", "device:arm": "杆"})
    assert NameBook(gate.site.engine, "other").now() == Names()
    with reading(gate.site.engine) as session:
        rows = session.scalars(select(LedgerRow.body).where(LedgerRow.kind == "community.mapped")).all()
    told = [json.loads(row) for row in rows]
    assert [(row["version"], row["before"], row["after"]) for row in told] == [
        (1, "", "MC1"),
        (2, "MC1", "MC2"),
        (2, "", "杆"),
    ]


def test_what_is_sent_has_the_names_of_that_moment(gate: Gate, hands: Hands) -> None:
    book, peer = NameBook(gate.site.engine, "peer"), Peer(hands)
    delivery = gate.delivery(peer)
    gate.passes("car")
    gate.drive(delivery, 2)
    book.correct({("lane", "north-in"): "北一"}, "id-admin", START)
    gate.passes("car")
    gate.drive(delivery, 2)
    assert [event.body()["lane"] for event in peer.got] == ["north-in", "北一"]
    assert [event.lane for event in peer.got] == ["north-in", "north-in"]


def test_a_device_has_its_name_too_and_nothing_else_changes(gate: Gate) -> None:
    gate.notes("barrier.alarm", barrier="arm", cause="forced")
    names = Names().with_name("device", "arm", "杆 1")
    (event,) = Events(gate.site, LANES).load([1], Allowed(), names).values()
    plain = replace(event, device_there=None).body()
    assert event.body() == {**plain, "device": "杆 1"}
    assert CAR.body()["lane"] == "north-in"
