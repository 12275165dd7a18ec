"""Visitors' passes: how often they let in, that nobody is locked in, and what is left of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from enrollment.act import Act
from enrollment.database import reading
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.keyring import Keyring
from enrollment.passes import LEAVE_WITHIN, LONGEST, Passes
from enrollment.register import Register
from enrollment.tables import PassRow

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLATE = "辽C12345"


@dataclass
class _Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def passes(engine: Engine, acts: list[Act], clock: _Clock) -> Passes:
    return Passes(engine, Keyring(bytes(32)), lambda _session, act: acts.append(act), now=clock)


def test_a_pass_lets_in_as_often_as_it_says_and_not_once_more(passes: Passes) -> None:
    made = passes.add("local:0", NOW, NOW + HOUR, 2, plate=" 辽c·12345").made
    assert (made.plate, made.lets_in(NOW), made.lets_out(NOW)) == (PLATE, True, False)
    assert [passes.use(made.id, NOW, f"p{number}") for number in range(3)] == [True, True, False]
    (kept,) = passes.kept()
    assert (kept.used, kept.lets_in(NOW), kept.lets_out(NOW)) == (2, False, True)


@pytest.mark.parametrize("at", [NOW - HOUR, NOW + HOUR, NOW + 2 * HOUR])
def test_a_pass_lets_in_within_its_span_only(passes: Passes, at: datetime) -> None:
    made = passes.add("local:0", NOW, NOW + HOUR, plate=PLATE).made
    assert not made.lets_in(at)
    assert not passes.use(made.id, at, "p1")


def test_many_lanes_at_once_take_each_use_once(passes: Passes) -> None:
    made = passes.add("local:0", NOW, NOW + HOUR, 3, plate=PLATE).made
    with ThreadPoolExecutor(8) as lanes:
        taken = list(lanes.map(lambda number: passes.use(made.id, NOW, f"p{number}"), range(16)))
    assert sum(taken) == 3
    assert passes.kept()[0].used == 3


def test_a_use_that_let_nobody_in_is_given_back(passes: Passes, acts: list[Act]) -> None:
    made = passes.add("local:0", NOW, NOW + HOUR, 1, plate=PLATE).made
    passes.use(made.id, NOW, "p1")
    passes.tell("r1", passes.kept())
    passes.give_back(made.id, "p1")
    (kept,) = passes.kept()
    assert (kept.used, kept.used_at, kept.seen) == (0, None, 0)
    assert (kept.lets_in(NOW), kept.lets_out(NOW)) == (True, False)
    assert (acts[-1].kind, acts[-1].subject, acts[-1].facts) == ("pass.given_back", made.id, {"about": "p1"})
    passes.give_back(made.id, "p1")
    assert passes.kept()[0].used == 0


def test_an_ended_pass_lets_nobody_in_and_those_inside_out(passes: Passes, clock: _Clock) -> None:
    made = passes.add("local:0", NOW, NOW + HOUR, 2, plate=PLATE).made
    passes.use(made.id, NOW, "p1")
    clock.now = NOW + HOUR / 2
    passes.end(made.id, "local:0")
    assert not passes.use(made.id, clock.now, "p2")
    (kept,) = passes.kept()
    assert (kept.over_at, kept.lets_in(clock.now), kept.lets_out(clock.now)) == (clock.now, False, True)
    with pytest.raises(NotEnrolled, match=r"pass\.none"):
        passes.end(made.id, "local:0")


def test_plates_and_pins_go_when_nobody_may_leave_by_them_any_more(
    passes: Passes, clock: _Clock, engine: Engine, acts: list[Act], database: Path
) -> None:
    used = passes.add("local:0", NOW, NOW + HOUR, plate=PLATE, pin=True).made
    passes.use(used.id, NOW, "p1")
    passes.add("local:0", NOW, NOW + HOUR, plate="辽D54321")
    assert passes.forget() == 0
    clock.now = NOW + HOUR
    assert passes.forget() == 1
    assert [one.plate for one in passes.kept()] == [PLATE]
    clock.now += LEAVE_WITHIN
    assert (passes.forget(), passes.kept()) == (1, ())
    with reading(engine) as session:
        assert all((row.plate, row.pin) == (None, None) for row in session.query(PassRow))
    stored = b"".join(file.read_bytes() for file in database.parent.glob("menwei.db*"))
    assert PLATE.encode() not in stored
    assert "辽D54321".encode() not in stored
    assert PLATE not in str(acts)


def test_a_pin_is_known_by_its_holder_alone(passes: Passes, database: Path) -> None:
    made = passes.add("local:0", NOW, NOW + HOUR, pin=True)
    assert made.pin is not None
    assert made.pin.isdigit()
    found = passes.by_pin(f"{made.pin[:4]} {made.pin[4:]}")
    assert found is not None
    assert found.id == made.made.id
    assert passes.by_pin(made.pin[::-1] + "0") is None
    assert all(made.pin.encode() not in file.read_bytes() for file in database.parent.glob("menwei.db*"))


def test_a_pass_is_found_until_it_is_forgotten(passes: Passes, clock: _Clock) -> None:
    made = passes.add("local:0", NOW, NOW + HOUR, code=True).made
    assert passes.find(made.id) == made
    clock.now = NOW + HOUR
    passes.forget()
    assert passes.find(made.id) is None
    assert passes.find("none") is None


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "pass.no_credential"),
        ({"plate": "A12"}, "register.not_a_plate"),
        ({"plate": PLATE, "uses": 0}, "pass.bad_uses"),
        ({"plate": PLATE, "uses": 101}, "pass.bad_uses"),
        ({"plate": PLATE, "ends_at": NOW}, "pass.bad_span"),
        ({"plate": PLATE, "starts_at": NOW - 2 * HOUR, "ends_at": NOW - HOUR}, "pass.bad_span"),
        ({"plate": PLATE, "ends_at": NOW + LONGEST + HOUR}, "pass.bad_span"),
    ],
)
def test_a_pass_that_cannot_be_is_refused(passes: Passes, given: dict[str, object], code: str) -> None:
    with pytest.raises(EntryRefused, match=code):
        passes.add("local:0", **{"starts_at": NOW, "ends_at": NOW + HOUR, **given})  # type: ignore[arg-type]
    assert passes.kept() == ()


def test_an_enrolled_vehicle_needs_no_pass(passes: Passes, register: Register) -> None:
    register.add_vehicle(PLATE, "3-2-501", "local:0")
    with pytest.raises(EntryRefused, match=r"pass\.plate_enrolled"):
        passes.add("local:0", NOW, NOW + HOUR, plate=PLATE)
