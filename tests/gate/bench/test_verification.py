from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.bench.verification import best_threshold, draw_pairs, fold_accuracy, operating_point

PEOPLE = {f"p{i}": [Path(f"p{i}/{j}.jpg") for j in range(1 + i % 4)] for i in range(40)}


def test_the_same_seed_draws_the_same_pairs() -> None:
    one, two, other = (draw_pairs(PEOPLE, 60, random.Random(seed)) for seed in (1, 1, 2))
    assert one == two
    assert one != other


def test_half_of_the_pairs_are_of_one_person_and_none_comes_twice() -> None:
    pairs = draw_pairs(PEOPLE, 60, random.Random(1))
    assert len({frozenset((pair.first, pair.second)) for pair in pairs}) == len(pairs) == 60
    assert sum(pair.same for pair in pairs) == 30
    for pair in pairs:
        assert pair.first != pair.second
        assert (pair.first.parent == pair.second.parent) == pair.same


def test_where_there_are_few_pairs_few_are_drawn() -> None:
    few = {"a": [Path("a/1"), Path("a/2")], "b": [Path("b/1")]}
    pairs = draw_pairs(few, 100, random.Random(1))
    assert 2 <= len(pairs) <= 3


@pytest.mark.parametrize("people", [{}, {"a": [Path("1"), Path("2")]}, {"a": [Path("1")], "b": [Path("2")]}])
def test_without_two_people_there_are_no_pairs(people: dict[str, list[Path]]) -> None:
    with pytest.raises(ValueError, match="two people"):
        draw_pairs(people, 10, random.Random(1))


def _alternating(same: float, different: float, count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    truths = np.arange(count) % 2 == 0
    return np.where(truths, same, different).astype(float), truths


def test_scores_that_part_cleanly_are_all_right() -> None:
    scores, truths = _alternating(0.7, 0.1)
    assert fold_accuracy(scores, truths) == (1.0, 0.0)
    assert best_threshold(scores, truths) == pytest.approx(0.4)
    assert operating_point(scores, truths, 1e-3).tar == 1


def test_scores_that_say_nothing_are_right_by_half() -> None:
    scores, truths = _alternating(0.5, 0.5)
    assert fold_accuracy(scores, truths)[0] == pytest.approx(0.5)
    assert operating_point(scores, truths, 1e-2).tar == 0


@given(st.lists(st.tuples(st.floats(-1, 1), st.booleans()), min_size=1, max_size=40))
def test_no_other_threshold_is_better(drawn: list[tuple[float, bool]]) -> None:
    scores, truths = np.array([score for score, _ in drawn]), np.array([truth for _, truth in drawn])

    def right(threshold: float) -> int:
        return int(((scores >= threshold) == truths).sum())

    tried = [*scores, scores.max() + 1]
    # Neighbouring doubles have no double halfway between them, so equal-looking cuts may differ by one pair there.
    if np.diff(np.unique(scores)).min(initial=1) > 1e-9:
        assert right(best_threshold(scores, truths)) == max(right(threshold) for threshold in tried)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-3, 1e-2, 0.1, 0.5]))
def test_no_more_false_pairs_pass_than_the_rate_allows(seed: int, far: float) -> None:
    generator = np.random.default_rng(seed)
    truths = generator.random(300) < 0.5
    truths[:2] = [True, False]
    scores = generator.normal(truths * 0.5, 0.3).round(1)
    point = operating_point(scores, truths, far)
    assert (scores[~truths] > point.threshold).mean() <= far
    assert point.tar == (scores[truths] > point.threshold).mean()
