from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from enrollment.accounts import Accounts, Role
from enrollment.act import Act
from enrollment.database import reading, writing
from enrollment.errors import EntryRefused, NotEnrolled
from enrollment.password import LONGEST, WORST, made_up, strong

GOOD = "月亮代表我的心！2026"
NOW = datetime(2026, 2, 17, tzinfo=UTC)


class CountingHasher(PasswordHasher):
    """Argon2id with little work, counting the work."""

    def __init__(self, time_cost: int = 1) -> None:
        super().__init__(time_cost=time_cost, memory_cost=64, parallelism=1)
        self.verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002
        self.verified += 1
        return super().verify(hash, password)


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def accounts(engine: Engine, acts: list[Act], hasher: CountingHasher) -> Accounts:
    return Accounts(engine, lambda _session, act: acts.append(act), now=lambda: NOW, hasher=hasher)


def test_there_is_no_account_until_one_is_added(accounts: Accounts) -> None:
    assert accounts.list() == ()
    for name in ("admin", "root", "guard", ""):
        assert accounts.verify(name, "admin") is None


def test_an_added_account_signs_in_with_its_password_only(accounts: Accounts, acts: list[Act]) -> None:
    added = accounts.add(" Guard-1 ", GOOD, Role.GUARD, "local:0")
    assert (added.username, added.role, added.disabled, added.created_at) == ("guard-1", Role.GUARD, False, NOW)
    assert accounts.verify("guard-1", GOOD) == accounts.verify("ＧＵＡＲＤ-1", GOOD) == added
    for wrong in ("", GOOD[:-1], GOOD + " ", GOOD * 100):
        assert accounts.verify("guard-1", wrong) is None
    assert accounts.list() == (added,)
    assert accounts.find("guard-1") == added
    assert [(act.kind, act.subject, act.facts) for act in acts] == [("account.added", added.id, {"role": "guard"})]
    assert "guard-1" not in str(acts)


def test_a_password_is_the_same_however_its_accents_are_composed(accounts: Accounts) -> None:
    accounts.add("renee", "Re\u0301sume\u0301-2026", Role.ADMIN, "t")
    assert accounts.verify("renee", "Résumé-2026")


def test_only_an_argon2id_hash_is_stored(engine: Engine) -> None:
    Accounts(engine, lambda *_: None).add("guard", GOOD, Role.GUARD, "t")
    with reading(engine) as session:
        stored = session.scalar(text("SELECT hash FROM account"))
    assert stored is not None
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert GOOD not in stored


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "account.password_short"),
        ("a1b2c3d4e", "account.password_short"),
        ("x1!" * 86, "account.password_long"),
        ("Zhangsan-001", "account.password_is_name"),
        ("100-nasgnahz", "account.password_is_name"),
        ("1234567890", "account.password_common"),
        ("PASSWORD123", "account.password_common"),
        ("woaini1314520", "account.password_common"),
        ("aaaaaaaaaaaa", "account.password_common"),
        ("1212121212", "account.password_common"),
    ],
)
def test_a_weak_password_is_refused(accounts: Accounts, password: str, code: str) -> None:
    for attempt in (
        lambda: accounts.add("zhangsan-001", password, Role.GUARD, "t"),
        lambda: accounts.set_password("zhangsan-001", password, "t"),
    ):
        with pytest.raises(EntryRefused) as refused:
            attempt()
        assert refused.value.code == code
    assert accounts.list() == ()


