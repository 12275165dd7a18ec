"""Notices to a household: sent within limits, answered once, and over by themselves."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select

from enrollment.act import Act
from enrollment.database import reading
from enrollment.entry import Resident, Vehicle
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.finding import Finder
from enrollment.form import PersonForm, VehicleForm
from enrollment.keyring import Keyring
from enrollment.notice import Answer
from enrollment.notice_tables import NoticeRow
from enrollment.notices import CALL_LASTS, KEPT_DAYS, MOST_CALLS, MOST_MOVES, MOVE_LASTS, Notices, notices_to
from enrollment.passes import Passes, Quota
from enrollment.phones import Phones
from enrollment.register import Register


class Clock:
    """Starts with the register, so that everybody has moved in."""

    def __init__(self, register: Register) -> None:
        self.now = register._changes.now() + timedelta(minutes=1)

    def __call__(self):  # type: ignore[no-untyped-def]
        return self.now


@pytest.fixture
def person(register: Register) -> Resident:
    return register.enrol(PersonForm.of("张三", "3-2-501"), "staff")


@pytest.fixture
def car(register: Register) -> Vehicle:
    return register.enter_vehicle(VehicleForm.of("辽A12345", "3-2-501"), "staff")


@pytest.fixture
def clock(register: Register, person: Resident, car: Vehicle) -> Clock:
    return Clock(register)


@pytest.fixture
def phones(engine: Engine, keyring: Keyring, acts: list[Act], clock: Clock) -> Phones:
    return Phones(engine, keyring, lambda _session, act: acts.append(act), now=clock)


@pytest.fixture
def notices(engine: Engine, acts: list[Act], clock: Clock) -> Notices:
    return Notices(engine, lambda _session, act: acts.append(act), now=clock)


@pytest.fixture
def home(engine: Engine, person: Resident) -> str:
    return Finder(engine).find(person.household)[0].id


@pytest.fixture
def reached(phones: Phones, person: Resident) -> str:
    token = phones.enter(phones.link(person.id, "staff").code)
    assert token
    return token


def test_a_household_without_a_phone_is_told_nothing_and_the_sender_is_told_so(
    notices: Notices, home: str, car: Vehicle, acts: list[Act]
) -> None:
    before = len(acts)
    with pytest.raises(EntryRefused, match=r"notice\.nobody_reached") as refused:
        notices.call(home, "north", "guard")
    assert refused.value.facts == {"household": "3-2-501"}
    with pytest.raises(EntryRefused, match=r"notice\.nobody_reached"):
        notices.ask_to_move(car.id, "guard")
    assert (notices.calls(), len(acts)) == ((), before)


def test_a_call_is_answered_once_by_whoever_of_the_household_is_first(
    notices: Notices, register: Register, home: str, person: Resident, reached: str, acts: list[Act]
) -> None:
    wife = register.enrol(PersonForm.of("李四", "3-2-501"), "staff")
    call = notices.call(home, "north", "guard")
    assert notices.waiting(person.id) == notices.waiting(wife.id) == (call.id,)
    answered = notices.answer(call.id, wife.id, Answer.LET_IN)
    assert (answered.answer, notices.waiting(person.id), notices.calls()) == (Answer.LET_IN, (), (answered,))
    with pytest.raises(EntryRefused, match=r"notice\.answered"):
        notices.answer(call.id, person.id, Answer.UNKNOWN)
    assert [(act.kind, act.subject, act.actor) for act in acts if act.kind.startswith("notice")] == [
        ("notice.sent", call.id, "guard"),
        ("notice.answered", call.id, wife.id),
    ]
    assert not [act for act in acts if "张三" in repr(act) or "501" in repr(act.facts) or "辽A" in repr(act)]


def test_what_the_guard_reads_names_nobody(notices: Notices, home: str, person: Resident, reached: str) -> None:
    call = notices.call(home, "north", "guard")
    notices.answer(call.id, person.id, Answer.UNKNOWN)
    told = repr(asdict(notices.calls()[0]))
    assert person.id not in told
    assert person.name not in told


def test_a_call_ends_by_itself_and_the_guard_sees_it_a_little_longer(
    notices: Notices, home: str, person: Resident, reached: str, clock: Clock
) -> None:
    call = notices.call(home, "north", "guard")
    clock.now += CALL_LASTS
    assert not call.open(clock.now)
    assert (notices.waiting(person.id), notices.calls()) == ((), (call,))
    with pytest.raises(EntryRefused, match=r"notice\.over"):
        notices.answer(call.id, person.id, Answer.LET_IN)
    clock.now += timedelta(minutes=10)
    assert notices.calls() == ()


def test_calls_to_a_household_are_bounded(notices: Notices, home: str, reached: str, clock: Clock) -> None:
    notices.call(home, "north", "guard")
    with pytest.raises(EntryRefused, match=r"notice\.already_called"):
        notices.call(home, "north", "guard")
    for _ in range(MOST_CALLS - 1):
        clock.now += CALL_LASTS
        notices.call(home, "north", "guard")
    clock.now += CALL_LASTS
    with pytest.raises(EntryRefused, match=r"notice\.called_often"):
        notices.call(home, "north", "guard")
    clock.now += timedelta(minutes=50)
    assert notices.call(home, "south", "guard").lane == "south"


def test_a_car_has_one_open_notice_that_closes_when_it_is_moved(
    notices: Notices, car: Vehicle, person: Resident, reached: str, clock: Clock, acts: list[Act]
) -> None:
    asked = notices.ask_to_move(car.id, "volunteer", "  3 号楼前 消防通道 ")
    assert (asked.plate, asked.place) == ("辽A12345", "3 号楼前 消防通道")
    with pytest.raises(EntryRefused, match=r"notice\.car_asked"):
        notices.ask_to_move(car.id, "guard")
    with pytest.raises(EntryRefused, match=r"notice\.no_such_answer"):
        notices.answer(asked.id, person.id, Answer.LET_IN)
    notices.answer(asked.id, person.id, Answer.COMING)
    assert notices.of_resident(person.id)[0].open(clock.now)
    notices.moved(asked.id, person.id)
    assert notices.of_resident(person.id)[0].answer is Answer.MOVED
    assert not notices.of_resident(person.id)[0].open(clock.now)
    with pytest.raises(EntryRefused, match=r"notice\.over"):
        notices.close(asked.id, "volunteer")
    assert acts[-1] == Act("notice.closed", asked.id, person.id)
    for _ in range(MOST_MOVES - 1):
        notices.close(notices.ask_to_move(car.id, "guard").id, "guard")
    with pytest.raises(EntryRefused, match=r"notice\.car_often"):
        notices.ask_to_move(car.id, "guard")
    clock.now += MOVE_LASTS
    assert notices.ask_to_move(car.id, "guard").open(clock.now)


def test_the_host_is_asked_about_a_guest_s_car(
    notices: Notices, person: Resident, reached: str, clock: Clock, engine: Engine, keyring: Keyring
) -> None:
    passes, span = Passes(engine, keyring, lambda *_: None, now=clock), (clock.now, clock.now + timedelta(hours=3))
    quota = Quota(3, 3, timedelta(days=1))
    guest = passes.add(person.id, *span, plate="苏B12345", quota=quota).made
    asked = notices.ask_host_to_move(guest.id, "volunteer", "草坪")
    assert (asked.plate, notices.waiting(person.id), notices.asked_about(guest.id)) == ("苏B12345", (asked.id,), asked)
    with pytest.raises(EntryRefused, match=r"notice\.car_asked"):
        notices.ask_host_to_move(guest.id, "volunteer")
    with pytest.raises(EntryRefused, match=r"notice\.no_host"):
        notices.ask_host_to_move(passes.add("staff", *span, plate="苏B54321").made.id, "volunteer")
    with pytest.raises(NotEnrolled, match=r"pass\.none"):
        notices.ask_host_to_move("0" * 32, "volunteer")


def test_only_whoever_lives_there_now_and_is_no_child_is_asked(
    notices: Notices, register: Register, home: str, person: Resident, phones: Phones, reached: str, clock: Clock
) -> None:
    neighbour = register.enrol(PersonForm.of("王五", "4-1-101"), "staff")
    child = register.enrol(PersonForm.of("小明", "3-2-501", minor_until=date(2099, 1, 1)), "staff")
    for one in (neighbour, child):
        phones.enter(phones.link(one.id, "staff").code)
    call = notices.call(home, "north", "guard")
    for one in (neighbour, child):
        assert notices.of_resident(one.id) == ()
        with pytest.raises(NotEnrolled, match=r"notice\.none"):
            notices.answer(call.id, one.id, Answer.LET_IN)
    (stay,) = register.tenancies.of(person.id)
    register.tenancies.end(stay.id, clock.now, "staff")
    clock.now += timedelta(seconds=1)
    assert notices.waiting(person.id) == ()
    with pytest.raises(EntryRefused, match=r"notice\.nobody_reached"):
        notices.call(home, "south", "guard")


def test_whoever_moves_in_sees_nothing_of_what_was_asked_of_those_before(
    notices: Notices, register: Register, engine: Engine, home: str, person: Resident, reached: str, clock: Clock
) -> None:
    call = notices.call(home, "north", "guard")
    clock.now += timedelta(hours=1)
    register._changes.now = clock
    tenant = register.enrol(PersonForm.of("李四", "3-2-501"), "staff")
    assert notices.of_resident(tenant.id) == ()
    assert [one.id for one in notices.of_resident(person.id)] == [call.id]
    with reading(engine) as session:
        assert (notices_to(session, tenant.id), [one.id for one in notices_to(session, person.id)]) == ((), [call.id])


def test_nobody_and_nothing_can_be_notified(notices: Notices, reached: str, car: Vehicle, person: Resident) -> None:
    with pytest.raises(NotEnrolled, match=r"notice\.no_household"):
        notices.call("0" * 32, "north", "guard")
    with pytest.raises(NotEnrolled, match=r"register\.nobody"):
        notices.ask_to_move("0" * 32, "guard")
    with pytest.raises(EntryRefused, match=r"notice\.place_long"):
        notices.ask_to_move(car.id, "guard", "x" * 61)
    with pytest.raises(NotEnrolled, match=r"notice\.none"):
        notices.answer("0" * 32, person.id, Answer.LET_IN)


def test_an_erased_car_takes_its_notices_along_and_an_erased_person_the_own_name_under_them(
    notices: Notices, register: Register, home: str, car: Vehicle, person: Resident, reached: str, engine: Engine
) -> None:
    register.enrol(PersonForm.of("李四", "3-2-501"), "staff")
    call, asked = notices.call(home, "north", "guard"), notices.ask_to_move(car.id, "guard", "草坪")
    for notice, answer in ((call, Answer.LET_IN), (asked, Answer.COMING)):
        notices.answer(notice.id, person.id, answer)
    assert register.remove(person.id, "staff").gone["notices"] == 2
    assert register.remove(car.id, "staff").gone["notices"] == 1
    with reading(engine) as session:
        kept = session.scalars(select(NoticeRow)).all()
    assert [(row.id, row.answer, row.answered_by) for row in kept] == [(call.id, "let_in", None)]


def test_notices_are_forgotten_after_a_week(
    notices: Notices, home: str, reached: str, clock: Clock, engine: Engine
) -> None:
    notices.call(home, "north", "guard")
    assert notices.forget() == 0
    clock.now += timedelta(days=KEPT_DAYS)
    assert notices.forget() == 1
    assert notices.find("0" * 32) is None
