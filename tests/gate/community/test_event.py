"""The minimum leaves the box: a name or a picture only where it is allowed and the person has agreed."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy.orm import Session

from enrollment.database import writing
from enrollment.tables import HouseholdRow, ResidentRow, VehicleRow
from gate.community.event import Allowed, Event, Events
from gate.ledger.ledger import Passage, append_passage
from tests.gate.community.conftest import LANES, START, Gate

ZHANG, CAR = "zhang", "car"


def _enrol(session: Session) -> None:
    session.add(HouseholdRow(id="home", building="3", unit="2", room="501"))
    session.flush()
    session.add(ResidentRow(id=ZHANG, name="张三", household_id="home", created_at=START))
    session.add(VehicleRow(id=CAR, plate="辽A12345", household_id="home", created_at=START))


def _record(gate: Gate, subject: str | None, lane: str, **details: str) -> int:
    snapshot = gate.site.snapshots.keep(f"jpeg of {subject}".encode(), START)
    with writing(gate.site.engine) as session:
        passage = Passage(f"{subject}-{lane}", START, lane, "open", "known_resident", subject, "r", details)
        return append_passage(session, passage, snapshot).seq


def _load(gate: Gate, seq: int, allowed: Allowed, *agreed: str) -> Event:
    return Events(gate.site, LANES, lambda subject: subject in agreed).load([seq], allowed)[seq]


@pytest.mark.parametrize(("names", "pictures", "agreed"), list(itertools.product((False, True), repeat=3)))
def test_a_name_and_a_picture_need_both_the_switch_and_the_consent(
    gate: Gate, names: bool, pictures: bool, agreed: bool
) -> None:
    with writing(gate.site.engine) as session:
        _enrol(session)
    seq = _record(gate, ZHANG, "door")
    event = _load(gate, seq, Allowed(names=names, pictures=pictures), *((ZHANG,) if agreed else ()))
    assert (event.name is not None) == (names and agreed)
    assert (event.picture is not None) == (pictures and agreed)
    assert (event.subject, event.lane_name, event.consented) == (ZHANG, "小门", agreed)
    assert ("张三" in str(event.body())) == (names and agreed)


def test_plates_are_those_of_the_register_or_the_reading_and_can_be_kept_in(gate: Gate) -> None:
    with writing(gate.site.engine) as session:
        _enrol(session)
    enrolled, unknown = _record(gate, CAR, "north-in"), _record(gate, None, "north-in", plate="辽B54321")
    assert _load(gate, enrolled, Allowed()).plate == "辽A12345"
    assert _load(gate, unknown, Allowed()).plate == "辽B54321"
    for seq in (enrolled, unknown):
        assert _load(gate, seq, Allowed(plates=False)).plate is None


def test_who_was_erased_meanwhile_is_an_id_and_nothing_else(gate: Gate) -> None:
    with writing(gate.site.engine) as session:
        _enrol(session)
    seq = _record(gate, ZHANG, "door")
    gate.site.register.remove(ZHANG, "staff")
    event = _load(gate, seq, Allowed(names=True, pictures=True), ZHANG)
    assert (event.subject, event.name, event.picture, event.consented) == (ZHANG, None, None, False)


def test_a_strangers_picture_never_leaves(gate: Gate) -> None:
    seq = _record(gate, None, "door")
    events = Events(gate.site, LANES, lambda _subject: True)
    assert events.load([seq], Allowed(names=True, pictures=True))[seq].picture is None


def test_an_act_tells_its_lane_and_what_happened_and_nothing_of_who_did_it(gate: Gate) -> None:
    gate.notes("manual.open", lane="door", actor="staff-7", reason="visitor", command_id="staff-7:1")
    gate.notes("barrier.alarm", barrier="lock", act="forced", cause="forced", before="closed", after="closed")
    gate.notes("camera", camera="north", state="lost", reason="timeout")
    gate.notes("barrier", barrier="arm", act="opened", before="rising", after="open", cause="passage")
    opening, alarm, camera, door = Events(gate.site, LANES).load([1, 2, 3, 4], Allowed()).values()
    assert (opening.event, opening.lane, opening.reason, opening.what) == ("opening", "door", "visitor", "manual.open")
    assert (alarm.event, alarm.lane, alarm.device, alarm.what) == ("alarm", "door", "lock", "barrier.alarm:forced")
    assert (camera.lane, camera.what) == ("north-in", "camera:lost")
    assert (door.event, door.what) == ("door", "open")
    assert "staff-7" not in str([event.body() for event in (opening, alarm, camera, door)])
