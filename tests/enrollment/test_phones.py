"""Residents' phones: codes that work once and not for long, and tokens that are dead once they have left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from enrollment.act import Act
from enrollment.database import reading
from enrollment.entry import Resident
from enrollment.errors import NotEnrolled
from enrollment.form import PersonForm
from enrollment.keyring import Keyring
from enrollment.phones import CODE_DIGITS, MOST_PHONES, Phones
from enrollment.register import Register
from enrollment.requests import Requests
from enrollment.tables import LinkRow, PhoneRow, RequestRow

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def phones(engine: Engine, keyring: Keyring, acts: list[Act], clock: Clock) -> Phones:
    return Phones(engine, keyring, lambda _session, act: acts.append(act), now=clock)


@pytest.fixture
def person(register: Register) -> Resident:
    return register.enrol(PersonForm.of("张三", "3-2-501"), "staff")


def test_a_code_signs_one_phone_in_and_is_worth_nothing_after_that(phones: Phones, person: Resident) -> None:
    link = phones.link(person.id, "staff")
    assert len(link.code) == CODE_DIGITS
    token = phones.enter(f" {link.spaced} ")
    assert token is not None
    found = phones.find(token)
    assert found is not None
    assert found.resident_id == person.id
    assert phones.enter(link.code) is None


def test_two_phones_at_once_cannot_both_use_a_code(phones: Phones, person: Resident) -> None:
    code = phones.link(person.id, "staff").code
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: phones.enter(code), range(8)))
    assert sum(token is not None for token in tokens) == 1


def test_a_code_is_over_after_its_time_and_when_a_newer_one_was_made(
    phones: Phones, person: Resident, clock: Clock
) -> None:
    first, second = phones.link(person.id, "staff").code, phones.link(person.id, "staff")
    assert phones.enter(first) is None
    clock.now = second.ends_at
    assert phones.enter(second.code) is None


@pytest.mark.parametrize("code", ["", "0" * CODE_DIGITS, "abc", "१२३४५६७८९०१२", "9" * 100])
def test_what_is_no_code_signs_nobody_in(phones: Phones, person: Resident, code: str) -> None:
    phones.link(person.id, "staff")
    assert phones.enter(code) is None


def test_a_token_is_dead_once_its_phone_has_left(phones: Phones, person: Resident) -> None:
    token = phones.enter(phones.link(person.id, "staff").code)
    assert token is not None
    phone = phones.find(token)
    assert phone is not None
    phones.leave(phone)
    assert phones.find(token) is None


def test_a_phone_stays_signed_in_as_long_as_it_is_used(phones: Phones, person: Resident, clock: Clock) -> None:
    token = phones.enter(phones.link(person.id, "staff").code)
    assert token is not None
    for _ in range(3):
        clock.now += timedelta(days=29)
        assert phones.find(token) is not None
    clock.now += timedelta(days=30)
    assert phones.find(token) is None
    assert phones.count(person.id) == 0


def test_the_longest_unused_phone_makes_room(phones: Phones, person: Resident, clock: Clock) -> None:
    tokens = []
    for _ in range(MOST_PHONES + 1):
        clock.now += timedelta(minutes=1)
        tokens.append(str(phones.enter(phones.link(person.id, "staff").code)))
    assert [phones.find(token) is not None for token in tokens] == [False, *[True] * MOST_PHONES]


def test_staff_end_every_phone_and_the_open_link(phones: Phones, person: Resident, acts: list[Act]) -> None:
    token = str(phones.enter(phones.link(person.id, "staff").code))
    open_link = phones.link(person.id, "staff").code
    assert phones.end_all(person.id, "staff") == 1
    assert phones.find(token) is None
    assert phones.enter(open_link) is None
    assert acts[-1].kind == "resident.phones_ended"


def test_whoever_is_erased_has_no_phone_link_or_request_left(
    phones: Phones, register: Register, person: Resident, engine: Engine, acts: list[Act]
) -> None:
    token = str(phones.enter(phones.link(person.id, "staff").code))
    phones.link(person.id, "staff")
    Requests(engine, lambda _session, act: acts.append(act)).ask(person.id)
    gone = register.remove(person.id, "staff").gone
    assert (gone["phones"], gone["links"], gone["requests"]) == (1, 1, 1)
    assert phones.find(token) is None
    with pytest.raises(NotEnrolled):
        phones.link(person.id, "staff")
    with reading(engine) as session:
        assert [session.query(table).count() for table in (PhoneRow, LinkRow, RequestRow)] == [0, 0, 0]


def test_neither_code_nor_token_stands_in_the_database_or_the_record(
    phones: Phones, person: Resident, engine: Engine, acts: list[Act]
) -> None:
    link = phones.link(person.id, "staff")
    token = str(phones.enter(link.code))
    with reading(engine) as session:
        kept = [row.id for row in session.query(PhoneRow)]
    assert token not in kept
    assert link.code not in repr(link)
    assert not [act for act in acts if token in repr(act) or link.code in repr(act)]


def test_what_is_over_is_swept(phones: Phones, person: Resident, clock: Clock, engine: Engine) -> None:
    phones.enter(phones.link(person.id, "staff").code)
    phones.link(person.id, "staff")
    assert phones.forget() == 0
    clock.now += timedelta(days=31)
    assert phones.forget() == 2


def test_a_request_is_open_once_until_it_is_taken_back(engine: Engine, person: Resident, acts: list[Act]) -> None:
    moments = iter([NOW, NOW + timedelta(days=1)])
    requests = Requests(engine, lambda _session, act: acts.append(act), lambda: next(moments))
    assert requests.ask(person.id) == requests.ask(person.id) == NOW
    (open_,) = requests.open()
    assert (open_.resident_id, open_.name, open_.asked_at) == (person.id, "张三", NOW)
    requests.take_back(person.id, "staff")
    assert requests.of(person.id) is None
    with pytest.raises(NotEnrolled):
        requests.take_back(person.id, "staff")
