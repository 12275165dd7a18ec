from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.throttle import Throttle
from tests.gate.console.conftest import Clock


def test_the_free_attempts_cost_nothing_and_each_further_one_doubles_the_wait() -> None:
    clock = Clock(0)
    throttle = Throttle(free=2, limit=10, now=clock)
    waits = []
    for _ in range(13):
        while wait_s := throttle.begin("k"):
            waits.append(wait_s)
            clock.now_s += wait_s
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_waiting_attempts_do_not_lengthen_the_wait() -> None:
    clock = Clock(0)
    throttle = Throttle(free=1, limit=10, now=clock)
    throttle.begin("k")
    assert [throttle.begin("k") for _ in range(5)] == [2.0] * 5


def test_success_forgets() -> None:
    throttle = Throttle(free=1, limit=10, now=Clock(0))
    throttle.begin("k")
    throttle.succeeded("k")
    assert throttle.begin("k") == 0
    throttle.succeeded("never tried")


def test_an_hour_forgets() -> None:
    clock = Clock(0)
    throttle = Throttle(free=1, limit=10, now=clock)
    throttle.begin("k")
    clock.now_s = 3601
    assert throttle.begin("k") == 0
    assert throttle.begin("k") == 2


def test_keys_do_not_know_of_each_other_and_are_bounded() -> None:
    throttle = Throttle(free=1, limit=2, now=Clock(0))
    for key in ("a", "b", "c"):
        assert throttle.begin(key) == 0
    assert throttle.begin("c") > 0
    assert throttle.begin("b") > 0
    assert throttle.begin("a") == 0


@given(free=st.integers(1, 8), tries=st.lists(st.floats(0, 300), max_size=60))
def test_no_pattern_of_tries_gets_more_attempts_than_the_delays_allow(free: int, tries: list[float]) -> None:
    clock = Clock(0)
    throttle = Throttle(free=free, limit=10, now=clock)
    allowed: list[float] = []
    for passing in tries:
        clock.now_s += passing
        if throttle.begin("k") == 0:
            allowed.append(clock.now_s)
    gaps = [after - before for before, after in zip(allowed[free - 1 :], allowed[free:], strict=False)]
    assert all(gap >= min(2.0 * 2**number, 900) - 1e-6 for number, gap in enumerate(gaps))
