from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from enrollment.accounts import Account, Role
from gate.console.sessions import Sessions
from tests.gate.console.conftest import Clock
from tests.gate.console.staff import START

GUARD = Account("id-1", "zhangsan", Role.GUARD, False, START)


def sessions(clock: Clock, limit: int = 3) -> Sessions:
    numbers = itertools.count(1)
    return Sessions(lasts_s=100, idle_s=30, limit=limit, now=clock, token=lambda: f"token-{next(numbers)}")


def test_a_token_finds_its_session() -> None:
    kept = sessions(Clock())
    session = kept.find(kept.open(GUARD))
    assert session is not None
    assert (session.account, session.username, session.role) == ("id-1", "zhangsan", Role.GUARD)


def test_the_token_itself_is_not_kept() -> None:
    kept = sessions(Clock())
    token = kept.open(GUARD)
    assert token not in repr(kept._open)


def test_an_unknown_token_finds_nothing() -> None:
    assert sessions(Clock()).find("") is None


def test_a_request_keeps_a_session_alive_until_its_end() -> None:
    clock = Clock(0)
    kept = sessions(clock)
    token = kept.open(GUARD)
    for clock.now_s in (29, 58, 87, 99.9):
        assert kept.find(token)
    clock.now_s = 100
    assert kept.find(token) is None


def test_an_idle_session_ends() -> None:
    clock = Clock(0)
    kept = sessions(clock)
    token = kept.open(GUARD)
    clock.now_s = 30
    assert kept.find(token) is None
    clock.now_s = 1
    assert kept.find(token) is None


def test_the_time_left_is_the_nearer_of_both_ends() -> None:
    clock = Clock(0)
    kept = sessions(clock)
    key = kept.find(kept.open(GUARD)).key
    assert kept.left_s(key) == 30
    for clock.now_s in (25, 50, 75, 90):
        assert kept.left_s(key) == min(30, 100 - clock.now_s)
    kept.close(key)
    assert kept.left_s(key) == 0


def test_the_longest_unused_makes_room() -> None:
    clock = Clock(0)
    kept = sessions(clock)
    first, second, third = (kept.open(GUARD) for _ in range(3))
    clock.now_s = 1
    assert kept.find(first)
    clock.now_s = 2
    assert kept.find(third)
    fourth = kept.open(GUARD)
    assert [kept.find(token) is not None for token in (first, second, third, fourth)] == [True, False, True, True]


def test_ended_sessions_make_room_before_one_in_use() -> None:
    clock = Clock(0)
    kept = sessions(clock, limit=2)
    kept.open(GUARD)
    clock.now_s = 29
    used = kept.open(GUARD)
    clock.now_s = 31
    kept.open(GUARD)
    assert kept.find(used)


def test_an_account_is_looked_up_each_time_unless_that_was_put_off() -> None:
    clock = Clock(0)
    kept = sessions(clock)
    key = kept.find(kept.open(GUARD)).key
    assert kept.due(key)
    assert kept.due(key)
    kept.postpone(key, 10)
    due = []
    for clock.now_s in (0, 9, 10, 11):
        due.append(kept.due(key))
    assert due == [False, False, True, True]
    assert not kept.due("nobody")
    kept.postpone("nobody", 10)


def test_an_accounts_sessions_end_together_and_nobody_elses() -> None:
    kept = sessions(Clock())
    one, two = kept.open(GUARD), kept.open(GUARD)
    other = kept.open(Account("id-2", "lisi", Role.ADMIN, False, START))
    assert (kept.count("id-1"), kept.count("id-2")) == (2, 1)
    kept.close_account("id-1")
    assert (kept.find(one), kept.find(two)) == (None, None)
    assert kept.find(other) is not None
    assert kept.count("id-1") == 0


@given(
    st.lists(st.tuples(st.sampled_from(["open", "find", "close"]), st.integers(0, 9), st.floats(0, 40)), max_size=40)
)
def test_there_are_never_more_than_the_limit_and_none_outlives_its_end(
    acts: list[tuple[str, int, float]],
) -> None:
    clock = Clock(0)
    kept = sessions(clock)
    opened: list[tuple[str, float]] = []
    for act, which, passing in acts:
        clock.now_s += passing
        if act == "open":
            opened.append((kept.open(GUARD), clock.now_s))
        elif opened:
            token, since = opened[which % len(opened)]
            session = kept.find(token)
            assert session is None or clock.now_s < since + 100
            if session and act == "close":
                kept.close(session.key)
                assert kept.find(token) is None
        assert len(kept._open) <= 3
