from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.backoff import Backoff

chances = st.floats(0, 1)


@pytest.mark.parametrize(("failures", "delay_s"), [(1, 0.5), (2, 1.0), (3, 2.0), (5, 8.0), (6, 15.0), (10_000, 15.0)])
def test_delays_double_up_to_a_limit(failures: int, delay_s: float) -> None:
    assert Backoff().delay_s(failures, chance=0.0) == delay_s


@given(st.integers(1, 10**6), chances)
def test_jitter_shortens_by_half_at_most_and_never_lengthens(failures: int, chance: float) -> None:
    whole = Backoff().delay_s(failures, 0.0)
    assert whole / 2 <= Backoff().delay_s(failures, chance) <= whole <= 15.0


@given(st.integers(1, 100), chances)
def test_no_delay_is_shorter_than_the_one_before(failures: int, chance: float) -> None:
    assert Backoff().delay_s(failures, chance) <= Backoff().delay_s(failures + 1, chance)


@pytest.mark.parametrize("wrong", [{"first_s": 0}, {"first_s": 20}, {"factor": 0.5}, {"jitter": 1.5}])
def test_delays_that_shrink_or_vanish_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="delays"):
        Backoff(**wrong)
