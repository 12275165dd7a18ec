from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.bench.verification import (
    BINS,
    BLOCK,
    Spread,
    best_threshold,
    draw_pairs,
    fold_accuracy,
    operating_point,
    spread_of,
)

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


def _spread(same: dict[float, int], different: dict[float, int]) -> Spread:
    counts = np.zeros((2, BINS), np.int64)
    for row, told in zip(counts, (same, different), strict=True):
        for score, count in told.items():
            row[round((score + 1) * (BINS - 1) / 2)] = count
    return Spread(*counts)


@pytest.mark.parametrize(
    ("far", "tar", "threshold"), [(0.5, 1.0, 0.2001), (0.07, 1.0, 0.2001), (0.05, 0.75, 0.5001), (0.01, 0.25, 0.8001)]
)
def test_true_accepts_at_a_rate_are_as_reckoned_by_hand(far: float, tar: float, threshold: float) -> None:
    # Of 1,000 false pairs 50 score 0.5 and 15 score 0.8; of four true ones one scores 0.4, two 0.7 and one 0.9.
    point = _spread({0.4: 1, 0.7: 2, 0.9: 1}, {0.2: 935, 0.5: 50, 0.8: 15}).at(far)
    assert point is not None
    assert (point.tar, round(point.threshold, 4)) == (tar, threshold)


def test_a_rate_of_less_than_a_few_pairs_is_not_told() -> None:
    assert _spread({0.9: 5}, {0.1: 9_999}).at(1e-3) is None
    assert _spread({0.9: 5}, {0.1: 10_000}).at(1e-3) is not None
    assert _spread({}, {0.1: 10_000}).at(1e-3) is None
    assert _spread({0.9: 5}, {1.0: 10_000}).at(1e-3) is None


@given(st.integers(0, 2**32 - 1), st.integers(2, 40))
def test_every_pair_is_counted_where_it_scores(seed: int, count: int) -> None:
    generator = np.random.default_rng(seed)
    rows = generator.normal(size=(count, 4)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows[generator.random(count) < 0.2] = 0
    owners = generator.integers(0, 4, count)
    spread = spread_of(rows, owners)
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    same = [
        float(rows[i] @ rows[j]) if rows[i].any() and rows[j].any() else -1.0
        for i, j in pairs
        if owners[i] == owners[j]
    ]
    assert spread.pairs == (len(same), len(pairs) - len(same))
    if same:
        assert np.average(spread.scores, weights=spread.same) == pytest.approx(np.mean(same), abs=1e-4)


def test_more_pictures_than_are_compared_at_a_time_lose_no_pair() -> None:
    count = BLOCK + 3
    spread = spread_of(np.ones((count, 1), np.float32), np.zeros(count, np.intp))
    assert spread.pairs == (count * (count - 1) // 2, 0)


@given(st.lists(st.integers(0, BINS - 1), min_size=10, max_size=60), st.sampled_from([0.5, 0.3]))
def test_the_threshold_of_a_spread_lets_no_more_pass_than_the_rate_and_is_the_lowest(
    cells: list[int], far: float
) -> None:
    different = np.bincount(cells, minlength=BINS)
    spread = Spread(np.ones(BINS, np.int64), different.astype(np.int64))
    point = spread.at(far)
    if point is None:
        assert far * len(cells) < 10 or max(cells) == BINS - 1
        return
    cell = round((point.threshold + 1) * (BINS - 1) / 2)
    assert different[cell:].sum() <= far * len(cells) < different[max(0, cell - 1) :].sum() or cell == 0
