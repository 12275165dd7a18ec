from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine

from enrollment.act import Act
from enrollment.card_number import CardNumber
from enrollment.credential import CredentialKind
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.form import PersonForm
from enrollment.keyring import Keyring
from enrollment.register import Register

NOW = datetime(2026, 2, 17, 15, 10, tzinfo=UTC)
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def register(engine: Engine, keyring: Keyring, acts: list[Act]) -> Register:
    return Register(engine, keyring, lambda _session, act: acts.append(act), now=lambda: NOW, hasher=QUICK)


@pytest.fixture
def person(register: Register) -> str:
    return register.enrol(PersonForm.of("张三", "3-2-501"), "t").id


def test_a_card_is_found_however_it_is_written_and_its_number_is_not_kept(
    register: Register, person: str, acts: list[Act], database: Path
) -> None:
    issued = register.credentials.give(person, CredentialKind.CARD, "t", "04:a1-B2 c3D4")
    assert (issued.credential.ending, issued.pin) == ("C3D4", None)
    assert register.credentials.find_card("04A1B2C3D4") == person
    assert register.credentials.find_card("０４ａ１Ｂ２Ｃ３Ｄ４") == person
    assert register.credentials.find_card("04A1B2C3D5") is None
    assert register.credentials.find_card("") is None
    raw = database.read_bytes() + database.with_name(f"{database.name}-wal").read_bytes()
    assert b"04A1B2C3D4" not in raw
    assert "A1B2" not in str(acts)


@pytest.mark.parametrize("number", ["", "12", "xyz12345", "1" * 33])
def test_a_card_number_that_is_none_is_refused(register: Register, person: str, number: str) -> None:
    with pytest.raises(EntryRefused, match=r"credential\.card_number"):
        register.credentials.give(person, CredentialKind.CARD, "t", number)
    assert register.credentials.of(person) == ()


def test_a_pin_opens_for_its_own_household_alone(register: Register, person: str) -> None:
    issued = register.credentials.give(person, CredentialKind.PIN, "t")
    assert issued.pin
    assert re.fullmatch(r"[0-9]{6}", issued.pin)
    assert register.credentials.find_pin("3-2-501", issued.pin) == person
    assert register.credentials.find_pin("3-2-502", issued.pin) is None
    assert register.credentials.find_pin("3-2-501", "000000") is None
    with pytest.raises(EntryRefused, match=r"credential\.pin_held"):
        register.credentials.give(person, CredentialKind.PIN, "t")


@pytest.mark.parametrize(
    ("pin", "code"),
    [
        ("12345", "credential.pin_form"),
        ("12a456", "credential.pin_form"),
        ("123456", "credential.pin_weak"),
        ("987654", "credential.pin_weak"),
        ("111111", "credential.pin_weak"),
        ("112112", "credential.pin_weak"),
        ("112211", "credential.pin_weak"),
        ("806417", "credential.pin_taken"),
    ],
)
def test_a_chosen_pin_that_is_easy_or_taken_is_refused(register: Register, person: str, pin: str, code: str) -> None:
    other = register.enrol(PersonForm.of("李四", "3-2-501"), "t").id
    register.credentials.give(other, CredentialKind.PIN, "t", "806417")
    with pytest.raises(EntryRefused) as refused:
        register.credentials.give(person, CredentialKind.PIN, "t", pin)
    assert refused.value.code == code


def test_a_qr_code_is_taken_once_and_none_of_before(register: Register, person: str) -> None:
    code = register.credentials.give(person, CredentialKind.QR, "t").credential.id
    assert register.credentials.take_code(code, 100) == person
    assert register.credentials.take_code(code, 100) is None
    assert register.credentials.take_code(code, 99) is None
    assert register.credentials.take_code(code, 101) == person


def test_many_lanes_at_once_take_a_code_once(register: Register, person: str) -> None:
    code = register.credentials.give(person, CredentialKind.QR, "t").credential.id
    with ThreadPoolExecutor(8) as lanes:
        taken = list(lanes.map(lambda _: register.credentials.take_code(code, 7), range(8)))
    assert taken.count(person) == 1


def test_a_code_that_was_taken_back_or_is_no_qr_code_is_nobody_s(register: Register, person: str) -> None:
    code = register.credentials.give(person, CredentialKind.QR, "t").credential.id
    card = register.credentials.give(person, CredentialKind.CARD, "t", "04A1B2C3").credential.id
    register.credentials.take_back(code, "t")
    for credential in (code, card, "none"):
        with pytest.raises(NotEnrolled):
            register.credentials.take_code(credential, 100)


def test_a_code_ends_with_its_time(register: Register, engine: Engine, keyring: Keyring, person: str) -> None:
    until = NOW + timedelta(days=1)
    issued = register.credentials.give(person, CredentialKind.QR, "t", until=until)
    later = Register(engine, keyring, lambda *_: None, now=lambda: until)
    with pytest.raises(NotEnrolled):
        later.credentials.take_code(issued.credential.id, 100)


def test_what_is_taken_back_opens_nothing(register: Register, person: str, acts: list[Act]) -> None:
    card = register.credentials.give(person, CredentialKind.CARD, "t", "04A1B2C3").credential
    assert register.credentials.of(person) == (card,)
    assert register.credentials.take_back(card.id, "t") == card
    assert register.credentials.find_card("04A1B2C3") is None
    assert acts[-1].kind == "resident.credential_taken"
    with pytest.raises(NotEnrolled, match=r"credential\.none"):
        register.credentials.take_back(card.id, "t")
    register.credentials.give(person, CredentialKind.CARD, "t", "04A1B2C3")


def test_a_vehicle_has_no_card(register: Register) -> None:
    car = register.add_vehicle("辽A12345", "3-2-501", "t")
    attempt: Callable[[], object] = lambda: register.credentials.give(car.id, CredentialKind.QR, "t")  # noqa: E731
    with pytest.raises(NotEnrolled, match=r"register\.nobody"):
        attempt()


def test_a_card_is_found_by_what_a_reader_at_the_lane_tells_of_it(register: Register, person: str) -> None:
    register.credentials.give(person, CredentialKind.CARD, "t", "0310381122")
    for read in (CardNumber(0x12800A42, 32), CardNumber(0x800A42, 24), "12800A42", "128,02626"):
        assert register.credentials.find_card(read) == person
    assert register.credentials.find_card(CardNumber(0x800A43, 24)) is None


def test_a_card_that_could_be_either_of_two_residents_is_nobodys(register: Register, person: str) -> None:
    other = register.enrol(PersonForm.of("李四", "3-2-502"), "t").id
    register.credentials.give(person, CredentialKind.CARD, "t", "0310381122")
    register.credentials.give(other, CredentialKind.CARD, "t", "0327158338")  # the same low 24 bits
    assert register.credentials.find_card(CardNumber(0x800A42, 24)) is None
    assert register.credentials.find_card(CardNumber(0x12800A42, 32)) == person


def test_one_card_is_not_given_twice_by_writing_it_otherwise(register: Register, person: str) -> None:
    register.credentials.give(person, CredentialKind.CARD, "t", "1A2B3C4D")
    with pytest.raises(EntryRefused, match=r"credential\.card_taken"):
        register.credentials.give(person, CredentialKind.CARD, "t", "0439041101")
