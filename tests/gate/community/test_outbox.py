from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from enrollment.database import reading
from gate.community.outbox import Outbox
from gate.community.tables import OutboxRow
from gate.ledger.ledger import Passage
from gate.ledger.tables import LedgerRow
from gate.ledger.writer import LedgerWriter
from tests.gate.community.conftest import START, Gate

CAR = Passage("p1", START, "in", "open", "known_vehicle", "car", "r", {})


def _waiting(gate: Gate) -> list[tuple[str, int, str, str | None]]:
    columns = (OutboxRow.destination, OutboxRow.seq, OutboxRow.kind, OutboxRow.subject)
    with reading(gate.site.engine) as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(OutboxRow.seq, OutboxRow.destination))]  # type: ignore[misc]


def _writer(gate: Gate, outbox: Outbox) -> LedgerWriter:
    writer = LedgerWriter(gate.site.engine, gate.site.snapshots, retry_s=0.01, post=outbox.post)
    writer.start()
    return writer


def test_each_destination_hears_of_what_it_asked_for_in_the_same_commit(gate: Gate) -> None:
    writer = _writer(gate, Outbox({"a": ("passages",), "b": ("passages", "alarms")}))
    writer.submit(CAR)
    writer.note("sign_in", actor="staff")
    writer.note("barrier.alarm", barrier="arm", cause="forced").result(10)
    writer.stop()
    assert _waiting(gate) == [
        ("a", 1, "decision", "car"),
        ("b", 1, "decision", "car"),
        ("b", 3, "barrier.alarm", "barrier:arm"),
    ]


def test_a_row_and_its_place_in_the_outbox_are_committed_or_lost_together(gate: Gate) -> None:
    outbox, failures = Outbox({"a": ("passages",)}), [OSError("disk"), OSError("disk")]

    def fails(session: Session, written: object) -> None:
        outbox.post(session, written)  # type: ignore[arg-type]
        if failures:
            with reading(gate.site.engine) as other:
                assert other.scalar(select(LedgerRow.seq)) is None
            raise failures.pop()

    writer = LedgerWriter(gate.site.engine, gate.site.snapshots, retry_s=0.01, post=fails)
    writer.start()
    assert writer.submit(CAR).result(10).seq == 1
    writer.stop()
    assert _waiting(gate) == [("a", 1, "decision", "car")]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_plate_of_an_unregistered_vehicle_is_no_plate_in_the_outbox(gate: Gate) -> None:
    gate.passes(None, plate="辽B54321")
    ((_, _, _, subject),) = _waiting(gate)
    assert subject is not None
    assert subject.startswith("plate:")
    assert "54321" not in subject
