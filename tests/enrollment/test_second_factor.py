from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, text

from enrollment.accounts import Account, Accounts, Role
from enrollment.act import Act
from enrollment.database import reading
from enrollment.errors import EntryRefused, KeyUnusable, NotEnrolled
from enrollment.keyring import Keyring
from enrollment.second_factor import RECOVERY_CODES, SecondFactor

GOOD = "月亮代表我的心！2026"
NOW = datetime(2026, 2, 17, tzinfo=UTC)


@dataclass
class Wall:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def factor(engine: Engine, acts: list[Act], keyring: Keyring, wall: Wall) -> SecondFactor:
    return SecondFactor(engine, lambda _session, act: acts.append(act), keyring, now=wall)


@pytest.fixture
def guard(engine: Engine) -> Account:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return Accounts(engine, lambda *_: None, hasher=cheap).add("laowang", GOOD, Role.GUARD, "t")


def shown(secret: str, wall: Wall, steps: int = 0) -> str:
    totp = pyotp.TOTP(secret)
    return totp.generate_otp(totp.timecode(wall.now) + steps)


def turned_on(factor: SecondFactor, guard: Account, wall: Wall) -> tuple[str, tuple[str, ...]]:
    offer = factor.offer(guard)
    return offer.secret, factor.turn_on(guard.id, offer.sealed, shown(offer.secret, wall))


def test_nothing_is_asked_for_until_the_phone_has_shown_a_right_code(
    factor: SecondFactor, guard: Account, wall: Wall, acts: list[Act], engine: Engine
) -> None:
    offer = factor.offer(guard)
    assert offer.address.startswith("otpauth://totp/Menwei:laowang?secret=")
    with pytest.raises(EntryRefused, match=r"account\.first_code_wrong"):
        factor.turn_on(guard.id, offer.sealed, "000000" if shown(offer.secret, wall) != "000000" else "111111")
    assert not acts
    codes = factor.turn_on(guard.id, offer.sealed, shown(offer.secret, wall))
    assert len(set(codes)) == RECOVERY_CODES == factor.recovery_left(guard.id)
    assert [(act.kind, act.actor) for act in acts] == [("account.second_factor_on", guard.id)]
    with reading(engine) as session:
        stored = str(session.execute(text("SELECT * FROM account")).all()) + str(
            session.execute(text("SELECT * FROM account_recovery")).all()
        )
    assert offer.secret not in stored
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)


def test_a_code_signs_in_once(factor: SecondFactor, guard: Account, wall: Wall) -> None:
    secret, _ = turned_on(factor, guard, wall)
    assert factor.take(guard.id, shown(secret, wall)) is None  # it was used to turn codes on
    wall.now += timedelta(seconds=30)
    code = shown(secret, wall)
    taken = factor.take(guard.id, f" {code[:3]} {code[3:]} ")
    assert taken is not None
    assert (taken.id, taken.second_factor, taken.version) == (guard.id, True, guard.version + 1)
    assert factor.take(guard.id, code) is None


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phones_clock_may_be_one_step_off(
    factor: SecondFactor, guard: Account, wall: Wall, steps: int, taken: bool
) -> None:
    secret, _ = turned_on(factor, guard, wall)
    wall.now += timedelta(minutes=10)
    assert (factor.take(guard.id, shown(secret, wall, steps)) is not None) is taken


def test_a_code_from_before_one_that_was_taken_is_refused(factor: SecondFactor, guard: Account, wall: Wall) -> None:
    secret, _ = turned_on(factor, guard, wall)
    wall.now += timedelta(minutes=10)
    assert factor.take(guard.id, shown(secret, wall, 1))
    assert factor.take(guard.id, shown(secret, wall, 0)) is None


def test_a_recovery_code_stands_in_once(factor: SecondFactor, guard: Account, wall: Wall, acts: list[Act]) -> None:
    _, codes = turned_on(factor, guard, wall)
    assert factor.take(guard.id, codes[3].upper().replace("-", " "))
    assert factor.take(guard.id, codes[3]) is None
    assert factor.recovery_left(guard.id) == RECOVERY_CODES - 1
    assert acts[-1].kind == "account.recovery_used"


def test_the_code_of_the_standard_is_taken(factor: SecondFactor, guard: Account, wall: Wall) -> None:
    """RFC 6238, appendix B, SHA-1: the secret of the tests shows 94287082 at 59 s, of which we take 6 digits."""
    assert factor._step("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "287082", after=-1) is None
    wall.now = datetime.fromtimestamp(59, UTC)
    assert factor._step("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "287082", after=-1) == 1


def test_turned_off_nothing_is_left(factor: SecondFactor, guard: Account, wall: Wall, acts: list[Act]) -> None:
    secret, codes = turned_on(factor, guard, wall)
    before = len(acts)
    off = factor.turn_off(guard.id, "id-admin")
    assert (off.second_factor, off.version) == (False, guard.version + 2)
    assert factor.turn_off(guard.id, "id-admin").version == off.version
    assert [(act.kind, act.actor) for act in acts[before:]] == [("account.second_factor_off", "id-admin")]
    wall.now += timedelta(minutes=10)
    assert factor.take(guard.id, shown(secret, wall)) is None
    assert factor.take(guard.id, codes[0]) is None
    assert factor.recovery_left(guard.id) == 0


def test_an_offer_is_for_one_account_only(factor: SecondFactor, guard: Account, wall: Wall) -> None:
    offer = factor.offer(guard)
    for account_id, sealed in (("somebody-else", offer.sealed), (guard.id, offer.sealed[:-4]), (guard.id, "é")):
        with pytest.raises(EntryRefused, match=r"account\.offer_stale"):
            factor.turn_on(account_id, sealed, shown(offer.secret, wall))


def test_an_account_that_is_gone_has_no_factor(factor: SecondFactor) -> None:
    assert factor.take("nobody", "123456") is None
    with pytest.raises(NotEnrolled):
        factor.turn_off("nobody", "t")


def test_with_another_key_the_fault_is_told(factor: SecondFactor, guard: Account, wall: Wall, engine: Engine) -> None:
    secret, _ = turned_on(factor, guard, wall)
    other = SecondFactor(engine, lambda *_: None, Keyring(b"x" * 32), now=wall)
    with pytest.raises(KeyUnusable):
        other.take(guard.id, shown(secret, wall, 1))