def test_the_longest_password_is_allowed_and_checked_whole(accounts: Accounts) -> None:
    longest = "长abc" * (LONGEST // 4)
    accounts.add("guard", longest, Role.GUARD, "t")
    assert accounts.verify("guard", longest)
    assert accounts.verify("guard", longest[:-1]) is None
    assert accounts.verify("guard", longest + "x") is None


@pytest.mark.parametrize("username", ["", "x", "a b", "x" * 33, "-guard", "a/b", "张三\n李四", "<b>"])
def test_a_username_that_is_none_is_refused(accounts: Accounts, username: str) -> None:
    with pytest.raises(EntryRefused, match=r"account\.username"):
        accounts.add(username, GOOD, Role.GUARD, "t")


def test_a_username_is_taken_once_whatever_its_case(accounts: Accounts) -> None:
    accounts.add("门卫.老王", GOOD, Role.GUARD, "t")
    accounts.add("Wang", GOOD, Role.GUARD, "t")
    with pytest.raises(EntryRefused, match=r"account\.taken"):
        accounts.add("wang", GOOD, Role.ADMIN, "t")
    assert [account.username for account in accounts.list()] == ["wang", "门卫.老王"]


def test_every_failed_sign_in_takes_the_same_work(accounts: Accounts, hasher: CountingHasher) -> None:
    accounts.add("guard", GOOD, Role.GUARD, "t")
    accounts.add("gone", GOOD, Role.GUARD, "t")
    accounts.disable("gone", "t")
    for username, password in [("guard", "wrong-password"), ("gone", GOOD), ("nobody", GOOD), ("guard", "x" * 5000)]:
        before = hasher.verified
        assert accounts.verify(username, password) is None
        assert hasher.verified == before + 1


def test_a_disabled_account_signs_in_again_once_enabled(accounts: Accounts, acts: list[Act]) -> None:
    accounts.add("guard", GOOD, Role.GUARD, "t")
    assert accounts.disable("GUARD", "t").disabled
    assert accounts.verify("guard", GOOD) is None
    assert not accounts.enable("guard", "t").disabled
    assert accounts.verify("guard", GOOD)
    assert [act.kind for act in acts] == ["account.added", "account.disabled", "account.enabled"]


def test_a_new_password_ends_the_old_one(accounts: Accounts, acts: list[Act]) -> None:
    accounts.add("guard", GOOD, Role.GUARD, "t")
    accounts.set_password("guard", "another-long-one", "admin-id")
    assert accounts.verify("guard", GOOD) is None
    assert accounts.verify("guard", "another-long-one")
    assert acts[-1].kind == "account.password_set"


def test_an_account_that_is_not_there_cannot_be_changed(accounts: Accounts) -> None:
    changes: list[Callable[[], object]] = [
        lambda: accounts.disable("nobody", "t"),
        lambda: accounts.enable("nobody", "t"),
        lambda: accounts.set_password("nobody", GOOD, "t"),
    ]
    for change in changes:
        with pytest.raises(NotEnrolled) as missing:
            change()
        assert missing.value.facts == {"username": "nobody"}
    assert accounts.find("nobody") is None


def test_a_hash_of_older_parameters_is_replaced_at_the_next_sign_in(
    accounts: Accounts, engine: Engine, acts: list[Act]
) -> None:
    accounts.add("guard", GOOD, Role.GUARD, "t")
    stronger = Accounts(engine, lambda _session, act: acts.append(act), hasher=CountingHasher(time_cost=2))
    assert stronger.verify("guard", "wrong-password") is None
    assert stronger.verify("guard", GOOD)
    with reading(engine) as session:
        assert ",t=2," in str(session.scalar(text("SELECT hash FROM account")))
    assert stronger.verify("guard", GOOD)
    assert len(acts) == 1


def test_a_spoilt_hash_lets_nobody_in(accounts: Accounts, engine: Engine) -> None:
    accounts.add("guard", GOOD, Role.GUARD, "t")
    with writing(engine) as session:
        session.execute(text("UPDATE account SET hash = 'spoilt'"))
    assert accounts.verify("guard", GOOD) is None


def test_every_listed_worst_password_would_pass_for_its_length_alone() -> None:
    assert WORST
    assert all(len(word) >= 10 and word == word.lower() for word in WORST)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(username=st.text(max_size=20), password=st.text(max_size=40))
def test_no_text_breaks_a_sign_in(accounts: Accounts, username: str, password: str) -> None:
    assert accounts.verify(username, password) is None


class TestSignInsOfBefore:
    @pytest.fixture
    def version(self, accounts: Accounts) -> Callable[[], int]:
        accounts.add("chief", GOOD, Role.ADMIN, "t")
        accounts.add("guard", GOOD, Role.GUARD, "t")
        return lambda: accounts.find("guard").version

    def test_each_change_ends_them(self, accounts: Accounts, version: Callable[[], int], acts: list[Act]) -> None:
        seen = [version()]
        for change in (
            lambda: accounts.set_password("guard", "another-long-one", "t"),
            lambda: accounts.disable("guard", "t"),
            lambda: accounts.set_role("guard", Role.AUDITOR, "t"),
            lambda: accounts.end_sessions("guard", "t"),
        ):
            assert change().version == version()
            seen.append(version())
        assert seen == sorted(set(seen))
        told = ["account.password_set", "account.disabled", "account.role_set", "account.sessions_ended"]
        assert [act.kind for act in acts[2:]] == told

    def test_what_takes_nothing_away_leaves_them(self, accounts: Accounts, version: Callable[[], int]) -> None:
        before = version()
        accounts.enable("guard", "t")
        accounts.set_role("guard", Role.GUARD, "t")
        accounts.verify("guard", GOOD)
        assert version() == before


def test_a_temporary_password_signs_in_for_a_week(engine: Engine, hasher: CountingHasher) -> None:
    moment = [NOW]
    accounts = Accounts(engine, lambda *_: None, now=lambda: moment[0], hasher=hasher)
    accounts.add("guard", GOOD, Role.GUARD, "t", temporary=True)
    moment[0] = NOW + timedelta(days=7)
    signed_in = accounts.verify("guard", GOOD)
    assert signed_in is not None
    assert signed_in.must_change
    moment[0] += timedelta(seconds=1)
    assert accounts.verify("guard", GOOD) is None
    assert not accounts.set_password("guard", "another-long-one", "t").must_change
    assert accounts.verify("guard", "another-long-one")


def test_the_last_administrator_who_can_sign_in_stays(accounts: Accounts) -> None:
    accounts.add("one", GOOD, Role.ADMIN, "t")
    accounts.add("two", GOOD, Role.ADMIN, "t")
    accounts.disable("two", "t")
    for change in (lambda: accounts.disable("one", "t"), lambda: accounts.set_role("one", Role.GUARD, "t")):
        with pytest.raises(EntryRefused, match=r"account\.last_admin"):
            change()
    accounts.enable("two", "t")
    assert accounts.set_role("one", Role.GUARD, "t").role == Role.GUARD


def test_a_made_up_password_may_be_set_and_is_never_the_same() -> None:
    made = {made_up() for _ in range(50)}
    assert len(made) == 50
    assert all(strong(word, "guard") and len(word) == 14 and not set(word) & set("01ilo") for word in made)
